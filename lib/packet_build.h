// Frames written from values: what lib/packet.h reads, the other way round.
//
// An ARP or ND message is described by the view that parsing it would return, and the make_
// functions name the usual ones. A build_ function writes a whole frame into the caller's buffer,
// lengths and checksums filled in, and returns its length in octets, or 0 if it does not fit (the
// buffer may then hold part of it). Frames are not padded to Ethernet's 60 octets: the device does.
// Values in host order. Pure functions: any thread, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "lib/address.h"
#include "lib/byte_order.h"
#include "lib/packet.h"

namespace godwit {

inline constexpr Mac kBroadcastMac{0xffffffffffff};
inline constexpr IpAddress kAllNodes = IpAddress::v6(0xff02000000000000, 1);    // RFC 4291 §2.7.1
inline constexpr IpAddress kAllRouters = IpAddress::v6(0xff02000000000000, 2);  // RFC 4291 §2.7.1

// Where a multicast IP address goes on Ethernet: RFC 1112 §6.4 for IPv4, RFC 2464 §7 for IPv6.
constexpr Mac multicast_mac(const IpAddress& ip) {
  return ip.is_v6 ? Mac{0x333300000000 | (ip.lo & 0xffffffff)}
                  : Mac{0x01005e000000 | (ip.lo & 0x7fffff)};
}

// The multicast address that an NS for `ip` goes to (RFC 4291 §2.7.1).
constexpr IpAddress solicited_node(const IpAddress& ip) {
  return IpAddress::v6(0xff02000000000000, 0x1ff000000 | (ip.lo & 0xffffff));
}

// Appends to a buffer. What does not fit is dropped, and the length is then 0 for good.
class Writer {
 public:
  explicit Writer(std::span<uint8_t> out) : out_(out) {}

  void put_u8(uint8_t v) {
    if (uint8_t* p = claim(1)) *p = v;
  }
  void put_be16(uint16_t v) {
    if (uint8_t* p = claim(2)) store_be16(p, v);
  }
  void put_be32(uint32_t v) {
    if (uint8_t* p = claim(4)) store_be32(p, v);
  }
  void put_mac(Mac mac) {
    if (uint8_t* p = claim(6)) store_mac(p, mac);
  }
  void put_ip(const IpAddress& ip);  // 4 or 16 octets
  void put_bytes(std::span<const uint8_t> bytes);

  // Overwrites two octets written before; no effect once the buffer was too small.
  void patch_be16(size_t offset, uint16_t v) {
    if (!failed_ && offset + 2 <= size_) store_be16(&out_[offset], v);
  }

  size_t length() const { return failed_ ? 0 : size_; }
  // From `offset` to the end; empty once the buffer was too small.
  std::span<const uint8_t> written_since(size_t offset) const {
    return failed_ ? out_.first(0) : out_.subspan(offset, size_ - offset);
  }

 private:
  uint8_t* claim(size_t n) {
    failed_ = failed_ || out_.size() - size_ < n;
    if (failed_) return nullptr;
    size_ += n;
    return &out_[size_ - n];
  }

  std::span<uint8_t> out_;
  size_t size_ = 0;
  bool failed_ = false;
};

// The Ethernet header of a frame to be.
struct LinkHeader {
  Mac dst;
  Mac src;
  std::optional<uint16_t> tci{};  // with a C-tag: PCP 3, DEI 1, VID 12
};

// What stands in the header of a datagram that godwit sends.
struct IpHeader {
  IpAddress src;  // decides between IPv4 and IPv6
  IpAddress dst;
  uint8_t protocol = 0;       // or next header
  uint8_t ttl = 64;           // or hop limit; the default is RFC 1700's
  uint8_t traffic_class = 0;  // DSCP 6, ECN 2 (RFC 2474 §3)
};

// Append one header. IPv4: no options, not to be fragmented, checksum right. `payload_size` octets
// follow; the caller sees to it that the header can say so many.
void put_ethernet(Writer& w, const LinkHeader& link, uint16_t ether_type);
void put_ip_header(Writer& w, const IpHeader& ip, size_t payload_size);

constexpr uint16_t ether_type_of(const IpAddress& ip) {
  return ip.is_v6 ? kEtherTypeIpv6 : kEtherTypeIpv4;
}

size_t build_ethernet(std::span<uint8_t> out, const LinkHeader& link, uint16_t ether_type,
                      std::span<const uint8_t> payload);

// ---- ARP and RARP ----

size_t build_arp(std::span<uint8_t> out, const LinkHeader& link, const ArpView& arp);
size_t build_rarp(std::span<uint8_t> out, const LinkHeader& link, const ArpView& rarp);

ArpView make_arp_request(Mac sha, const IpAddress& spa, const IpAddress& tpa);
ArpView make_arp_reply(const ArpView& request, Mac mac);  // "request.tpa is at mac"
ArpView make_garp_request(Mac mac, const IpAddress& ip);  // RFC 5227 §2.3
ArpView make_garp_reply(Mac mac, const IpAddress& ip);    // RFC 5944 §4.6
ArpView make_arp_probe(Mac mac, const IpAddress& ip);     // RFC 5227 §2.1.1
ArpView make_rarp_request(Mac mac);                       // RFC 903: "who am I?"

// ---- Neighbor Discovery ----

// Hop limit 255. Each option that is present is written, the source's first.
size_t build_nd(std::span<uint8_t> out, const LinkHeader& link, const NdView& nd);

NdView make_rs(const IpAddress& src, Mac mac);  // to all routers
NdView make_ns(const IpAddress& src, Mac mac, const IpAddress& target);
NdView make_dad(const IpAddress& target);  // RFC 4862 §5.4.2
// The answer to an NS: solicited, or to all nodes if it was DAD (RFC 4861 §7.2.4). O is set.
NdView make_na(const NdView& solicitation, Mac mac);
NdView make_unsolicited_na(const IpAddress& target, Mac mac);  // RFC 4861 §7.2.6. O is set.

// ---- UDP ----

struct UdpFlow {
  IpAddress src;  // decides between IPv4 and IPv6
  IpAddress dst;
  uint16_t src_port = 0;
  uint16_t dst_port = 0;
  uint8_t ttl = 64;  // or hop limit
};

size_t build_udp(std::span<uint8_t> out, const LinkHeader& link, const UdpFlow& flow,
                 std::span<const uint8_t> payload);

}  // namespace godwit
