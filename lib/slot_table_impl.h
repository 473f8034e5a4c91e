// The member functions of SlotTable; included by lib/slot_table.h, which explains the protocol.
#pragma once

#include <algorithm>
#include <bit>
#include <type_traits>

#include "lib/slot_table.h"

#if defined(__SANITIZE_THREAD__)
#define GODWIT_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GODWIT_THREAD_SANITIZER 1
#endif
#endif

#if defined(__AVX2__) && !defined(GODWIT_THREAD_SANITIZER)
#include <immintrin.h>
#define GODWIT_VECTOR_MATCH 1
#endif

namespace godwit {

// The lanes of `bucket` whose key is `key`, as bits. The keys are read before what follows.
template <class Traits>
unsigned SlotTable<Traits>::match(const Bucket& bucket, uint64_t key) {
#if defined(GODWIT_VECTOR_MATCH)
  if constexpr (std::is_same_v<Traits, NativeTraits>) {
    // A vector load is no atomic in the eyes of C++, but every x86 CPU with AVX2 reads each aligned
    // 8-byte lane whole, and does not reorder it with later loads; the fence binds the compiler.
    const __m256i keys = _mm256_load_si256(reinterpret_cast<const __m256i*>(bucket.keys));
    const __m256i wanted = _mm256_set1_epi64x(static_cast<long long>(key));
    std::atomic_thread_fence(std::memory_order_acquire);
    const __m256i equal = _mm256_cmpeq_epi64(keys, wanted);
    return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(equal)));
  }
#endif
  unsigned lanes = 0;
  for (unsigned lane = 0; lane < Traits::kSlots; ++lane)
    lanes |= unsigned{bucket.keys[lane].load(std::memory_order_acquire) == key} << lane;
  return lanes;
}

template <class Traits>
Found SlotTable<Traits>::find(uint64_t key, uint32_t home) const {
  if (findable(key) == 0) return {};
  for (uint32_t b = home; b != home + Traits::kBuckets; ++b) {
    for (unsigned lanes = match(buckets_[b], key); lanes != 0; lanes &= lanes - 1) {
      const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
      const uint64_t word = buckets_[b].values[lane].load(std::memory_order_acquire);
      if (word != 0) return {b * Traits::kSlots + lane, word};
    }
    // Relaxed: an insert that happened before this lookup left its mark, and no other must be seen.
    if (displaced_[b].load(std::memory_order_relaxed) == 0) break;
  }
  return {};
}

// Vector code, but for the prefetches. What it reads of the table is copied first, since for all
// the compiler knows it might be what the loop stores to.
template <class Traits>
void SlotTable<Traits>::prepare(uint64_t* keys, uint32_t* homes, unsigned n) const {
  const uint32_t home_count = homes_;
  const HashSecret secret = secret_;
  for (unsigned i = 0; i < n; ++i) {
    keys[i] |= ~findable(keys[i]);
    homes[i] = home(keys[i], home_count, secret);
  }
  const Bucket* const buckets = buckets_;
#pragma GCC unroll 4
  for (unsigned i = 0; i < n; ++i) __builtin_prefetch(&buckets[homes[i]]);
}

template <class Traits>
bool SlotTable<Traits>::find_bulk(const uint64_t* keys, const uint32_t* homes, unsigned n,
                                  uint64_t* values) const {
  constexpr unsigned kChunk = 64;
  bool all = true;
  for (; n > kChunk; n -= kChunk) {
    all &= find_chunk(keys, homes, kChunk, values);
    keys += kChunk, homes += kChunk, values += kChunk;
  }
  return all & find_chunk(keys, homes, n, values);
}

// The values of the lanes of `bucket` whose key is `key`, or-ed: at most one of them is not 0.
template <class Traits>
uint64_t SlotTable<Traits>::value_in(const Bucket& bucket, uint64_t key) {
  uint64_t word = 0;
  for (unsigned lanes = match(bucket, key); lanes != 0; lanes &= lanes - 1)
    word |= bucket.values[std::countr_zero(lanes)].load(std::memory_order_acquire);
  return word;
}

#if defined(GODWIT_VECTOR_MATCH)
// The same for four buckets and keys at once, as match() does it and without a branch. Returns
// whether none of the four words is 0.
inline bool values_in_four(const __m256i* const (&buckets)[4], const uint64_t* keys,
                           uint64_t* values) {
  __m256i hit[4];
  for (unsigned i = 0; i < 4; ++i)
    hit[i] = _mm256_cmpeq_epi64(buckets[i][0], _mm256_set1_epi64x(static_cast<long long>(keys[i])));
  std::atomic_thread_fence(std::memory_order_acquire);
  for (unsigned i = 0; i < 4; ++i) hit[i] = _mm256_and_si256(hit[i], buckets[i][1]);
  // Each bucket's four lanes to one, as in a transposed matrix.
  const __m256i a =
      _mm256_or_si256(_mm256_unpacklo_epi64(hit[0], hit[1]), _mm256_unpackhi_epi64(hit[0], hit[1]));
  const __m256i b =
      _mm256_or_si256(_mm256_unpacklo_epi64(hit[2], hit[3]), _mm256_unpackhi_epi64(hit[2], hit[3]));
  const __m256i words =
      _mm256_or_si256(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), words);
  const __m256i zero = _mm256_cmpeq_epi64(words, _mm256_setzero_si256());
  return _mm256_testz_si256(zero, zero) != 0;
}
#endif

// At most 64 keys: the home buckets, which hold nearly all, then what is left.
template <class Traits>
bool SlotTable<Traits>::find_chunk(const uint64_t* keys, const uint32_t* homes, unsigned n,
                                   uint64_t* values) const {
  const Bucket* const buckets = buckets_;
  bool all = true;
  unsigned i = 0;
#if defined(GODWIT_VECTOR_MATCH)
  if constexpr (std::is_same_v<Traits, NativeTraits>) {
    for (; i + 4 <= n; i += 4) {
      const auto line = [&](unsigned k) {
        return reinterpret_cast<const __m256i*>(&buckets[homes[i + k]]);
      };
      all &= values_in_four({line(0), line(1), line(2), line(3)}, &keys[i], &values[i]);
    }
  }
#endif
  for (; i < n; ++i) all &= (values[i] = value_in(buckets[homes[i]], keys[i])) != 0;
  return all || find_further(keys, homes, n, values);
}

// Where the home bucket had nothing: first the counts of displaced entries, prefetched, and then
// the whole walk of those that may be elsewhere.
template <class Traits>
bool SlotTable<Traits>::find_further(const uint64_t* keys, const uint32_t* homes, unsigned n,
                                     uint64_t* values) const {
  uint64_t missed = 0;
  for (unsigned i = 0; i < n; ++i) missed |= uint64_t{values[i] == 0 && keys[i] != kNoKey} << i;
  for (uint64_t rest = missed; rest != 0; rest &= rest - 1)
    __builtin_prefetch(&displaced_[homes[std::countr_zero(rest)]]);
  for (; missed != 0; missed &= missed - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(missed));
    // Relaxed, as in find().
    if (displaced_[homes[i]].load(std::memory_order_relaxed) != 0)
      values[i] = find(keys[i], homes[i]).value;
  }
  return std::find(values, values + n, 0) == values + n;
}

template <class Traits>
template <class OnClaim>
InsertResult SlotTable<Traits>::insert(uint64_t key, uint64_t value, OnClaim on_claim) {
  assert(is_key(key) && value != 0);
  const uint32_t first = home(key);
  for (;;) {
    const InsertResult plan = survey(key, first);
    if (plan.status != InsertStatus::kInserted) return plan;
    const uint32_t slot = plan.slot;
    pass(first, slot);
    uint64_t free = 0;
    // seq_cst: our claim is before our re-scan in the one order that all claims are in.
    if (!this->key(slot).compare_exchange_strong(free, key | kPending, std::memory_order_seq_cst,
                                                 std::memory_order_relaxed)) {
      unpass(first, slot);  // another insert got it: it made progress, we start over
      continue;
    }
    mark_used(slot / Traits::kSlots);
    on_claim(slot);
    this->value(slot).store(value, std::memory_order_relaxed);  // published by the commit
    InsertResult result = settle(key, first, slot);
    if (result.status == InsertStatus::kInserted) {
      result.value = value;
    } else {
      withdraw(first, slot);
    }
    return result;
  }
}

// Steps through the walk before a claim. kInserted: nothing is in the way, `slot` is the first
// free.
template <class Traits>
InsertResult SlotTable<Traits>::survey(uint64_t key, uint32_t home) const {
  InsertResult plan;
  for (uint32_t b = home; b != home + Traits::kBuckets; ++b) {
    for (unsigned lane = 0; lane < Traits::kSlots; ++lane) {
      const uint32_t slot = b * Traits::kSlots + lane;
      const uint64_t word = this->key(slot).load(std::memory_order_acquire);
      if (word == (key | kPending)) return {InsertStatus::kBusy};
      if (word == key) {
        const uint64_t live = value(slot).load(std::memory_order_acquire);
        if (live != 0) return {InsertStatus::kExists, slot, live};
      }
      if (word == 0 && plan.slot == kNoSlot) plan = {InsertStatus::kInserted, slot};
    }
    const bool last = displaced_[b].load(std::memory_order_relaxed) == 0;
    if (last && plan.slot != kNoSlot) break;
  }
  return plan;
}

// Re-scans and commits the claimed slot `own`; any other answer than kInserted means withdraw.
template <class Traits>
InsertResult SlotTable<Traits>::settle(uint64_t key, uint32_t home, uint32_t own) {
  for (uint32_t b = home; b != home + Traits::kBuckets; ++b) {
    for (unsigned lane = 0; lane < Traits::kSlots; ++lane) {
      const uint32_t slot = b * Traits::kSlots + lane;
      if (slot == own) continue;
      const InsertResult verdict = judge(key, slot, own);
      if (verdict.status != InsertStatus::kInserted) return verdict;
    }
    // seq_cst: a rival that claimed before this point raised the counts on its way before that.
    if (displaced_[b].load(std::memory_order_seq_cst) == 0) break;
  }
  uint64_t pending = key | kPending;
  // Release publishes the value, and what on_claim wrote; seq_cst for Quota::note_inserted().
  if (this->key(own).compare_exchange_strong(pending, key, std::memory_order_seq_cst,
                                             std::memory_order_relaxed))
    return {InsertStatus::kInserted, own};
  return {InsertStatus::kBusy};  // aborted by a rival in a lower slot
}

// One slot of the re-scan: kInserted if it does not stand in the way, or no longer does.
template <class Traits>
InsertResult SlotTable<Traits>::judge(uint64_t key, uint32_t rival, uint32_t own) {
  uint64_t word = this->key(rival).load(std::memory_order_seq_cst);  // see the insert's claim
  while (word == (key | kPending)) {
    if (rival < own) return {InsertStatus::kBusy};
    if (this->key(rival).compare_exchange_strong(word, kAborted, std::memory_order_acq_rel,
                                                 std::memory_order_acquire))
      break;
  }
  if (word == key) {
    const uint64_t live = value(rival).load(std::memory_order_acquire);
    if (live != 0) return {InsertStatus::kExists, rival, live};
  }
  return {InsertStatus::kInserted};
}

// Frees a slot that we own, pending or aborted. No grace period: no reader ever referred to it.
template <class Traits>
void SlotTable<Traits>::withdraw(uint32_t home, uint32_t slot) {
  value(slot).store(0, std::memory_order_relaxed);
  // Release: the next owner's value comes after our 0.
  this->key(slot).store(0, std::memory_order_release);
  unpass(home, slot);
}

template <class Traits>
void SlotTable<Traits>::pass(uint32_t home, uint32_t slot) {
  // seq_cst: before the claim in the order that the re-scans of rivals read.
  for (uint32_t b = home; b != slot / Traits::kSlots; ++b)
    displaced_[b].fetch_add(1, std::memory_order_seq_cst);
}

template <class Traits>
void SlotTable<Traits>::unpass(uint32_t home, uint32_t slot) {
  // Release: who sees the lower count also sees that the slot no longer holds the key.
  for (uint32_t b = home; b != slot / Traits::kSlots; ++b)
    displaced_[b].fetch_sub(1, std::memory_order_release);
}

template <class Traits>
bool SlotTable<Traits>::remove(uint32_t slot, uint64_t& expected) {
  assert(expected != 0);
  if (!value(slot).compare_exchange_strong(expected, 0, std::memory_order_acq_rel,
                                           std::memory_order_acquire))
    return false;
  // Nobody else writes the key word of a committed entry, so a store will do. The distance is what
  // reclaim() needs, since the key is gone by then.
  const uint64_t word = this->key(slot).load(std::memory_order_relaxed);
  const uint64_t distance = slot / Traits::kSlots - home(word);
  this->key(slot).store(kTombstone + distance, std::memory_order_release);
  return true;
}

template <class Traits>
void SlotTable<Traits>::reclaim(uint32_t slot) {
  const uint64_t word = this->key(slot).load(std::memory_order_relaxed);
  assert(word - kTombstone < Traits::kBuckets);
  const auto distance = static_cast<uint32_t>(word - kTombstone);
  unpass(slot / Traits::kSlots - distance, slot);
  // Release: the next owner's value comes after the 0 that remove() wrote.
  this->key(slot).store(0, std::memory_order_release);
}

// After a claim in the bucket; seq_cst for the order against clear_unused().
template <class Traits>
void SlotTable<Traits>::mark_used(uint32_t bucket) {
  const uint64_t bit = uint64_t{1} << bucket % 64;
  Word& word = used_[bucket / 64];
  if ((word.load(std::memory_order_seq_cst) & bit) == 0)
    word.fetch_or(bit, std::memory_order_seq_cst);
}

template <class Traits>
void SlotTable<Traits>::clear_unused(uint32_t bucket) {
  if (!is_empty(bucket, std::memory_order_relaxed)) return;
  const uint64_t bit = uint64_t{1} << bucket % 64;
  used_[bucket / 64].fetch_and(~bit, std::memory_order_seq_cst);
  if (!is_empty(bucket, std::memory_order_seq_cst))
    used_[bucket / 64].fetch_or(bit, std::memory_order_seq_cst);
}

template <class Traits>
bool SlotTable<Traits>::is_empty(uint32_t bucket, std::memory_order order) const {
  for (const Word& key : buckets_[bucket].keys)
    if (key.load(order) != 0) return false;
  return true;
}

// The first bucket from `bucket` on that may be in use; bucket_count() if there is none.
template <class Traits>
uint32_t SlotTable<Traits>::next_used(uint32_t bucket) const {
  while (bucket < bucket_count()) {
    const uint64_t bits = used_[bucket / 64].load(std::memory_order_acquire) >> bucket % 64;
    if (bits != 0) return bucket + static_cast<uint32_t>(std::countr_zero(bits));
    bucket = (bucket / 64 + 1) * 64;
  }
  return bucket_count();
}

template <class Traits>
template <class Visit>
uint32_t SlotTable<Traits>::walk(uint32_t from, uint32_t most, Visit visit) const {
  uint32_t bucket = next_used(from / Traits::kSlots);
  for (; most != 0 && bucket != bucket_count(); --most, bucket = next_used(bucket + 1))
    for (unsigned lane = 0; lane < Traits::kSlots; ++lane) visit(bucket * Traits::kSlots + lane);
  return bucket * Traits::kSlots;
}

template <class Traits>
template <class Visit>
uint32_t SlotTable<Traits>::sweep(uint32_t from, uint32_t most, Visit visit) {
  return walk(from, most, [&](uint32_t slot) {
    visit(slot);
    if (slot % Traits::kSlots == Traits::kSlots - 1) clear_unused(slot / Traits::kSlots);
  });
}

}  // namespace godwit
