// What a VM manager or an operator tells godwit: in a file with times for replay (--hints), or one
// at a time over the API. The steps of a migration mirror RFC 8394 §4: prepare is Associate with
// Activate to come, commit Activate, suspend Deactivate, leave De-Associate.
//
//     - {at: 2.5s, prepare: {bridge: tenant, mac: "52:54:00:00:00:02", to: server2, ttl: 120s}}
//     - {at: 3.1s, suspend: {bridge: tenant, mac: "52:54:00:00:00:02"}}
//     - {at: 3.2s, commit:  {bridge: tenant, ips: [10.9.0.2], to: server2, generation: 7}}
//     - {at: 9s,   link: {port: server1, state: down}}
//
// `at` counts from the first frame of the capture.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <variant>
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

// The link of a port is up or down, as somebody else saw it.
struct LinkHint {
  PortIndex port = 0;
  bool up = false;
};

// Where a VM is on its way from one place to another.
enum class VmStep : uint8_t {
  kPrepare,  // it will move to `to`, within `ttl`: the first frame there that counts moves it
  kSuspend,  // it stands still now: hold what is for it
  kCommit,   // it is at `to` now, whether or not it says so
  kCancel,   // it will not move: it stays, and gets what was held
  kResume,   // it runs again where it was: it gets what was held
  kLeave,    // it is gone
};

inline constexpr std::array<std::string_view, 6> kVmStepNames = {"prepare", "suspend", "commit",
                                                                 "cancel",  "resume",  "leave"};

struct VmHint {
  VmStep step = VmStep::kPrepare;
  BridgeIndex bridge = kNoBridge;
  std::optional<Mac> mac;              // this host, or else
  std::vector<IpAddress> ips;          // the one that has these addresses
  std::optional<PortIndex> from;       // it is here: refused if it is not
  PortIndex to = 0;                    // prepare, commit
  Nanos ttl = 120 * kSecond;           // prepare
  std::optional<uint64_t> generation;  // of the manager's doings with this host: must only go up
};

struct Hint {
  Nanos at = 0;
  std::variant<FlushHint, AnnounceHint, LinkHint, VmHint> what;
};

// The kinds of hints, as they are written.
inline constexpr std::array<std::string_view, 9> kHintNames = {
    "prepare", "suspend", "commit", "cancel", "resume", "leave", "flush", "announce", "link"};

struct HintsResult {
  std::vector<Hint> hints;  // by time; those of one time in the order of the file
  std::vector<ConfigMessage> errors;
};

// Both take any octets and never throw, and tell all that is wrong at once. Names are those of
// `config`.
HintsResult parse_hints(std::string_view yaml, const Config& config);
// One hint of the kind that stands in kHintNames, from its body, which may be JSON: that is YAML.
HintsResult parse_hint(std::string_view kind, std::string_view body, const Config& config);

}  // namespace godwit
