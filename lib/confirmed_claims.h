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
// An entry keeps 32 bits, so that many fit where few would; sixteen are compared. So one in 2^28
// claims that are not in here is taken for one that is, and passes unweighed, as if its frame had
// been lost. Nobody can aim at that without the secret, and in the next second it is another claim.
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
  void prefetch(uint64_t print) const { __builtin_prefetch(&line(print)); }

  bool has(uint64_t print, Moment moment) const { return line(print).has(tag(print, moment)); }

  // In place of the oldest of those that share its line. It is not in there yet.
  void note(uint64_t print, Moment moment) {
    auto& tags = line(print).tags;
    std::copy_backward(tags.begin(), tags.end() - 1, tags.end());
    tags[0] = tag(print, moment);
  }

 private:
  using Tag = uint32_t;
  static constexpr size_t kLines = 8192;  // 131072 entries: what was confirmed last, about
  struct alignas(64) Line {
    std::array<Tag, 64 / sizeof(Tag)> tags{};

    // Whether one of them is this. A compiler would take a dozen instructions from the sixteen
    // answers to the one.
    bool has(Tag wanted) const {
#if defined(__AVX2__)
      const auto* const halves = reinterpret_cast<const __m256i*>(tags.data());
      const __m256i all = _mm256_set1_epi32(static_cast<int>(wanted));
      const __m256i found =
          _mm256_or_si256(_mm256_cmpeq_epi32(halves[0], all), _mm256_cmpeq_epi32(halves[1], all));
      return _mm256_testz_si256(found, found) == 0;
#else
      return std::find(tags.begin(), tags.end(), wanted) != tags.end();
#endif
    }
  };

  static size_t index(uint64_t print) { return print % kLines; }
  const Line& line(uint64_t print) const { return lines_[index(print)]; }
  Line& line(uint64_t print) { return lines_[index(print)]; }

  static Tag tag(uint64_t print, Moment m) {
    constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
    return static_cast<Tag>((print + (uint64_t{m.second} << 32 | m.epoch) * kOdd) >> 32);
  }

  HashSecret secret_;
  std::vector<Line> lines_;
};

}  // namespace godwit
