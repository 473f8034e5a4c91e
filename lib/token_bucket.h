// A limit on how often something may happen: a rate with a burst, in integers and exact.
#pragma once

#include <algorithm>
#include <cstdint>

#include "lib/units.h"

namespace godwit {

// A token bucket in the sense of RFC 4443 §2.4(f): it starts full with `burst` tokens, gains
// `per_second` tokens a second up to `burst`, and each take() spends some or is refused. No token
// is ever lost to rounding, however often or seldom it is asked. A rate of 0 means no limit.
//
// One thread owns it. The division is in the constructor; take() multiplies and compares.
class TokenBucket {
 public:
  TokenBucket() = default;  // no limit
  TokenBucket(uint64_t per_second, uint32_t burst)
      : per_second_(per_second), capacity_(burst * kToken), credit_(capacity_) {
    if (per_second_ != 0) time_to_fill_ = (capacity_ + per_second_ - 1) / per_second_;
  }

  // Whether take(now) would be granted; spends nothing.
  bool has_one(Nanos now) {
    if (per_second_ == 0) return true;
    refill(now);
    return credit_ >= kToken;
  }

  // Spends `n` tokens if they are there, else spends none and returns false. More than `burst` at
  // once are never there. A `now` before an earlier one counts as that one.
  bool take(Nanos now, uint32_t n = 1) {
    if (per_second_ == 0) return true;
    refill(now);
    const uint64_t cost = n * kToken;
    if (credit_ < cost) return false;
    credit_ -= cost;
    return true;
  }

 private:
  // Credit is counted in billionths of a token, so that a nanosecond brings `per_second_` of them.
  // 2^32 tokens are 4.3e18: two full buckets fit a word.
  static constexpr uint64_t kToken = 1'000'000'000;

  // Below time_to_fill_ the product is less than capacity_, so nothing here can overflow.
  void refill(Nanos now) {
    if (now <= last_) return;
    const Nanos elapsed = now - last_;
    last_ = now;
    credit_ =
        elapsed >= time_to_fill_ ? capacity_ : std::min(capacity_, credit_ + elapsed * per_second_);
  }

  uint64_t per_second_ = 0;
  uint64_t capacity_ = 0;
  Nanos time_to_fill_ = 0;  // from empty, rounded up
  uint64_t credit_ = 0;
  Nanos last_ = 0;
};

}  // namespace godwit
