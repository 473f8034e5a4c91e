#include "lib/icmp.h"

#include <algorithm>

#include "lib/ipv6_chain.h"

namespace godwit {
namespace {

constexpr uint8_t kEchoReply = 0;  // ICMP types, RFC 792
constexpr uint8_t kEchoRequest = 8;
constexpr uint8_t kEchoRequest6 = 128;  // ICMPv6 types, RFC 4443 §4
constexpr uint8_t kEchoReply6 = 129;
constexpr uint8_t kRedirect6 = 137;          // RFC 4861 §4.5
constexpr uint8_t kFirstInformation6 = 128;  // lower types are errors, RFC 4443 §2.1
constexpr uint8_t kReplyTtl = 64;

// RFC 1812 §4.3.2.5: errors go with precedence 6, "internetwork control".
constexpr uint8_t kErrorTrafficClass = 0xc0;

// The first eight octets of an ICMP message but for its checksum.
struct IcmpHeader {
  uint8_t type = 0;
  uint8_t code = 0;
  uint32_t rest = 0;
};

bool is_v6(std::span<const uint8_t> l3) { return !l3.empty() && l3[0] >> 4 == 6; }

// RFC 1122 §3.2.2 lists them: unreachable, source quench, redirect, time exceeded, parameter
// problem. A message without a type may be one.
bool may_be_error(std::span<const uint8_t> icmp) {
  if (icmp.empty()) return true;
  const uint8_t type = icmp[0];
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

bool may_be_error6(std::span<const uint8_t> icmp) {
  return icmp.empty() || icmp[0] < kFirstInformation6 || icmp[0] == kRedirect6;
}

bool is_class_e(const IpAddress& ip) { return !ip.is_v6 && ip.lo >> 28 == 0xf; }

bool may_send_error4(std::span<const uint8_t> l3) {
  const auto ip = parse_ipv4(l3);
  if (!ip || !ip->src.is_host() || is_class_e(ip->src)) return false;
  if (ip->dst.is_multicast() || ip->dst.is_broadcast() || ip->fragment_offset != 0) return false;
  return ip->protocol != kProtocolIcmp || !may_be_error(ip->payload);
}

bool may_send_error6(std::span<const uint8_t> l3, bool to_group, IcmpError what) {
  const auto ip = parse_ipv6(l3);
  const auto upper = find_upper_layer(l3);
  if (!ip || !upper || !ip->src.is_host()) return false;
  if (what == IcmpError::kTooBig && upper->is_later_fragment) return true;
  if (upper->protocol == kProtocolIcmpv6 && may_be_error6(upper->payload)) return false;
  if (what == IcmpError::kTooBig) return true;
  return !to_group && !ip->dst.is_multicast() && !upper->is_later_fragment;
}

IcmpHeader header4(IcmpError what, uint32_t mtu) {
  switch (what) {
    case IcmpError::kTtlExceeded:
      return {11, 0, 0};
    case IcmpError::kNoRoute:
      return {3, 0, 0};
    case IcmpError::kHostUnreachable:
      return {3, 1, 0};
    case IcmpError::kProtocolUnreachable:
      return {3, 2, 0};
    case IcmpError::kPortUnreachable:
      return {3, 3, 0};
    case IcmpError::kTooBig:
      return {3, 4, std::min<uint32_t>(mtu, 0xffff)};
  }
  return {};
}

IcmpHeader header6(IcmpError what, uint32_t mtu, std::span<const uint8_t> l3) {
  switch (what) {
    case IcmpError::kTtlExceeded:
      return {3, 0, 0};
    case IcmpError::kNoRoute:
      return {1, 0, 0};
    case IcmpError::kHostUnreachable:
      return {1, 3, 0};
    case IcmpError::kPortUnreachable:
      return {1, 4, 0};
    case IcmpError::kProtocolUnreachable: {
      const auto upper = find_upper_layer(l3);
      return {4, 1, upper ? upper->next_header_at : 6U};
    }
    case IcmpError::kTooBig:
      return {2, 0, mtu};
  }
  return {};
}

void put_icmp(Writer& w, const IcmpHeader& header, std::span<const uint8_t> quoted) {
  w.put_u8(header.type);
  w.put_u8(header.code);
  w.put_be16(0);  // checksum
  w.put_be32(header.rest);
  w.put_bytes(quoted);
}

std::span<const uint8_t> at_most(std::span<const uint8_t> octets, size_t size) {
  return octets.first(std::min(octets.size(), size));
}

size_t build_error4(std::span<uint8_t> out, const LinkHeader& link, const IcmpHeader& header,
                    const IpAddress& from, std::span<const uint8_t> l3) {
  const auto ip = parse_ipv4(l3);
  if (!ip || from.is_v6) return 0;
  const auto quoted =
      at_most(l3.first(ip->total_length), kMaxIcmpErrorSize - kIpv4HeaderSize - kIcmpHeaderSize);
  Writer w(out);
  put_ethernet(w, link, kEtherTypeIpv4);
  put_ip_header(w, {from, ip->src, kProtocolIcmp, kReplyTtl, kErrorTrafficClass},
                kIcmpHeaderSize + quoted.size());
  const size_t start = w.length();
  put_icmp(w, header, quoted);
  w.patch_be16(start + 2, internet_checksum(w.written_since(start)));
  return w.length();
}

size_t build_error6(std::span<uint8_t> out, const LinkHeader& link, const IcmpHeader& header,
                    const IpAddress& from, std::span<const uint8_t> l3) {
  const auto ip = parse_ipv6(l3);
  if (!ip || !from.is_v6) return 0;
  const auto quoted = at_most(l3.first(kIpv6HeaderSize + ip->payload_length),
                              kMaxIcmpv6ErrorSize - kIpv6HeaderSize - kIcmpHeaderSize);
  Writer w(out);
  put_ethernet(w, link, kEtherTypeIpv6);
  put_ip_header(w, {from, ip->src, kProtocolIcmpv6, kReplyTtl}, kIcmpHeaderSize + quoted.size());
  const size_t start = w.length();
  put_icmp(w, header, quoted);
  w.patch_be16(start + 2,
               transport_checksum(from, ip->src, kProtocolIcmpv6, w.written_since(start)));
  return w.length();
}

bool is_echo_request4(std::span<const uint8_t> l3) {
  const auto ip = parse_ipv4(l3);
  if (!ip || ip->protocol != kProtocolIcmp || ip->is_fragment()) return false;
  if (ip->payload.size() < kIcmpHeaderSize || ip->payload[0] != kEchoRequest) return false;
  return ipv4_checksum_ok(l3) && internet_checksum(ip->payload) == 0;
}

bool is_echo_request6(std::span<const uint8_t> l3) {
  const auto ip = parse_ipv6(l3);
  if (!ip || ip->next_header != kProtocolIcmpv6) return false;
  if (ip->payload.size() < kIcmpHeaderSize || ip->payload[0] != kEchoRequest6) return false;
  return transport_checksum(ip->src, ip->dst, kProtocolIcmpv6, ip->payload) == 0;
}

void make_echo_reply4(std::span<uint8_t> l3, const IpAddress& from) {
  const auto ip = parse_ipv4(l3);
  if (!ip) return;
  const auto header = l3.first(ip->header_length);
  const auto message = l3.subspan(ip->header_length, ip->payload.size());
  header[8] = kReplyTtl;
  store_be32(&header[12], static_cast<uint32_t>(from.lo));
  store_be32(&header[16], static_cast<uint32_t>(ip->src.lo));
  store_be16(&header[10], 0);
  store_be16(&header[10], internet_checksum(header));
  message[0] = kEchoReply;
  store_be16(&message[2], 0);
  store_be16(&message[2], internet_checksum(message));
}

void make_echo_reply6(std::span<uint8_t> l3, const IpAddress& from) {
  const auto ip = parse_ipv6(l3);
  if (!ip) return;
  const auto message = l3.subspan(kIpv6HeaderSize, ip->payload_length);
  l3[7] = kReplyTtl;
  store_be64(&l3[8], from.hi);
  store_be64(&l3[16], from.lo);
  store_be64(&l3[24], ip->src.hi);
  store_be64(&l3[32], ip->src.lo);
  message[0] = kEchoReply6;
  store_be16(&message[2], 0);
  store_be16(&message[2], transport_checksum(from, ip->src, kProtocolIcmpv6, message));
}

}  // namespace

bool may_send_error(const EthernetView& eth, std::span<const uint8_t> l3, IcmpError what) {
  const bool to_group = eth.dst.is_group();
  if (is_v6(l3)) return may_send_error6(l3, to_group, what);
  return !to_group && may_send_error4(l3);
}

size_t build_icmp_error(std::span<uint8_t> out, const LinkHeader& link, IcmpError what,
                        uint32_t mtu, const IpAddress& from, std::span<const uint8_t> l3) {
  if (is_v6(l3)) return build_error6(out, link, header6(what, mtu, l3), from, l3);
  return build_error4(out, link, header4(what, mtu), from, l3);
}

bool is_echo_request(std::span<const uint8_t> l3) {
  return is_v6(l3) ? is_echo_request6(l3) : is_echo_request4(l3);
}

void make_echo_reply(std::span<uint8_t> l3, const IpAddress& from) {
  if (is_v6(l3))
    make_echo_reply6(l3, from);
  else
    make_echo_reply4(l3, from);
}

}  // namespace godwit
