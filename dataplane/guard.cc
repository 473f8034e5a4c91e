#include "dataplane/guard.h"

#include <array>

#include "dataplane/inspect.h"
#include "dataplane/snoop.h"
#include "dataplane/worker.h"

namespace godwit {
namespace {

using Frames = std::array<uint16_t, kMaxBurst>;

// Tags may hide anything, and some IPv6 is ND or DHCP; IPv4 matters where senders are checked.
constexpr uint64_t kSuspectTypes =
    ether_types({kEtherTypeVlan, kEtherTypeService, kEtherTypeArp, kEtherTypeRarp, kEtherTypeIpv6});
constexpr uint64_t kSenderTypes = kSuspectTypes | ether_types({kEtherTypeIpv4});

// Most frames are no guard's business, and their first octets say so. Notes those of some types,
// and UDP, without a branch, and returns how many.
unsigned note_suspects(const Burst& burst, uint64_t types, Frames& suspects) {
  uint16_t* end = suspects.data();
  for (unsigned i = 0; i < burst.count; ++i) {
    const uint8_t* const head = burst.head[i].octets.data();
    const uint16_t type = load_be16(&head[12]);
    const bool is_udp = head[kEthernetHeaderSize + 9] == kProtocolUdp;
    *end = static_cast<uint16_t>(i);
    end += may_be(types, type) | ((type == kEtherTypeIpv4) & is_udp);
  }
  return static_cast<unsigned>(end - suspects.data());
}

// What is behind a second tag is a customer's own. But if that tag is a mere priority it is what
// receivers see when the first one has been taken off, and they take it for none.
bool is_customers(const BridgeContext& bridge, Burst& burst, uint16_t i, bool trusted) {
  if (burst.is_of_bridge(i, bridge.transparent)) return false;
  if (!trusted && burst.ethernet(i).inner_vid() == 0) burst.drop_frame(i, Drop::kVlanMismatch);
  return true;
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
  Frames suspects;
  const unsigned count = note_suspects(
      burst, worker.topology.guards_sources() ? kSenderTypes : kSuspectTypes, suspects);
  burst.route_scratch.count = 0;
  for (unsigned n = 0; n < count; ++n) {
    const uint16_t i = suspects[n];
    if (burst.bridge[i] == kNoBridge || burst.fate[i] != Fate::kPending) continue;
    const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
    if (!bridge.is_guarded) continue;
    const bool trusted = bridge.is_trusted(burst.in_port[i]);
    if (!is_customers(bridge, burst, i, trusted)) guard_one(worker, burst, i, bridge, trusted);
  }
  if (burst.route_scratch.count > 0) check_sources(worker, burst);
}

}  // namespace godwit
