// What a frame can be, by a few of its octets: sorts the many frames that nobody has to look into
// out from the few that somebody has to. Pure, for any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lib/byte_order.h"
#include "lib/dhcp.h"
#include "lib/forget.h"
#include "lib/packet.h"

namespace godwit {

enum class FirstLook : uint8_t {
  kPlain,    // nothing but a payload: neither evidence nor DHCP, nor what may hide them
  kObscure,  // no evidence, but DHCP, or headers that may hide it or ND
  kArp,      // the EtherType of ARP
  kLocal,    // the EtherType in which switches speak to each other
  kAny,      // all else: a tag, for one
};

// Octets that a first look takes: from the EtherType to the ports behind an IPv4 header.
inline constexpr size_t kFirstLookSize = 26;

// The first octet of an IPv4 header of twenty octets (RFC 791 §3.1).
inline constexpr uint8_t kVersion4WithoutOptions = 0x45;

// Ports are read whatever the protocol: few packets of another are taken for DHCP.
inline FirstLook look_at_ipv4(const uint8_t* l3) {
  const uint16_t port = load_be16(&l3[kIpv4HeaderSize + 2]);
  return is_dhcpv4_port(port) ? FirstLook::kObscure : FirstLook::kPlain;
}

inline FirstLook look_at_ipv6(const uint8_t* l3, size_t size) {
  constexpr size_t kPortAt = kIpv6HeaderSize + 2;
  const uint8_t next_header = l3[6];
  if (next_header == kProtocolTcp) return FirstLook::kPlain;
  if (next_header == kProtocolIcmpv6) return FirstLook::kAny;
  if (next_header != kProtocolUdp || size < kPortAt + 2) return FirstLook::kObscure;
  return is_dhcpv6_port(load_be16(&l3[kPortAt])) ? FirstLook::kObscure : FirstLook::kPlain;
}

// Of a frame from its EtherType on: `size` octets, and no fewer than kFirstLookSize.
inline FirstLook first_look(const uint8_t* at, size_t size) {
  const uint32_t start = load_be32(at);  // the EtherType and two octets more
  if (start >> 8 == (kEtherTypeIpv4 << 8 | kVersion4WithoutOptions)) return look_at_ipv4(at + 2);
  switch (start >> 16) {
    case kEtherTypeIpv6:
      return look_at_ipv6(at + 2, size - 2);
    case kEtherTypeIpv4:
      return FirstLook::kObscure;
    case kEtherTypeArp:
      return FirstLook::kArp;
    case kEtherTypeLocal:
      return FirstLook::kLocal;
    case kEtherTypeRarp:
    case kEtherTypeVlan:
    case kEtherTypeService:
      return FirstLook::kAny;
    default:  // who knows what is in an 802.3 frame
      return start >> 16 < kLeastEtherType ? FirstLook::kObscure : FirstLook::kPlain;
  }
}

}  // namespace godwit
