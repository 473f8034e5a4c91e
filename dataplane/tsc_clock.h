// The time of a live run: nanoseconds since the clock was made, from the CPU's time stamp counter.
#pragma once

#include <cstdint>

#include <rte_cycles.h>

#include "lib/hash.h"
#include "lib/units.h"

namespace godwit {

class TscClock {
 public:
  TscClock() : start_(rte_rdtsc()), nanos_per_cycle_((kSecond << 32) / rte_get_tsc_hz()) {}

  Nanos now() const { return nanos(rte_rdtsc() - start_); }
  Nanos nanos(uint64_t cycles) const {
    return static_cast<Nanos>((detail::Uint128{cycles} * nanos_per_cycle_) >> 32);
  }

 private:
  uint64_t start_;
  uint64_t nanos_per_cycle_;  // times 2^32
};

}  // namespace godwit
