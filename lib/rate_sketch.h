// A token bucket for each of very many sources, in memory that does not grow.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/hash.h"
#include "lib/token_bucket.h"
#include "lib/units.h"

namespace godwit {

// Sources share a fixed set of places by their hash, and the one that comes takes the place of the
// one that was there, with a full bucket. So a limit is exact for sources that are few; a crowd of
// invented ones is what the limit of their port is for. No source is held back for another's sake.
//
// One thread owns it.
class RateSketch {
 public:
  // A rate of 0 means no limit.
  RateSketch(uint64_t per_second, uint32_t burst, HashSecret secret)
      : fresh_(per_second, burst),
        secret_(secret),
        places_(per_second == 0 ? 0 : kPlaces, Place{0, fresh_}) {}

  // Whether `source`, not 0, may once more.
  bool take(uint64_t source, Nanos now) {
    if (places_.empty()) return true;
    Place& place = places_[fast_range(bucket_hash(source, secret_), kPlaces)];
    if (place.source != source) place = {source, fresh_};
    return place.bucket.take(now);
  }

 private:
  static constexpr uint32_t kPlaces = 4096;

  struct Place {
    uint64_t source;
    TokenBucket bucket;
  };

  TokenBucket fresh_;
  HashSecret secret_;
  std::vector<Place> places_;
};

}  // namespace godwit
