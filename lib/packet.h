// Headers read from a frame. Each parse function takes the octets of its layer and what follows,
// returns plain values in host order, and reads nothing outside the span it was given, whatever the
// octets say. std::nullopt means that the header is not whole or not what its RFC allows.
//
// Views hold values, and spans only where they say so; such a span is valid as long as the frame.
// Pure functions: any thread, no state. What a worker calls for every frame is inline.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/address.h"
#include "lib/byte_order.h"

namespace godwit {

// Below, it is the length of an 802.3 frame (IEEE 802.3 §3.2.6).
inline constexpr uint16_t kLeastEtherType = 0x0600;
inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr uint16_t kEtherTypeArp = 0x0806;
inline constexpr uint16_t kEtherTypeRarp = 0x8035;
inline constexpr uint16_t kEtherTypeVlan = 0x8100;     // C-tag, IEEE 802.1Q-2018 table 9-1
inline constexpr uint16_t kEtherTypeService = 0x88a8;  // S-tag, once 802.1ad
inline constexpr uint16_t kEtherTypeIpv6 = 0x86dd;

inline constexpr uint8_t kProtocolIcmp = 1;
inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolUdp = 17;
inline constexpr uint8_t kProtocolIcmpv6 = 58;

// Sizes in octets.
inline constexpr size_t kEthernetHeaderSize = 14;
inline constexpr size_t kEtherTypeAt = 12;  // octets; or of the first tag
inline constexpr size_t kVlanTagSize = 4;
inline constexpr size_t kArpSize = 28;
inline constexpr size_t kIpv4HeaderSize = 20;  // without options
inline constexpr size_t kIpv6HeaderSize = 40;
inline constexpr size_t kUdpHeaderSize = 8;
inline constexpr size_t kIcmpHeaderSize = 8;  // ICMP and ICMPv6: errors and echo alike

// ---- Ethernet and VLAN tags (IEEE 802.3 §3.2, IEEE 802.1Q §9) ----

inline constexpr uint8_t kMaxVlanTags = 2;  // that are read; more are payload

inline constexpr uint16_t kVidMask = 0xfff;  // of a tag's TCI (IEEE 802.1Q-2018 §9.6)

struct EthernetView {
  Mac dst;
  Mac src;
  uint16_t ether_type = 0;  // behind the tags; a length if below 0x600 (IEEE 802.3 §3.2.6)
  uint16_t l3_offset = 0;   // octets from the frame's start; never beyond its end
  uint8_t tags = 0;         // whole tags read: 0, 1 or 2
  uint16_t outer_tpid = 0;  // 0 without a tag
  uint16_t outer_tci = 0;   // PCP 3, DEI 1, VID 12; 0 without a tag
  uint16_t inner_tci = 0;   // 0 without a second tag

  constexpr uint16_t outer_vid() const { return outer_tci & kVidMask; }
  constexpr uint16_t inner_vid() const { return inner_tci & kVidMask; }
};

constexpr bool is_vlan_tpid(uint16_t ether_type) {
  return ether_type == kEtherTypeVlan || ether_type == kEtherTypeService;
}

// Reads the addresses and up to two tags, in any mix of C-tags and S-tags. A third tag is left as
// the EtherType. A tag cut short is not counted: its TPID is then the EtherType, and l3_offset is
// the frame's end. At least 14 octets.
inline EthernetView view_ethernet(std::span<const uint8_t> frame) {
  const uint8_t* p = frame.data();
  EthernetView view;
  view.dst = load_mac(p);
  view.src = load_mac(p + 6);
  view.ether_type = load_be16(p + 12);
  view.l3_offset = kEthernetHeaderSize;
  for (; view.tags < kMaxVlanTags && is_vlan_tpid(view.ether_type); ++view.tags) {
    if (frame.size() - view.l3_offset < kVlanTagSize) {
      view.l3_offset = static_cast<uint16_t>(frame.size());
      break;
    }
    const uint16_t tci = load_be16(p + view.l3_offset);
    if (view.tags == 0) {
      view.outer_tpid = view.ether_type;
      view.outer_tci = tci;
    } else {
      view.inner_tci = tci;
    }
    view.ether_type = load_be16(p + view.l3_offset + 2);
    view.l3_offset += kVlanTagSize;
  }
  return view;
}

// The same of any frame; std::nullopt below 14 octets.
inline std::optional<EthernetView> parse_ethernet(std::span<const uint8_t> frame) {
  if (frame.size() < kEthernetHeaderSize) return std::nullopt;
  return view_ethernet(frame);
}

// What follows the Ethernet header and its tags, the padding of a short frame included.
inline std::span<const uint8_t> l3_of(const EthernetView& view, std::span<const uint8_t> frame) {
  return frame.subspan(std::min<size_t>(view.l3_offset, frame.size()));
}

// ---- ARP and RARP (RFC 826, RFC 903) ----

inline constexpr uint16_t kArpRequest = 1;
inline constexpr uint16_t kArpReply = 2;
inline constexpr uint16_t kRarpRequest = 3;
inline constexpr uint16_t kRarpReply = 4;

// The first six octets of a packet: hardware type, protocol type and their addresses' lengths.
inline constexpr uint64_t kArpIpv4OverEthernet = 0x000108000604;

// Where the addresses of sender and target are, in octets.
inline constexpr size_t kArpSha = 8;
inline constexpr size_t kArpSpa = 14;
inline constexpr size_t kArpTha = 18;
inline constexpr size_t kArpTpa = 24;

struct ArpView {
  uint16_t op = 0;
  Mac sha;  // sender
  IpAddress spa;
  Mac tha;  // target
  IpAddress tpa;
};

// IPv4 over Ethernet only: hardware type 1, protocol type 0x0800, lengths 6 and 4. Any opcode. A
// frame without padding (42 octets in all) is whole. RARP shares the layout (RFC 903).
inline std::optional<ArpView> parse_arp(std::span<const uint8_t> l3) {
  if (l3.size() < kArpSize) return std::nullopt;
  const uint8_t* p = l3.data();
  const uint64_t fixed = load_be64(p);
  if (fixed >> 16 != kArpIpv4OverEthernet) return std::nullopt;
  return ArpView{.op = static_cast<uint16_t>(fixed),
                 .sha = load_mac(p + kArpSha),
                 .spa = load_ipv4(p + kArpSpa),
                 .tha = load_mac(p + kArpTha),
                 .tpa = load_ipv4(p + kArpTpa)};
}

// ---- IPv4, IPv6, UDP ----

struct Ipv4View {
  uint16_t header_length = 0;  // octets, 20 .. 60
  uint16_t total_length = 0;   // octets, header included
  uint8_t protocol = 0;
  uint8_t ttl = 0;
  uint16_t fragment_offset = 0;  // octets
  bool more_fragments = false;
  IpAddress src;
  IpAddress dst;
  std::span<const uint8_t> payload;  // total_length's share, without Ethernet padding

  constexpr bool is_fragment() const { return more_fragments || fragment_offset != 0; }
};

// The checks of RFC 1812 §5.2.2 but for the header checksum: see ipv4_checksum_ok.
inline std::optional<Ipv4View> parse_ipv4(std::span<const uint8_t> l3) {
  if (l3.size() < kIpv4HeaderSize || l3[0] >> 4 != 4) return std::nullopt;
  const uint8_t* p = l3.data();
  const uint16_t header_length = (p[0] & 0xfU) * 4;
  const uint16_t total_length = load_be16(p + 2);
  if (header_length < kIpv4HeaderSize || total_length < header_length || l3.size() < total_length)
    return std::nullopt;
  const uint16_t fragment = load_be16(p + 6);
  return Ipv4View{.header_length = header_length,
                  .total_length = total_length,
                  .protocol = p[9],
                  .ttl = p[8],
                  .fragment_offset = static_cast<uint16_t>((fragment & 0x1fff) * 8),
                  .more_fragments = (fragment & 0x2000) != 0,
                  .src = load_ipv4(p + 12),
                  .dst = load_ipv4(p + 16),
                  .payload = l3.subspan(header_length, total_length - header_length)};
}

struct Ipv6View {
  uint16_t payload_length = 0;  // octets behind the 40 of the header
  uint8_t next_header = 0;
  uint8_t hop_limit = 0;
  IpAddress src;
  IpAddress dst;
  std::span<const uint8_t> payload;  // payload_length octets, without Ethernet padding
};

// RFC 8200 §3. Extension headers are left to the caller.
inline std::optional<Ipv6View> parse_ipv6(std::span<const uint8_t> l3) {
  if (l3.size() < kIpv6HeaderSize || l3[0] >> 4 != 6) return std::nullopt;
  const uint8_t* p = l3.data();
  const uint16_t payload_length = load_be16(p + 4);
  if (l3.size() - kIpv6HeaderSize < payload_length) return std::nullopt;
  return Ipv6View{.payload_length = payload_length,
                  .next_header = p[6],
                  .hop_limit = p[7],
                  .src = load_ipv6(p + 8),
                  .dst = load_ipv6(p + 24),
                  .payload = l3.subspan(kIpv6HeaderSize, payload_length)};
}

struct UdpView {
  uint16_t src_port = 0;
  uint16_t dst_port = 0;
  uint16_t length = 0;    // octets, header included
  uint16_t checksum = 0;  // 0: none (IPv4 only)
  std::span<const uint8_t> payload;
};

// RFC 768. `l4` is the payload of an IP header, and not of a fragment.
inline std::optional<UdpView> parse_udp(std::span<const uint8_t> l4) {
  if (l4.size() < kUdpHeaderSize) return std::nullopt;
  const uint8_t* p = l4.data();
  const uint16_t length = load_be16(p + 4);
  if (length < kUdpHeaderSize || l4.size() < length) return std::nullopt;
  return UdpView{.src_port = load_be16(p),
                 .dst_port = load_be16(p + 2),
                 .length = length,
                 .checksum = load_be16(p + 6),
                 .payload = l4.subspan(kUdpHeaderSize, length - kUdpHeaderSize)};
}

// ---- Checksums (RFC 1071) ----

// The ones' complement of the ones' complement sum. Over data that holds its own checksum the
// result is 0 if it is right; with the checksum field zero, it is the value to store there.
// `initial` is a sum of 16-bit words that precede the data.
uint16_t internet_checksum(std::span<const uint8_t> data, uint64_t initial = 0);

// The same for UDP, TCP or ICMPv6 with the pseudo-header of IPv4 (RFC 768) or of IPv6 (RFC 8200
// §8.1), as the addresses are. At most 65535 octets.
uint16_t transport_checksum(const IpAddress& src, const IpAddress& dst, uint8_t protocol,
                            std::span<const uint8_t> message);

// RFC 1812 §5.2.2 (2). False as well if the header is not whole.
bool ipv4_checksum_ok(std::span<const uint8_t> l3);

// ---- Neighbor Discovery (RFC 4861) ----

enum class NdType : uint8_t { kRs = 133, kNs = 135, kNa = 136 };

inline constexpr uint8_t kNdHopLimit = 255;    // §6.1.1: shows that no router forwarded it
inline constexpr size_t kRsSize = 8;           // octets before the options, §4.1
inline constexpr size_t kTargetedNdSize = 24;  // the same of NS and NA, §4.3, §4.4
inline constexpr size_t kNdOptionUnit = 8;     // octets; a link-layer address option is one
inline constexpr uint8_t kOptionSourceLinkAddress = 1;  // §4.6.1
inline constexpr uint8_t kOptionTargetLinkAddress = 2;
inline constexpr uint8_t kNaRouter = 0x80;  // flags, §4.4
inline constexpr uint8_t kNaSolicited = 0x40;
inline constexpr uint8_t kNaOverride = 0x20;

struct NdView {
  NdType type = NdType::kNs;
  IpAddress src;
  IpAddress dst;
  IpAddress target;              // NS and NA; unspecified in RS
  bool router = false;           // R, NA only
  bool solicited = false;        // S, NA only
  bool override_cached = false;  // O, NA only
  std::optional<Mac> sllao;      // Source Link-Layer Address option
  std::optional<Mac> tllao;      // Target Link-Layer Address option
};

constexpr bool is_nd_type(uint8_t icmpv6_type) {
  const NdType type{icmpv6_type};
  return type == NdType::kRs || type == NdType::kNs || type == NdType::kNa;
}

// ff02::1:ff00:0/104 (RFC 4291 §2.7.1)
constexpr bool is_solicited_node(const IpAddress& ip) {
  return ip.is_v6 && ip.hi == 0xff02000000000000 && ip.lo >> 24 == 0x1ff;
}

// The IPv6 packet as a valid RS (RFC 4861 §6.1.1), NS (§7.1.1) or NA (§7.1.2), checksum included.
// The message must follow the IPv6 header directly. Hosts send it so; fragments are forbidden (RFC
// 6980 §5), and a chain of extension headers before ND is a known way around filters (RFC 7113
// §2), so what comes that way is only data: it may show where a MAC is, never whose an address is.
// Of equal options the first counts. A link-layer address option that is not 8 octets long is not
// Ethernet's (RFC 2464 §6) and is ignored.
std::optional<NdView> parse_nd(std::span<const uint8_t> l3);

}  // namespace godwit
