#include "lib/icmp.h"

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

namespace godwit {
namespace {

using frames::octets;
using frames::Octets;

constexpr LinkHeader kLink{frames::kVm, frames::kPeer};
constexpr IpAddress kHost4 = IpAddress::v4(0x0a090002);     // 10.9.0.2
constexpr IpAddress kOther4 = IpAddress::v4(0x0a080002);    // 10.8.0.2
constexpr IpAddress kGateway4 = IpAddress::v4(0x0a0900fe);  // 10.9.0.254
constexpr IpAddress kHost6 = IpAddress::v6(0xfd00000900000000, 2);
constexpr IpAddress kOther6 = IpAddress::v6(0xfd00000800000000, 2);
constexpr IpAddress kGateway6 = IpAddress::v6(0xfd00000900000000, 0xfe);
constexpr EthernetView kToGateway{.dst = frames::kPeer, .src = frames::kVm};

std::span<const uint8_t> l3_of_frame(const Octets& frame) {
  return std::span(frame).subspan(kEthernetHeaderSize);
}

// From the IP header on.
Octets packet(const IpHeader& ip, std::span<const uint8_t> payload) {
  Octets out(kIpv6HeaderSize + payload.size());
  Writer w(out);
  put_ip_header(w, ip, payload.size());
  w.put_bytes(payload);
  out.resize(w.length());
  return out;
}

Octets udp(const IpAddress& src, const IpAddress& dst, size_t size = 4) {
  Octets out(size + 100);
  const size_t length = build_udp(out, kLink, {src, dst, 1234, 53}, Octets(size, 0xab));
  return {out.begin() + kEthernetHeaderSize, out.begin() + static_cast<std::ptrdiff_t>(length)};
}

Octets icmp(const IpAddress& src, const IpAddress& dst, uint8_t type, size_t size = 5) {
  const uint8_t protocol = src.is_v6 ? kProtocolIcmpv6 : kProtocolIcmp;
  Octets message = {type, 0, 0, 0, 0x12, 0x34, 0, 7};
  message.resize(kIcmpHeaderSize + size, 0x5a);
  store_be16(&message[2], src.is_v6 ? transport_checksum(src, dst, protocol, message)
                                    : internet_checksum(message));
  return packet({src, dst, protocol}, message);
}

bool is_v6_packet(std::span<const uint8_t> l3) { return l3[0] >> 4 == 6; }

Octets error(IcmpError what, std::span<const uint8_t> l3, uint32_t mtu = 0) {
  Octets out(2048);
  out.resize(build_icmp_error(out, kLink, what, mtu, is_v6_packet(l3) ? kGateway6 : kGateway4, l3));
  return out;
}

bool may(const Octets& l3, IcmpError what = IcmpError::kTtlExceeded,
         const EthernetView& eth = kToGateway) {
  return may_send_error(eth, l3, what);
}

Octets set(Octets octets, size_t at, uint8_t value) {
  octets[at] = value;
  return octets;
}

}  // namespace

TEST_CASE("an IPv4 error is a whole frame that quotes the packet", "[icmp]") {
  Octets l3 = udp(kHost4, kOther4);
  const size_t size = l3.size();
  l3.resize(46);  // Ethernet padding is not quoted
  const Octets frame = error(IcmpError::kTtlExceeded, l3);
  const auto eth = parse_ethernet(frame);
  REQUIRE(eth);
  CHECK((eth->dst == frames::kVm && eth->src == frames::kPeer));
  CHECK(eth->ether_type == kEtherTypeIpv4);
  const auto ip = parse_ipv4(l3_of_frame(frame));
  REQUIRE(ip);
  CHECK(ipv4_checksum_ok(l3_of_frame(frame)));
  CHECK((ip->src == kGateway4 && ip->dst == kHost4));
  CHECK(ip->protocol == kProtocolIcmp);
  CHECK(ip->ttl == 64);
  CHECK(frame[kEthernetHeaderSize + 1] == 0xc0);
  CHECK(internet_checksum(ip->payload) == 0);
  CHECK(std::ranges::equal(ip->payload.subspan(8), std::span(l3).first(size)));
}

TEST_CASE("an IPv6 error is a whole frame that quotes the packet", "[icmp]") {
  const Octets l3 = udp(kHost6, kOther6);
  const Octets frame = error(IcmpError::kNoRoute, l3);
  const auto ip = parse_ipv6(l3_of_frame(frame));
  REQUIRE(ip);
  CHECK(parse_ethernet(frame)->ether_type == kEtherTypeIpv6);
  CHECK((ip->src == kGateway6 && ip->dst == kHost6));
  CHECK(ip->next_header == kProtocolIcmpv6);
  CHECK(ip->hop_limit == 64);
  CHECK(transport_checksum(ip->src, ip->dst, kProtocolIcmpv6, ip->payload) == 0);
  CHECK(std::ranges::equal(ip->payload.subspan(8), l3));
}

TEST_CASE("each error has its type, code and word", "[icmp]") {
  struct Case {
    IcmpError what;
    std::string_view v4;  // type, code, the four octets behind the checksum
    std::string_view v6;
  };
  const auto [what, v4, v6] = GENERATE(values<Case>({
      {IcmpError::kTtlExceeded, "0b00 00000000", "0300 00000000"},
      {IcmpError::kNoRoute, "0300 00000000", "0100 00000000"},
      {IcmpError::kHostUnreachable, "0301 00000000", "0103 00000000"},
      {IcmpError::kPortUnreachable, "0303 00000000", "0104 00000000"},
      {IcmpError::kProtocolUnreachable, "0302 00000000", "0401 00000006"},
      {IcmpError::kTooBig, "0304 00000578", "0200 00000578"},
  }));
  const auto start = [](const Octets& frame, size_t header) {
    Octets octets = frames::prefix(l3_of_frame(frame).subspan(header), kIcmpHeaderSize);
    octets.erase(octets.begin() + 2, octets.begin() + 4);
    return octets;
  };
  CHECK(start(error(what, udp(kHost4, kOther4), 1400), kIpv4HeaderSize) == octets(v4));
  CHECK(start(error(what, udp(kHost6, kOther6), 1400), kIpv6HeaderSize) == octets(v6));
}

TEST_CASE("an unknown next header behind an extension header is pointed at", "[icmp]") {
  const Octets l3 = packet({kHost6, kGateway6, 60}, octets("fd00010400000000 0102"));
  const Octets frame = error(IcmpError::kProtocolUnreachable, l3);
  CHECK(load_be32(&l3_of_frame(frame)[kIpv6HeaderSize + 4]) == 40);
}

TEST_CASE("as much is quoted as an error may hold", "[icmp]") {
  CHECK(error(IcmpError::kTooBig, udp(kHost4, kOther4, 520)).size() == 14 + 28 + 548);
  CHECK(error(IcmpError::kTooBig, udp(kHost4, kOther4, 521)).size() == 14 + 576);
  CHECK(error(IcmpError::kTooBig, udp(kHost4, kOther4, 9000)).size() == 14 + 576);
  CHECK(error(IcmpError::kTooBig, udp(kHost6, kOther6, 1183)).size() == 14 + 1279);
  CHECK(error(IcmpError::kTooBig, udp(kHost6, kOther6, 9000)).size() == 14 + 1280);
}

TEST_CASE("no error is built that does not fit, or about half a packet", "[icmp]") {
  for (const Octets& l3 : {udp(kHost4, kOther4), udp(kHost6, kOther6)}) {
    const IpAddress from = is_v6_packet(l3) ? kGateway6 : kGateway4;
    const IpAddress other = is_v6_packet(l3) ? kGateway4 : kGateway6;
    const size_t length = error(IcmpError::kNoRoute, l3).size();
    Octets out(length);
    CHECK(build_icmp_error(out, kLink, IcmpError::kNoRoute, 0, from, l3) == length);
    CHECK(build_icmp_error(out, kLink, IcmpError::kNoRoute, 0, other, l3) == 0);
    for (size_t size = 0; size < length; ++size) {
      Octets small(size);
      CHECK(build_icmp_error(small, kLink, IcmpError::kNoRoute, 0, from, l3) == 0);
    }
    for (size_t size = 0; size < l3.size(); ++size) {
      const Octets half = frames::prefix(l3, size);
      CHECK(build_icmp_error(out, kLink, IcmpError::kNoRoute, 0, from, half) == 0);
      CHECK_FALSE(may(half));
      CHECK_FALSE(is_echo_request(half));
    }
  }
}

TEST_CASE("errors are sent about hosts' packets to hosts", "[icmp]") {
  CHECK(may(udp(kHost4, kOther4)));
  CHECK(may(udp(kHost6, kOther6)));
  for (const char* source :
       {"0.0.0.0", "0.0.0.9", "127.0.0.1", "224.0.0.5", "240.0.0.1", "255.255.255.255"})
    CHECK_FALSE(may(udp(*parse_ip(source), kOther4)));
  for (const char* destination : {"224.0.0.5", "255.255.255.255"})
    CHECK_FALSE(may(udp(kHost4, *parse_ip(destination))));
  for (const char* source : {"::", "::1", "ff02::1"})
    CHECK_FALSE(may(udp(*parse_ip(source), kOther6), IcmpError::kTooBig));
  const EthernetView to_all{.dst = kBroadcastMac, .src = frames::kVm};
  CHECK_FALSE(may(udp(kHost4, kOther4), IcmpError::kTooBig, to_all));
  CHECK_FALSE(may(udp(kHost6, kOther6), IcmpError::kTtlExceeded, to_all));
  CHECK(may(udp(kHost6, kOther6), IcmpError::kTooBig, to_all));
  CHECK_FALSE(may(udp(kHost6, kAllNodes), IcmpError::kProtocolUnreachable));
  CHECK(may(udp(kHost6, kAllNodes), IcmpError::kTooBig));
}

TEST_CASE("no error is sent about an error", "[icmp]") {
  for (const uint8_t type : {3, 4, 5, 11, 12}) CHECK_FALSE(may(icmp(kHost4, kOther4, type)));
  for (const uint8_t type : {0, 8, 13}) CHECK(may(icmp(kHost4, kOther4, type)));
  for (const uint8_t type : {1, 2, 3, 4, 100, 127, 137})
    CHECK_FALSE(may(icmp(kHost6, kOther6, type), IcmpError::kTooBig));
  for (const uint8_t type : {128, 129, 135}) CHECK(may(icmp(kHost6, kOther6, type)));
  CHECK_FALSE(may(packet({kHost4, kOther4, kProtocolIcmp}, {})));
  CHECK_FALSE(may(packet({kHost6, kOther6, kProtocolIcmpv6}, {})));
  CHECK_FALSE(may(packet({kHost6, kOther6, 0}, octets("3a00050200000100 01001234"))));
}

TEST_CASE("no error is sent about a later fragment", "[icmp]") {
  const Octets v4 = udp(kHost4, kOther4);
  CHECK(may(set(v4, 6, 0x20)));  // the first of several
  CHECK_FALSE(may(set(v4, 7, 1)));
  CHECK(may(packet({kHost6, kOther6, 44}, octets("1100000100000007 0001"))));
  const Octets later = packet({kHost6, kOther6, 44}, octets("1100000900000007 0001"));
  CHECK_FALSE(may(later));
  CHECK(may(later, IcmpError::kTooBig));
}

TEST_CASE("an echo request is answered in place", "[icmp]") {
  Octets v4 = icmp(kHost4, kGateway4, 8, 33);
  REQUIRE(is_echo_request(v4));
  v4.resize(v4.size() + 3, 0xee);  // padding
  make_echo_reply(v4, kGateway4);
  CHECK(std::equal(v4.end() - 3, v4.end(), Octets(3, 0xee).begin()));
  v4.resize(v4.size() - 3);
  Octets expected4 = icmp(kGateway4, kHost4, 0, 33);
  CHECK(v4 == expected4);

  Octets v6 = icmp(kHost6, kGateway6, 128, 33);
  v6[7] = 1;
  REQUIRE(is_echo_request(v6));
  make_echo_reply(v6, kGateway6);
  CHECK(v6 == icmp(kGateway6, kHost6, 129, 33));
}

TEST_CASE("an echo request to a group is answered by one host", "[icmp]") {
  Octets v6 = icmp(kHost6, kAllRouters, 128);
  REQUIRE(is_echo_request(v6));
  make_echo_reply(v6, kGateway6);
  CHECK(v6 == icmp(kGateway6, kHost6, 129));
}

TEST_CASE("options of an echo request stay", "[icmp]") {
  Octets l3 = icmp(kHost4, kGateway4, 8);
  const Octets options = octets("01 01 01 00");
  l3.insert(l3.begin() + kIpv4HeaderSize, options.begin(), options.end());
  l3[0] = 0x46;
  store_be16(&l3[2], static_cast<uint16_t>(l3.size()));
  store_be16(&l3[10], 0);
  store_be16(&l3[10], internet_checksum(std::span(l3).first(24)));
  REQUIRE(is_echo_request(l3));
  make_echo_reply(l3, kGateway4);
  CHECK(ipv4_checksum_ok(l3));
  CHECK(std::equal(options.begin(), options.end(), &l3[kIpv4HeaderSize]));
  const auto ip = parse_ipv4(l3);
  CHECK((ip->src == kGateway4 && ip->dst == kHost4));
  CHECK(ip->payload[0] == 0);
  CHECK(internet_checksum(ip->payload) == 0);
}

TEST_CASE("what is no whole echo request is not taken for one", "[icmp]") {
  const Octets v4 = icmp(kHost4, kGateway4, 8);
  const Octets v6 = icmp(kHost6, kGateway6, 128);
  CHECK_FALSE(is_echo_request({}));
  CHECK_FALSE(is_echo_request(icmp(kHost4, kGateway4, 0)));
  CHECK_FALSE(is_echo_request(icmp(kHost6, kGateway6, 129)));
  CHECK_FALSE(is_echo_request(udp(kHost4, kGateway4)));
  CHECK_FALSE(is_echo_request(packet({kHost4, kGateway4, kProtocolIcmp}, octets("0800f7ff"))));
  for (size_t i = 0; i < v4.size(); ++i) CHECK_FALSE(is_echo_request(set(v4, i, v4[i] ^ 0x10)));
  // The traffic class, the flow label and the hop limit are in no checksum.
  for (size_t i = 4; i < v6.size(); ++i)
    CHECK((i == 7 || !is_echo_request(set(v6, i, v6[i] ^ 0x10))));
  Octets fragment = set(v4, 6, 0x20);
  store_be16(&fragment[10], 0);
  store_be16(&fragment[10], internet_checksum(std::span(fragment).first(20)));
  CHECK_FALSE(is_echo_request(fragment));
}

}  // namespace godwit
