// Facts that somebody should look at: one line a fact, and not again within a minute.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/address.h"
#include "lib/units.h"

namespace godwit {

enum class AlarmKind : uint8_t {
  kMacViolation,     // a frame claimed a MAC that is pinned elsewhere
  kGatewayClaim,     // a frame used a gateway's MAC or address as its own
  kAddressConflict,  // an IP was claimed by a second MAC
  kAddressTaken,     // ... which has it now
  kLearnLimit,       // the bridge, or the FDB, can learn no more
  kPortQuota,        // a port can learn no more
  kNeighborLimit,    // the neighbor table, a port or a MAC can have no more IPs
  kMoveContested,    // a host was claimed for a place where it is not
  kFrozen,           // ... once too often: it follows nobody for a while
  kStillAtSource,    // the VM manager moved a host, which answers where it was
  kHintRefused,      // what the VM manager said cannot be
  kHintExpired,      // a host was to move, and did not
  kHoldExpired,      // a host stood still for longer than frames are held
  kHostOffline,      // a host does not answer any more
  kLinkDown,         // a port has no link
};

inline constexpr std::array<std::string_view, 15> kAlarmNames = {
    "mac-violation", "gateway-claim",  "address-conflict", "address-taken", "learn-limit",
    "port-quota",    "neighbor-limit", "move-contested",   "frozen",        "still-at-source",
    "hint-refused",  "hint-expired",   "hold-expired",     "host-offline",  "link-down"};
static_assert(static_cast<size_t>(AlarmKind::kLinkDown) + 1 == kAlarmNames.size());

struct Alarm {
  Nanos at = 0;
  AlarmKind kind = AlarmKind::kMacViolation;
  BridgeIndex bridge = kNoBridge;
  std::optional<Mac> mac;
  std::optional<IpAddress> ip;
  Location port = kNoLocation;
  std::string detail;
};

class Alarms {
 public:
  // Keeps the alarm, unless the same fact was told less than a minute ago or kMost are kept
  // already.
  void raise(Alarm alarm);

  const std::vector<Alarm>& all() const { return alarms_; }  // by time
  uint64_t suppressed() const { return suppressed_; }

 private:
  static constexpr size_t kMost = 10'000;
  static constexpr Nanos kQuiet = 60 * kSecond;

  struct Fact {
    AlarmKind kind;
    BridgeIndex bridge;
    Location port;
    Mac mac;
    IpAddress ip;
    auto operator<=>(const Fact&) const = default;
  };

  std::vector<Alarm> alarms_;
  std::map<Fact, Nanos> told_;  // never more than alarms_
  uint64_t suppressed_ = 0;
};

}  // namespace godwit
