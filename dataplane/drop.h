// Why a frame was dropped. Every drop has one of these names, counted for the port it came in by,
// and shown in reports and statistics as written here.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace godwit {

enum class Drop : uint8_t {
  kNoBridge,       // the port is in no bridge
  kVlanMismatch,   // a tag, or the lack of one, that this port does not take
  kRunt,           // too short to hold an Ethernet header
  kOversize,       // longer than a frame buffer
  kReservedGroup,  // to 01-80-C2-00-00-00 .. 0F, which no bridge relays (IEEE 802.1Q-2018 §8.6.3)
  kHairpin,        // its destination is where it came from
  kReflection,     // our own flood, come back through an uplink
  kMacViolation,   // source pinned to another place
  kGatewayClaim,   // source, or ARP or ND sender, is a gateway of ours
  kNoDestination,  // flooded, and there was no other port to flood to
  kNoMbuf,         // no buffer left for a copy
  kTxFull,         // the output port takes no more
  kPortDown,       // the output port is down
};

inline constexpr std::array<std::string_view, 13> kDropNames = {
    "no-bridge", "vlan-mismatch", "runt",          "oversize",      "reserved-group",
    "hairpin",   "reflection",    "mac-violation", "gateway-claim", "no-destination",
    "no-mbuf",   "tx-full",       "port-down"};
static_assert(static_cast<size_t>(Drop::kPortDown) + 1 == kDropNames.size());

constexpr std::string_view to_string(Drop reason) {
  return kDropNames[static_cast<size_t>(reason)];
}

}  // namespace godwit
