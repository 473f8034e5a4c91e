#include "dataplane/answer.h"

#include <array>

#include "dataplane/tx.h"
#include "dataplane/worker.h"

#include "lib/neighbor_table.h"
#include "lib/packet_build.h"

namespace godwit {
namespace {

// RFC 5227 §1.1, RFC 4862 §5.4.2: asks whether an address is free, and has none itself.
bool asks_whether_free(Evidence kind) {
  return kind == Evidence::kArpProbe || kind == Evidence::kDad;
}

// Nobody is answered who says what cannot be: that he has an address of the gateway's or of another
// subnet, or speaks for somebody else (RFC 1812 §3.3.2).
bool is_credible(const Burst& burst, uint16_t i) {
  const Mapped mapped = burst.mapped[i];
  if (burst.evidence[i] == Evidence::kArpRequest && !burst.said(i).mapping) return false;
  return mapped != Mapped::kGatewayIp && mapped != Mapped::kForeignSender &&
         mapped != Mapped::kOffLink;
}

// Asked before an answer is made: a storm of questions is to cost little.
bool is_within_limits(Worker& worker, const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  const PortIndex port = burst.in_port[i];
  TokenBucket& of_port = worker.answers[port];
  const bool ok =
      of_port.has_one(worker.now) &&
      (bridge.is_trusted(port) || worker.answers_per_source.take(burst.src_key[i], worker.now)) &&
      of_port.take(worker.now);
  ++(ok ? worker.counters.answered : worker.counters.unanswered);
  return ok;
}

// The hardware address to answer to is the asker's own, or that of one whom it stands for.
bool may_speak_for(const BridgeContext& bridge, PortIndex port, Mac source, Mac sha) {
  return sha == source ||
         (sha.is_station() && (sha.is_virtual_router() || bridge.is_trusted(port)));
}

// "The target is at `mac`", to who asked. False when it must not be said, or cannot. The limits
// allow it.
[[gnu::noinline]] bool say(Worker& worker, const BridgeContext& bridge, const Burst& burst,
                           uint16_t i, Mac mac, bool is_router) {
  const EthernetView eth = burst.ethernet(i);
  const std::span<const uint8_t> l3 = l3_of(eth, burst.bytes(i));
  std::array<uint8_t, Order::kMaxFrame> out;
  size_t length = 0;
  if (const auto arp = eth.ether_type == kEtherTypeArp ? parse_arp(l3) : std::nullopt) {
    if (!may_speak_for(bridge, burst.in_port[i], eth.src, arp->sha)) return false;
    length = build_arp(out, {.dst = arp->sha, .src = mac}, make_arp_reply(*arp, mac));
  } else if (const auto solicitation = parse_nd(l3)) {
    if (!solicitation->src.is_unspecified() && !bridge.is_on_link(solicitation->src)) return false;
    NdView na = make_na(*solicitation, mac);
    na.router = is_router;
    const Mac to = na.dst.is_multicast() ? multicast_mac(na.dst) : eth.src;
    length = build_nd(out, {.dst = to, .src = mac}, na);
  }
  if (length == 0) return false;
  worker.originate(bridge, burst.in_port[i], {out.data(), length});
  return true;
}

// Whether the host's place is known and nothing speaks against it.
bool is_beyond_doubt(const Worker& worker, const NeighborEntry& owner, BridgeIndex bridge,
                     PortIndex asker) {
  if (owner.state() != NeighborState::kReachable && owner.state() != NeighborState::kStale)
    return false;
  const FdbEntry at = worker.tables.fdb.find(bridge, owner.mac()).entry;
  return !at.is_free() && at.state() == FdbState::kBound && at.location() != asker &&
         at.location() != kSelf;
}

// Somebody wants an address that a host of ours has, and that host may be unable to say so, for it
// is paused or on its way: control sees to it (RFC 5227 §2.4).
void watch_over(Worker& worker, const Burst& burst, uint16_t i, Mac owner) {
  worker.complain({.kind = EventKind::kProbed,
                   .evidence = burst.evidence[i],
                   .bridge = burst.bridge[i],
                   .to = burst.in_port[i],
                   .at = worker.now,
                   .mac = burst.ethernet(i).src,
                   .other_mac = owner,
                   .ip = burst.target(i)});
}

// For another host than the gateway.
void answer_for(Worker& worker, Burst& burst, uint16_t i) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const bool probed = asks_whether_free(burst.evidence[i]) && bridge.has_gateway;
  if (!bridge.config->suppress && !probed) return;
  const EthernetView eth = burst.ethernet(i);
  const auto hit = worker.tables.neighbors.find(burst.bridge[i], burst.target(i));
  if (!hit || hit.entry.mac() == eth.src) return;
  if (bridge.config->suppress && eth.dst.is_group() &&
      is_beyond_doubt(worker, hit.entry, burst.bridge[i], burst.in_port[i])) {
    if (is_within_limits(worker, bridge, burst, i) &&
        say(worker, bridge, burst, i, hit.entry.mac(), false))
      burst.fate[i] = Fate::kConsumed;
  } else if (probed) {
    watch_over(worker, burst, i, hit.entry.mac());
  }
}

}  // namespace

void answer(Worker& worker, Burst& burst, uint16_t i) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  if (!bridge.answers() || !is_question(burst.evidence[i]) || burst.fate[i] != Fate::kPending)
    return;
  if (!speaks_to_gateway(bridge, burst, i)) return;
  const bool is_for_gateway = bridge.is_gateway_ip(burst.target(i));
  if (!is_credible(burst, i) || !is_sent_to_us(bridge, burst, i)) return;
  if (!is_for_gateway) return answer_for(worker, burst, i);
  const bool answered = is_within_limits(worker, bridge, burst, i) &&
                        say(worker, bridge, burst, i, bridge.gateway_mac, true);
  // Nobody else has to hear a question that is answered.
  if (answered && bridge.config->suppress) burst.fate[i] = Fate::kConsumed;
}

}  // namespace godwit
