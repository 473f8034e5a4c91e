// A named range of bits in a 64-bit word, for the words that tables change by one CAS.
#pragma once

#include <cstdint>

namespace godwit {

// kBits bits, from bit kShift up. A value too large for them is cut.
template <unsigned kShift, unsigned kBits>
struct BitField {
  static_assert(kBits > 0 && kBits < 64 && kShift + kBits <= 64);
  static constexpr unsigned kEnd = kShift + kBits;
  static constexpr uint64_t kMax = (uint64_t{1} << kBits) - 1;

  static constexpr uint64_t get(uint64_t word) { return word >> kShift & kMax; }
  static constexpr uint64_t set(uint64_t word, uint64_t value) {
    return (word & ~(kMax << kShift)) | (value & kMax) << kShift;
  }
};

}  // namespace godwit
