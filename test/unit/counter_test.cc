#include "lib/counter.h"

#include <thread>

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("a counter is a number", "[counter]") {
  Counter count;
  CHECK(count == 0);
  ++count;
  count += 5;
  --count;
  count -= 2;
  CHECK(count.value() == 3);
  const Counter copy = count;
  ++count;
  CHECK(copy == 3);
  CHECK(count == 4);
  count = copy;
  CHECK(count == 3);
}

TEST_CASE("a counter is read while it counts, and never goes back", "[counter]") {
  constexpr uint64_t kMost = 100'000;
  Counter count;
  std::thread writer([&count] {
    for (uint64_t n = 0; n < kMost; ++n) ++count;
  });
  uint64_t before = 0;
  while (before < kMost) {
    const uint64_t now = count;
    if (now < before) FAIL("it went from " << before << " to " << now);
    before = now;
  }
  writer.join();
  CHECK(count == kMost);
}

}  // namespace godwit
