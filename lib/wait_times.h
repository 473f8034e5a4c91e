// How long something had to wait, over very many times, in little memory: their number, the
// longest, and within what time nearly all of them were.
//
// One thread owns it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "lib/units.h"

namespace godwit {

class WaitTimes {
 public:
  void note(Nanos wait) {
    ++of_width_[static_cast<unsigned>(std::bit_width(wait))];
    ++count_;
    longest_ = std::max(longest_, wait);
  }

  // Without those that were noted up to `before`, an earlier state of this. The longest is then at
  // most twice what it need be.
  WaitTimes since(const WaitTimes& before) const {
    WaitTimes rest;
    for (unsigned width = 0; width < kWidths; ++width) {
      rest.of_width_[width] = of_width_[width] - before.of_width_[width];
      if (rest.of_width_[width] != 0) rest.longest_ = std::min(longest_, longest_of(width));
    }
    rest.count_ = count_ - before.count_;
    return rest;
  }

  uint64_t count() const { return count_; }
  Nanos longest() const { return longest_; }

  // A time within which so many of a thousand were: at most twice what it need be, and never more
  // than the longest. 0 before the first.
  Nanos within(uint64_t per_mille) const {
    uint64_t so_far = 0;
    for (unsigned width = 0; width < kWidths; ++width) {
      so_far += of_width_[width];
      if (so_far * 1000 >= count_ * per_mille) return std::min(longest_, longest_of(width));
    }
    return longest_;
  }

 private:
  static constexpr unsigned kWidths = 65;  // of a number of 64 bits, in bits
  static constexpr Nanos longest_of(unsigned width) {
    return (Nanos{1} << std::min(width, kWidths - 2)) - 1;
  }

  std::array<uint64_t, kWidths> of_width_{};
  uint64_t count_ = 0;
  Nanos longest_ = 0;
};

}  // namespace godwit
