#include <catch2/catch.hpp>

#include "control/alarms.h"

namespace godwit {
namespace {

constexpr size_t kPorts = 4;

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

// Another fact each time.
Alarm alarm_about(uint64_t n, Nanos at, Location port) {
  Alarm alarm = alarm_at(at);
  alarm.mac = Mac{n};
  alarm.port = port;
  return alarm;
}

}  // namespace

TEST_CASE("a fact is told once a minute", "[control]") {
  Alarms alarms(kPorts);
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

TEST_CASE("a fact is remembered for a minute, whenever it was first told", "[control]") {
  const Nanos first = GENERATE(as<Nanos>{}, 0, 59, 60, 61, 119, 120, 1000) * kSecond;
  Alarms alarms(kPorts);
  alarms.raise(alarm_about(1, 0, 1));
  alarms.raise(alarm_at(first));
  alarms.raise(alarm_at(first + 60 * kSecond - 1));
  CHECK(alarms.suppressed() == 1);
  alarms.raise(alarm_at(first + 60 * kSecond));
  CHECK(alarms.suppressed() == 1);
}

TEST_CASE("another fact is told at once", "[control]") {
  Alarms alarms(kPorts);
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
  Alarms alarms(kPorts);
  alarms.raise(alarm_at(0));
  Alarm again = alarm_at(1);
  again.detail = "second";
  alarms.raise(again);
  REQUIRE(alarms.all().size() == 1);
  CHECK(alarms.all()[0].detail == "first");
}

TEST_CASE("a port tells so many facts at once, and the rest is counted by kind", "[control]") {
  Alarms alarms(kPorts);
  for (uint64_t n = 0; n < 1000; ++n) alarms.raise(alarm_about(n, n, 1));
  CHECK(alarms.all().size() == Alarms::kBurst);
  CHECK(alarms.suppressed(AlarmKind::kAddressConflict) == 1000 - Alarms::kBurst);
  CHECK(alarms.suppressed(AlarmKind::kGatewayClaim) == 0);
  SECTION("another port is heard all the same") {
    alarms.raise(alarm_about(1, 1000, 2));
    CHECK(alarms.all().size() == Alarms::kBurst + 1);
    CHECK(alarms.all().back().port == 2);
  }
  SECTION("and so is this one, later") {
    for (uint64_t n = 0; n < 100; ++n) alarms.raise(alarm_about(5000 + n, 2 * kSecond, 1));
    CHECK(alarms.all().size() == Alarms::kBurst + 2 * Alarms::kPerSecond);
  }
}

TEST_CASE("of a port the latest are kept, and it pushes out no other's", "[control]") {
  Alarms alarms(kPorts);
  alarms.raise(alarm_about(7, 0, 2));
  const uint64_t told = 2 * Alarms::kMostOfPort;
  for (uint64_t n = 0; n < told; ++n) alarms.raise(alarm_about(n, (n + 1) * kSecond, 1));
  CHECK(alarms.told() == told + 1);
  CHECK(alarms.suppressed() == 0);
  const std::vector<Alarm> all = alarms.all();
  REQUIRE(all.size() == Alarms::kMostOfPort + 1);
  CHECK(all.front().port == 2);
  CHECK(all[1].at == (told - Alarms::kMostOfPort + 1) * kSecond);
  CHECK(all.back().at == told * kSecond);
}

TEST_CASE("very many ports keep less each", "[control]") {
  Alarms alarms(5000);
  for (uint64_t n = 0; n < 50; ++n) alarms.raise(alarm_about(n, 0, 1));
  CHECK(alarms.all().size() == Alarms::kLeast);
  CHECK(alarms.told() == 50);
}

TEST_CASE("who listens hears each alarm that is told, and no other", "[control]") {
  Alarms alarms(kPorts);
  std::vector<Nanos> heard;
  alarms.on_alarm = [&](const Alarm& alarm) { heard.push_back(alarm.at); };
  alarms.raise(alarm_at(1));
  alarms.raise(alarm_at(2));
  alarms.raise(alarm_at(2 * 60 * kSecond));
  CHECK(heard == std::vector<Nanos>{1, 2 * 60 * kSecond});
}

}  // namespace godwit
