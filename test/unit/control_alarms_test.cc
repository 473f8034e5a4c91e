#include <catch2/catch.hpp>

#include "control/alarms.h"

namespace godwit {
namespace {

Alarm alarm_at(Nanos at) {
  Alarm alarm;
  alarm.at = at;
  alarm.kind = AlarmKind::kAddressConflict;
  alarm.bridge = 1;
  alarm.mac = Mac{0x525400000002};
  alarm.ip = IpAddress::v4(0x0a090002);
  alarm.port = 3;
  alarm.detail = "first";
  return alarm;
}

}  // namespace

TEST_CASE("a fact is told once a minute", "[control]") {
  Alarms alarms;
  alarms.raise(alarm_at(kSecond));
  alarms.raise(alarm_at(kSecond));
  alarms.raise(alarm_at(61 * kSecond - 1));
  CHECK(alarms.all().size() == 1);
  CHECK(alarms.suppressed() == 2);
  alarms.raise(alarm_at(61 * kSecond));
  CHECK(alarms.all().size() == 2);
  alarms.raise(alarm_at(121 * kSecond - 1));  // counted from the last that was told
  CHECK(alarms.all().size() == 2);
  CHECK(alarms.all()[0].at == kSecond);
  CHECK(alarms.all()[1].at == 61 * kSecond);
}

TEST_CASE("another fact is told at once", "[control]") {
  Alarms alarms;
  alarms.raise(alarm_at(0));
  Alarm other = alarm_at(1);
  SECTION("of another kind") { other.kind = AlarmKind::kMacViolation; }
  SECTION("in another bridge") { other.bridge = 2; }
  SECTION("at another port") { other.port = 4; }
  SECTION("by another MAC") { other.mac = Mac{0x525400000003}; }
  SECTION("of another IP") { other.ip = IpAddress::v6(0, 0x0a090002); }
  SECTION("of no MAC") { other.mac.reset(); }
  SECTION("of no IP") { other.ip.reset(); }
  alarms.raise(other);
  CHECK(alarms.all().size() == 2);
  CHECK(alarms.suppressed() == 0);
}

TEST_CASE("other words are no other fact", "[control]") {
  Alarms alarms;
  alarms.raise(alarm_at(0));
  Alarm again = alarm_at(1);
  again.detail = "second";
  alarms.raise(again);
  REQUIRE(alarms.all().size() == 1);
  CHECK(alarms.all()[0].detail == "first");
}

TEST_CASE("alarms have an end, and the rest is counted", "[control]") {
  Alarms alarms;
  for (uint64_t n = 0; n < 10'100; ++n) {
    Alarm alarm = alarm_at(n);
    alarm.mac = Mac{n};
    alarms.raise(alarm);
  }
  CHECK(alarms.all().size() == 10'000);
  CHECK(alarms.suppressed() == 100);
}

}  // namespace godwit
