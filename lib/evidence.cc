#include "lib/evidence.h"

#include <array>

#include "lib/ipv6_chain.h"

namespace godwit {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 15> kNames = {
    "data", "garp-request", "garp-reply", "arp-request", "arp-reply", "arp-probe", "rarp", "ns",
    "na",   "rs",           "dad",        "probe-reply", "hint",      "link",      "peer"};
static_assert(kNames.size() == static_cast<size_t>(Evidence::kPeer) + 1);

std::optional<Mapping> mapping_of(const IpAddress& ip, Mac mac, const EthernetView& eth) {
  if (!ip.is_host() || !mac.is_station()) return std::nullopt;
  return Mapping{.ip = ip, .mac = mac, .sha_is_source = mac == eth.src};
}

FrameEvidence read_rarp(std::span<const uint8_t> l3) {
  FrameEvidence evidence;
  if (!parse_arp(l3)) return evidence;
  evidence.kind = Evidence::kRarp;
  evidence.announcement = true;
  return evidence;
}

FrameEvidence read_na(const EthernetView& eth, const NdView& nd) {
  FrameEvidence evidence;
  evidence.kind = Evidence::kNa;
  evidence.announcement = !nd.solicited;
  evidence.target = nd.target;
  if (nd.tllao || nd.solicited)
    evidence.mapping = mapping_of(nd.target, nd.tllao.value_or(eth.src), eth);
  if (evidence.mapping) {
    evidence.mapping->overrides = nd.override_cached;
    evidence.mapping->solicited = nd.solicited;
    evidence.mapping->confirms_only = !nd.tllao;
  }
  return evidence;
}

FrameEvidence read_ns(const EthernetView& eth, const NdView& nd) {
  FrameEvidence evidence;
  evidence.kind = nd.src.is_unspecified() ? Evidence::kDad : Evidence::kNs;
  evidence.target = nd.target;
  if (nd.sllao) evidence.mapping = mapping_of(nd.src, *nd.sllao, eth);
  if (evidence.mapping) evidence.mapping->overrides = true;
  return evidence;
}

FrameEvidence read_rs(const EthernetView& eth, const NdView& nd) {
  FrameEvidence evidence;
  evidence.kind = Evidence::kRs;
  if (nd.sllao) evidence.mapping = mapping_of(nd.src, *nd.sllao, eth);
  if (evidence.mapping) evidence.mapping->overrides = true;
  return evidence;
}

FrameEvidence read_nd(const EthernetView& eth, std::span<const uint8_t> l3) {
  const auto nd = parse_nd(l3);
  if (!nd) return {};
  switch (nd->type) {
    case NdType::kRs:
      return read_rs(eth, *nd);
    case NdType::kNs:
      return read_ns(eth, *nd);
    case NdType::kNa:
      return read_na(eth, *nd);
  }
  return {};
}

}  // namespace

bool is_mld(std::span<const uint8_t> l3) {
  const auto upper = find_upper_layer(l3);
  if (!upper || upper->protocol != kProtocolIcmpv6 || upper->is_later_fragment) return false;
  if (upper->payload.empty()) return false;
  const uint8_t type = upper->payload[0];
  return (type >= 130 && type <= 132) || type == 143;
}

std::string_view to_string(Evidence kind) { return kNames[static_cast<size_t>(kind)]; }

FrameEvidence read_evidence(const EthernetView& eth, std::span<const uint8_t> frame) {
  const std::span<const uint8_t> l3 = l3_of(eth, frame);
  FrameEvidence arp;
  switch (eth.ether_type) {
    case kEtherTypeArp:
      read_arp(eth.src, l3, arp);
      return arp;
    case kEtherTypeRarp:
      return read_rarp(l3);
    case kEtherTypeIpv6:
      return may_be_evidence(eth, frame) ? read_nd(eth, l3) : FrameEvidence{};
    default:
      return {};
  }
}

}  // namespace godwit
