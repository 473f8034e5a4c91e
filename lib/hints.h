// What an operator or a VM manager tells godwit, and when: the file that replay takes with --hints.
//
//     - {at: 2.5s, flush: {port: server1}}
//     - {at: 9s,   announce: {bridge: tenant}}
//
// `at` counts from the first frame of the capture.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/address.h"
#include "lib/config.h"
#include "lib/config_parse.h"
#include "lib/units.h"

namespace godwit {

// Forgets what was learned, and matches all that is named; at least one is. Never what the config
// says, nor godwit itself.
struct FlushHint {
  std::optional<PortIndex> port;      // hosts there, and their addresses
  std::optional<BridgeIndex> bridge;  // hosts in it, and their addresses
  std::optional<Mac> mac;             // this host, and its addresses
  std::optional<bool> ipv6;  // addresses of one family alone: the hosts stay where they are
};

// Makes the gateway's addresses known once more.
struct AnnounceHint {
  BridgeIndex bridge = kNoBridge;
};

// Exactly one of them is set.
struct Hint {
  Nanos at = 0;
  std::optional<FlushHint> flush;
  std::optional<AnnounceHint> announce;
};

struct HintsResult {
  std::vector<Hint> hints;  // by time; those of one time in the order of the file
  std::vector<ConfigMessage> errors;
};

// Takes any octets and never throws; tells all that is wrong at once. Names are those of `config`.
HintsResult parse_hints(std::string_view yaml, const Config& config);

}  // namespace godwit
