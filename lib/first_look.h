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
  kPlain,    // no tag, and nothing but a payload: neither evidence nor DHCP, nor what may hide them
  kObscure,  // no tag and no evidence, but DHCP, or headers that may hide it or ND
  kArp,      // no tag, and the EtherType of ARP
  kAny,      // all else
};

// Octets that a frame must have for a first look: up to the ports behind an IPv4 header.
inline constexpr size_t kFirstLookSize = 38;

inline bool is_ipv4_without_options(const uint8_t* frame) {
  static_assert(kEtherTypeIpv4 == 0x0800);
  return (load_be32(&frame[12]) & 0xffffff00) == 0x08004500;
}

// Ports are read whatever the protocol: few packets of another are taken for DHCP.
inline FirstLook look_at_ipv4(const uint8_t* frame) {
  return is_dhcpv4_port(load_be16(&frame[36])) ? FirstLook::kObscure : FirstLook::kPlain;
}

inline FirstLook look_at_ipv6(const uint8_t* frame, size_t size) {
  constexpr size_t kPortAt = kEthernetHeaderSize + kIpv6HeaderSize + 2;
  const uint8_t next_header = frame[kEthernetHeaderSize + 6];
  if (next_header == kProtocolTcp) return FirstLook::kPlain;
  if (next_header == kProtocolIcmpv6) return FirstLook::kAny;
  if (next_header != kProtocolUdp || size < kPortAt + 2) return FirstLook::kObscure;
  return is_dhcpv6_port(load_be16(&frame[kPortAt])) ? FirstLook::kObscure : FirstLook::kPlain;
}

// Of a frame whose first octets are at `frame`, `size` of them, and no fewer than kFirstLookSize.
inline FirstLook first_look(const uint8_t* frame, size_t size) {
  if (is_ipv4_without_options(frame)) return look_at_ipv4(frame);
  switch (load_be16(&frame[12])) {
    case kEtherTypeIpv6:
      return look_at_ipv6(frame, size);
    case kEtherTypeIpv4:
      return FirstLook::kObscure;
    case kEtherTypeArp:
      return FirstLook::kArp;
    case kEtherTypeLocal:  // of other switches; and whoever makes an experiment of his own
      return load_mac(frame) == kForgetGroup ? FirstLook::kAny : FirstLook::kPlain;
    case kEtherTypeRarp:
    case kEtherTypeVlan:
    case kEtherTypeService:
      return FirstLook::kAny;
    default:
      return FirstLook::kPlain;
  }
}

}  // namespace godwit
