#include "lib/hints.h"

#include <catch2/catch.hpp>

#include "lib/config_parse.h"

namespace godwit {
namespace {

Config config() {
  ConfigResult result = parse_config(R"(
ports: {a: {}, b: {}}
bridges:
  red: {ports: [a], gateway: {mac: "02:00:5e:10:00:01", addresses: [10.1.0.254/24]}}
  blue: {ports: [b]}
)");
  REQUIRE(result.ok());
  return std::move(result.config);
}

std::vector<std::string> errors_of(std::string_view yaml) {
  std::vector<std::string> texts;
  for (const ConfigMessage& error : parse_hints(yaml, config()).errors) texts.push_back(error.text);
  return texts;
}

}  // namespace

TEST_CASE("hints are read, and put in the order of their times", "[hints]") {
  const HintsResult result = parse_hints(R"(
- {at: 9s, announce: {bridge: red}}
- {at: 250ms, flush: {port: b, family: ipv6}}
- {at: 250ms, flush: {bridge: blue, mac: "52:54:00:00:00:02"}}
)",
                                         config());
  CHECK(result.errors.empty());
  REQUIRE(result.hints.size() == 3);
  CHECK(result.hints[0].at == 250 * kMillisecond);
  REQUIRE(result.hints[0].flush);
  CHECK(result.hints[0].flush->port == PortIndex{1});
  CHECK(result.hints[0].flush->ipv6 == true);
  CHECK(!result.hints[0].flush->bridge);
  REQUIRE(result.hints[1].flush);
  CHECK(result.hints[1].flush->bridge == BridgeIndex{1});
  CHECK(result.hints[1].flush->mac == Mac{0x525400000002});
  REQUIRE(result.hints[2].announce);
  CHECK(result.hints[2].announce->bridge == 0);
}

TEST_CASE("no hints are hints too", "[hints]") {
  CHECK(errors_of("").empty());
  CHECK(errors_of("[]").empty());
}

TEST_CASE("everything that is wrong with hints is told at once", "[hints]") {
  CHECK(errors_of("at: 1s").size() == 1);
  CHECK(errors_of("- {flush: {port: a}}").size() == 1);                  // when?
  CHECK(errors_of("- {at: 1s, flush: {}}").size() == 1);                 // what?
  CHECK(errors_of("- {at: 1s}").size() == 1);                            // what?
  CHECK(errors_of("- {at: 1s, announce: {bridge: blue}}").size() == 1);  // has no gateway
  CHECK(errors_of("- {at: 1s, flush: {port: c}}\n- {at: 2, flush: {bridge: rd}}\n- 7").size() == 4);
  const auto unknown = errors_of("- {at: 1s, flsh: {port: a}}");
  REQUIRE(!unknown.empty());
  CHECK(unknown[0].find("flush") != std::string::npos);
  CHECK(errors_of("- {at: 1s, flush: {port: a}, announce: {bridge: red}}").size() == 1);
  CHECK(errors_of("\xff").size() == 1);
}

}  // namespace godwit
