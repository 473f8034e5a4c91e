#include "lib/rate_sketch.h"

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("each source has a limit of its own", "[rate_sketch]") {
  RateSketch sketch(15, 30, kFixedSecret);
  unsigned granted = 0;
  for (unsigned n = 0; n < 1000; ++n) granted += sketch.take(0x525400000001, 0) ? 1 : 0;
  CHECK(granted == 30);
  CHECK(sketch.take(0x525400000002, 0));
  CHECK(!sketch.take(0x525400000001, kSecond / 16));
  CHECK(sketch.take(0x525400000001, kSecond / 15 + 1));
}

TEST_CASE("a crowd of sources holds nobody back", "[rate_sketch]") {
  RateSketch sketch(15, 30, kFixedSecret);
  unsigned refused = 0;
  for (uint64_t source = 1; source <= 100'000; ++source) refused += sketch.take(source, 0) ? 0 : 1;
  CHECK(refused == 0);
}

TEST_CASE("a rate of 0 is no limit", "[rate_sketch]") {
  RateSketch sketch(0, 0, kFixedSecret);
  for (unsigned n = 0; n < 1000; ++n) CHECK(sketch.take(1, 0));
}

TEST_CASE("asking whether there is a token spends none", "[rate_sketch]") {
  TokenBucket bucket(1, 1);
  CHECK(bucket.has_one(0));
  CHECK(bucket.has_one(0));
  CHECK(bucket.take(0));
  CHECK(!bucket.has_one(kSecond - 1));
  CHECK(bucket.has_one(kSecond));
}

}  // namespace godwit
