// What RFC 1812 and RFC 4291 ask of a router about each packet that it forwards.
//
// `l3` is a packet from its IP header on, Ethernet padding included. A worker calls these for every
// routed frame: hence inline. Pure functions: any thread, no state.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lib/byte_order.h"
#include "lib/packet.h"

namespace godwit {

// Why a packet is not forwarded. In the order in which it is asked.
enum class IpFault : uint8_t {
  kNone,
  kBadHeader,           // not whole, or not what its RFC allows
  kMartianSource,       // no host's address, or one that means nothing beyond its link
  kMartianDestination,  // the same of the destination
  kTtlExpired,          // TTL or hop limit would be 0; the only one that is told to the source
};

// ---- IPv4 ----

// 0/8, 127/8 or 240/4, the limited broadcast included: RFC 1812 §5.3.7, RFC 6890 §2.2.2. And
// 169.254/16, which no router forwards from or to (RFC 3927 §7).
constexpr bool is_martian4(uint32_t ip) {
  const uint32_t net = ip >> 24;
  return net == 0 || net == 127 || net >= 240 || ip >> 16 == 0xa9fe;
}

constexpr bool is_multicast4(uint32_t ip) { return ip >> 28 == 0xe; }

// RFC 1812 §5.2.2, the checksum included.
inline bool is_sound4(std::span<const uint8_t> l3) {
  if (l3.size() < kIpv4HeaderSize || l3[0] >> 4 != 4) return false;
  const size_t header_length = (l3[0] & 0xfU) * 4;
  const size_t total_length = load_be16(&l3[2]);
  return header_length >= kIpv4HeaderSize && total_length >= header_length &&
         total_length <= l3.size() && internet_checksum(l3.first(header_length)) == 0;
}

// Everything but the TTL, which does not matter to a packet that has arrived (RFC 1812 §4.2.2.9).
// A multicast destination is no fault here.
inline IpFault check_addressed4(std::span<const uint8_t> l3) {
  if (!is_sound4(l3)) return IpFault::kBadHeader;
  const uint32_t src = load_be32(&l3[12]);
  if (is_martian4(src) || is_multicast4(src)) return IpFault::kMartianSource;
  return is_martian4(load_be32(&l3[16])) ? IpFault::kMartianDestination : IpFault::kNone;
}

// The words of a header without options (RFC 791 §3.1). Zeros are no header.
using Ipv4Words = std::array<uint32_t, kIpv4HeaderSize / sizeof(uint32_t)>;

// What nearly every packet is: without options, without a fault, its TTL to spare. Says what
// check_forward4 would say, but of these alone; false says nothing. `room` is how many octets there
// are from the header on. In words of 32 bits and without a branch, so that a loop over packets
// takes eight of them at once.
inline bool is_plain4(const Ipv4Words& words, uint32_t room) {
  const uint32_t length = words[0] & 0xffff;
  const uint32_t src = words[3];
  const uint32_t dst = words[4];
  uint32_t sum = 0;
  for (const uint32_t word : words) sum += (word & 0xffff) + (word >> 16);
  // 1 .. 223, and 1 .. 239: below what no router forwards, above what is no host's.
  const bool in_range = ((src >> 24) - 1 < 223) & ((dst >> 24) - 1 < 239);
  const bool special =
      (src >> 24 == 127) | (dst >> 24 == 127) | (src >> 16 == 0xa9fe) | (dst >> 16 == 0xa9fe);
  return (words[0] >> 24 == 0x45) & (length >= kIpv4HeaderSize) & (length <= room) &
         (words[2] >> 24 > 1) & ((sum & 0xffff) + (sum >> 16) == 0xffff) & in_range & !special;
}

// The TTL would become 0 (RFC 1812 §5.3.1). Of a sound packet.
inline bool ttl_expired4(const uint8_t* l3) { return l3[8] <= 1; }
inline size_t packet_length4(const uint8_t* l3) { return load_be16(l3 + 2); }  // octets in all

inline IpFault check_forward4(std::span<const uint8_t> l3) {
  const IpFault fault = check_addressed4(l3);
  return fault == IpFault::kNone && ttl_expired4(l3.data()) ? IpFault::kTtlExpired : fault;
}

// RFC 1812 §5.3.1, the header's checksum updated. Of a packet that check_forward4 let pass.
inline void decrement_ttl(uint8_t* l3) {
  --l3[8];
  const uint32_t sum = load_be16(l3 + 10) + 0x100;  // RFC 1624 §3: one of the words is so much less
  store_be16(l3 + 10, static_cast<uint16_t>(sum + (sum >= 0xffff)));
}

// ---- IPv6 ----

// :: or ::1 (RFC 4291 §2.5.2, §2.5.3), or link-local (§2.5.6).
constexpr bool is_martian6(uint64_t hi, uint64_t lo) {
  return (hi == 0 && lo <= 1) || hi >> 54 == 0x3fa;
}

// ff00::/16 .. ff02::/16 and their like with flags: reserved, of an interface or of a link (RFC
// 4291 §2.7, RFC 7346 §2), so never forwarded.
constexpr bool is_narrow_multicast6(uint64_t hi) {
  return hi >> 56 == 0xff && (hi >> 48 & 0xf) <= 2;
}

// RFC 8200 §3.
inline bool is_sound6(std::span<const uint8_t> l3) {
  return l3.size() >= kIpv6HeaderSize && l3[0] >> 4 == 6 &&
         load_be16(&l3[4]) <= l3.size() - kIpv6HeaderSize;
}

// Everything but the hop limit, which does not matter to a packet that has arrived. Not for what is
// sent to or from link-local addresses, which a gateway has as well: is_sound6 is all that they
// need. Multicast of a wider scope than the link is no fault here.
inline IpFault check_addressed6(std::span<const uint8_t> l3) {
  if (!is_sound6(l3)) return IpFault::kBadHeader;
  const uint64_t src = load_be64(&l3[8]);
  if (is_martian6(src, load_be64(&l3[16])) || src >> 56 == 0xff) return IpFault::kMartianSource;
  const uint64_t dst = load_be64(&l3[24]);
  const bool narrow = is_martian6(dst, load_be64(&l3[32])) || is_narrow_multicast6(dst);
  return narrow ? IpFault::kMartianDestination : IpFault::kNone;
}

// The hop limit would become 0 (RFC 8200 §3). Of a sound packet.
inline bool hop_limit_expired(const uint8_t* l3) { return l3[7] <= 1; }
inline size_t packet_length6(const uint8_t* l3) { return kIpv6HeaderSize + load_be16(l3 + 4); }

inline IpFault check_forward6(std::span<const uint8_t> l3) {
  const IpFault fault = check_addressed6(l3);
  return fault == IpFault::kNone && hop_limit_expired(l3.data()) ? IpFault::kTtlExpired : fault;
}

// Of a packet that check_forward6 let pass.
inline void decrement_hop_limit(uint8_t* l3) { --l3[7]; }

}  // namespace godwit
