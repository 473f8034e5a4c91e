#include "lib/token_bucket.h"

#include <limits>

#include <catch2/catch.hpp>

namespace godwit {
namespace {

constexpr uint32_t kMaxBurst = std::numeric_limits<uint32_t>::max();
constexpr Nanos kYear = 365 * 24 * 3600 * kSecond;

// How many of `attempts` single tokens, asked for every `interval`, are granted.
uint64_t granted(TokenBucket& bucket, Nanos start, Nanos interval, uint64_t attempts) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < attempts; ++i) count += bucket.take(start + i * interval);
  return count;
}

}  // namespace

TEST_CASE("ten a second with a burst of ten, as RFC 4443 suggests", "[token_bucket]") {
  TokenBucket bucket(10, 10);
  CHECK(granted(bucket, 0, 0, 100) == 10);  // the burst, and no more
  CHECK_FALSE(bucket.take(100 * kMillisecond - 1));
  CHECK(bucket.take(100 * kMillisecond));
  CHECK_FALSE(bucket.take(100 * kMillisecond));
  CHECK(granted(bucket, 100 * kMillisecond, kMillisecond, 10'001) == 100);  // ten seconds of asking
}

TEST_CASE("no token is lost to rounding", "[token_bucket]") {
  // Neither 1/3 s nor 1/7 s is a whole number of nanoseconds.
  for (const uint64_t rate : {3, 7, 999'999'937}) {
    TokenBucket bucket(rate, 1);
    CHECK(bucket.take(0));
    const Nanos interval = kSecond / rate + 1;
    CHECK(granted(bucket, interval, interval, 1000) == 1000);
  }
  TokenBucket bucket(3, 2);  // a larger burst keeps the fractions of a token
  CHECK(bucket.take(0, 2));
  CHECK_FALSE(bucket.take(333'333'333));
  CHECK(bucket.take(333'333'334));
  CHECK_FALSE(bucket.take(666'666'666));
  CHECK(bucket.take(666'666'667));
  CHECK(bucket.take(kSecond));  // the thirds that were over add up
}

TEST_CASE("a refused take spends nothing, and a large one needs the whole", "[token_bucket]") {
  TokenBucket bucket(10, 10);
  CHECK(bucket.take(0, 4));
  CHECK_FALSE(bucket.take(0, 7));
  CHECK(bucket.take(0, 6));
  CHECK(bucket.take(0, 0));
  CHECK_FALSE(bucket.take(kYear, 11));  // more than the burst is never there
  CHECK(bucket.take(kYear, 10));
}

TEST_CASE("a gap of a year fills the bucket and overflows nothing", "[token_bucket]") {
  for (const uint64_t rate : {uint64_t{1}, uint64_t{15}, uint64_t{10'000'000'000},
                              std::numeric_limits<uint64_t>::max()}) {
    for (const uint32_t burst : {1U, 10U, kMaxBurst}) {
      CAPTURE(rate, burst);
      TokenBucket bucket(rate, burst);
      CHECK(bucket.take(0, burst));
      CHECK_FALSE(bucket.take(0));
      CHECK(bucket.take(200 * kYear, burst));
      CHECK_FALSE(bucket.take(200 * kYear));
      CHECK(bucket.take(kNever, burst));
    }
  }
}

TEST_CASE("the bucket is as full as the time passed, up to the moment it is full",
          "[token_bucket]") {
  TokenBucket bucket(1000, 64);
  CHECK(bucket.take(0, 64));
  CHECK_FALSE(bucket.take(63 * kMillisecond, 64));
  CHECK_FALSE(bucket.take(64 * kMillisecond - 1, 64));
  CHECK(bucket.take(64 * kMillisecond, 64));
}

TEST_CASE("time that runs backward brings nothing and costs nothing", "[token_bucket]") {
  TokenBucket bucket(1, 1);
  CHECK(bucket.take(10 * kSecond));
  CHECK_FALSE(bucket.take(5 * kSecond));
  CHECK_FALSE(bucket.take(10 * kSecond + 1));
  CHECK(bucket.take(11 * kSecond));
}

TEST_CASE("a rate of zero is no limit, a burst of zero lets nothing pass", "[token_bucket]") {
  TokenBucket unlimited(0, 0);
  CHECK(granted(unlimited, 0, 0, 1000) == 1000);
  TokenBucket by_default;
  CHECK(by_default.take(0, std::numeric_limits<uint32_t>::max()));
  TokenBucket shut(10, 0);
  CHECK_FALSE(shut.take(kYear));
}

}  // namespace godwit
