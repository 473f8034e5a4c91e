#include "lib/packet_build.h"

namespace godwit {
namespace {

constexpr size_t kMaxUdpPayload = 0xffff - kIpv4HeaderSize - kUdpHeaderSize;

void put_ipv4(Writer& w, const IpHeader& ip, size_t payload_size) {
  const size_t start = w.length();
  w.put_u8(0x45);  // version 4, five words
  w.put_u8(ip.traffic_class);
  w.put_be16(static_cast<uint16_t>(kIpv4HeaderSize + payload_size));
  w.put_be16(0);       // identification: none is needed (RFC 6864 §4.1)
  w.put_be16(0x4000);  // don't fragment
  w.put_u8(ip.ttl);
  w.put_u8(ip.protocol);
  w.put_be16(0);
  w.put_ip(ip.src);
  w.put_ip(ip.dst);
  w.patch_be16(start + 10, internet_checksum(w.written_since(start)));
}

void put_ipv6(Writer& w, const IpHeader& ip, size_t payload_size) {
  w.put_be32(0x60000000 | uint32_t{ip.traffic_class} << 20);  // version 6, no flow label
  w.put_be16(static_cast<uint16_t>(payload_size));
  w.put_u8(ip.protocol);
  w.put_u8(ip.ttl);
  w.put_ip(ip.src);
  w.put_ip(ip.dst);
}

void put_link_address_option(Writer& w, uint8_t type, const std::optional<Mac>& mac) {
  if (!mac) return;
  w.put_u8(type);
  w.put_u8(1);  // unit of 8 octets
  w.put_mac(*mac);
}

uint8_t flags_of(const NdView& nd) {
  return static_cast<uint8_t>((nd.router ? kNaRouter : 0) | (nd.solicited ? kNaSolicited : 0) |
                              (nd.override_cached ? kNaOverride : 0));
}

size_t build_arp_packet(std::span<uint8_t> out, const LinkHeader& link, uint16_t ether_type,
                        const ArpView& arp) {
  Writer w(out);
  put_ethernet(w, link, ether_type);
  w.put_be16(static_cast<uint16_t>(kArpIpv4OverEthernet >> 32));
  w.put_be32(static_cast<uint32_t>(kArpIpv4OverEthernet));
  w.put_be16(arp.op);
  w.put_mac(arp.sha);
  w.put_ip(arp.spa);
  w.put_mac(arp.tha);
  w.put_ip(arp.tpa);
  return w.length();
}

NdView solicitation(NdType type, const IpAddress& src, const IpAddress& dst) {
  NdView nd;
  nd.type = type;
  nd.src = src;
  nd.dst = dst;
  return nd;
}

NdView advertisement(const IpAddress& target, Mac mac, const IpAddress& dst) {
  NdView nd;
  nd.type = NdType::kNa;
  nd.src = target;
  nd.dst = dst;
  nd.target = target;
  nd.override_cached = true;
  nd.tllao = mac;
  return nd;
}

}  // namespace

void Writer::put_ip(const IpAddress& ip) {
  uint8_t* p = claim(ip.is_v6 ? 16 : 4);
  if (p == nullptr) return;
  if (ip.is_v6) {
    store_be64(p, ip.hi);
    store_be64(p + 8, ip.lo);
  } else {
    store_be32(p, static_cast<uint32_t>(ip.lo));
  }
}

void Writer::put_bytes(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  if (uint8_t* p = claim(bytes.size())) std::memcpy(p, bytes.data(), bytes.size());
}

void put_ethernet(Writer& w, const LinkHeader& link, uint16_t ether_type) {
  w.put_mac(link.dst);
  w.put_mac(link.src);
  if (link.tci) {
    w.put_be16(kEtherTypeVlan);
    w.put_be16(*link.tci);
  }
  w.put_be16(ether_type);
}

void put_ip_header(Writer& w, const IpHeader& ip, size_t payload_size) {
  if (ip.src.is_v6)
    put_ipv6(w, ip, payload_size);
  else
    put_ipv4(w, ip, payload_size);
}

size_t build_ethernet(std::span<uint8_t> out, const LinkHeader& link, uint16_t ether_type,
                      std::span<const uint8_t> payload) {
  Writer w(out);
  put_ethernet(w, link, ether_type);
  w.put_bytes(payload);
  return w.length();
}

size_t build_arp(std::span<uint8_t> out, const LinkHeader& link, const ArpView& arp) {
  return build_arp_packet(out, link, kEtherTypeArp, arp);
}

size_t build_rarp(std::span<uint8_t> out, const LinkHeader& link, const ArpView& rarp) {
  return build_arp_packet(out, link, kEtherTypeRarp, rarp);
}

ArpView make_arp_request(Mac sha, const IpAddress& spa, const IpAddress& tpa) {
  return {.op = kArpRequest, .sha = sha, .spa = spa, .tha = Mac{}, .tpa = tpa};
}

ArpView make_arp_reply(const ArpView& request, Mac mac) {
  return {.op = kArpReply, .sha = mac, .spa = request.tpa, .tha = request.sha, .tpa = request.spa};
}

ArpView make_garp_request(Mac mac, const IpAddress& ip) { return make_arp_request(mac, ip, ip); }

ArpView make_garp_reply(Mac mac, const IpAddress& ip) {
  return {.op = kArpReply, .sha = mac, .spa = ip, .tha = mac, .tpa = ip};
}

ArpView make_arp_probe(Mac mac, const IpAddress& ip) {
  return make_arp_request(mac, IpAddress::v4(0), ip);
}

ArpView make_rarp_request(Mac mac) {
  return {
      .op = kRarpRequest, .sha = mac, .spa = IpAddress::v4(0), .tha = mac, .tpa = IpAddress::v4(0)};
}

size_t build_nd(std::span<uint8_t> out, const LinkHeader& link, const NdView& nd) {
  const size_t fixed = nd.type == NdType::kRs ? kRsSize : kTargetedNdSize;
  const size_t size = fixed + kNdOptionUnit * (nd.sllao.has_value() + nd.tllao.has_value());
  Writer w(out);
  put_ethernet(w, link, kEtherTypeIpv6);
  put_ip_header(w, {nd.src, nd.dst, kProtocolIcmpv6, kNdHopLimit}, size);
  const size_t start = w.length();
  w.put_u8(static_cast<uint8_t>(nd.type));
  w.put_u8(0);    // code
  w.put_be16(0);  // checksum
  w.put_be32(uint32_t{flags_of(nd)} << 24);
  if (nd.type != NdType::kRs) w.put_ip(nd.target);
  put_link_address_option(w, kOptionSourceLinkAddress, nd.sllao);
  put_link_address_option(w, kOptionTargetLinkAddress, nd.tllao);
  w.patch_be16(start + 2,
               transport_checksum(nd.src, nd.dst, kProtocolIcmpv6, w.written_since(start)));
  return w.length();
}

NdView make_rs(const IpAddress& src, Mac mac) {
  NdView nd = solicitation(NdType::kRs, src, kAllRouters);
  nd.sllao = mac;
  return nd;
}

NdView make_ns(const IpAddress& src, Mac mac, const IpAddress& target) {
  NdView nd = solicitation(NdType::kNs, src, solicited_node(target));
  nd.target = target;
  nd.sllao = mac;
  return nd;
}

NdView make_dad(const IpAddress& target) {
  NdView nd = solicitation(NdType::kNs, IpAddress::v6(0, 0), solicited_node(target));
  nd.target = target;
  return nd;
}

NdView make_na(const NdView& solicitation, Mac mac) {
  if (solicitation.src.is_unspecified()) return make_unsolicited_na(solicitation.target, mac);
  NdView nd = advertisement(solicitation.target, mac, solicitation.src);
  nd.solicited = true;
  return nd;
}

NdView make_unsolicited_na(const IpAddress& target, Mac mac) {
  return advertisement(target, mac, kAllNodes);
}

size_t build_udp(std::span<uint8_t> out, const LinkHeader& link, const UdpFlow& flow,
                 std::span<const uint8_t> payload) {
  if (payload.size() > kMaxUdpPayload) return 0;
  const size_t size = kUdpHeaderSize + payload.size();
  Writer w(out);
  put_ethernet(w, link, ether_type_of(flow.src));
  put_ip_header(w, {flow.src, flow.dst, kProtocolUdp, flow.ttl}, size);
  const size_t start = w.length();
  w.put_be16(flow.src_port);
  w.put_be16(flow.dst_port);
  w.put_be16(static_cast<uint16_t>(size));
  w.put_be16(0);
  w.put_bytes(payload);
  const uint16_t checksum =
      transport_checksum(flow.src, flow.dst, kProtocolUdp, w.written_since(start));
  // 0 would say that there is no checksum (RFC 768).
  w.patch_be16(start + 6, checksum == 0 ? 0xffff : checksum);
  return w.length();
}

}  // namespace godwit
