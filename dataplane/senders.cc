#include "dataplane/senders.h"

#include "dataplane/worker.h"

namespace godwit {
namespace {

// Whether senders are checked in a bridge and at a port: asked anew where a burst changes to
// others.
class Rule {
 public:
  explicit Rule(const Topology& topology) : topology_(topology) {}

  bool holds(BridgeIndex bridge, PortIndex port) {
    if (bridge != bridge_ || port != port_) [[unlikely]] {
      bridge_ = bridge;
      port_ = port;
      const BridgeContext* in = bridge == kNoBridge ? nullptr : &topology_.bridge(bridge);
      holds_ = in != nullptr && in->config->inspect_source && !in->is_trusted(port);
    }
    return holds_;
  }

 private:
  const Topology& topology_;
  BridgeIndex bridge_ = kNoBridge;
  PortIndex port_ = 0;
  bool holds_ = false;
};

template <bool kV6>
IpAddress source_of(const uint8_t* l3) {
  return kV6 ? load_ipv6(l3 + 8) : load_ipv4(l3 + 12);
}

// Notes the packets of one family whose senders must be registered for their sources.
template <bool kV6>
void note_packets(const Worker& worker, Burst& burst) {
  PacketScratch& packets = burst.packet_scratch;
  packets.count = 0;
  Rule rule(worker.topology);
  for (uint16_t i = 0; i < burst.count; ++i) {
    const BridgeIndex bridge = burst.bridge[i];
    if (burst.ether_type(i) != (kV6 ? kEtherTypeIpv6 : kEtherTypeIpv4)) continue;
    if (burst.fate[i] != Fate::kPending || burst.evidence[i] != Evidence::kData) continue;
    if (!rule.holds(bridge, burst.in_port[i])) continue;
    if (!burst.is_of_bridge(i, worker.topology.bridge(bridge).transparent)) continue;
    const std::span<const uint8_t> l3 = burst.packet(i);
    if (l3.size() < (kV6 ? kIpv6HeaderSize : kIpv4HeaderSize)) {
      burst.drop_frame(i, Drop::kSourceGuard);
      continue;
    }
    const IpAddress source = source_of<kV6>(l3.data());
    if (source.is_unspecified()) continue;  // who has no address yet: DHCP, DAD
    packets.frame[packets.count] = i;
    if constexpr (kV6) packets.target[packets.count] = {bridge, source};
    packets.key[packets.count++] = worker.tables.neighbors.key(bridge, source);
  }
}

bool may_send_from(const NeighborEntry& owner, Mac src, const IpAddress& source) {
  if (is_pinned(owner)) return owner.mac() == src;
  return source.is_v6 && source.is_link_local();  // which nobody gives out
}

void refuse(Worker& worker, Burst& burst, uint16_t i, const NeighborEntry& owner,
            const IpAddress& source) {
  burst.drop_frame(i, Drop::kSourceGuard);
  worker.complain({.kind = EventKind::kSourceGuard,
                   .bridge = burst.bridge[i],
                   .to = burst.in_port[i],
                   .at = worker.now,
                   .mac = fdb_mac(burst.src_key[i]),
                   .other_mac = is_pinned(owner) ? owner.mac() : Mac{},
                   .ip = source});
}

template <bool kV6>
void check_family(Worker& worker, Burst& burst) {
  note_packets<kV6>(worker, burst);
  PacketScratch& packets = burst.packet_scratch;
  find_neighbors<kV6>(worker.tables.neighbors, packets);
  for (uint16_t n = 0; n < packets.count; ++n) {
    const uint16_t i = packets.frame[n];
    const NeighborEntry owner(packets.word[n]);
    const IpAddress source = target_of<kV6>(packets, n).ip;
    if (!may_send_from(owner, fdb_mac(burst.src_key[i]), source))
      refuse(worker, burst, i, owner, source);
  }
}

}  // namespace

void check_senders(Worker& worker, Burst& burst) {
  check_family<false>(worker, burst);
  check_family<true>(worker, burst);
}

}  // namespace godwit
