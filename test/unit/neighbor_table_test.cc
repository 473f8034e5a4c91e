#include "lib/neighbor_table.h"

#include <map>

#include <catch2/catch.hpp>

#include "test/unit/table_memory.h"

using namespace godwit;

namespace {

NeighborEntry reachable(uint64_t mac) {
  return NeighborEntry().with_mac(Mac{mac}).with_state(NeighborState::kReachable);
}

IpAddress ip(const char* text) { return parse_ip(text).value(); }

struct TestNeighbors {
  explicit TestNeighbors(uint32_t limit, const QuotaLimits& limits = {})
      : memory(NeighborTable::bytes(limit)), table(memory.data(), limit, limits, kFixedSecret) {}
  TableMemory memory;
  NeighborTable table;
};

const char* const kAddresses[] = {"10.9.0.1",  "10.9.0.2", "192.0.2.1", "fd00:9::1",
                                  "fd00:9::2", "fe80::1",  "::a09:1"};

}  // namespace

TEST_CASE("each field of a neighbor entry keeps its largest value and leaves the others alone") {
  const NeighborEntry ones(~uint64_t{0});
  const NeighborEntry zero;
  REQUIRE(zero.with_mac(Mac{0xffffffffffff}).mac() == Mac{0xffffffffffff});
  REQUIRE(zero.with_state(NeighborState::kFailed).state() == NeighborState::kFailed);
  REQUIRE(zero.with_mac(Mac{0xffffffffffff}).word() == ~ones.with_mac(Mac{}).word());
  REQUIRE(zero.with_flags(3).word() == ~ones.with_flags(0).word());
  REQUIRE(zero.with_seq(2047).word() == ~ones.with_seq(0).word());
  REQUIRE(zero.with_seq(2047).with_next_seq() == zero);
}

TEST_CASE("IPv4 and IPv6 addresses of several bridges live side by side") {
  TestNeighbors t(100);
  uint64_t mac = 2;
  for (const BridgeIndex bridge : {BridgeIndex{0}, BridgeIndex{1}, BridgeIndex{0x8001}})
    for (const char* a : kAddresses)
      REQUIRE(t.table.insert(bridge, ip(a), reachable(mac += 2), 3, 7).status ==
              InsertStatus::kInserted);
  mac = 2;
  for (const BridgeIndex bridge : {BridgeIndex{0}, BridgeIndex{1}, BridgeIndex{0x8001}})
    for (const char* a : kAddresses)
      REQUIRE(t.table.find(bridge, ip(a)).entry.mac() == Mac{mac += 2});
  REQUIRE_FALSE(t.table.find(2, ip("10.9.0.1")));
  REQUIRE_FALSE(t.table.find(0, ip("fd00:9::3")));
}

TEST_CASE("a burst of neighbors is found by keys prepared ahead") {
  TestNeighbors t(100);
  for (const char* a : kAddresses) t.table.insert(5, ip(a), reachable(2), 3, 7);
  uint64_t keys[std::size(kAddresses)];
  uint32_t homes[std::size(kAddresses)];
  for (unsigned i = 0; i < std::size(kAddresses); ++i) keys[i] = t.table.key(5, ip(kAddresses[i]));
  t.table.prepare(keys, homes, std::size(kAddresses));
  for (unsigned i = 0; i < std::size(kAddresses); ++i)
    REQUIRE(t.table.find(keys[i], homes[i], 5, ip(kAddresses[i])));
}

TEST_CASE("an IPv6 entry answers only for the exact address, even when the fingerprint matches") {
  TestNeighbors t(100);
  t.table.insert(5, ip("fd00::1"), reachable(2), 3, 7);
  uint64_t key = t.table.key(5, ip("fd00::1"));
  uint32_t home = 0;
  t.table.prepare(&key, &home, 1);
  REQUIRE(t.table.find(key, home, 5, ip("fd00::1")));
  // As if these had the same fingerprint.
  REQUIRE_FALSE(t.table.find(key, home, 5, ip("fd00::2")));
  REQUIRE_FALSE(t.table.find(key, home, 6, ip("fd00::1")));
}

TEST_CASE("a sweep shows each host with its port and the time it was heard") {
  TestNeighbors t(100);
  for (const char* a : kAddresses) t.table.insert(5, ip(a), reachable(2), 3, 7);
  t.table.touch(t.table.find(5, ip("fd00:9::1")).slot, 9);
  std::map<IpAddress, uint32_t> heard;
  for (uint32_t s = 0; s < t.table.slot_count(); ++s) {
    const auto host = t.table.host_at(s);
    if (!host) continue;
    REQUIRE(host->bridge == 5);
    REQUIRE(t.table.port(s) == 3);
    REQUIRE(t.table.entry_at(s) == reachable(2));
    heard[host->ip] = t.table.heard_s(s);
  }
  REQUIRE(heard.size() == std::size(kAddresses));
  for (const char* a : kAddresses) REQUIRE(heard.at(ip(a)) == (ip(a) == ip("fd00:9::1") ? 9 : 7));
}

TEST_CASE("neighbors are limited in total and by the port they were learned on") {
  TestNeighbors t(
      4,
      {.total = kUnlimited, .per_bridge = {}, .per_port = {{kNoBridge, 0, 2}, {kNoBridge, 1, 9}}});
  REQUIRE(t.table.insert(0, ip("10.0.0.1"), reachable(2), 0, 0).status == InsertStatus::kInserted);
  REQUIRE(t.table.insert(0, ip("10.0.0.2"), reachable(2), 0, 0).status == InsertStatus::kInserted);
  REQUIRE(t.table.insert(0, ip("10.0.0.3"), reachable(2), 0, 0).status == InsertStatus::kPortLimit);
  REQUIRE(t.table.insert(0, ip("10.0.0.1"), reachable(4), 1, 0).status == InsertStatus::kExists);
  REQUIRE(t.table.insert(0, ip("10.0.0.3"), reachable(2), 1, 0).status == InsertStatus::kInserted);
  REQUIRE(t.table.insert(0, ip("10.0.0.4"), reachable(2), 1, 0).status == InsertStatus::kInserted);
  REQUIRE(t.table.insert(0, ip("10.0.0.5"), reachable(2), 1, 0).status == InsertStatus::kLimit);
  REQUIRE(t.table.quota().total() == 4);

  const auto hit = t.table.find(0, ip("10.0.0.1"));
  NeighborEntry expected = hit.entry;
  REQUIRE(t.table.compare_exchange(hit.slot, expected, reachable(6)));
  REQUIRE_FALSE(t.table.remove(hit.slot, expected));
  REQUIRE(expected == reachable(6));
  REQUIRE(t.table.remove(hit.slot, expected));
  REQUIRE(t.table.quota().on_port(kNoBridge, 0) == 1);
  t.table.reclaim(hit.slot);
  REQUIRE_FALSE(t.table.host_at(hit.slot));
  REQUIRE(t.table.insert(0, ip("10.0.0.5"), reachable(2), 0, 0).status == InsertStatus::kInserted);
}

TEST_CASE("the epoch of a mapping rises when what was confirmed of it is void") {
  TestNeighbors t(100);
  const IpAddress a = ip(GENERATE("10.9.0.1", "fd00:9::1"));
  const uint64_t key = t.table.key(3, a);
  t.table.insert(3, a, reachable(2), 4, 7);
  const auto swap = [&](auto change) {
    const NeighborTable::Hit hit = t.table.find(3, a);
    NeighborEntry expected = hit.entry;
    const uint32_t before = t.table.epoch(key);
    REQUIRE(t.table.compare_exchange(hit.slot, expected, change(hit.entry)));
    return t.table.epoch(key) != before;
  };
  CHECK_FALSE(swap([](NeighborEntry e) { return e.with_state(NeighborState::kStale); }));
  CHECK(swap([](NeighborEntry e) { return e.with_state(NeighborState::kProbe); }));
  CHECK_FALSE(swap([](NeighborEntry e) { return e.with_state(NeighborState::kReachable); }));
  CHECK(swap([](NeighborEntry e) { return e.with_mac(Mac{4}); }));

  const NeighborTable::Hit hit = t.table.find(3, a);
  NeighborEntry stale = hit.entry.with_next_seq();
  const uint32_t before = t.table.epoch(key);
  REQUIRE_FALSE(t.table.compare_exchange(hit.slot, stale, stale.with_mac(Mac{6})));
  stale = hit.entry.with_next_seq();
  REQUIRE_FALSE(t.table.remove(hit.slot, stale));
  CHECK(t.table.epoch(key) == before);
  NeighborEntry expected = hit.entry;
  REQUIRE(t.table.remove(hit.slot, expected));
  CHECK(t.table.epoch(key) != before);
}
