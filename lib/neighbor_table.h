// The neighbor table: (bridge, IPv4 or IPv6 address) to a MAC and to nothing else (RFC 826,
// RFC 4861 §5.1). Where that MAC is, only the FDB knows; so a host that moves leaves this
// untouched.
//
// The mapping is one word in a SlotTable, changed by CAS. Beside it each slot has the second in
// which the host was last heard, in a dense array, and its origin in another. Who refreshes an IPv4
// mapping reads the bucket and the second, which a burst fetches together; the origin is written
// once, and read where a lookup of IPv6 compares the address.
//
// Keys. IPv4: bridge:16 | 0:16 | address:32, exact. IPv6: a keyed fingerprint of bridge and
// address, 61 bits, with bit 47 set (so it is never an IPv4 key), bits 40 and 63 clear (what
// SlotTable asks of keys). The origin holds the exact address, written before the entry can be seen
// and compared on every find. If two IPv6 addresses share a fingerprint, the newcomer is refused
// (kCollision): with a million entries that happens once in four million runs, and nobody can aim
// at it without the secret. That is simpler than a pool of addresses, and a lookup touches no
// more lines.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "lib/address.h"
#include "lib/bit_field.h"
#include "lib/quota.h"
#include "lib/slot_table.h"
#include "lib/units.h"

namespace godwit {

// The states of RFC 4861 §7.3.2, for IPv4 as well; FAILED: three probes went unanswered.
enum class NeighborState : uint8_t {
  kFree = 0,
  kIncomplete,
  kReachable,
  kStale,
  kDelay,
  kProbe,
  kFailed
};

// One mapping word, taken apart and put together. The word 0 is "no entry".
//
//   63   53 52   51 50   48 47      0
//   |  seq  | flags | state |  MAC  |
class NeighborEntry {
 public:
  constexpr NeighborEntry() = default;
  constexpr explicit NeighborEntry(uint64_t word) : word_(word) {}

  constexpr uint64_t word() const { return word_; }
  constexpr bool is_free() const { return word_ == 0; }
  bool operator==(const NeighborEntry&) const = default;

  constexpr Mac mac() const { return Mac{MacField::get(word_)}; }  // zero while INCOMPLETE
  constexpr NeighborState state() const {
    return static_cast<NeighborState>(StateField::get(word_));
  }
  constexpr unsigned flags() const { return static_cast<unsigned>(FlagsField::get(word_)); }
  // Counts the verdicts on this entry, modulo 2^11.
  constexpr uint16_t seq() const { return static_cast<uint16_t>(SeqField::get(word_)); }

  constexpr NeighborEntry with_mac(Mac v) const {
    return NeighborEntry(MacField::set(word_, v.bits));
  }
  constexpr NeighborEntry with_state(NeighborState v) const {
    return NeighborEntry(StateField::set(word_, static_cast<uint64_t>(v)));
  }
  constexpr NeighborEntry with_flags(unsigned v) const {
    return NeighborEntry(FlagsField::set(word_, v));
  }
  constexpr NeighborEntry with_seq(uint16_t v) const {
    return NeighborEntry(SeqField::set(word_, v));
  }
  constexpr NeighborEntry with_next_seq() const {
    return with_seq(static_cast<uint16_t>(seq() + 1));
  }

 private:
  using MacField = BitField<0, 48>;
  using StateField = BitField<MacField::kEnd, 3>;
  using FlagsField = BitField<StateField::kEnd, 2>;
  using SeqField = BitField<FlagsField::kEnd, 11>;
  static_assert(SeqField::kEnd == 64);
  static_assert(static_cast<uint64_t>(NeighborState::kFailed) <= StateField::kMax);

  uint64_t word_ = 0;
};
static_assert(sizeof(NeighborEntry) == sizeof(uint64_t));

// Threads, slot numbers and results are as in lib/slot_table.h. Limits: in total, and for each port
// by which an entry was learned, whatever its bridge (PortLimit::bridge is kNoBridge). The limit
// for each MAC is control's.
class NeighborTable {
 public:
  struct Hit {
    uint32_t slot = kNoSlot;
    NeighborEntry entry;
    explicit operator bool() const { return !entry.is_free(); }
  };
  struct Inserted {
    InsertStatus status = InsertStatus::kLimit;
    uint32_t slot = kNoSlot;  // kInserted, kExists
    NeighborEntry entry;      // kInserted, kExists
  };
  struct Host {
    BridgeIndex bridge = kNoBridge;
    IpAddress ip;
  };

  // Memory for `limit` entries, in bytes; zero, aligned to 64, the caller's.
  static size_t bytes(uint32_t limit);
  NeighborTable(void* memory, uint32_t limit, const QuotaLimits& limits, HashSecret secret);

  static constexpr uint64_t kNoKey = SlotTable<>::kNoKey;  // of no address

  // To look up a burst: the key of each address, then prepare, then find(key, home, …).
  uint64_t key(BridgeIndex bridge, const IpAddress& ip) const {
    return ip.is_v6 ? fingerprint(bridge, ip) : key_v4(bridge, static_cast<uint32_t>(ip.lo));
  }
  static constexpr uint64_t key_v4(BridgeIndex bridge, uint32_t ip) {
    return uint64_t{bridge} << 48 | ip;
  }
  void prepare(uint64_t* keys, uint32_t* homes, unsigned n) const {
    table_.prepare(keys, homes, n);
  }
  // For touch() thereafter: fetches when the hosts were heard, as if each stood in its home bucket:
  // nearly all do.
  void prepare_touch(const uint32_t* homes, unsigned n) const {
    for (unsigned i = 0; i < n; ++i)
      __builtin_prefetch(&heard_s_[size_t{homes[i]} * NativeTraits::kSlots]);
  }
  // Of IPv4 keys only, which say the address: the entries' words, 0 where there is none.
  void find_bulk_v4(const uint64_t* keys, const uint32_t* homes, unsigned n,
                    uint64_t* words) const {
    table_.find_bulk(keys, homes, n, words);
  }
  static Host host_of_v4(uint64_t key) {
    return {static_cast<BridgeIndex>(key >> 48), IpAddress::v4(static_cast<uint32_t>(key))};
  }
  Hit find(uint64_t key, uint32_t home, BridgeIndex bridge, const IpAddress& ip) const {
    const Found found = table_.find(key, home);
    if (ip.is_v6 && found.value != 0 && !is_at(found.slot, bridge, ip)) return {};
    return {found.slot, NeighborEntry(found.value)};
  }
  Hit find(BridgeIndex bridge, const IpAddress& ip) const {
    const uint64_t k = key(bridge, ip);
    return find(k, table_.home(k), bridge, ip);
  }

  // `ip` is a host's; `entry` has a state; `port` is where the evidence came in; `now_s` in
  // seconds.
  Inserted insert(BridgeIndex bridge, const IpAddress& ip, NeighborEntry entry, Location port,
                  uint32_t now_s);

  // On failure `expected` is what stands there; free if the entry was removed.
  bool compare_exchange(uint32_t slot, NeighborEntry& expected, NeighborEntry desired) {
    const bool matters = voids_confirmations(expected, desired);
    // Read before: once the swap is done, control may remove the entry and its key.
    const uint64_t key = matters ? table_.key_at(slot) : 0;
    uint64_t word = expected.word();
    const bool done = table_.compare_exchange(slot, word, desired.word());
    if (done && matters) raise_epoch(key);
    if (!done) expected = NeighborEntry(word);
    return done;
  }

  // Changes when the entry of this key gets another MAC, is put in doubt (PROBE) or is removed, and
  // when that happens to one of the few that share its epoch. Who reads the epoch, then finds the
  // entry as a host claims it, and finds the epoch as it was later, need not look at the entry
  // again: what a host says then is what it said before.
  //
  // The swap comes before the rise and the read of the epoch before that of the entry, so nobody
  // takes an entry of before the swap for one of the epoch behind it. Who still sees the old epoch
  // a moment after the swap acts as if the claim had come a moment before it, which nobody can
  // tell. Acquire and release order the two words; nothing else is ordered by it.
  uint32_t epoch(uint64_t key) const { return epoch_at(epoch_of(key)); }
  uint32_t epoch_at(size_t index) const { return epochs_[index].load(std::memory_order_acquire); }
  // Workers read an epoch for each claim and each routed packet, and rarely is one raised: they
  // stay in every first-level cache. Several, so that control's steady questions to old neighbors
  // do not void what was confirmed about the others.
  static constexpr size_t kEpochs = 256;
  static size_t epoch_of(uint64_t key) {
    static_assert(kEpochs == 256);
    return key * 0x9e3779b97f4a7c15 >> 56;  // 2^64 divided by the golden ratio: spreads runs evenly
  }

  // Notes that the host was heard; writes only if the second changed.
  void touch(uint32_t slot, uint32_t now_s) {
    std::atomic<uint32_t>& heard = heard_s_[slot];
    if (heard.load(std::memory_order_relaxed) != now_s)
      heard.store(now_s, std::memory_order_relaxed);
  }

  // Control: as in SlotTable.
  bool remove(uint32_t slot, NeighborEntry& expected);
  void reclaim(uint32_t slot) { table_.reclaim(slot); }

  // Control: as in SlotTable.
  template <class Visit>
  uint32_t walk(uint32_t from, uint32_t most, Visit visit) const {
    return table_.walk(from, most, visit);
  }
  template <class Visit>
  uint32_t sweep(uint32_t from, uint32_t most, Visit visit) {
    return table_.sweep(from, most, visit);
  }

  // What a walk shows. The others are meaningful for slots where host_at() gives a host.
  uint32_t slot_count() const { return table_.slot_count(); }
  std::optional<Host> host_at(uint32_t slot) const;
  NeighborEntry entry_at(uint32_t slot) const { return NeighborEntry(table_.value_at(slot)); }
  uint32_t heard_s(uint32_t slot) const { return heard_s_[slot].load(std::memory_order_relaxed); }
  // Seconds since then: 0 where a worker's clock is a second ahead. What was heard before the clock
  // began, in an earlier run, counts below 0.
  uint32_t silent_s(uint32_t slot, uint32_t now_s) const {
    const auto silent = static_cast<int32_t>(now_s - heard_s(slot));
    return silent < 0 ? 0 : static_cast<uint32_t>(silent);
  }
  // The port by which the entry was learned and to which it is charged; a move does not change it.
  // Control's: from now on the entry is of no port.
  void disown(uint32_t slot);
  Location port(uint32_t slot) const { return origins_[slot].port.load(std::memory_order_relaxed); }

  const Quota& quota() const { return quota_; }  // counts of live entries
  // Control's: see Quota::follow.
  std::shared_ptr<const void> follow(const QuotaLimits& limits) {
    return quota_.follow(limits.with_total_at_most(limit_));
  }

 private:
  // Relaxed throughout: published by the commit of the slot. Only the second changes later.
  using Second = std::atomic<uint32_t>;
  static_assert(sizeof(Second) == 4);  // those of four buckets fill a line
  struct Origin {
    std::atomic<uint64_t> addr_hi;
    std::atomic<uint64_t> addr_lo;
    std::atomic<Location> port;
    std::atomic<BridgeIndex> bridge;
  };
  static_assert(sizeof(Origin) == 24);

  // Where the two arrays begin, in bytes.
  static size_t heard_at(uint32_t limit) { return SlotTable<>::bytes(slots_for(limit)); }
  static size_t origins_at(uint32_t limit) {
    return heard_at(limit) + SlotTable<>::slot_count(slots_for(limit)) * sizeof(Second);
  }

  static constexpr uint64_t kV6Bit = uint64_t{1} << 47;

  static bool voids_confirmations(NeighborEntry from, NeighborEntry to) {
    return from.mac() != to.mac() ||
           (to.state() == NeighborState::kProbe && from.state() != NeighborState::kProbe);
  }
  void raise_epoch(uint64_t key) { epochs_[epoch_of(key)].fetch_add(1, std::memory_order_release); }

  uint64_t fingerprint(BridgeIndex bridge, const IpAddress& ip) const {
    uint64_t h = keyed_hash(bridge, secret_);
    h = keyed_hash(h ^ ip.hi, secret_);
    h = keyed_hash(h ^ ip.lo, secret_);
    return (h & ~(SlotTable<>::kPending | uint64_t{1} << 63)) | kV6Bit;
  }
  bool is_at(uint32_t slot, BridgeIndex bridge, const IpAddress& ip) const {
    const Origin& o = origins_[slot];
    return o.addr_hi.load(std::memory_order_relaxed) == ip.hi &&
           o.addr_lo.load(std::memory_order_relaxed) == ip.lo &&
           o.bridge.load(std::memory_order_relaxed) == bridge;
  }

  HashSecret secret_;
  SlotTable<> table_;
  Second* heard_s_;
  Origin* origins_;
  int64_t limit_;
  Quota quota_;
  alignas(64) std::array<std::atomic<uint32_t>, kEpochs> epochs_{};
};

}  // namespace godwit
