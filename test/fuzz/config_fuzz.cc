// Any octets at all through the configuration's reader. The sanitizers watch the memory; the checks
// here hold what lib/config_parse.h and lib/config.h promise to their users.
#include <cstdlib>
#include <string_view>
#include <tuple>

#include "lib/config_parse.h"
#include "lib/utf8.h"

namespace godwit {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void check_messages(const std::vector<ConfigMessage>& messages) {
  const ConfigMessage* previous = nullptr;
  for (const ConfigMessage& message : messages) {
    require(message.line >= 1 && message.column >= 1 && !message.text.empty());
    require(find_non_text(message.text) == message.text.size());
    if (previous != nullptr)
      require(std::tie(previous->line, previous->column) <= std::tie(message.line, message.column));
    previous = &message;
  }
}

void check_bridge(const BridgeConfig& bridge, size_t ports) {
  require(!bridge.vlan || (*bridge.vlan >= 1 && *bridge.vlan <= 4094));
  require(bridge.aging >= kSecond && bridge.aging <= 32000 * kSecond);
  require(bridge.aging % kSecond == 0 && bridge.learn_limit >= 1);
  require(bridge.moves.settle > 0 && bridge.moves.settle <= bridge.moves.veto);
  require(bridge.moves.probe_wait < bridge.moves.probe_timeout);
  for (const MemberConfig& member : bridge.members) {
    require(member.port < ports);
    require(!member.tagged || bridge.vlan);
  }
  for (const StaticHostConfig& host : bridge.static_hosts)
    require(host.port < ports && host.mac.is_station());
  if (!bridge.gateway) return;
  require(bridge.gateway->mac.is_station() && !bridge.gateway->addresses.empty());
  for (const IpPrefix& prefix : bridge.gateway->addresses) require(prefix.address.is_host());
}

void check_config(std::string_view text) {
  const ConfigResult result = parse_config(text);
  check_messages(result.errors);
  check_messages(result.warnings);
  if (!result.ok()) return require(result.warnings.empty());
  require(!result.config.ports.empty() && result.config.ports.size() <= kMaxPorts);
  require(result.config.fdb_limit >= 1 && result.config.workers.burst <= kMaxBurst);
  for (const BridgeConfig& bridge : result.config.bridges)
    check_bridge(bridge, result.config.ports.size());
}

}  // namespace
}  // namespace godwit

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  godwit::check_config({reinterpret_cast<const char*>(data), size});
  return 0;
}
