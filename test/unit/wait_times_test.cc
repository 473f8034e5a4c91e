#include "lib/wait_times.h"

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("waits are told by their number, the longest, and a bound of nearly all",
          "[wait_times]") {
  WaitTimes waits;
  CHECK(waits.count() == 0);
  CHECK(waits.longest() == 0);
  CHECK(waits.within(990) == 0);
  for (int n = 0; n < 990; ++n) waits.note(1000);
  for (int n = 0; n < 10; ++n) waits.note(50'000);
  CHECK(waits.count() == 1000);
  CHECK(waits.longest() == 50'000);
  CHECK(waits.within(990) == 1023);
  CHECK(waits.within(991) == 50'000);
  CHECK(waits.within(1000) == 50'000);
}

TEST_CASE("waits since an earlier moment are told by themselves", "[wait_times]") {
  WaitTimes waits;
  waits.note(70'000);
  const WaitTimes before = waits;
  CHECK(waits.since(before).count() == 0);
  CHECK(waits.since(before).longest() == 0);
  for (int n = 0; n < 3; ++n) waits.note(1000);
  CHECK(waits.since(before).count() == 3);
  CHECK(waits.since(before).longest() == 1023);
  CHECK(waits.since(before).within(1000) == 1023);
  waits.note(80'000);
  CHECK(waits.since(before).longest() == 80'000);
}

TEST_CASE("a wait of nothing, and one without end", "[wait_times]") {
  WaitTimes waits;
  waits.note(0);
  CHECK(waits.within(1000) == 0);
  waits.note(~Nanos{0});
  CHECK(waits.within(500) == 0);
  CHECK(waits.longest() == ~Nanos{0});
  CHECK(waits.within(1000) >= ~Nanos{0} / 2);
}

}  // namespace godwit
