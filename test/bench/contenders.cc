#include "test/bench/contenders.h"

#include <bit>
#include <stdexcept>

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include "dataplane/table_memory.h"

#include "lib/arbiter.h"
#include "lib/fdb.h"
#include "lib/neighbor_table.h"

namespace godwit {
namespace {

constexpr BridgeIndex kBridge = 1;
constexpr Location kFirstPlace = 1;
constexpr HashSecret kSecret{0x9e3779b97f4a7c15, 0xd1b54a32d192ed03};

// A station's address for each number.
Mac mac_of(uint64_t key) { return Mac{uint64_t{0x02} << 40 | key}; }

class RteHash final : public Contender {
 public:
  explicit RteHash(uint32_t capacity) {
    rte_hash_parameters parameters{};
    parameters.name = "table-bench";
    parameters.entries = capacity;
    parameters.key_len = sizeof(uint64_t);
    parameters.hash_func = rte_hash_crc;
    parameters.extra_flag =
        RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | RTE_HASH_EXTRA_FLAGS_MULTI_WRITER_ADD;
    const uint64_t before = allocated();
    hash_ = rte_hash_create(&parameters);
    if (hash_ == nullptr)
      throw std::runtime_error(
          fmt::format("rte_hash of {} entries: {}", capacity, rte_strerror(rte_errno)));
    bytes_ = allocated() - before;
  }
  ~RteHash() override { rte_hash_free(hash_); }

  unsigned insert(const uint64_t* keys) override {
    unsigned done = 0;
    for (unsigned i = 0; i < kBurst; ++i) done += add(keys[i], kFirstPlace);
    return done;
  }

  unsigned find(const uint64_t* keys) override {
    std::array<void*, kBurst> values;
    return static_cast<unsigned>(std::popcount(look_up(keys, values.data())));
  }

  unsigned move(const uint64_t* keys, uint16_t to) override {
    std::array<void*, kBurst> values;
    unsigned done = 0;
    for (uint64_t hits = look_up(keys, values.data()); hits != 0; hits &= hits - 1)
      done += add(keys[std::countr_zero(hits)], to);
    return done;
  }

  uint64_t bytes() const override { return bytes_; }

 private:
  static uint64_t allocated() {
    rte_malloc_socket_stats stats;
    rte_malloc_get_socket_stats(static_cast<int>(rte_socket_id()), &stats);
    return stats.heap_allocsz_bytes;
  }

  bool add(uint64_t key, uint16_t place) {
    static std::array<char, 4> places;
    return rte_hash_add_key_data(hash_, &key, &places[place]) == 0;
  }

  uint64_t look_up(const uint64_t* keys, void** values) const {
    std::array<const void*, kBurst> pointers;
    for (unsigned i = 0; i < kBurst; ++i) pointers[i] = &keys[i];
    uint64_t hits = 0;
    rte_hash_lookup_bulk_data(hash_, pointers.data(), kBurst, &hits, values);
    return hits;
  }

  rte_hash* hash_ = nullptr;
  uint64_t bytes_ = 0;
};

// With the limits that a bridge has, so that their counting is paid for.
class FdbTable final : public Contender {
 public:
  explicit FdbTable(uint32_t capacity)
      : memory_(Fdb::bytes(capacity)),
        bytes_(Fdb::bytes(capacity)),
        fdb_(memory_.get(), capacity, limits(capacity), kSecret) {}

  unsigned insert(const uint64_t* keys) override {
    const FdbEntry entry = first_heard(kFirstPlace, HostClass::kLearned, 0);
    unsigned done = 0;
    for (unsigned i = 0; i < kBurst; ++i)
      done += fdb_.insert(kBridge, mac_of(keys[i]), entry).status == InsertStatus::kInserted;
    return done;
  }

  unsigned find(const uint64_t* keys) override {
    std::array<uint32_t, kBurst> homes;
    std::array<uint64_t, kBurst> entries;
    std::array<uint64_t, kBurst> prepared = prepare(keys, homes);
    fdb_.find_bulk(prepared.data(), homes.data(), kBurst, entries.data());
    return kBurst - static_cast<unsigned>(std::count(entries.begin(), entries.end(), 0));
  }

  unsigned move(const uint64_t* keys, uint16_t to) override {
    std::array<uint32_t, kBurst> homes;
    unsigned done = 0;
    for (const uint64_t key : prepare(keys, homes)) {
      Fdb::Hit hit = fdb_.find(key);
      const FdbEntry next = hit.entry.with_location(to).with_next_seq();
      done += hit && fdb_.compare_exchange(hit.slot, hit.entry, next);
    }
    return done;
  }

  uint64_t bytes() const override { return bytes_; }

 private:
  static QuotaLimits limits(uint32_t capacity) {
    return {.per_bridge = {kUnlimited, capacity},
            .per_port = {{kBridge, kFirstPlace, capacity}, {kBridge, kFirstPlace + 1, capacity}}};
  }

  std::array<uint64_t, kBurst> prepare(const uint64_t* numbers,
                                       std::array<uint32_t, kBurst>& homes) const {
    std::array<uint64_t, kBurst> keys;
    for (unsigned i = 0; i < kBurst; ++i) keys[i] = fdb_key(kBridge, mac_of(numbers[i]));
    fdb_.prepare(keys.data(), homes.data(), kBurst);
    return keys;
  }

  TableMemory memory_;
  uint64_t bytes_;
  Fdb fdb_;
};

class Neighbors final : public Contender {
 public:
  explicit Neighbors(uint32_t capacity)
      : memory_(NeighborTable::bytes(capacity)),
        bytes_(NeighborTable::bytes(capacity)),
        table_(memory_.get(), capacity, limits(capacity), kSecret) {}

  unsigned insert(const uint64_t* keys) override {
    unsigned done = 0;
    for (unsigned i = 0; i < kBurst; ++i) {
      const NeighborEntry entry =
          NeighborEntry{}.with_mac(mac_of(keys[i])).with_state(NeighborState::kReachable);
      done += table_.insert(kBridge, ip_of(keys[i]), entry, kFirstPlace, 0).status ==
              InsertStatus::kInserted;
    }
    return done;
  }

  unsigned find(const uint64_t* keys) override {
    unsigned hits = 0;
    for_each(keys, [&](const NeighborTable::Hit& hit) { hits += bool{hit}; });
    return hits;
  }

  unsigned move(const uint64_t* keys, uint16_t to) override {
    unsigned done = 0;
    for_each(keys, [&](const NeighborTable::Hit& hit) {
      NeighborEntry entry = hit.entry;
      done += hit && table_.compare_exchange(hit.slot, entry, entry.with_mac(mac_of(to)));
    });
    return done;
  }

  uint64_t bytes() const override { return bytes_; }

 private:
  static QuotaLimits limits(uint32_t capacity) {
    return {.per_bridge = {}, .per_port = {{kNoBridge, kFirstPlace, capacity}}};
  }

  static IpAddress ip_of(uint64_t key) { return {.hi = 0, .lo = key, .is_v6 = false}; }

  template <class Each>
  void for_each(const uint64_t* numbers, Each each) const {
    std::array<uint64_t, kBurst> keys;
    std::array<uint32_t, kBurst> homes;
    for (unsigned i = 0; i < kBurst; ++i) keys[i] = table_.key(kBridge, ip_of(numbers[i]));
    table_.prepare(keys.data(), homes.data(), kBurst);
    for (unsigned i = 0; i < kBurst; ++i)
      each(table_.find(keys[i], homes[i], kBridge, ip_of(numbers[i])));
  }

  TableMemory memory_;
  uint64_t bytes_;
  NeighborTable table_;
};

template <class Table>
std::unique_ptr<Contender> make(uint32_t capacity) {
  return std::make_unique<Table>(capacity);
}

}  // namespace

const std::array<NamedContender, 3> kContenders = {
    {{"rte_hash", make<RteHash>}, {"fdb", make<FdbTable>}, {"neighbor", make<Neighbors>}}};

}  // namespace godwit
