#include <catch2/catch.hpp>

#include "control/aging.h"
#include "control/sweep.h"
#include "test/unit/small_tables.h"

#include "lib/arbiter.h"

namespace godwit::test {
namespace {

constexpr Mac kVm{0x525400000002};
constexpr Mac kOther{0x525400000003};
constexpr IpAddress kIp = IpAddress::v4(0x0a090002);

constexpr std::string_view kBridges = R"(
ports: {server1: {}, server2: {}}
bridges:
  quick: {vlan: 1, aging: 1s, ports: [server1, server2]}
  short: {vlan: 2, aging: 8s, ports: [{port: server1, tagged: true}, {port: server2, tagged: true}]}
  usual: {vlan: 3, ports: [{port: server1, tagged: true}, {port: server2, tagged: true}]}
  long: {vlan: 4, aging: 32000s, ports: [{port: server1, tagged: true}, {port: server2, tagged: true}]}
  fixed:
    vlan: 5
    aging: 8s
    moves: {class: locked}
    ports: [{port: server1, tagged: true}]
    static: [{mac: "52:54:00:00:00:02", port: server1, ip: 10.9.0.2}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
)";

constexpr BridgeIndex kShort = 1;
constexpr BridgeIndex kFixed = 4;
constexpr uint32_t kAges[] = {1, 8, 300, 32'000};
constexpr uint32_t kNeighborAges[] = {1, 6, 225, 24'000};  // three quarters (RFC 8302 §8)

// Instants at every edge of a second, of the stamps' ranges too.
const std::vector<Nanos> kFractions = {0, 1, 400 * kMillisecond, kSecond - kMillisecond,
                                       kSecond - 1};
const std::vector<Nanos> kSeconds = {0, 1, 59, 65'530, 65'535, 65'536, 31'536'000};

struct Aged {
  const Config config = small_config(kBridges);
  Tables tables{config, kFixedSecret};
  ManualGrace grace;
  FdbAging fdb{config, tables.fdb, grace};
  NeighborAging neighbors{config, tables.neighbors, grace};

  bool is_known(BridgeIndex bridge, Mac mac) const { return bool(tables.fdb.find(bridge, mac)); }

  // What is due by `until`, as control does it whose clock jumps there.
  template <class Policy>
  void jump(Sweep<Policy>& sweep, Nanos until) {
    now = until;
    for (unsigned turns = 0; sweep.next_due() <= now; ++turns) {
      REQUIRE(turns < 10);
      sweep.run(now);
    }
  }
  // The same, but the clock stops at every instant that is due.
  template <class Policy>
  void walk(Sweep<Policy>& sweep, Nanos until) {
    while (sweep.next_due() <= until) sweep.run(now = std::max(now, sweep.next_due()));
    now = until;
  }

  Nanos now = 0;
};

}  // namespace

TEST_CASE("a location is alive before t + aging, and gone from t + aging + 1 s", "[control]") {
  const BridgeIndex bridge = GENERATE(range(0, 4));
  const Nanos heard = GENERATE(from_range(kSeconds)) * kSecond + GENERATE(from_range(kFractions));
  const Nanos age = kAges[bridge] * kSecond;
  const bool stops_on_the_way = GENERATE(false, true);
  Aged aged;
  Sweep<FdbAging> sweep(aged.fdb);
  aged.walk(sweep, heard);
  aged.tables.fdb.insert(bridge, kVm, first_heard(0, HostClass::kLearned, heard));
  const auto run = [&](Nanos until) {
    stops_on_the_way ? aged.walk(sweep, until) : aged.jump(sweep, until);
  };
  run(heard + age - 1);
  CHECK(aged.is_known(bridge, kVm));
  run(heard + age + kSecond);
  CHECK_FALSE(aged.is_known(bridge, kVm));
  CHECK(aged.fdb.aged() == 1);
  CHECK(sweep.next_due() == kNever);
}

TEST_CASE("the same after a move, whose stamps are milliseconds", "[control]") {
  const Nanos heard = 100 * kSecond + GENERATE(from_range(kFractions));
  Aged aged;
  Sweep<FdbAging> sweep(aged.fdb);
  const FdbEntry entry = first_heard(1, HostClass::kLearned, heard);
  aged.tables.fdb.insert(kShort, kVm, judge(entry, {0, true, heard}, {}).next);
  unsigned met = 0;
  aged.fdb.on_unsettled = [&](uint64_t key, FdbEntry, Nanos) {
    met += key == fdb_key(kShort, kVm) ? 1 : 0;
  };
  aged.jump(sweep, heard + 8 * kSecond - 1);
  CHECK(aged.is_known(kShort, kVm));
  CHECK(met > 0);
  aged.jump(sweep, heard + 9 * kSecond);
  CHECK_FALSE(aged.is_known(kShort, kVm));
}

TEST_CASE("who is heard again lives longer", "[control]") {
  Aged aged;
  Sweep<FdbAging> sweep(aged.fdb);
  aged.tables.fdb.insert(kShort, kVm, first_heard(0, HostClass::kLearned, 0));
  for (Nanos now = 0; now <= 100 * kSecond; now += 7 * kSecond) {
    aged.jump(sweep, now);
    auto hit = aged.tables.fdb.find(kShort, kVm);
    REQUIRE(hit);
    REQUIRE(aged.tables.fdb.compare_exchange(hit.slot, hit.entry,
                                             judge(hit.entry, {0, false, now}, {}).next));
  }
  CHECK(aged.fdb.aged() == 0);
}

TEST_CASE("what the config put there does not age, and a locked host does", "[control]") {
  Aged aged;
  Sweep<FdbAging> fdb(aged.fdb);
  Sweep<NeighborAging> neighbors(aged.neighbors);
  aged.tables.fdb.insert(kFixed, kOther, first_heard(0, HostClass::kLocked, 0));
  aged.jump(fdb, 31'536'000 * kSecond);
  aged.jump(neighbors, 31'536'000 * kSecond);
  CHECK_FALSE(aged.is_known(kFixed, kOther));
  CHECK(aged.is_known(kFixed, kVm));
  CHECK(aged.is_known(kFixed, Mac{0x02005e100001}));
  CHECK(aged.tables.neighbors.find(kFixed, kIp));
  CHECK(fdb.next_due() == kNever);
  CHECK(neighbors.next_due() == kNever);
}

TEST_CASE("a mapping lives for three quarters of that", "[control]") {
  const BridgeIndex bridge = GENERATE(range(0, 4));
  const Nanos heard = GENERATE(from_range(kSeconds)) * kSecond + GENERATE(from_range(kFractions));
  const Nanos age = kNeighborAges[bridge] * kSecond;
  const IpAddress ip = GENERATE(as<IpAddress>{}, kIp, IpAddress::v6(0xfe80000000000000, 2));
  Aged aged;
  Sweep<NeighborAging> sweep(aged.neighbors);
  std::vector<IpAddress> removed;
  aged.neighbors.on_removed = [&](BridgeIndex b, Mac mac, const IpAddress& gone) {
    CHECK(b == bridge);
    CHECK(mac == kVm);
    removed.push_back(gone);
  };
  aged.walk(sweep, heard);
  const NeighborEntry entry = NeighborEntry{}.with_mac(kVm).with_state(NeighborState::kStale);
  aged.tables.neighbors.insert(bridge, ip, entry, 0, static_cast<uint32_t>(heard / kSecond));
  aged.jump(sweep, heard + age - 1);
  CHECK(aged.tables.neighbors.find(bridge, ip));
  CHECK(removed.empty());
  aged.jump(sweep, heard + age + kSecond);
  CHECK_FALSE(aged.tables.neighbors.find(bridge, ip));
  CHECK(removed == std::vector<IpAddress>{ip});
  CHECK(aged.neighbors.aged() == 1);
}

TEST_CASE("a slot is used again when the grace period is over", "[control]") {
  Aged aged;
  const FdbEntry entry = first_heard(0, HostClass::kLearned, 0);
  const uint32_t slot = aged.tables.fdb.insert(kShort, kVm, entry).slot;
  CHECK(aged.fdb.visit(slot, 8 * kSecond) == 9 * kSecond);
  CHECK(aged.fdb.visit(slot, 9 * kSecond) == std::nullopt);
  CHECK(aged.tables.fdb.quota().in_bridge(kShort) == 0);
  const auto slot_of_next = [&] {
    aged.fdb.reclaim();
    const uint32_t next = aged.tables.fdb.insert(kShort, kVm, entry).slot;
    FdbEntry expected = entry;
    REQUIRE(aged.tables.fdb.remove(next, expected));
    return next;
  };
  CHECK(slot_of_next() != slot);
  aged.grace.end_all();
  CHECK(slot_of_next() == slot);
}

TEST_CASE("a mapping can be ended ahead of its time, unless it changed", "[control]") {
  Aged aged;
  unsigned removed = 0;
  aged.neighbors.on_removed = [&](BridgeIndex, Mac, const IpAddress&) { ++removed; };
  const NeighborEntry entry = NeighborEntry{}.with_mac(kVm).with_state(NeighborState::kStale);
  const uint32_t slot = aged.tables.neighbors.insert(kShort, kIp, entry, 0, 0).slot;
  CHECK_FALSE(aged.neighbors.remove(slot, entry.with_mac(kOther)));
  CHECK(removed == 0);
  CHECK(aged.neighbors.remove(slot, entry));
  CHECK_FALSE(aged.neighbors.remove(slot, entry));
  CHECK(removed == 1);
  CHECK(aged.neighbors.aged() == 0);
}

}  // namespace godwit::test
