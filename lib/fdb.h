// The FDB: (bridge, MAC) to a location, the only place where a location is stored. One word holds
// all that is known of a host, so a reader never sees half a change, and a move is one CAS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "lib/address.h"
#include "lib/bit_field.h"
#include "lib/config.h"
#include "lib/quota.h"
#include "lib/slot_table.h"
#include "lib/units.h"

namespace godwit {

// What each state means, and every step between them: lib/arbiter.h. In the steady ones a frame
// from the host's place says nothing new; their numbers share a bit, so that one comparison tells.
enum class FdbState : uint8_t {
  kFree = 0,
  kTesting = 1,
  kSettling = 2,
  kOffline = 3,
  kBound = 4,  // from here on: steady
  kMigrating = 5,
  kFrozen = 6
};
inline constexpr uint64_t kSteadyState = 4;

// Stamps count milliseconds where the arbiter compares short times, else seconds.
constexpr bool counts_milliseconds(FdbState state) {
  return state == FdbState::kTesting || state == FdbState::kSettling;
}

constexpr uint64_t fdb_key(BridgeIndex bridge, Mac mac) {
  return uint64_t{bridge} << 48 | mac.bits;
}
constexpr BridgeIndex fdb_bridge(uint64_t key) { return static_cast<BridgeIndex>(key >> 48); }
constexpr Mac fdb_mac(uint64_t key) { return Mac{key & 0xffffffffffff}; }

// One FDB value word, taken apart and put together. The word 0 is "no entry".
//
//   63      48 47   37 36   33 32 31 30  28 27   14 13      0
//   |  stamp  |  seq  | flags | class | state | other | location |
class FdbEntry {
 public:
  constexpr FdbEntry() = default;
  constexpr explicit FdbEntry(uint64_t word) : word_(word) {}

  constexpr uint64_t word() const { return word_; }
  constexpr bool is_free() const { return word_ == 0; }
  bool operator==(const FdbEntry&) const = default;

  constexpr Location location() const { return static_cast<Location>(LocationField::get(word_)); }
  // The previous, candidate or penalised location; kNoLocation if there is none.
  constexpr Location other() const { return static_cast<Location>(OtherField::get(word_)); }
  constexpr FdbState state() const { return static_cast<FdbState>(StateField::get(word_)); }
  constexpr HostClass host_class() const { return static_cast<HostClass>(ClassField::get(word_)); }
  // A count of evidence for the other location, 0..3: of what, the state tells.
  constexpr unsigned windows() const { return static_cast<unsigned>(WindowsField::get(word_)); }
  // SETTLING: the other location made a claim that was found false. TESTING: neither place answers.
  constexpr bool marked() const { return MarkField::get(word_) != 0; }
  // Frames for the host are not simply sent: they are held, or, while OFFLINE, flooded.
  constexpr bool aside() const { return AsideField::get(word_) != 0; }
  static constexpr uint64_t kAside = uint64_t{1} << 36;
  // Counts the verdicts on this entry, modulo 2^11.
  constexpr uint16_t seq() const { return static_cast<uint16_t>(SeqField::get(word_)); }
  // When the host was heard, or its place was last decided on, modulo 2^16.
  constexpr uint16_t stamp() const { return static_cast<uint16_t>(StampField::get(word_)); }

  constexpr FdbEntry with_location(Location v) const {
    return FdbEntry(LocationField::set(word_, v));
  }
  constexpr FdbEntry with_other(Location v) const { return FdbEntry(OtherField::set(word_, v)); }
  constexpr FdbEntry with_state(FdbState v) const {
    return FdbEntry(StateField::set(word_, static_cast<uint64_t>(v)));
  }
  constexpr FdbEntry with_host_class(HostClass v) const {
    return FdbEntry(ClassField::set(word_, static_cast<uint64_t>(v)));
  }
  constexpr FdbEntry with_windows(unsigned v) const {
    return FdbEntry(WindowsField::set(word_, v));
  }
  constexpr FdbEntry with_mark(bool v) const { return FdbEntry(MarkField::set(word_, v)); }
  constexpr FdbEntry with_aside(bool v) const { return FdbEntry(AsideField::set(word_, v)); }
  constexpr FdbEntry with_seq(uint16_t v) const { return FdbEntry(SeqField::set(word_, v)); }
  constexpr FdbEntry with_next_seq() const { return FdbEntry(SeqField::set(word_, seq() + 1U)); }
  constexpr FdbEntry with_stamp(uint16_t v) const { return FdbEntry(StampField::set(word_, v)); }

  // The stamps of an instant.
  static constexpr uint16_t stamp_s(Nanos now) { return static_cast<uint16_t>(now / kSecond); }
  static constexpr uint16_t stamp_ms(Nanos now) {
    return static_cast<uint16_t>(now / kMillisecond);
  }
  // Time since the stamp, in the stamp's own unit; right up to 65535.
  constexpr uint16_t since(uint16_t now_stamp) const {
    return static_cast<uint16_t>(now_stamp - stamp());
  }

 private:
  using LocationField = BitField<0, kLocationBits>;
  using OtherField = BitField<LocationField::kEnd, kLocationBits>;
  using StateField = BitField<OtherField::kEnd, 3>;
  using ClassField = BitField<StateField::kEnd, 2>;
  using WindowsField = BitField<ClassField::kEnd, 2>;
  using MarkField = BitField<WindowsField::kEnd, 1>;
  using AsideField = BitField<MarkField::kEnd, 1>;
  using SeqField = BitField<AsideField::kEnd, 11>;
  using StampField = BitField<SeqField::kEnd, 16>;
  static_assert(StampField::kEnd == 64);
  static_assert(AsideField::set(0, 1) == kAside);
  static_assert(static_cast<uint64_t>(FdbState::kFrozen) <= StateField::kMax);
  static_assert(static_cast<uint64_t>(HostClass::kStatic) <= ClassField::kMax);

  uint64_t word_ = 0;
};
static_assert(sizeof(FdbEntry) == sizeof(uint64_t));

// The table with its limits. The quota follows the entries by itself: an insert takes, a change of
// location moves, a removal gives back. Threads, slot numbers and results: lib/slot_table.h.
class Fdb {
 public:
  struct Hit {
    uint32_t slot = kNoSlot;
    FdbEntry entry;
    explicit operator bool() const { return !entry.is_free(); }
  };
  struct Inserted {
    InsertStatus status = InsertStatus::kLimit;
    uint32_t slot = kNoSlot;  // kInserted, kExists
    FdbEntry entry;           // kInserted, kExists
  };

  // Memory for `limit` entries, in bytes; zero, aligned to 64, the caller's.
  static constexpr size_t bytes(uint32_t limit) { return SlotTable<>::bytes(slots_for(limit)); }

  Fdb(void* memory, uint32_t limit, const QuotaLimits& limits, HashSecret secret)
      : table_(memory, slots_for(limit), secret),
        limit_(limit),
        quota_(limits.with_total_at_most(limit)) {}

  uint32_t home(uint64_t key) const { return table_.home(key); }
  static constexpr uint64_t kNoKey = SlotTable<>::kNoKey;
  // Before find_bulk: makes kNoKey of the key of a group or zero address.
  void prepare(uint64_t* keys, uint32_t* homes, unsigned n) const {
    table_.prepare(keys, homes, n);
  }
  // entries[i] is 0 where keys[i] is unknown. Returns whether all are known.
  bool find_bulk(const uint64_t* keys, const uint32_t* homes, unsigned n, uint64_t* entries) const {
    return table_.find_bulk(keys, homes, n, entries);
  }
  Hit find(uint64_t key) const { return hit(table_.find(key)); }
  Hit find(BridgeIndex bridge, Mac mac) const { return find(fdb_key(bridge, mac)); }

  // `mac` is a station's; `entry` has a state. kPortLimit, kLimit: it is not there, and the quota
  // of entry.location(), or of the bridge or the table, is spent.
  Inserted insert(BridgeIndex bridge, Mac mac, FdbEntry entry) {
    const QuotaAnswer answer = quota_.take(bridge, entry.location());
    if (answer != QuotaAnswer::kGranted) return refuse(answer, fdb_key(bridge, mac));
    const InsertResult result = table_.insert(fdb_key(bridge, mac), entry.word());
    if (result.status == InsertStatus::kInserted)
      quota_.note_inserted();
    else
      quota_.give(bridge, entry.location());
    return {result.status, result.slot, FdbEntry(result.value)};
  }

  // On failure `expected` is what stands there; free if the entry was removed.
  bool compare_exchange(uint32_t slot, FdbEntry& expected, FdbEntry desired) {
    const Location from = expected.location();
    const bool moves = from != desired.location();
    // Read before: once the swap is done, control may remove the entry and its key.
    const BridgeIndex bridge = moves ? fdb_bridge(table_.key_at(slot)) : kNoBridge;
    uint64_t word = expected.word();
    const bool done = table_.compare_exchange(slot, word, desired.word());
    if (done && moves) quota_.move(bridge, from, desired.location());
    if (!done) expected = FdbEntry(word);
    return done;
  }

  // Control, as in SlotTable.
  bool remove(uint32_t slot, FdbEntry& expected) {
    const BridgeIndex bridge = fdb_bridge(table_.key_at(slot));
    uint64_t word = expected.word();
    const bool done = table_.remove(slot, word);
    if (done) quota_.give(bridge, expected.location());
    if (!done) expected = FdbEntry(word);
    return done;
  }
  void reclaim(uint32_t slot) { table_.reclaim(slot); }
  template <class Visit>
  uint32_t walk(uint32_t from, uint32_t most, Visit visit) const {
    return table_.walk(from, most, visit);
  }
  template <class Visit>
  uint32_t sweep(uint32_t from, uint32_t most, Visit visit) {
    return table_.sweep(from, most, visit);
  }
  uint32_t slot_count() const { return table_.slot_count(); }
  uint64_t key_at(uint32_t slot) const { return table_.key_at(slot); }
  FdbEntry entry_at(uint32_t slot) const { return FdbEntry(table_.value_at(slot)); }

  const Quota& quota() const { return quota_; }  // counts of live entries
  // Control's: see Quota::follow.
  std::shared_ptr<const void> follow(const QuotaLimits& limits) {
    return quota_.follow(limits.with_total_at_most(limit_));
  }

 private:
  // Who is refused a place may have one.
  Inserted refuse(QuotaAnswer answer, uint64_t key) const {
    if (const Hit there = find(key)) return {InsertStatus::kExists, there.slot, there.entry};
    const bool of_port = answer == QuotaAnswer::kPortSpent;
    return {of_port ? InsertStatus::kPortLimit : InsertStatus::kLimit, kNoSlot, {}};
  }
  static Hit hit(Found found) { return {found.slot, FdbEntry(found.value)}; }

  SlotTable<> table_;
  int64_t limit_;
  Quota quota_;
};

}  // namespace godwit
