#include "lib/packet_build.h"

#include <array>

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

#include "lib/evidence.h"

namespace godwit {
namespace {

using frames::octets;
using frames::Octets;

constexpr LinkHeader kToAll{kBroadcastMac, frames::kVm};
constexpr LinkHeader kToPeer{frames::kPeer, frames::kVm};

LinkHeader to_multicast(const IpAddress& ip) { return {multicast_mac(ip), frames::kVm}; }

// Builds into a buffer of exactly the right size, having seen that every smaller one is refused.
template <typename Build>
Octets built(Build build) {
  Octets buffer(2048);
  const size_t length = build(std::span(buffer));
  REQUIRE(length > 0);
  for (size_t size = 0; size < length; ++size) {
    Octets small(size);
    CHECK(build(std::span(small)) == 0);
  }
  Octets frame(length);
  CHECK(build(std::span(frame)) == length);
  CHECK(std::equal(frame.begin(), frame.end(), buffer.begin()));
  return frame;
}

Octets arp(const LinkHeader& link, const ArpView& view) {
  return built([&](std::span<uint8_t> out) { return build_arp(out, link, view); });
}

Octets nd(const LinkHeader& link, const NdView& view) {
  return built([&](std::span<uint8_t> out) { return build_nd(out, link, view); });
}

}  // namespace

TEST_CASE("ARP is built octet by octet as hosts send it", "[packet_build]") {
  using namespace frames;
  CHECK(arp(kToAll, make_garp_request(kVm, kVmV4)) == kLinuxGarp);
  CHECK(arp(kToAll, make_garp_reply(kVm, kVmV4)) == frames::kGarpReply);
  CHECK(arp(kToAll, make_arp_request(kVm, kVmV4, kPeerV4)) == frames::kArpRequest);
  CHECK(arp(kToAll, make_arp_probe(kVm, kVmV4)) == kArpProbe);
  const ArpView request = make_arp_request(kPeer, kPeerV4, kVmV4);
  CHECK(arp(kToPeer, make_arp_reply(request, kVm)) == frames::kArpReply);
  const Octets rarp = built(
      [&](std::span<uint8_t> out) { return build_rarp(out, kToAll, make_rarp_request(kVm)); });
  CHECK(rarp == prefix(kQemuRarp, 42));
}

TEST_CASE("ND is built octet by octet as hosts send it", "[packet_build]") {
  using namespace frames;
  const NdView ns = make_ns(kVmV6, kVm, kPeerV6);
  CHECK(nd(to_multicast(ns.dst), ns) == kNs);
  CHECK(nd(to_multicast(kAllNodes), make_unsolicited_na(kVmV6, kVm)) == kLinuxUnsolicitedNa);
  CHECK(nd(to_multicast(kAllRouters), make_rs(kVmV6, kVm)) == kLinuxRs);
  CHECK(nd(kToPeer, make_na(make_ns(kPeerV6, kPeer, kVmV6), kVm)) == kSolicitedNa);

  const NdView dad = make_dad(kVmV6);
  const Octets frame = nd(to_multicast(dad.dst), dad);
  CHECK(frame.size() == kLinuxDad.size() - kNdOptionUnit);
  CHECK(read_evidence(*parse_ethernet(frame), frame).kind == Evidence::kDad);
  CHECK(nd(to_multicast(kAllNodes), make_na(dad, kVm)) == kLinuxUnsolicitedNa);
}

TEST_CASE("what is built is read back, flags and both options too", "[packet_build]") {
  for (const unsigned bits : {0U, 1U, 2U, 3U, 4U, 7U}) {
    NdView in = make_na(make_ns(frames::kPeerV6, frames::kPeer, frames::kVmV6), frames::kVm);
    in.router = (bits & 1) != 0;
    in.solicited = (bits & 2) != 0;
    in.override_cached = (bits & 4) != 0;
    in.sllao = frames::kPeer;
    const Octets frame = nd(kToPeer, in);
    const auto out = parse_nd(std::span(frame).subspan(kEthernetHeaderSize));
    REQUIRE(out);
    CHECK(out->router == in.router);
    CHECK(out->solicited == in.solicited);
    CHECK(out->override_cached == in.override_cached);
    CHECK(out->sllao == in.sllao);
    CHECK(out->tllao == in.tllao);
    CHECK(out->target == in.target);
  }
}

TEST_CASE("a tag stands before the EtherType", "[packet_build]") {
  const Octets frame = built([](std::span<uint8_t> out) {
    const Octets payload = octets("0102030405");
    return build_ethernet(out, {kBroadcastMac, frames::kVm, 0x600a}, 0x88b5, payload);
  });
  CHECK(frame == octets("ffffffffffff 525400000002 8100 600a 88b5 0102030405"));
  const Octets empty =
      built([](std::span<uint8_t> out) { return build_ethernet(out, kToAll, 0x88b5, {}); });
  CHECK(empty == octets("ffffffffffff 525400000002 88b5"));
}

TEST_CASE("UDP over IPv4 and IPv6 has right lengths and checksums", "[packet_build]") {
  const Octets payload = octets("676f64776974 00");  // an odd length
  const UdpFlow v4{frames::kVmV4, frames::kPeerV4, 1234, 53};
  const Octets frame4 =
      built([&](std::span<uint8_t> out) { return build_udp(out, kToPeer, v4, payload); });
  const std::span<const uint8_t> l3 = std::span(frame4).subspan(kEthernetHeaderSize);
  const auto ip4 = parse_ipv4(l3);
  REQUIRE(ip4);
  CHECK(ipv4_checksum_ok(l3));
  CHECK(ip4->total_length == l3.size());
  CHECK(ip4->ttl == 64);
  CHECK_FALSE(ip4->is_fragment());
  CHECK(transport_checksum(ip4->src, ip4->dst, kProtocolUdp, ip4->payload) == 0);

  const UdpFlow v6{frames::kVmV6, frames::kPeerV6, 1234, 53, 3};
  const Octets frame6 =
      built([&](std::span<uint8_t> out) { return build_udp(out, kToPeer, v6, payload); });
  const auto ip6 = parse_ipv6(std::span(frame6).subspan(kEthernetHeaderSize));
  REQUIRE(ip6);
  CHECK(ip6->hop_limit == 3);
  CHECK(transport_checksum(ip6->src, ip6->dst, kProtocolUdp, ip6->payload) == 0);

  for (const auto& l4 : {ip4->payload, ip6->payload}) {
    const auto udp = parse_udp(l4);
    REQUIRE(udp);
    CHECK(udp->src_port == 1234);
    CHECK(udp->dst_port == 53);
    CHECK(std::equal(udp->payload.begin(), udp->payload.end(), payload.begin(), payload.end()));
  }
}

TEST_CASE("a UDP checksum of zero is sent as ffff", "[packet_build]") {
  // The payload is chosen so that the sum over everything else is its complement.
  UdpFlow flow{frames::kVmV4, frames::kPeerV4, 1234, 53};
  std::array<uint8_t, 2> payload{};
  std::array<uint8_t, 64> frame{};
  const auto checksum = [&] {
    const size_t length = build_udp(frame, kToPeer, flow, payload);
    const auto l3 = std::span<const uint8_t>(frame).first(length).subspan(kEthernetHeaderSize);
    return parse_udp(parse_ipv4(l3)->payload)->checksum;
  };
  store_be16(payload.data(), checksum());
  CHECK(checksum() == 0xffff);
}

TEST_CASE("more than a datagram holds is refused", "[packet_build]") {
  Octets buffer(70000);
  const UdpFlow flow{frames::kVmV4, frames::kPeerV4, 1, 2};
  CHECK(build_udp(buffer, kToPeer, flow, Octets(65507)) == 65535 + kEthernetHeaderSize);
  CHECK(build_udp(buffer, kToPeer, flow, Octets(65508)) == 0);
}

TEST_CASE("multicast addresses have their MACs", "[packet_build]") {
  CHECK(multicast_mac(*parse_ip("224.0.0.251")) == Mac{0x01005e0000fb});
  CHECK(multicast_mac(*parse_ip("239.255.1.2")) == Mac{0x01005e7f0102});
  CHECK(multicast_mac(*parse_ip("ff02::1:ff12:3456")) == Mac{0x3333ff123456});
  CHECK(to_string(solicited_node(*parse_ip("fd00::aabb:ccdd"))) == "ff02::1:ffbb:ccdd");
  CHECK(is_solicited_node(solicited_node(*parse_ip("fd00::aabb:ccdd"))));
  CHECK_FALSE(is_solicited_node(kAllNodes));
}

}  // namespace godwit
