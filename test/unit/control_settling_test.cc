#include <catch2/catch.hpp>

#include "control/settling.h"
#include "test/unit/small_tables.h"

#include "lib/arbiter.h"

namespace godwit::test {
namespace {

constexpr Mac kVm{0x525400000002};

struct Bridges {
  const Config config = small_config(R"(
ports: {server1: {}, server2: {}, server3: {}}
bridges:
  usual: {vlan: 1, ports: [server1, server2, server3]}
  quick:
    vlan: 2
    moves: {settle: 100ms}
    ports: [{port: server1, tagged: true}, {port: server2, tagged: true}, {port: server3, tagged: true}]
)");
  Tables tables{config, kFixedSecret};
  Settling settling{config, tables.fdb};

  FdbEntry entry(BridgeIndex bridge, Mac mac = kVm) const {
    return tables.fdb.find(bridge, mac).entry;
  }
  // A frame at a port, without a word to `settling`.
  void hear(BridgeIndex bridge, Location at, Nanos now, Mac mac = kVm) {
    auto hit = tables.fdb.find(bridge, mac);
    if (hit)
      tables.fdb.compare_exchange(hit.slot, hit.entry, judge(hit.entry, {at, true, now}, {}).next);
    else
      tables.fdb.insert(bridge, mac, first_heard(at, HostClass::kLearned, now));
  }
  void move(BridgeIndex bridge, Location to, Nanos now, Mac mac = kVm) {
    hear(bridge, to, now, mac);
    settling.moved(fdb_key(bridge, mac), now);
  }
  void run_until(Nanos now) {
    while (settling.next_due() <= now) settling.run(settling.next_due());
  }
  bool is_settling(BridgeIndex bridge, Mac mac = kVm) const {
    return entry(bridge, mac).state() == FdbState::kSettling;
  }
};

}  // namespace

TEST_CASE("a host that moved settles in its bridge's time", "[control]") {
  const auto [bridge, settle] = GENERATE(
      table<BridgeIndex, Nanos>({{BridgeIndex{0}, 5 * kSecond}, {BridgeIndex{1}, kSecond / 10}}));
  Bridges b;
  CHECK(b.settling.next_due() == kNever);
  b.hear(bridge, 0, kSecond);
  b.move(bridge, 1, 2 * kSecond);
  CHECK(b.settling.next_due() == 2 * kSecond + settle);
  b.run_until(2 * kSecond + settle - 1);
  CHECK(b.is_settling(bridge));
  b.run_until(2 * kSecond + settle);
  CHECK(b.entry(bridge) == first_heard(1, HostClass::kLearned, 2 * kSecond).with_seq(1));
  CHECK(b.settling.next_due() == kNever);
}

TEST_CASE("what was heard meanwhile is not forgotten", "[control]") {
  Bridges b;
  b.hear(0, 0, kSecond);
  b.move(0, 1, 2 * kSecond);
  b.hear(0, 1, 6 * kSecond);
  b.run_until(7 * kSecond);
  CHECK(b.entry(0).state() == FdbState::kBound);
  CHECK(seconds_since_heard(b.entry(0), 7 * kSecond) == 1);
}

TEST_CASE("another move begins anew", "[control]") {
  Bridges b;
  b.hear(0, 0, 0);
  b.move(0, 1, kSecond);
  b.move(0, 2, 3 * kSecond);
  b.run_until(8 * kSecond - 1);
  CHECK(b.is_settling(0));
  b.run_until(8 * kSecond);
  CHECK_FALSE(b.is_settling(0));
  CHECK(b.entry(0).location() == 2);
  CHECK(b.settling.next_due() == kNever);
}

TEST_CASE("many hosts settle each in its own time", "[control]") {
  constexpr unsigned kHosts = 2000;
  Bridges b;
  const auto mac = [](unsigned n) { return Mac{0x020000000000 + uint64_t{n}}; };
  for (unsigned n = 0; n < kHosts; ++n) {
    b.hear(0, 0, 0, mac(n));
    b.move(0, 1, n * kMillisecond, mac(n));
  }
  for (unsigned n = 0; n < kHosts; n += 100) {
    b.run_until(5 * kSecond + n * kMillisecond);
    CHECK_FALSE(b.is_settling(0, mac(n)));
    CHECK(b.is_settling(0, mac(n + 1)));
  }
}

TEST_CASE("a run is not for all who are due, so that it does not take long", "[control]") {
  constexpr uint64_t kHosts = 10'000;
  Bridges b;
  for (uint64_t n = 1; n <= kHosts; ++n) b.settling.moved(fdb_key(0, Mac{n}), 0);
  unsigned runs = 0;
  for (; b.settling.next_due() <= 5 * kSecond; ++runs) b.settling.run(5 * kSecond);
  CHECK(runs == 3);
}

TEST_CASE("a move that was never told settles when it is met", "[control]") {
  Bridges b;
  b.hear(0, 0, 0);
  b.hear(0, 1, kSecond);
  REQUIRE(b.is_settling(0));
  b.settling.met(fdb_key(0, kVm), 10 * kSecond);
  b.settling.met(fdb_key(0, kVm), 11 * kSecond);  // and is not put off
  b.run_until(15 * kSecond);
  CHECK_FALSE(b.is_settling(0));
}

TEST_CASE("a host that is gone, or BOUND, is let be", "[control]") {
  Bridges b;
  b.hear(0, 0, 0);
  const FdbEntry bound = b.entry(0);
  b.settling.moved(fdb_key(0, kVm), 0);
  b.settling.moved(fdb_key(1, kVm), 0);
  b.run_until(10 * kSecond);
  CHECK(b.entry(0) == bound);
  CHECK(b.entry(1).is_free());
}

}  // namespace godwit::test
