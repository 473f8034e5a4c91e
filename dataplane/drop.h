// Why a frame was dropped. Every drop has one of these names, counted for the port it came in by,
// and shown in reports and statistics as written here.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace godwit {

enum class Drop : uint8_t {
  kNoBridge,        // the port is in no bridge
  kVlanMismatch,    // a tag, or the lack of one, that this port does not take
  kRunt,            // too short to hold an Ethernet header
  kOversize,        // longer than a frame buffer
  kReservedGroup,   // to 01-80-C2-00-00-00 .. 0F, which no bridge relays (IEEE 802.1Q-2018 §8.6.3)
  kHairpin,         // its destination is where it came from
  kReflection,      // our own flood, come back through an uplink
  kMacViolation,    // source pinned to another place
  kGatewayClaim,    // source, or ARP or ND sender, is a gateway of ours
  kNoDestination,   // flooded, and there was no other port to flood to
  kNoMbuf,          // no buffer left for a copy
  kTxFull,          // the output port takes no more
  kPortDown,        // the output port is down, or the port that it came in by is not enabled
  kBadIpHeader,     // to be routed, and not what RFC 1812 §5.2.2 or RFC 8200 §3 asks for
  kMartian,         // to be routed, from or to an address that no router passes on
  kTtlExpired,      // to be routed, and its TTL or hop limit is used up
  kNoRoute,         // to be routed, and no route leads there
  kSubnetAddress,   // to be routed to a subnet's broadcast address or number (RFC 2644)
  kTooBig,          // to be routed, longer than the MTU there, and not to be fragmented
  kUnresolved,      // routed, and nobody answered for the next hop's MAC
  kHoldFull,        // waited for the next hop's MAC, and gave way to a newer frame
  kResolveLimit,    // its next hop is unknown, and too many such are asked for
  kUnverified,      // its source is claimed for a place that has not been verified yet
  kStormBroadcast,  // to be flooded, and its port floods too much
  kStormMulticast,
  kStormUnknown,   // ... to an unknown station
  kRogueDhcp,      // a DHCP message that its port may not send
  kDhcpLimit,      // a DHCP message beyond what the port, or all ports, may send
  kArpInspection,  // names an address that its sender is not registered for
  kSourceGuard,    // sent from an address that its sender is not registered for
  kForeignPeer,    // speaks as another switch, on a port that is not trusted
  kPuntLimit,      // for control, which has had its share
  kIsolated,       // its destination is at an isolated port, and so is its source
};

inline constexpr std::array<std::string_view, 33> kDropNames = {
    "no-bridge",     "vlan-mismatch", "runt",           "oversize",        "reserved-group",
    "hairpin",       "reflection",    "mac-violation",  "gateway-claim",   "no-destination",
    "no-mbuf",       "tx-full",       "port-down",      "bad-ip-header",   "martian",
    "ttl-expired",   "no-route",      "subnet-address", "too-big",         "unresolved",
    "hold-full",     "resolve-limit", "unverified",     "storm-broadcast", "storm-multicast",
    "storm-unknown", "rogue-dhcp",    "dhcp-limit",     "arp-inspection",  "source-guard",
    "foreign-peer",  "punt-limit",    "isolated"};
static_assert(static_cast<size_t>(Drop::kIsolated) + 1 == kDropNames.size());

constexpr std::string_view to_string(Drop reason) {
  return kDropNames[static_cast<size_t>(reason)];
}

}  // namespace godwit
