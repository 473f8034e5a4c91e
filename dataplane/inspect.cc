#include "dataplane/inspect.h"

#include "dataplane/worker.h"

#include "lib/ipv6_chain.h"

namespace godwit {
namespace {

// ICMPv6: router advertisement and redirect, which only a router sends, and the messages that
// lib/evidence.h reads.
constexpr uint8_t kFirstNdType = 133;
constexpr uint8_t kLastNdType = 137;

// An ARP or ND message that does not say plainly what it says: none of a host's that is well
// behaved. Nor does a host advertise a router or redirect others (RFC 6105), or hide ND behind
// further headers (RFC 7113, RFC 6980).
bool is_obscure(const Burst& burst, uint16_t i) {
  const EthernetView eth = burst.ethernet(i);
  if (eth.ether_type == kEtherTypeArp || eth.ether_type == kEtherTypeRarp) return true;
  if (eth.ether_type != kEtherTypeIpv6) return false;
  const auto upper = find_upper_layer(l3_of(eth, burst.bytes(i)));
  return upper && upper->protocol == kProtocolIcmpv6 && !upper->is_later_fragment &&
         !upper->payload.empty() && upper->payload[0] >= kFirstNdType &&
         upper->payload[0] <= kLastNdType;
}

// Names no address as the sender's own, or makes nobody believe so.
bool claims_nothing(const Burst& burst, uint16_t i) {
  switch (burst.evidence[i]) {
    case Evidence::kRarp:
    case Evidence::kArpProbe:
    case Evidence::kDad:
      return true;
    case Evidence::kNs:
    case Evidence::kNa:
    case Evidence::kRs:
      return !burst.said(i).mapping;
    default:  // ARP of an impossible address
      return false;
  }
}

void refuse(Worker& worker, Burst& burst, uint16_t i, const Mapping& claim, Mac owner) {
  burst.drop_frame(i, Drop::kArpInspection);
  worker.complain({.kind = EventKind::kInspected,
                   .evidence = burst.evidence[i],
                   .bridge = burst.bridge[i],
                   .to = burst.in_port[i],
                   .at = worker.now,
                   .mac = fdb_mac(burst.src_key[i]),
                   .other_mac = owner,
                   .ip = claim.ip});
}

}  // namespace

void refuse_hidden(Worker& worker, Burst& burst, uint16_t i) { refuse(worker, burst, i, {}, {}); }

void inspect(Worker& worker, Burst& burst, uint16_t i, const BridgeContext& bridge) {
  if (burst.evidence[i] == Evidence::kData) {
    if (is_obscure(burst, i)) refuse(worker, burst, i, {}, {});
    return;
  }
  if (claims_nothing(burst, i)) return;
  const auto& claim = burst.said(i).mapping;
  if (!claim) return refuse(worker, burst, i, {}, {});
  if (bridge.is_gateway_ip(claim->ip)) return;  // `resolve` sees to it
  const NeighborEntry owner = worker.tables.neighbors.find(bridge.index, claim->ip).entry;
  const bool pinned = is_pinned(owner);
  // Nobody gives out link-local addresses: whoever has one first, has it.
  const bool is_free_for_all = claim->ip.is_v6 && claim->ip.is_link_local();
  if (pinned ? owner.mac() == claim->mac : is_free_for_all) return;
  refuse(worker, burst, i, *claim, pinned ? owner.mac() : Mac{});
}

}  // namespace godwit
