#include "lib/hints.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "lib/config_parse.h"

namespace godwit {
namespace {

Config config() {
  ConfigResult result = parse_config(R"(
ports: {a: {}, b: {}, c: {}}
bridges:
  red: {ports: [a, c], gateway: {mac: "02:00:5e:10:00:01", addresses: [10.1.0.254/24]}}
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
  const auto& first = std::get<FlushHint>(result.hints[0].what);
  CHECK(first.port == PortIndex{1});
  CHECK(first.ipv6 == true);
  CHECK(!first.bridge);
  const auto& second = std::get<FlushHint>(result.hints[1].what);
  CHECK(second.bridge == BridgeIndex{1});
  CHECK(second.mac == Mac{0x525400000002});
  CHECK(std::get<AnnounceHint>(result.hints[2].what).bridge == 0);
}

TEST_CASE("what a VM manager says is read", "[hints]") {
  const HintsResult result = parse_hints(R"(
- {at: 1s, prepare: {bridge: red, mac: "52:54:00:00:00:02", from: a, to: c, ttl: 90s, generation: 7}}
- {at: 2s, suspend: {bridge: red, ips: [10.1.0.2, "fd00::2"]}}
- {at: 3s, commit: {bridge: red, mac: "52:54:00:00:00:02", to: c}}
- {at: 4s, leave: {bridge: red, mac: "52:54:00:00:00:02", from: c}}
- {at: 5s, link: {port: a, state: down}}
)",
                                         config());
  for (const ConfigMessage& error : result.errors) UNSCOPED_INFO(error.text);
  CHECK(result.errors.empty());
  REQUIRE(result.hints.size() == 5);
  const auto& prepare = std::get<VmHint>(result.hints[0].what);
  CHECK(prepare.step == VmStep::kPrepare);
  CHECK(prepare.bridge == 0);
  CHECK(prepare.mac == Mac{0x525400000002});
  CHECK(prepare.from == PortIndex{0});
  CHECK(prepare.to == 2);
  CHECK(prepare.ttl == 90 * kSecond);
  CHECK(prepare.generation == 7u);
  const auto& suspend = std::get<VmHint>(result.hints[1].what);
  CHECK(suspend.step == VmStep::kSuspend);
  CHECK(suspend.ips.size() == 2);
  CHECK(!suspend.generation);
  CHECK(std::get<VmHint>(result.hints[2].what).ttl == 120 * kSecond);
  CHECK(std::get<VmHint>(result.hints[3].what).from == PortIndex{2});
  const auto& link = std::get<LinkHint>(result.hints[4].what);
  CHECK(link.port == 0);
  CHECK(!link.up);
}

TEST_CASE("one hint is read from its body, which may be JSON", "[hints]") {
  const auto good =
      parse_hint("commit", R"({"bridge": "red", "ips": ["10.1.0.2"], "to": "c"})", config());
  CHECK(good.errors.empty());
  REQUIRE(good.hints.size() == 1);
  CHECK(std::get<VmHint>(good.hints[0].what).to == 2);
  CHECK(parse_hint("comit", "{}", config()).errors.size() == 1);
  CHECK(parse_hint("commit", "[]", config()).errors.size() == 1);
  CHECK(parse_hint("commit", "", config()).errors.size() == 1);
  CHECK(parse_hint("flush", "{}", config()).errors.size() == 1);
}

TEST_CASE("a hint about a VM that cannot be is an error", "[hints]") {
  const auto errors = [](std::string_view hint) {
    return errors_of(fmt::format("- {{at: 1s, {}}}", hint)).size();
  };
  constexpr std::string_view kMac = "mac: \"52:54:00:00:00:02\"";
  CHECK(errors(fmt::format("cancel: {{bridge: red, {}}}", kMac)) == 0);
  CHECK(errors("cancel: {bridge: red}") == 1);                                            // who?
  CHECK(errors(fmt::format("cancel: {{bridge: red, {}, ips: [10.1.0.2]}}", kMac)) == 1);  // who?
  CHECK(errors(fmt::format("cancel: {{{}}}", kMac)) == 1);                      // which bridge?
  CHECK(errors(fmt::format("cancel: {{bridge: red, {}, to: c}}", kMac)) == 1);  // unknown key
  CHECK(errors(fmt::format("commit: {{bridge: red, {}}}", kMac)) == 1);         // where to?
  CHECK(errors(fmt::format("commit: {{bridge: red, {}, to: b}}", kMac)) == 1);  // no member
  CHECK(errors(fmt::format("prepare: {{bridge: red, {}, from: a, to: a}}", kMac)) == 1);
  CHECK(errors(fmt::format("prepare: {{bridge: red, {}, to: c, ttl: 0s}}", kMac)) == 1);
  CHECK(errors("suspend: {bridge: red, ips: []}") == 1);
  CHECK(errors("suspend: {bridge: red, ips: [224.0.0.1, 7]}") == 2);
  CHECK(errors("link: {port: a, state: sideways}") == 1);
  CHECK(errors("link: {port: a}") == 1);
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
  CHECK(errors_of("- {at: 1s, flush: {port: d}}\n- {at: 2, flush: {bridge: rd}}\n- 7").size() == 4);
  const auto unknown = errors_of("- {at: 1s, flsh: {port: a}}");
  REQUIRE(!unknown.empty());
  CHECK(unknown[0].find("flush") != std::string::npos);
  CHECK(errors_of("- {at: 1s, flush: {port: a}, announce: {bridge: red}}").size() == 1);
  CHECK(errors_of("\xff").size() == 1);
}

}  // namespace godwit
