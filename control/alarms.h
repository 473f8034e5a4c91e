// Facts that somebody should look at: one line a fact, and not again within a minute.
//
// Whoever attacks can invent facts without end. So each port has a rate of its own, and room of its
// own for the latest of its alarms: a port that floods the list pushes out nobody's but its own.
// What is not told is counted by kind. Control's thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/address.h"
#include "lib/hash.h"
#include "lib/token_bucket.h"
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
  kRogueDhcp,        // a DHCP message that its port may not send
  kArpInspection,    // a host names an address that it is not registered for
  kSourceGuard,      // ... and sends from it
  kStorm,            // a port floods more than it may
  kForgetRefused,    // a FORGET that cannot be what it seems
};

// In the order of the enumerators; the schema of the report has them, too.
inline constexpr std::array<std::string_view, 20> kAlarmNames = {
    "mac-violation", "gateway-claim",  "address-conflict", "address-taken", "learn-limit",
    "port-quota",    "neighbor-limit", "move-contested",   "frozen",        "still-at-source",
    "hint-refused",  "hint-expired",   "hold-expired",     "host-offline",  "link-down",
    "rogue-dhcp",    "arp-inspection", "source-guard",     "storm",         "forget-refused"};
static_assert(static_cast<size_t>(AlarmKind::kForgetRefused) + 1 == kAlarmNames.size());

constexpr std::string_view to_string(AlarmKind kind) {
  return kAlarmNames[static_cast<size_t>(kind)];
}

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
  // So many of one port at once, and so many a second after that.
  static constexpr uint32_t kBurst = 100;
  static constexpr uint64_t kPerSecond = 10;
  // So many of one port are kept, and less where there are so many ports that the whole would be
  // more than kMost; but never less than kLeast.
  static constexpr size_t kMostOfPort = 1'000;
  static constexpr size_t kMost = 10'000;
  static constexpr size_t kLeast = 16;

  explicit Alarms(size_t ports);

  // Called with each alarm that is told, at once.
  std::function<void(const Alarm&)> on_alarm;

  // Tells the alarm, unless the same fact was told less than a minute ago or the port has told too
  // much lately.
  void raise(Alarm alarm);

  // The port's number is another's from now on.
  void forget_port(PortIndex port);

  std::vector<Alarm> all() const;  // that are kept, in the order in which they were told
  uint64_t told() const { return told_; }
  uint64_t count(AlarmKind kind) const { return counts_[static_cast<size_t>(kind)]; }  // told
  uint64_t suppressed() const;
  uint64_t suppressed(AlarmKind kind) const { return suppressed_[static_cast<size_t>(kind)]; }

 private:
  static constexpr Nanos kQuiet = 60 * kSecond;

  struct Fact {
    AlarmKind kind;
    BridgeIndex bridge;
    Location port;
    Mac mac;
    IpAddress ip;
    bool operator==(const Fact&) const = default;
  };
  struct FactHash {
    size_t operator()(const Fact& f) const {
      const uint64_t place =
          static_cast<uint64_t>(f.kind) << 56 | uint64_t{f.bridge} << 16 | f.port;
      uint64_t hash = keyed_hash(place, kFixedSecret);
      hash = keyed_hash(hash ^ f.mac.bits, kFixedSecret);
      return keyed_hash(keyed_hash(hash ^ f.ip.hi, kFixedSecret) ^ f.ip.lo, kFixedSecret);
    }
  };
  struct Kept {
    uint64_t number;
    Alarm alarm;
  };
  struct OfPort {
    TokenBucket pace{kPerSecond, kBurst};
    std::deque<Kept> latest;
  };
  using Facts = std::unordered_map<Fact, Nanos, FactHash>;

  bool was_told(const Fact& fact, Nanos at);

  size_t most_of_port_;
  std::unordered_map<Location, OfPort> ports_;  // that had any
  // When each fact was last told. The pace of the ports bounds both.
  Facts facts_;   // since turned_
  Facts former_;  // before, in the last kQuiet
  Nanos turned_ = 0;
  uint64_t told_ = 0;
  std::array<uint64_t, kAlarmNames.size()> suppressed_{};
  std::array<uint64_t, kAlarmNames.size()> counts_{};
};

}  // namespace godwit
