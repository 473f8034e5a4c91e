// What godwit says by ICMP (RFC 792, RFC 1812 §4.3) and ICMPv6 (RFC 4443): errors about packets
// that it cannot forward or deliver, and answers to echo requests.
//
// `l3` is a packet from its IP header on, Ethernet padding included; its first octet tells IPv4
// from IPv6. Addresses in host order. Pure functions: any thread, no state. How often errors are
// sent is the caller's to limit (RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/address.h"
#include "lib/packet.h"
#include "lib/packet_build.h"

namespace godwit {

//                             ICMP type/code (RFC 792, RFC 1191)   ICMPv6 type/code (RFC 4443 §3)
enum class IcmpError : uint8_t {
  kTtlExceeded,          // 11/0 time exceeded                   3/0 time exceeded
  kNoRoute,              // 3/0 net unreachable                  1/0 no route to destination
  kHostUnreachable,      // 3/1 host unreachable                 1/3 address unreachable
  kPortUnreachable,      // 3/3 port unreachable                 1/4 port unreachable
  kProtocolUnreachable,  // 3/2 protocol unreachable             4/1 unrecognized next header
  kTooBig,               // 3/4 fragmentation needed             2/0 packet too big
};

// An error's greatest size, from its IP header on: RFC 1812 §4.3.2.3, RFC 4443 §2.4 (c).
inline constexpr size_t kMaxIcmpErrorSize = 576;
inline constexpr size_t kMaxIcmpv6ErrorSize = 1280;

// Whether an error may be sent about the packet at all: RFC 1122 §3.2.2 and RFC 1812 §4.3.2.7, RFC
// 4443 §2.4 (e). Not about an ICMP error, a later fragment, a packet to a group or to everyone (by
// its MAC or its IP), or one whose source is no single host. Of these, kTooBig in IPv6 may concern
// fragments and groups, for path MTU discovery's sake. Not about what is not a whole IP packet.
// Whether an IPv4 destination is a subnet's broadcast address is for the caller to know.
bool may_send_error(const EthernetView& eth, std::span<const uint8_t> l3, IcmpError what);

// A whole frame to the packet's source: link header, IP header, ICMP header and as much of the
// packet as may be quoted, without its padding. `from` is of the packet's version. `mtu` in octets,
// for kTooBig (RFC 1191 §4, RFC 4443 §3.2). kProtocolUnreachable in IPv6 points at the octet that
// names the protocol. Returns the frame's length, or 0 if it does not fit or the packet is not
// whole.
size_t build_icmp_error(std::span<uint8_t> out, const LinkHeader& link, IcmpError what,
                        uint32_t mtu, const IpAddress& from, std::span<const uint8_t> l3);

// A whole echo request, no fragment, its checksums right. In IPv6 without extension headers.
bool is_echo_request(std::span<const uint8_t> l3);

// Makes the reply of an echo request (see above) in place, with TTL or hop limit 64: to its source,
// and from `from`, which is its destination unless that is a group. IPv4 options stay as they are.
void make_echo_reply(std::span<uint8_t> l3, const IpAddress& from);

}  // namespace godwit
