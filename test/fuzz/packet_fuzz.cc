// Any octets at all through every parser of lib/packet.h and lib/evidence.h. The sanitizers watch
// for reads out of bounds; the checks here hold what the headers promise.
#include <array>
#include <cstdlib>
#include <vector>

#include "lib/evidence.h"
#include "lib/packet.h"
#include "lib/packet_build.h"

namespace godwit {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

bool lies_within(std::span<const uint8_t> inner, std::span<const uint8_t> outer) {
  return inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size();
}

// Every octet is read, so that a span beyond its buffer is found.
void read_all(std::span<const uint8_t> octets) {
  const volatile uint16_t sink = internet_checksum(octets);
  (void)sink;
}

void check_udp(std::span<const uint8_t> l4) {
  const auto udp = parse_udp(l4);
  if (!udp) return;
  require(lies_within(udp->payload, l4));
  read_all(udp->payload);
}

void check_ip(std::span<const uint8_t> l3) {
  ipv4_checksum_ok(l3);
  const auto ip4 = parse_ipv4(l3);
  const auto ip6 = parse_ipv6(l3);
  require(!(ip4 && ip6));
  if (!ip4 && !ip6) return;
  const auto payload = ip4 ? ip4->payload : ip6->payload;
  require(lies_within(payload, l3));
  read_all(payload);
  check_udp(payload);
}

// What was read, written again, is what was read.
void check_arp(const EthernetView& eth, std::span<const uint8_t> l3) {
  const auto arp = parse_arp(l3);
  if (!arp) return;
  std::array<uint8_t, kEthernetHeaderSize + kArpSize> frame{};
  require(build_arp(frame, {eth.dst, eth.src}, *arp) == frame.size());
  require(std::equal(frame.begin() + kEthernetHeaderSize, frame.end(), l3.begin()));
}

void check_nd(const EthernetView& eth, std::span<const uint8_t> l3) {
  const auto nd = parse_nd(l3);
  if (!nd) return;
  std::array<uint8_t, 128> frame{};
  const size_t length = build_nd(frame, {eth.dst, eth.src}, *nd);
  require(length > 0);
  const auto again =
      parse_nd(std::span<const uint8_t>(frame).first(length).subspan(kEthernetHeaderSize));
  require(again && again->type == nd->type && again->src == nd->src && again->dst == nd->dst);
  require(again->target == nd->target && again->sllao == nd->sllao && again->tllao == nd->tllao);
}

void check_evidence(const EthernetView& eth, std::span<const uint8_t> frame) {
  const FrameEvidence evidence = read_evidence(eth, frame);
  require(evidence.kind <= Evidence::kDad);
  require(evidence.kind == Evidence::kData || may_be_evidence(eth, frame));
  require(!evidence.announcement || evidence.kind == Evidence::kGarpRequest ||
          evidence.kind == Evidence::kGarpReply || evidence.kind == Evidence::kRarp ||
          evidence.kind == Evidence::kNa);
  if (!evidence.mapping) return;
  require(evidence.mapping->ip.is_host() && evidence.mapping->mac.is_station());
  require(evidence.kind != Evidence::kData && evidence.kind != Evidence::kArpProbe &&
          evidence.kind != Evidence::kRarp && evidence.kind != Evidence::kDad);
  require(evidence.mapping->sha_is_source == (evidence.mapping->mac == eth.src));
}

void check_frame(std::span<const uint8_t> frame) {
  const auto eth = parse_ethernet(frame);
  require(eth.has_value() == (frame.size() >= kEthernetHeaderSize));
  if (!eth) return;
  require(eth->l3_offset >= kEthernetHeaderSize && eth->l3_offset <= frame.size());
  const std::span<const uint8_t> l3 = l3_of(*eth, frame);
  check_evidence(*eth, frame);
  check_arp(*eth, l3);
  check_ip(l3);
  check_nd(*eth, l3);
}

// Chance does not find a right checksum, so one is put in; the code behind it is reached that way.
void check_with_icmpv6_checksum(std::vector<uint8_t> frame) {
  const auto eth = parse_ethernet(frame);
  if (!eth) return;
  const auto ip = parse_ipv6(l3_of(*eth, frame));
  if (!ip || ip->payload.size() < 4) return;
  uint8_t* checksum = &frame[eth->l3_offset + kIpv6HeaderSize + 2];
  store_be16(checksum, 0);
  store_be16(checksum, transport_checksum(ip->src, ip->dst, kProtocolIcmpv6, ip->payload));
  check_frame(frame);
}

}  // namespace
}  // namespace godwit

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  godwit::check_frame({data, size});
  godwit::check_with_icmpv6_checksum({data, data + size});
  return 0;
}
