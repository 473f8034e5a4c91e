// What one worker has found confirmed in this second: claims that an address is at a MAC, which the
// neighbor table has just so. A host repeats itself, and in a storm a thousand times a second. Who
// finds its claim in here knows the answer, and needs neither the table nor the rules: a storm then
// costs the cache a small array, and not two lines of large ones for each of its senders.
//
// A claim is known by its print, a keyed hash of who claims what, and an entry is that print mixed
// with the moment in which it was confirmed: the second, and the epoch of the mapping
// (NeighborTable::epoch), which rises whenever such a mapping is changed or removed. So nothing has
// to be looked for and taken out: what was confirmed before a change is never found after it.
//
// An entry keeps 32 bits, so that many fit where few would; as many as sixteen are compared. So one
// in 2^28 claims that are not in here is taken for one that is, and passes unweighed, as if its
// frame had been lost. Nobody can aim at that without the secret, and in the next second it is
// another claim.
//
// One thread owns it. 512 KiB.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "lib/hash.h"

namespace godwit {

class ConfirmedClaims {
 public:
  // When a claim was confirmed.
  struct Moment {
    uint32_t second = 0;
    uint32_t epoch = 0;
  };

  explicit ConfirmedClaims(HashSecret secret) : secret_(secret), lines_(kLines) {}

  // Of the claim about the address `key` (in the neighbor table) by a host, `source` (in the FDB).
  uint64_t print(uint64_t source, uint64_t key) const {
    return detail::multiply_fold(source ^ secret_.a, key ^ secret_.b);
  }

  // Before has(), and a little earlier.
  void prefetch(uint64_t print) const { __builtin_prefetch(&lines_[index(print)]); }

  bool has(uint64_t print, Moment moment) const {
    const Tag wanted = tag(print, moment);
    const Line& line = lines_[index(print)];
    return line.has(wanted) ||
           (line.is_full(moment.second) && lines_[index_beside(print)].has(wanted));
  }

  // It is not in there yet. A line that is full of this second's has more in the one beside it;
  // when that is full too, the last gives way, so that those that come in turn do not all drive
  // each other out.
  void note(uint64_t print, Moment moment) {
    Line& line = lines_[index(print)];
    (line.is_full(moment.second) ? lines_[index_beside(print)] : line)
        .note(tag(print, moment), moment.second);
  }

 private:
  using Tag = uint32_t;
  static constexpr size_t kLines = 8192;  // 122880 entries
  struct alignas(64) Line {
    static constexpr uint32_t kTags = 15;
    std::array<Tag, kTags> tags{};
    uint32_t filled = 0;  // the last second that has a tag here, times 16, and how many it has

    uint32_t count(uint32_t second) const {
      return filled >> 4 == second % (1 << 28) ? filled % 16 : 0;
    }
    bool is_full(uint32_t second) const { return count(second) == kTags; }

    void note(Tag tag, uint32_t second) {
      const uint32_t at = std::min(count(second), kTags - 1);
      tags[at] = tag;
      filled = second * 16 + at + 1;
    }

    // Whether one of them is this. A compiler would take a dozen instructions from the sixteen
    // answers to the one.
    bool has(Tag wanted) const {
#if defined(__AVX2__)
      const auto* const halves = reinterpret_cast<const __m256i*>(this);
      const __m256i all = _mm256_set1_epi32(static_cast<int>(wanted));
      const __m256i found =
          _mm256_or_si256(_mm256_cmpeq_epi32(halves[0], all), _mm256_cmpeq_epi32(halves[1], all));
      return _mm256_testz_si256(found, found) == 0;
#else
      return std::find(tags.begin(), tags.end(), wanted) != tags.end();
#endif
    }
  };
  static_assert(sizeof(Line) == 64);

  static size_t index(uint64_t print) { return print % kLines; }
  static size_t index_beside(uint64_t print) { return index(print) ^ 1; }

  // The same claim has another one in another second, or with another epoch.
  static Tag tag(uint64_t print, Moment m) {
    constexpr Tag kOdd = 0x9e3779b9;
    return static_cast<Tag>(print >> 32) + m.second * kOdd + m.epoch;
  }

  HashSecret secret_;
  std::vector<Line> lines_;
};

}  // namespace godwit
