// DHCP snooping, of bridges with `inspect.dhcp` (RFC 2131, RFC 8415; the idea is that of RFC 7513):
// only trusted ports speak for a server, no host speaks for another, and control hears of what is
// asked and given.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/topology.h"

#include "lib/dhcp.h"
#include "lib/packet.h"

namespace godwit {

struct Burst;
class Worker;

// May a packet be DHCP? Looks at a few octets of it; true for some that are not.
inline bool may_be_dhcp(uint16_t ether_type, std::span<const uint8_t> l3) {
  if (ether_type == kEtherTypeIpv4) {
    if (l3.size() < kIpv4HeaderSize + kUdpHeaderSize || l3[9] != kProtocolUdp) return false;
    const size_t at = (l3[0] & 0xfU) * 4 + 2;  // the destination port
    return at + 2 <= l3.size() && is_dhcpv4_port(load_be16(&l3[at]));
  }
  if (ether_type != kEtherTypeIpv6 || l3.size() < kIpv6HeaderSize + kUdpHeaderSize) return false;
  if (l3[6] == kProtocolUdp) return is_dhcpv6_port(load_be16(&l3[42]));
  return l3[6] != kProtocolTcp && l3[6] != kProtocolIcmpv6;  // behind other headers?
}

// Of frame i, for which may_be_dhcp says so. False if it is no DHCP at all; else it has been seen
// to.
bool snoop(Worker& worker, Burst& burst, uint16_t i, const BridgeContext& bridge, bool trusted);

}  // namespace godwit
