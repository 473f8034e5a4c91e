#include "lib/next_hop_cache.h"

#include <catch2/catch.hpp>

#include "test/unit/table_memory.h"

#include "lib/fdb.h"

namespace godwit {
namespace {

constexpr BridgeIndex kBridge = 3;
constexpr Mac kMac{0x525400000002};
constexpr IpAddress kNeighbor = IpAddress::v4(0x0a090001);
constexpr uint64_t kRoutes = 1;

struct Known {
  TableMemory table_memory{NeighborTable::bytes(1024)};
  TableMemory cache_memory{NextHopCache::kBytes};
  NeighborTable neighbors{table_memory.data(), 1024, {}, kFixedSecret};
  NextHopCache cache{cache_memory.data(), kFixedSecret};
  uint64_t next_hop = fdb_key(kBridge, kMac);

  Known() { neighbors.insert(kBridge, kNeighbor, entry(kMac), kNoLocation, 0); }

  static NeighborEntry entry(Mac mac) {
    return NeighborEntry{}.with_mac(mac).with_state(NeighborState::kReachable);
  }
  NextHopCache::Stamp stamp(uint32_t second) const {
    return NextHopCache::stamp(neighbors, neighbors.key(kBridge, kNeighbor), second);
  }
  uint64_t find(uint64_t id, uint32_t second = 7) const {
    uint64_t key = 0;
    cache.find_bulk(&id, 1, neighbors, second, &key);
    return key;
  }
  void change(NeighborEntry to) {
    auto hit = neighbors.find(kBridge, kNeighbor);
    REQUIRE(neighbors.compare_exchange(hit.slot, hit.entry, to));
  }
};

}  // namespace

TEST_CASE("a next hop is known in the second in which it was noted", "[next_hop_cache]") {
  Known known;
  const IpAddress far{.hi = 0x20010db8, .lo = 1, .is_v6 = true};
  for (const uint64_t id :
       {NextHopCache::id_v4(kRoutes, 0xc0000201), known.cache.id_v6(kRoutes, far)}) {
    CHECK(known.find(id) == 0);
    known.cache.note(id, known.next_hop, known.stamp(7));
    CHECK(known.find(id) == known.next_hop);
    CHECK(known.find(id, 8) == 0);
    CHECK(known.find(id, 6) == 0);
    known.cache.note(id, known.next_hop, known.stamp(8));
    CHECK(known.find(id, 8) == known.next_hop);
    CHECK(known.find(id, 7) == 0);
  }
}

TEST_CASE("another destination, or other routes, is another", "[next_hop_cache]") {
  Known known;
  known.cache.note(NextHopCache::id_v4(kRoutes, 1), known.next_hop, known.stamp(7));
  CHECK(known.find(NextHopCache::id_v4(kRoutes, 2)) == 0);
  CHECK(known.find(NextHopCache::id_v4(kRoutes + 1, 1)) == 0);
  const IpAddress far{.hi = 0x20010db8, .lo = 1, .is_v6 = true};
  known.cache.note(known.cache.id_v6(kRoutes, far), known.next_hop, known.stamp(7));
  CHECK(known.find(known.cache.id_v6(kRoutes + 1, far)) == 0);
  CHECK(known.find(known.cache.id_v6(kRoutes, {.hi = 0x20010db8, .lo = 2, .is_v6 = true})) == 0);
  CHECK(known.find(known.cache.id_v6(kRoutes, {.hi = 1, .lo = 0x20010db8, .is_v6 = true})) == 0);
}

TEST_CASE("a mapping that is changed, doubted or removed is not followed", "[next_hop_cache]") {
  Known known;
  const uint64_t id = NextHopCache::id_v4(kRoutes, 0xc0000201);
  known.cache.note(id, known.next_hop, known.stamp(7));
  SECTION("changed") { known.change(Known::entry(Mac{kMac.bits + 1})); }
  SECTION("doubted") { known.change(Known::entry(kMac).with_state(NeighborState::kProbe)); }
  SECTION("removed") {
    auto hit = known.neighbors.find(kBridge, kNeighbor);
    REQUIRE(known.neighbors.remove(hit.slot, hit.entry));
  }
  CHECK(known.find(id) == 0);
}

TEST_CASE("a mapping that is confirmed is followed still", "[next_hop_cache]") {
  Known known;
  const uint64_t id = NextHopCache::id_v4(kRoutes, 0xc0000201);
  known.cache.note(id, known.next_hop, known.stamp(7));
  known.change(Known::entry(kMac).with_state(NeighborState::kStale));
  CHECK(known.find(id) == known.next_hop);
}

TEST_CASE("what was noted before a change counts for nothing after it", "[next_hop_cache]") {
  Known known;
  const uint64_t id = NextHopCache::id_v4(kRoutes, 0xc0000201);
  const NextHopCache::Stamp before = known.stamp(7);  // then another thread changes the mapping
  known.change(Known::entry(Mac{kMac.bits + 1}));
  known.cache.note(id, known.next_hop, before);
  CHECK(known.find(id) == 0);
}

TEST_CASE("16,384 destinations find room", "[next_hop_cache]") {
  Known known;
  constexpr uint32_t kMany = 16384;
  for (uint32_t n = 0; n < kMany; ++n)
    known.cache.note(NextHopCache::id_v4(kRoutes, 0x0a000000 + n), known.next_hop + n,
                     known.stamp(7));
  uint32_t found = 0, wrong = 0;
  for (uint32_t n = 0; n < kMany; ++n) {
    const uint64_t next_hop = known.find(NextHopCache::id_v4(kRoutes, 0x0a000000 + n));
    found += next_hop == known.next_hop + n;
    wrong += next_hop != 0 && next_hop != known.next_hop + n;
  }
  CHECK(wrong == 0);
  CHECK(found > kMany * 9 / 10);
}

}  // namespace godwit
