#include "dataplane/guard.h"

#include <optional>

#include "dataplane/inspect.h"
#include "dataplane/snoop.h"
#include "dataplane/worker.h"

namespace godwit {
namespace {

// Most frames are no guard's business, and their first octets say so.
bool may_concern(const BridgeConfig& on, const Burst& burst, uint16_t i) {
  if (burst.tagged[i] != 0) return true;
  const uint8_t* const head = burst.head[i].octets.data();
  switch (load_be16(&head[12])) {
    case kEtherTypeIpv4:
      return on.inspect_source || head[kEthernetHeaderSize + 9] == kProtocolUdp;
    case kEtherTypeIpv6:
    case kEtherTypeArp:
    case kEtherTypeRarp:
      return true;
    default:
      return false;
  }
}

// A priority tag behind another tag: that one is taken off on the way out, and receivers take what
// is left for a frame without a tag, which nobody has looked into.
bool hides(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  if (burst.tagged[i] == 0 || bridge.transparent) return false;
  const EthernetView view = burst.ethernet(i);
  return view.tags == 2 && view.inner_vid() == 0;
}

// Frames behind a second tag are a customer's own.
bool is_of_this_bridge(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  return burst.tagged[i] == 0 || bridge.transparent || burst.ethernet(i).tags < 2;
}

// Notes the source address of a frame whose sender must be registered for it.
void note_source(const NeighborTable& neighbors, Burst& burst, uint16_t i, uint16_t ether_type,
                 std::span<const uint8_t> l3) {
  IpAddress source;
  if (ether_type == kEtherTypeIpv4) {
    if (l3.size() < kIpv4HeaderSize) return burst.drop_frame(i, Drop::kSourceGuard);
    source = load_ipv4(&l3[12]);
  } else if (ether_type == kEtherTypeIpv6) {
    if (l3.size() < kIpv6HeaderSize) return burst.drop_frame(i, Drop::kSourceGuard);
    source = load_ipv6(&l3[8]);
  } else {
    return;
  }
  if (source.is_unspecified()) return;  // who has no address yet: DHCP, DAD
  RouteScratch& packets = burst.route_scratch;
  packets.frame[packets.count] = i;
  packets.target[packets.count] = {burst.bridge[i], source};
  packets.key[packets.count++] = neighbors.key(burst.bridge[i], source);
}

bool may_send_from(const NeighborEntry& owner, Mac src, const IpAddress& source) {
  if (is_pinned(owner)) return owner.mac() == src;
  return source.is_v6 && source.is_link_local();  // which nobody gives out
}

// The source guard, for all frames that were noted.
void check_sources(Worker& worker, Burst& burst) {
  RouteScratch& packets = burst.route_scratch;
  const NeighborTable& neighbors = worker.tables.neighbors;
  neighbors.prepare(packets.key.data(), packets.home.data(), packets.count);
  for (uint16_t n = 0; n < packets.count; ++n) {
    const uint16_t i = packets.frame[n];
    const auto& [bridge, source] = packets.target[n];
    const NeighborEntry owner =
        neighbors.find(packets.key[n], packets.home[n], bridge, source).entry;
    if (may_send_from(owner, fdb_mac(burst.src_key[i]), source)) continue;
    burst.drop_frame(i, Drop::kSourceGuard);
    worker.complain({.kind = EventKind::kSourceGuard,
                     .bridge = bridge,
                     .to = burst.in_port[i],
                     .at = worker.now,
                     .mac = fdb_mac(burst.src_key[i]),
                     .other_mac = is_pinned(owner) ? owner.mac() : Mac{},
                     .ip = source});
  }
}

void guard_one(Worker& worker, Burst& burst, uint16_t i, const BridgeContext& bridge,
               bool trusted) {
  const BridgeConfig& on = *bridge.config;
  const uint16_t ether_type = burst.ether_type(i);
  const std::span<const uint8_t> l3 = burst.packet(i);
  if (on.inspect_dhcp && may_be_dhcp(ether_type, l3) && snoop(worker, burst, i, bridge, trusted) &&
      burst.fate[i] != Fate::kPending)
    return;
  if (trusted) return;
  if (on.inspect_arp && ether_type != kEtherTypeIpv4) inspect(worker, burst, i, bridge);
  if (on.inspect_source && burst.fate[i] == Fate::kPending && burst.evidence[i] == Evidence::kData)
    note_source(worker.tables.neighbors, burst, i, ether_type, l3);
}

}  // namespace

void guard(Worker& worker, Burst& burst) {
  if (!worker.topology.has_guards()) return;
  burst.route_scratch.count = 0;
  const BridgeContext* bridge = nullptr;
  PortIndex port = 0;
  bool trusted = false;
  for (uint16_t i = 0; i < burst.count; ++i) {
    if (burst.bridge[i] == kNoBridge || burst.fate[i] != Fate::kPending) continue;
    if (bridge == nullptr || bridge->index != burst.bridge[i] || port != burst.in_port[i]) {
      bridge = &worker.topology.bridge(burst.bridge[i]);
      port = burst.in_port[i];
      trusted = bridge->is_trusted(port);
    }
    if (!bridge->is_guarded || !may_concern(*bridge->config, burst, i)) continue;
    if (!trusted && hides(*bridge, burst, i))
      burst.drop_frame(i, Drop::kVlanMismatch);
    else if (is_of_this_bridge(*bridge, burst, i))
      guard_one(worker, burst, i, *bridge, trusted);
  }
  if (burst.route_scratch.count > 0) check_sources(worker, burst);
}

}  // namespace godwit
