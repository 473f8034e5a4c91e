#include "lib/config_units.h"

#include <catch2/catch.hpp>

#include "lib/units.h"

namespace godwit {
namespace {

struct Good {
  const char* text;
  uint64_t value;
};

struct Bad {
  const char* text;
  const char* error;  // a part of it
};

void check_bad(const Quantity& quantity, const Bad& bad) {
  INFO(bad.text);
  CHECK_FALSE(quantity.ok());
  CHECK_THAT(quantity.error, Catch::Contains(bad.error));
}

}  // namespace

TEST_CASE("a duration is a decimal number and a unit", "[config]") {
  for (const Good& good : {Good{"300s", 300 * kSecond},
                           {"1.5s", 1500 * kMillisecond},
                           {"0.25ms", 250 * kMicrosecond},
                           {"60ms", 60 * kMillisecond},
                           {"7us", 7000},
                           {"9ns", 9},
                           {"2m", 120 * kSecond},
                           {"0.1h", 360 * kSecond},
                           {"0s", 0},
                           {"1.000000000s", kSecond},
                           {"18446744073709551615ns", ~uint64_t{0}}}) {
    INFO(good.text);
    const Quantity duration = parse_duration(good.text);
    CHECK(duration.error.empty());
    CHECK(duration.value == good.value);
  }
}

TEST_CASE("a duration that is not one says what to write", "[config]") {
  for (const Bad& bad : {Bad{"300", "has no unit (write 300s)"},
                         {"1.5", "has no unit (write 1.5s)"},
                         {"", "is not a duration"},
                         {"s", "is not a duration"},
                         {"-1s", "is not a duration"},
                         {"+1s", "is not a duration"},
                         {"5 s", "the units are"},
                         {"5sec", "the units are"},
                         {"5S", "the units are"},
                         {"1e3s", "the units are"},
                         {"0x10s", "the units are"},
                         {"1.s", "the units are"},
                         {".5s", "is not a duration"},
                         {"010s", "begins with 0"},
                         {"0.5ns", "is finer than a nanosecond"},
                         {"1.0000000001s", "is finer than a nanosecond"},
                         {"1.05ns", "is finer than a nanosecond"},
                         {"18446744073709551616ns", "is too large"},
                         {"18446744073.709551616s", "is too large"},
                         {"99999999999999999999999h", "is too large"}})
    check_bad(parse_duration(bad.text), bad);
  CHECK(parse_duration("60", "ms").error == "has no unit (write 60ms)");
}

TEST_CASE("a rate is a whole number a second", "[config]") {
  CHECK(parse_rate("1000/s").value == 1000);
  CHECK(parse_rate("1000/s").ok());
  for (const Bad& bad : {Bad{"1000", "has no unit (write 1000/s)"},
                         {"1000/m", "the one unit is /s"},
                         {"1.5/s", "is not a rate"},
                         {"/s", "is not a rate"},
                         {"010/s", "begins with 0"},
                         {"99999999999999999999/s", "is too large"}})
    check_bad(parse_rate(bad.text), bad);
}

TEST_CASE("a count is decimal and may have a binary multiple", "[config]") {
  for (const Good& good :
       {Good{"0", 0}, {"4096", 4096}, {"64Ki", 65536}, {"8Mi", 8U << 20}, {"1Gi", 1U << 30}}) {
    INFO(good.text);
    CHECK(parse_count(good.text).ok());
    CHECK(parse_count(good.text).value == good.value);
  }
  for (const Bad& bad : {Bad{"010", "write 10"},
                         {"00", "write 0)"},
                         {"0x10", "multiples are"},
                         {"64k", "multiples are"},
                         {"1,000", "multiples are"},
                         {"1_000", "multiples are"},
                         {"-1", "is not a whole number"},
                         {"1.5Ki", "is not a whole number"},
                         {"", "is not a whole number"},
                         {"17179869184Gi", "is too large"}})
    check_bad(parse_count(bad.text), bad);
}

TEST_CASE("quantities are printed as they can be read back", "[config]") {
  for (const char* text : {"1h", "5m", "90s", "1500ms", "60ms", "7us", "9ns", "0ns"})
    CHECK(duration_text(parse_duration(text).value) == text);
  for (const char* text : {"0", "1000", "64Ki", "1Mi", "3Gi"})
    CHECK(count_text(parse_count(text).value) == text);
}

}  // namespace godwit
