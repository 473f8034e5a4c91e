#include "lib/reflection.h"

#include <catch2/catch.hpp>

namespace godwit {
namespace {

constexpr Nanos kYear = 365 * 24 * 3600 * kSecond;

// Fingerprints that share a line in a filter of any size, but no note.
constexpr uint64_t neighbor(uint64_t n) { return (n + 1) << 32; }

}  // namespace

TEST_CASE("a frame is known for 50 ms", "[reflection]") {
  const Nanos noted = GENERATE(Nanos{0}, Nanos{1}, 16'383 * kMicrosecond, kSecond,
                               274'877 * kMillisecond, 274'878 * kMillisecond, kYear);
  const uint64_t print = GENERATE(uint64_t{1} << 40, ~uint64_t{0}, uint64_t{0x0123456789abcdef});
  ReflectionFilter filter(16);
  CHECK_FALSE(filter.seen(print, noted));
  filter.note(print, noted);
  for (const Nanos after : {Nanos{0}, Nanos{1}, kMillisecond, 49 * kMillisecond, kReflectionWindow})
    CHECK(filter.seen(print, noted + after));
  for (const Nanos after : {51 * kMillisecond, 60 * kMillisecond, kSecond, 200 * kSecond,
                            274'878 * kMillisecond, 86'400 * kSecond})
    CHECK_FALSE(filter.seen(print, noted + after));
}

TEST_CASE("another frame is not known", "[reflection]") {
  ReflectionFilter filter(1);
  const uint64_t print = 0x0123456789abcdef;
  filter.note(print, kSecond);
  for (unsigned bit = 32; bit < 64; ++bit) {
    INFO("bit " << bit);
    CHECK_FALSE(filter.seen(print ^ uint64_t{1} << bit, kSecond));
  }
}

TEST_CASE("a line keeps the eight latest of its frames", "[reflection]") {
  ReflectionFilter filter(GENERATE(1u, 3u, 8192u));
  for (uint64_t n = 0; n < 8; ++n) filter.note(neighbor(n), kSecond + n * kMillisecond);
  for (uint64_t n = 0; n < 8; ++n) CHECK(filter.seen(neighbor(n), kSecond + 8 * kMillisecond));
  for (uint64_t n = 8; n < 20; ++n) {
    filter.note(neighbor(n), kSecond + n * kMillisecond);
    CHECK_FALSE(filter.seen(neighbor(n - 8), kSecond + n * kMillisecond));
    CHECK(filter.seen(neighbor(n - 7), kSecond + n * kMillisecond));
    CHECK(filter.seen(neighbor(n), kSecond + n * kMillisecond));
  }
}

TEST_CASE("a frame that is flooded again is known for as long again", "[reflection]") {
  ReflectionFilter filter(16);
  filter.note(0x0123456789abcdef, 0);
  filter.note(0x0123456789abcdef, 40 * kMillisecond);
  CHECK(filter.seen(0x0123456789abcdef, 90 * kMillisecond));
  CHECK_FALSE(filter.seen(0x0123456789abcdef, 91 * kMillisecond));
}

TEST_CASE("an empty filter knows nothing", "[reflection]") {
  const ReflectionFilter filter(1);
  for (const Nanos now : {Nanos{0}, kMillisecond, kReflectionWindow, kYear})
    for (const uint64_t print : {uint64_t{0}, uint64_t{0xffffff}, ~uint64_t{0}})
      CHECK_FALSE(filter.seen(print, now));
}

}  // namespace godwit
