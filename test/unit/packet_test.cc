#include "lib/packet.h"

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

namespace godwit {
namespace {

using frames::kIcmp;
using frames::kIp;
using frames::octets;
using frames::Octets;
using frames::prefix;
using frames::resealed;

std::optional<NdView> nd_of(const Octets& frame) { return parse_nd(std::span(frame).subspan(kIp)); }

Octets with(Octets frame, size_t offset, uint8_t value) {
  frame.at(offset) = value;
  return resealed(std::move(frame));
}

}  // namespace

TEST_CASE("an Ethernet header is 14 octets", "[packet]") {
  const auto view = parse_ethernet(frames::kLinuxGarp);
  REQUIRE(view);
  CHECK(view->dst.is_broadcast());
  CHECK(view->src == frames::kVm);
  CHECK(view->ether_type == kEtherTypeArp);
  CHECK(view->l3_offset == 14);
  CHECK(view->tags == 0);
  CHECK(view->outer_tpid == 0);
  CHECK(l3_of(*view, frames::kLinuxGarp).size() == 28);
  CHECK(parse_ethernet(prefix(frames::kLinuxGarp, 14)));
  CHECK_FALSE(parse_ethernet(prefix(frames::kLinuxGarp, 13)));
  CHECK_FALSE(parse_ethernet({}));
}

TEST_CASE("up to two VLAN tags are read, of either kind", "[packet]") {
  const std::string addresses = "ffffffffffff 525400000002 ";
  struct Case {
    const char* rest;
    uint8_t tags;
    uint16_t ether_type, l3_offset, outer_tpid, outer_tci, inner_tci;
  };
  const Case cases[] = {
      {"8100 600a 0806 00", 1, 0x0806, 18, 0x8100, 0x600a, 0},
      {"88a8 0064 0800 00", 1, 0x0800, 18, 0x88a8, 0x0064, 0},
      {"88a8 0064 8100 a00a 86dd", 2, 0x86dd, 22, 0x88a8, 0x0064, 0xa00a},
      {"8100 0064 8100 000a 0806", 2, 0x0806, 22, 0x8100, 0x0064, 0x000a},
      {"8100 0001 88a8 0002 8100 0003 0806", 2, 0x8100, 22, 0x8100, 0x0001, 0x0002},
      // Cut short: the tag is not counted, and nothing is left behind it.
      {"8100", 0, 0x8100, 14, 0, 0, 0},
      {"8100 600a", 0, 0x8100, 16, 0, 0, 0},
      {"8100 600a 08", 0, 0x8100, 17, 0, 0, 0},
      {"88a8 0064 8100", 1, 0x8100, 18, 0x88a8, 0x0064, 0},
      {"88a8 0064 8100 a00a 86", 1, 0x8100, 21, 0x88a8, 0x0064, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rest);
    const Octets frame = octets(addresses + c.rest);
    const auto view = parse_ethernet(frame);
    REQUIRE(view);
    CHECK(view->tags == c.tags);
    CHECK(view->ether_type == c.ether_type);
    CHECK(view->l3_offset == c.l3_offset);
    CHECK(view->outer_tpid == c.outer_tpid);
    CHECK(view->outer_tci == c.outer_tci);
    CHECK(view->inner_tci == c.inner_tci);
  }
  const auto view = parse_ethernet(octets(addresses + "8100 6fff 8100 3001 0806"));
  CHECK(view->outer_vid() == 0xfff);
  CHECK(view->inner_vid() == 0x001);
}

TEST_CASE("ARP for IPv4 over Ethernet is read without padding, other ARP is not", "[packet]") {
  const Octets l3 = prefix(std::span(frames::kArpReply).subspan(kIp), 28);
  const auto arp = parse_arp(l3);
  REQUIRE(arp);
  CHECK(arp->op == kArpReply);
  CHECK(arp->sha == frames::kVm);
  CHECK(arp->spa == frames::kVmV4);
  CHECK(arp->tha == frames::kPeer);
  CHECK(arp->tpa == frames::kPeerV4);
  for (size_t size = 0; size < l3.size(); ++size) CHECK_FALSE(parse_arp(prefix(l3, size)));
  for (size_t offset = 0; offset < 6; ++offset) {  // hardware type .. protocol address length
    Octets other = l3;
    other[offset] ^= 0x10;
    CHECK_FALSE(parse_arp(other));
  }
}

TEST_CASE("an IPv4 header must fit its packet, and the packet its frame", "[packet]") {
  const Octets packet = octets(R"(
      46 00 0020 1234 6001 40 11 0000 0a090002 0a090001 94040000
      04d2 0035 0008 0000)");
  const auto ip = parse_ipv4(packet);
  REQUIRE(ip);
  CHECK(ip->header_length == 24);
  CHECK(ip->total_length == 32);
  CHECK(ip->protocol == kProtocolUdp);
  CHECK(ip->ttl == 64);
  CHECK(ip->fragment_offset == 8);
  CHECK(ip->more_fragments);
  CHECK(ip->is_fragment());
  CHECK(ip->src == frames::kVmV4);
  CHECK(ip->dst == frames::kPeerV4);
  CHECK(ip->payload.size() == 8);
  CHECK(ip->payload.data() == &packet[24]);
  for (size_t size = 0; size < packet.size(); ++size) CHECK_FALSE(parse_ipv4(prefix(packet, size)));

  struct Case {
    size_t offset;
    uint8_t value;
    const char* why;
  };
  for (const Case& c : {Case{0, 0x66, "version"}, Case{0, 0x44, "header below 20 octets"},
                        Case{0, 0x4f, "header longer than the packet"},
                        Case{3, 23, "packet shorter than its header"},
                        Case{3, 33, "packet longer than the frame"}}) {
    CAPTURE(c.why);
    Octets bad = packet;
    bad[c.offset] = c.value;
    CHECK_FALSE(parse_ipv4(bad));
  }
  Octets padded = packet;
  padded.resize(46);
  CHECK(parse_ipv4(padded)->payload.size() == 8);
}

TEST_CASE("an IPv6 payload ends where its length says", "[packet]") {
  const std::span<const uint8_t> packet = std::span(frames::kNs).subspan(kIp);
  const auto ip = parse_ipv6(packet);
  REQUIRE(ip);
  CHECK(ip->payload_length == 32);
  CHECK(ip->next_header == kProtocolIcmpv6);
  CHECK(ip->hop_limit == 255);
  CHECK(ip->src == frames::kVmV6);
  CHECK(to_string(ip->dst) == "ff02::1:ff00:1");
  CHECK(ip->payload.data() == &packet[40]);
  for (size_t size = 0; size < packet.size(); ++size) CHECK_FALSE(parse_ipv6(prefix(packet, size)));
  Octets padded = prefix(packet, packet.size());
  padded.resize(100);
  CHECK(parse_ipv6(padded)->payload.size() == 32);
  padded[0] = 0x40;
  CHECK_FALSE(parse_ipv6(padded));
}

TEST_CASE("a UDP datagram ends where its length says", "[packet]") {
  const Octets datagram = octets("04d2 0035 000a abcd 0102 ffff");
  const auto udp = parse_udp(datagram);
  REQUIRE(udp);
  CHECK(udp->src_port == 1234);
  CHECK(udp->dst_port == 53);
  CHECK(udp->length == 10);
  CHECK(udp->checksum == 0xabcd);
  CHECK(udp->payload.size() == 2);
  CHECK(udp->payload.data() == &datagram[8]);
  for (size_t size = 0; size < 10; ++size) CHECK_FALSE(parse_udp(prefix(datagram, size)));
  CHECK_FALSE(parse_udp(octets("04d2 0035 0007 abcd 0102")));
}

TEST_CASE("the Internet checksum is that of RFC 1071", "[packet]") {
  CHECK(internet_checksum(octets("0001 f203 f4f5 f6f7")) == 0x220d);  // the example of §3
  CHECK(internet_checksum(octets("0001 f203 f4f5 f6f7 220d")) == 0);
  CHECK(internet_checksum(octets("0001 f203 f4f5 f6")) ==
        internet_checksum(octets("0001f203f4f5f600")));
  CHECK(internet_checksum({}) == 0xffff);
  CHECK(internet_checksum(Octets(65535, 0xff)) == 0x00ff);  // many carries and an odd octet

  Octets header = octets("4500 0073 0000 4000 40 11 b861 c0a80001 c0a800c7");
  CHECK(ipv4_checksum_ok(header));
  header[8] -= 1;
  CHECK_FALSE(ipv4_checksum_ok(header));
  CHECK_FALSE(ipv4_checksum_ok(prefix(header, 19)));
  header[0] = 0x46;
  CHECK_FALSE(ipv4_checksum_ok(header));
}

TEST_CASE("ND messages are read with their options", "[packet]") {
  const auto na = nd_of(frames::kLinuxUnsolicitedNa);
  REQUIRE(na);
  CHECK(na->type == NdType::kNa);
  CHECK(na->src == frames::kVmV6);
  CHECK(to_string(na->dst) == "ff02::1");
  CHECK(na->target == frames::kVmV6);
  CHECK_FALSE(na->router);
  CHECK_FALSE(na->solicited);
  CHECK(na->override_cached);
  CHECK(na->tllao == frames::kVm);
  CHECK_FALSE(na->sllao);

  const auto ns = nd_of(frames::kNs);
  REQUIRE(ns);
  CHECK(ns->type == NdType::kNs);
  CHECK(ns->target == frames::kPeerV6);
  CHECK(ns->sllao == frames::kVm);
  CHECK_FALSE(ns->tllao);

  const auto rs = nd_of(frames::kLinuxRs);
  REQUIRE(rs);
  CHECK(rs->type == NdType::kRs);
  CHECK(rs->sllao == frames::kVm);

  const auto dad = nd_of(frames::kLinuxDad);
  REQUIRE(dad);
  CHECK(dad->src.is_unspecified());
  CHECK_FALSE(dad->sllao);

  const auto flags = nd_of(with(frames::kSolicitedNa, kIcmp + 4, 0xc0));
  REQUIRE(flags);
  CHECK(flags->router);
  CHECK(flags->solicited);
  CHECK_FALSE(flags->override_cached);
}

TEST_CASE("an invalid ND message is none", "[packet]") {
  struct Case {
    const Octets& frame;
    size_t offset;
    uint8_t value;
    const char* why;
  };
  const Case cases[] = {
      {frames::kNs, kIp + 7, 254, "hop limit below 255"},
      {frames::kNs, kIp + 6, 0, "not directly behind the IPv6 header"},
      {frames::kNs, kIp + 5, 23, "shorter than an NS"},
      {frames::kLinuxRs, kIp + 5, 7, "shorter than an RS"},
      {frames::kNs, kIcmp, 134, "an RA"},
      {frames::kNs, kIcmp, 137, "a Redirect"},
      {frames::kNs, kIcmp + 1, 1, "code"},
      {frames::kNs, kIcmp + 8, 0xff, "NS for a multicast target"},
      {frames::kSolicitedNa, kIcmp + 8, 0xff, "NA for a multicast target"},
      {frames::kLinuxUnsolicitedNa, kIcmp + 4, 0x60, "S in an NA to a multicast address"},
      {frames::kNs, kIcmp + 25, 0, "an option of length 0"},
      {frames::kNs, kIcmp + 25, 2, "an option beyond the end"},
      {frames::kNs, kIp + 5, 25, "half an option's header"},
      {frames::kNs, kIp + 5, 31, "an option cut short"},
      {frames::kLinuxDad, kIp + 24, 0xfe, "DAD not to a solicited-node address"},
      {frames::kLinuxDad, kIp + 24 + 12, 0xfe, "DAD to another multicast address"},
      {frames::kLinuxDad, kIcmp + 24, 1, "DAD with a source option"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.why);
    CHECK(nd_of(resealed(c.frame)));
    CHECK_FALSE(nd_of(with(c.frame, c.offset, c.value)));
  }
}

TEST_CASE("an RS from nobody is valid without a source option only", "[packet]") {
  Octets rs = frames::kLinuxRs;
  std::fill_n(&rs[kIp + 8], 16, 0);
  CHECK_FALSE(nd_of(resealed(rs)));
  rs[kIp + 5] = 8;  // without options
  CHECK(nd_of(resealed(rs)));
}

TEST_CASE("one wrong bit anywhere in an ND message fails its checksum", "[packet]") {
  for (size_t i = kIcmp; i < frames::kNs.size(); ++i) {
    CAPTURE(i);
    Octets bad = frames::kNs;
    bad[i] ^= 0x04;
    CHECK_FALSE(nd_of(bad));
  }
  Octets other_source = frames::kNs;
  other_source[kIp + 23] ^= 1;
  CHECK_FALSE(nd_of(other_source));
}

TEST_CASE("of equal ND options the first counts, others and long ones are skipped", "[packet]") {
  const Octets frame = resealed(octets(R"(
      3333ff000001 525400000002 86dd
      60000000 0048 3a ff fe80000000000000505400fffe000002 ff0200000000000000000001ff000001
      87 00 0000 00000000 fe80000000000000505400fffe000001
      0e 02 0000000000000000000000000000
      01 02 0000000000000000000000000000
      01 01 525400000002
      01 01 525400000003)"));
  const auto nd = nd_of(frame);
  REQUIRE(nd);
  CHECK(nd->sllao == frames::kVm);
}

}  // namespace godwit
