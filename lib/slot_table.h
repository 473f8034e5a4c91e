// A fixed-size hash table from one 64-bit word to another: any worker finds, inserts and changes
// without a lock; only the control thread removes. The FDB and the neighbor table are made of it.
//
// Layout. A bucket is one cache line: four keys, then four values. A key's candidates are the slots
// of up to 32 consecutive buckets from its home, and it takes the first free one. Nothing ever
// moves. displaced[b] counts the entries that passed bucket b on their way to a later one: a walk
// ends at the first bucket whose count is 0. With half of the slots taken, which is what a table at
// its limit has (slots_for), a hit reads 1.05 lines on average, a miss 1.09, and the longest way of
// a million entries is 9 buckets. (The length of the walk costs only those who need it.)
//
// A slot's life:  key word                          value word
//   free          0                                 0
//   pending       key | kPending                    being written by the inserter, the slot's owner
//   aborted       kAborted                          the owner lost to a rival and will clear it
//   committed     key                               live: not 0, changed by compare_exchange
//   dying         key, then kTombstone + distance   0, never changed again
//   free again, a grace period later, by reclaim(); or at once, by an owner that withdraws.
//
// Insert.  1 survey: stop if the key is live (Exists) or pending (Busy: that worker is learning the
//            same thing now, nobody waits for it).
//          2 pass: add 1 to displaced[] of each bucket before the free slot; claim the slot by CAS;
//            write the value.
//          3 re-scan the whole walk: live elsewhere: withdraw. Pending in a lower slot: withdraw.
//            Pending in a higher slot: abort it by CAS; if that fails, look at the slot again.
//          4 commit by CAS; it fails only if a rival aborted us: withdraw.
//
// No duplicate. Let A (slot i) and B (slot j > i) insert one key. Claims, re-scan loads and the
// counts they depend on are seq_cst, so at least one of the two re-scans comes after the other's
// claim and sees it. (The walk reaches it: the counts were raised before the claim.)
//   - B sees A pending or committed: B withdraws.
//   - B does not see A: then A sees B. Pending: A's abort and B's commit are CAS on one word, and
//     only one succeeds; if it is B's, A looks again and sees B committed. Committed: A withdraws.
// So never do both commit; three or more rivals are pairs. The dying do not count: they are dead.
//
// No loss. Whoever withdraws does so for a live entry or for a rival pending in a lower slot; slots
// do not go down for ever, so of several rivals one commits, unless the key was live already.
// A committed entry stays in its slot, with the counts on its way raised, until it is removed; so
// every lookup that starts after an insert returned finds it. A dying entry may stand in front of
// its live successor: a walk goes on when the value is 0.
//
// No foreign value. A lookup reads a committed key, then the value. The slot belongs to that key
// until a grace period after its removal, which the reader itself holds up: between find() and a
// later compare_exchange() on its slot, in one quiescent section, the slot can become dead but
// never another key's. Slots that change hands without a grace period were pending, and no lookup
// or update ever refers to those. A bulk lookup ors the values of all lanes that show its key: only
// one of them is live, and the dead are 0 before a successor can be committed. (An abort may hit a
// later claim of the same key in the same slot: it is a rival in a higher slot just the same.)
//
// Walks by control pass over the empty. used_ has a bit for each bucket that may hold a key, so a
// walk costs what is in the table and not what would fit. An inserter sets the bit after its claim
// if it finds it clear. A sweep that finds a bucket empty clears the bit first and then looks at
// the keys again: if there is one by now, it sets the bit again. The claim and the load of the bit
// behind it, the clearing and the load of the keys behind it are seq_cst; so either the inserter
// sees the bit cleared, or the sweep sees the claim (as in Dekker's algorithm). Once an insert has
// returned, every walk that starts later meets its entry. Only control clears bits and walks, so no
// walk sees a bit between its clearing and its return.
//
// test/proof checks this code, not a model of it, under every interleaving of small cases.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lib/hash.h"

namespace godwit {

inline constexpr uint32_t kNoSlot = 0xffffffff;
inline constexpr unsigned kMaxInserters = 128;  // threads that may be inside insert() at once

// A lookup's answer. value 0: the key is not there, and slot is kNoSlot.
struct Found {
  uint32_t slot = kNoSlot;
  uint64_t value = 0;
};

enum class InsertStatus : uint8_t {
  kInserted,
  kExists,     // the key is live: slot and value say where and with what
  kBusy,       // another thread is inserting this key now; forget ours, or look again
  kFull,       // no free slot among the key's candidates
  kPortLimit,  // Fdb, NeighborTable: the port's share is spent
  kLimit,      // Fdb, NeighborTable: the bridge's, or the table's, limit is reached
  kCollision,  // NeighborTable: another IPv6 address has this fingerprint
};

struct InsertResult {
  InsertStatus status = InsertStatus::kFull;
  uint32_t slot = kNoSlot;  // kInserted, kExists
  uint64_t value = 0;       // kInserted, kExists
};

// The table as it runs. test/proof puts a scheduler in place of std::atomic and shrinks the shape.
struct NativeTraits {
  template <class T>
  using Atomic = std::atomic<T>;
  static constexpr unsigned kSlots = 4;     // a bucket
  static constexpr unsigned kBuckets = 32;  // a walk
};

// Slots to ask for so that `limit` entries fit without a refusal and lookups of what is not there
// are short: a load of one half, 33 octets an entry.
constexpr uint32_t slots_for(uint32_t limit) { return limit * 2 + 1; }

// All functions may be called by any thread unless they say "control". Slot numbers from find or
// insert hold until the caller's next quiescent state.
template <class Traits = NativeTraits>
class SlotTable {
  struct Bucket;

 public:
  // Keys: not 0, this bit (the I/G bit of a MAC in the low 48 bits) clear, bits 63..48 not all
  // ones.
  static constexpr uint64_t kPending = uint64_t{1} << 40;
  static constexpr uint64_t kNoKey = ~uint64_t{0};  // in no slot, ever
  static constexpr bool is_key(uint64_t word) {
    return word != 0 && (word & kPending) == 0 && word >> 48 != 0xffff;
  }

  // For at least `slots` slots: the size of the memory in bytes, and the exact number of slots.
  static constexpr size_t bytes(uint32_t slots) {
    return used_at(slots) + word_count(bucket_count(slots)) * sizeof(Word);
  }

  static constexpr uint32_t slot_count(uint32_t slots) {
    return bucket_count(slots) * Traits::kSlots;
  }

  // `memory`: bytes(slots) zero bytes aligned to 64; the caller's, and must outlive the table. An
  // empty table is all zero, so nothing is written here: fresh pages are touched on first use.
  SlotTable(void* memory, uint32_t slots, HashSecret secret)
      : buckets_(static_cast<Bucket*>(memory)),
        displaced_(reinterpret_cast<Count*>(buckets_ + bucket_count(slots))),
        used_(reinterpret_cast<Word*>(static_cast<std::byte*>(memory) + used_at(slots))),
        homes_(bucket_count(slots) - (Traits::kBuckets - 1)),
        secret_(secret) {
    assert(reinterpret_cast<uintptr_t>(memory) % 64 == 0);
  }
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  // The bucket where the walk for `key` begins.
  uint32_t home(uint64_t key) const { return home(key, homes_, secret_); }

  // Before find_bulk, and a little earlier: makes kNoKey of what is no key, hashes the keys and
  // prefetches their buckets.
  void prepare(uint64_t* keys, uint32_t* homes, unsigned n) const;

  // What is no key is never found; so a frame's destination may be looked up whatever it is.
  Found find(uint64_t key) const { return find(key, home(key)); }
  Found find(uint64_t key, uint32_t home) const;

  // values[i] is that of find(keys[i], homes[i]), for keys and homes as prepare() left them.
  // Returns whether every key was found.
  bool find_bulk(const uint64_t* keys, const uint32_t* homes, unsigned n, uint64_t* values) const;

  // Inserts a key with a value that is not 0. on_claim(slot) runs before the entry can be seen, and
  // may write what goes with it elsewhere; also when the insert then gives way to a rival.
  template <class OnClaim>
  InsertResult insert(uint64_t key, uint64_t value, OnClaim on_claim);
  InsertResult insert(uint64_t key, uint64_t value) {
    return insert(key, value, [](uint32_t) {});
  }

  // Changes the value of a live entry. On failure `expected` is what stands there (0: it is dead).
  bool compare_exchange(uint32_t slot, uint64_t& expected, uint64_t desired) {
    assert(expected != 0 && desired != 0);
    return value(slot).compare_exchange_strong(expected, desired, std::memory_order_acq_rel,
                                               std::memory_order_acquire);
  }

  // Control: ends a live entry if its value is `expected`, else reports it there as above. The slot
  // stays occupied until reclaim().
  bool remove(uint32_t slot, uint64_t& expected);
  // Control: frees a removed slot; a grace period must have passed since remove() (see Limbo).
  void reclaim(uint32_t slot);

  // Control: calls visit(slot) for every slot of at most `most` buckets that may be in use, from
  // the bucket of slot `from` on. Returns the slot to go on from; slot_count() at the end.
  template <class Visit>
  uint32_t walk(uint32_t from, uint32_t most, Visit visit) const;
  // The same, and later walks pass over the buckets that visit() left empty, or found so.
  template <class Visit>
  uint32_t sweep(uint32_t from, uint32_t most, Visit visit);

  // Slots are 0 .. slot_count() - 1.
  uint32_t slot_count() const { return bucket_count() * Traits::kSlots; }
  // The key of a committed or dying entry, else 0.
  uint64_t key_at(uint32_t slot) const {
    const uint64_t word = key(slot).load(std::memory_order_acquire);
    return (word & kPending) == 0 ? word : 0;
  }
  // Meaningful where key_at() is not 0; 0 if the entry is dying.
  uint64_t value_at(uint32_t slot) const { return value(slot).load(std::memory_order_acquire); }

  // For tests: how many entries passed this bucket.
  unsigned displaced_at(uint32_t bucket) const {
    return displaced_[bucket].load(std::memory_order_relaxed);
  }

 private:
  using Word = typename Traits::template Atomic<uint64_t>;
  // At most the slots of the later buckets, and one more for each thread that is inserting.
  using Count = typename Traits::template Atomic<uint8_t>;
  static_assert((Traits::kBuckets - 1) * Traits::kSlots + kMaxInserters <= UINT8_MAX);

  struct alignas(64) Bucket {
    Word keys[Traits::kSlots];
    Word values[Traits::kSlots];
  };
  static_assert(sizeof(Bucket) == 64);
  static_assert(std::is_trivially_destructible_v<Bucket>);

  // Key words that are no key: kPending is set, and no key's bits 63..48 are all ones.
  static constexpr uint64_t kTombstone = uint64_t{0xffff} << 48 | kPending;  // + distance from home
  static constexpr uint64_t kAborted = kTombstone | 0xff;

  // Homes, and buckets after the last one so that no walk wraps around.
  static constexpr uint32_t bucket_count(uint32_t slots) {
    const uint32_t homes = slots / Traits::kSlots + (slots % Traits::kSlots != 0);
    return (homes == 0 ? 1 : homes) + Traits::kBuckets - 1;
  }
  uint32_t bucket_count() const { return homes_ + Traits::kBuckets - 1; }
  // Where used_ begins, in bytes, and its size: whole lines, so that another table may follow.
  static constexpr size_t used_at(uint32_t slots) {
    return (bucket_count(slots) * (sizeof(Bucket) + sizeof(Count)) + 63) / 64 * 64;
  }
  static constexpr size_t word_count(uint32_t buckets) { return (size_t{buckets} + 511) / 512 * 8; }

  static constexpr uint32_t home(uint64_t key, uint32_t homes, HashSecret secret) {
    return fast_range(bucket_hash(key, secret), homes);
  }
  Word& key(uint32_t slot) const {
    return buckets_[slot / Traits::kSlots].keys[slot % Traits::kSlots];
  }
  Word& value(uint32_t slot) const {
    return buckets_[slot / Traits::kSlots].values[slot % Traits::kSlots];
  }

  // All ones if `word` may be found; 0 where the low 48 bits are 0 (no address) or kPending is set:
  // these would match slots that are free, pending or dead.
  static constexpr uint64_t findable(uint64_t word) {
    constexpr uint64_t kAddress = (uint64_t{1} << 48) - 1;
    const uint64_t no_address = ((word & kAddress) - 1) >> 63;
    return ((word / kPending | no_address) & 1) - 1;
  }
  static unsigned match(const Bucket& bucket, uint64_t key);
  static uint64_t value_in(const Bucket& bucket, uint64_t key);
  bool find_chunk(const uint64_t* keys, const uint32_t* homes, unsigned n, uint64_t* values) const;
  bool find_further(const uint64_t* keys, const uint32_t* homes, unsigned n,
                    uint64_t* values) const;
  InsertResult survey(uint64_t key, uint32_t home) const;
  InsertResult settle(uint64_t key, uint32_t home, uint32_t own);
  InsertResult judge(uint64_t key, uint32_t rival, uint32_t own);
  void withdraw(uint32_t home, uint32_t slot);
  void pass(uint32_t home, uint32_t slot);
  void unpass(uint32_t home, uint32_t slot);
  void mark_used(uint32_t bucket);
  void clear_unused(uint32_t bucket);
  bool is_empty(uint32_t bucket, std::memory_order order) const;
  uint32_t next_used(uint32_t bucket) const;

  Bucket* buckets_;
  Count* displaced_;
  Word* used_;      // a bit a bucket
  uint32_t homes_;  // buckets that are a home
  HashSecret secret_;
};

}  // namespace godwit

#include "lib/slot_table_impl.h"
