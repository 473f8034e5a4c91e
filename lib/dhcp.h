// DHCP messages as a switch reads them in passing: who asks, and who is given which addresses for
// how long (RFC 2131 and RFC 2132 for IPv4, RFC 8415 for IPv6).
//
// The parsers take the payload of a UDP datagram and read nothing outside it, whatever it says.
// std::nullopt means that it is no DHCP message, or a broken one. Pure functions: any thread, no
// state.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/address.h"

namespace godwit {

inline constexpr uint16_t kDhcpServerPort = 67;
inline constexpr uint16_t kDhcpClientPort = 68;
inline constexpr uint16_t kDhcpv6ClientPort = 546;
inline constexpr uint16_t kDhcpv6ServerPort = 547;
constexpr bool is_dhcpv4_port(uint16_t port) {
  return port == kDhcpServerPort || port == kDhcpClientPort;
}
constexpr bool is_dhcpv6_port(uint16_t port) {
  return port == kDhcpv6ClientPort || port == kDhcpv6ServerPort;
}

// What a message comes to.
enum class DhcpAct : uint8_t {
  kNothing,  // INFORM, a plain BOOTP message, and others that give no address and end none
  kAsk,      // DISCOVER, REQUEST; SOLICIT, REQUEST, CONFIRM, RENEW, REBIND
  kOffer,    // OFFER; ADVERTISE
  kGrant,    // ACK; REPLY
  kRefuse,   // NAK
  kRelease,  // RELEASE: the client needs its addresses no more
  kDecline,  // DECLINE: the client found that another host has its addresses
};

struct DhcpLease {
  static constexpr uint32_t kForever = 0xffffffff;

  IpAddress ip;
  uint32_t seconds = 0;  // that it holds from now on; 0: no longer
};

struct DhcpMessage {
  // More addresses for one client than a message is likely to have; further ones are ignored.
  static constexpr uint8_t kMaxLeases = 4;

  DhcpAct act = DhcpAct::kNothing;
  bool from_server = false;       // so it says; a relay's word for a server's is among these
  bool relayed = false;           // IPv6: by a relay, or to one
  uint32_t transaction = 0;       // 32 bits, in IPv6 24
  Mac chaddr;                     // IPv4 over Ethernet: the client's; else zero
  std::span<const uint8_t> duid;  // IPv6: the client's; valid as long as the payload
  // Of kGrant what is given, of kRelease and kDecline what is given up. Only hosts' addresses.
  uint8_t lease_count = 0;
  std::array<DhcpLease, kMaxLeases> leases{};
};

std::optional<DhcpMessage> parse_dhcpv4(std::span<const uint8_t> payload);

// A message to or from one relay is read as what it carries (RFC 8415 §9); one that a second relay
// has wrapped gives kNothing. Temporary addresses and prefixes (IA_TA, IA_PD) are not read.
std::optional<DhcpMessage> parse_dhcpv6(std::span<const uint8_t> payload);

}  // namespace godwit
