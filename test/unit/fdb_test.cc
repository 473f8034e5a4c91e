#include "lib/fdb.h"

#include <catch2/catch.hpp>

#include "test/unit/table_memory.h"

using namespace godwit;

namespace {

FdbEntry bound(Location location) {
  return FdbEntry().with_location(location).with_other(kNoLocation).with_state(FdbState::kBound);
}

struct TestFdb {
  explicit TestFdb(uint32_t limit, const QuotaLimits& limits = {})
      : memory(Fdb::bytes(limit)), fdb(memory.data(), limit, limits, kFixedSecret) {}
  TableMemory memory;
  Fdb fdb;
};

}  // namespace

TEST_CASE("an FDB key holds bridge and MAC") {
  const uint64_t key = fdb_key(513, Mac{0x525400000002});
  REQUIRE(fdb_bridge(key) == 513);
  REQUIRE(fdb_mac(key) == Mac{0x525400000002});
}

TEST_CASE("each field of an FDB entry keeps its largest value and leaves the others alone") {
  const FdbEntry ones(~uint64_t{0});
  const FdbEntry zero;
  REQUIRE(zero.with_location(kNoLocation).location() == kNoLocation);
  REQUIRE(zero.with_other(kNoLocation).other() == kNoLocation);
  REQUIRE(zero.with_state(FdbState::kFrozen).state() == FdbState::kFrozen);
  REQUIRE(zero.with_host_class(HostClass::kStatic).host_class() == HostClass::kStatic);
  REQUIRE(zero.with_windows(3).windows() == 3);
  REQUIRE(zero.with_seq(2047).seq() == 2047);
  REQUIRE(zero.with_stamp(65535).stamp() == 65535);
  // What with_x(all ones) adds to zero is what with_x(0) takes from all ones.
  REQUIRE(zero.with_location(kNoLocation).word() == ~ones.with_location(0).word());
  REQUIRE(zero.with_other(kNoLocation).word() == ~ones.with_other(0).word());
  REQUIRE(zero.with_host_class(HostClass::kStatic).word() ==
          ~ones.with_host_class(HostClass::kLearned).word());
  REQUIRE(zero.with_windows(3).word() == ~ones.with_windows(0).word());
  REQUIRE(zero.with_seq(2047).word() == ~ones.with_seq(0).word());
  REQUIRE(zero.with_stamp(65535).word() == ~ones.with_stamp(0).word());
}

TEST_CASE("a sequence number and a stamp wrap around") {
  REQUIRE(FdbEntry().with_seq(2047).with_next_seq() == FdbEntry());
  REQUIRE(FdbEntry::stamp_s(65537 * kSecond) == 1);
  REQUIRE(FdbEntry::stamp_ms(65537 * kMillisecond) == 1);
  REQUIRE(FdbEntry().with_stamp(65530).since(4) == 10);
}

TEST_CASE("the same MAC in two bridges is two entries") {
  TestFdb t(100);
  REQUIRE(t.fdb.insert(1, Mac{2}, bound(10)).status == InsertStatus::kInserted);
  REQUIRE(t.fdb.insert(2, Mac{2}, bound(20)).status == InsertStatus::kInserted);
  REQUIRE(t.fdb.find(1, Mac{2}).entry.location() == 10);
  REQUIRE(t.fdb.find(2, Mac{2}).entry.location() == 20);
  REQUIRE_FALSE(t.fdb.find(3, Mac{2}));
}

TEST_CASE("limits refuse the newcomer, by table, bridge and port") {
  struct Row {
    QuotaLimits limits;
    int64_t allowed;
    InsertStatus refusal;
  };
  const Row rows[] = {
      {{.total = 3, .per_bridge = {}, .per_port = {}}, 3, InsertStatus::kLimit},
      {{.total = kUnlimited, .per_bridge = {9, 4}, .per_port = {}}, 4, InsertStatus::kLimit},
      {{.total = kUnlimited, .per_bridge = {}, .per_port = {{1, 1, 3}, {1, 2, 5}, {2, 2, 4}}},
       5,
       InsertStatus::kPortLimit},
      {{.total = 2, .per_bridge = {9, 4}, .per_port = {{1, 2, 5}}}, 2, InsertStatus::kLimit},
      {{}, 8, InsertStatus::kLimit},
  };
  for (const Row& row : rows) {
    TestFdb t(8, row.limits);
    int64_t n = 0;
    while (n < 20 && t.fdb.insert(1, Mac{static_cast<uint64_t>(n) + 1}, bound(2)).status ==
                         InsertStatus::kInserted)
      ++n;
    REQUIRE(n == row.allowed);
    REQUIRE(t.fdb.insert(1, Mac{99}, bound(2)).status == row.refusal);
    REQUIRE(t.fdb.quota().total() == n);
    for (int64_t i = 1; i <= n; ++i) REQUIRE(t.fdb.find(1, Mac{static_cast<uint64_t>(i)}));
  }
}

TEST_CASE("the quota tells what came into the table, and of nothing else") {
  QuotaLimits limits;
  limits.per_bridge = {2, 2};
  limits.per_port = {{1, 0, 1}};
  TestFdb t(10, limits);
  const auto insert = [&](BridgeIndex bridge, uint64_t mac, Location port) {
    return t.fdb.insert(bridge, Mac{0x525400000000 | mac}, bound(port)).status;
  };
  uint64_t seen = t.fdb.quota().inserted();
  const auto is_told = [&] {
    const uint64_t before = seen;
    seen = t.fdb.quota().inserted();
    return seen != before;
  };
  REQUIRE_FALSE(is_told());
  REQUIRE(insert(1, 1, 0) == InsertStatus::kInserted);
  REQUIRE(is_told());
  REQUIRE(insert(1, 1, 1) == InsertStatus::kExists);
  REQUIRE(insert(1, 2, 0) == InsertStatus::kPortLimit);
  REQUIRE_FALSE(is_told());
  REQUIRE(insert(1, 2, 1) == InsertStatus::kInserted);
  REQUIRE(is_told());
  REQUIRE(insert(1, 3, 1) == InsertStatus::kLimit);
  REQUIRE_FALSE(is_told());
  REQUIRE(t.fdb.quota().total() == 2);
  REQUIRE(t.fdb.quota().in_bridge(1) == 2);
  REQUIRE(t.fdb.quota().on_port(1, 0) == 1);
}

TEST_CASE("the quota follows an entry that exists, moves and leaves") {
  TestFdb t(8, {.total = 8, .per_bridge = {8, 8}, .per_port = {{1, 0, 1}, {1, 1, 1}}});
  const auto in = t.fdb.insert(1, Mac{2}, bound(0));
  REQUIRE(t.fdb.insert(1, Mac{3}, bound(0)).status == InsertStatus::kPortLimit);
  REQUIRE(t.fdb.insert(1, Mac{2}, bound(1)).status == InsertStatus::kExists);
  REQUIRE(t.fdb.quota().on_port(1, 0) == 1);
  REQUIRE(t.fdb.quota().on_port(1, 1) == 0);

  REQUIRE(t.fdb.insert(1, Mac{4}, bound(1)).status == InsertStatus::kInserted);
  FdbEntry expected = in.entry;
  REQUIRE(t.fdb.compare_exchange(in.slot, expected, bound(1).with_next_seq()));
  REQUIRE(t.fdb.quota().on_port(1, 0) == 0);
  REQUIRE(t.fdb.quota().on_port(1, 1) == 2);  // a move is never refused
  REQUIRE_FALSE(t.fdb.compare_exchange(in.slot, expected, bound(0)));
  REQUIRE(expected == bound(1).with_next_seq());

  REQUIRE(t.fdb.remove(in.slot, expected));
  REQUIRE(t.fdb.quota().on_port(1, 1) == 1);
  REQUIRE(t.fdb.quota().in_bridge(1) == 1);
  REQUIRE(t.fdb.quota().total() == 1);
}

TEST_CASE("godwit's own MACs are charged to no port") {
  TestFdb t(8, {.total = 8, .per_bridge = {}, .per_port = {{0, 0, 0}, {0, 1, 0}}});
  REQUIRE(t.fdb.insert(0, Mac{2}, bound(kSelf)).status == InsertStatus::kInserted);
  REQUIRE(t.fdb.insert(0, Mac{4}, bound(1)).status == InsertStatus::kPortLimit);
}
