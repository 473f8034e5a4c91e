#include "dataplane/route.h"

#include <algorithm>
#include <cstring>

#include "dataplane/local.h"
#include "dataplane/pipeline.h"
#include "dataplane/worker.h"

#include "lib/byte_order.h"
#include "lib/icmp.h"
#include "lib/ip_forward.h"

namespace godwit {
namespace {

constexpr size_t kTotalLengthV4 = 2;  // offsets in the header, octets
constexpr size_t kFlagsV4 = 6;
constexpr size_t kDestinationV4 = 16;
constexpr size_t kPayloadLengthV6 = 4;
constexpr size_t kSourceV6 = 8;
constexpr size_t kDestinationV6 = 24;
constexpr uint16_t kDontFragment = 0x4000;

std::span<const uint8_t> packet_of(const Burst& burst, uint16_t i) {
  return l3_of(burst.ethernet(i), burst.bytes(i));
}

// In a bridge with VLAN tags, a second tag is a customer's: what is inside is not for us.
bool is_for_router(const Worker& worker, const Burst& burst, uint16_t i) {
  return burst.fate[i] == Fate::kPending &&
         (burst.tagged[i] == 0 || worker.topology.bridge(burst.bridge[i]).transparent ||
          burst.ethernet(i).tags < 2);
}

void drop_faulty(Burst& burst, uint16_t i, IpFault fault) {
  burst.drop_frame(i, fault == IpFault::kBadHeader ? Drop::kBadIpHeader : Drop::kMartian);
}

// The sound packets of one family, with their destinations side by side.
void gather_ipv4(Worker& worker, Burst& burst) {
  RouteScratch& packets = burst.route_scratch;
  packets.count = 0;
  for (uint16_t g = 0; g < burst.to_gateway_count; ++g) {
    const uint16_t i = burst.to_gateway[g];
    if (!is_for_router(worker, burst, i) || burst.ethernet(i).ether_type != kEtherTypeIpv4)
      continue;
    const std::span<const uint8_t> l3 = packet_of(burst, i);
    if (const IpFault fault = check_addressed4(l3); fault != IpFault::kNone) {
      drop_faulty(burst, i, fault);
      continue;
    }
    packets.ipv4[packets.count] = load_be32(&l3[kDestinationV4]);
    packets.frame[packets.count++] = i;
  }
}

// From or to an address that means something on this link alone, and for the gateway on it.
bool is_for_link_local(const Worker& worker, const Burst& burst, uint16_t i,
                       std::span<const uint8_t> l3) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  return is_sound6(l3) && load_ipv6(&l3[kSourceV6]).is_host() &&
         bridge.is_gateway_ip(load_ipv6(&l3[kDestinationV6]));
}

void gather_ipv6(Worker& worker, Burst& burst) {
  RouteScratch& packets = burst.route_scratch;
  packets.count = 0;
  for (uint16_t g = 0; g < burst.to_gateway_count; ++g) {
    const uint16_t i = burst.to_gateway[g];
    if (!is_for_router(worker, burst, i) || burst.ethernet(i).ether_type != kEtherTypeIpv6)
      continue;
    const std::span<const uint8_t> l3 = packet_of(burst, i);
    const IpFault fault = check_addressed6(l3);
    if (fault != IpFault::kNone) {
      if (is_for_link_local(worker, burst, i, l3))
        receive(worker, burst, i);
      else
        drop_faulty(burst, i, fault);
      continue;
    }
    std::memcpy(packets.ipv6[packets.count], &l3[kDestinationV6], 16);
    packets.frame[packets.count++] = i;
  }
}

bool is_too_long(std::span<const uint8_t> l3, bool is_v6, uint16_t mtu) {
  const size_t length =
      is_v6 ? kIpv6HeaderSize + load_be16(&l3[kPayloadLengthV6]) : load_be16(&l3[kTotalLengthV4]);
  return length > mtu;
}

// False when the packet ends here, for it is longer than the next link takes.
bool fits(Worker& worker, Burst& burst, uint16_t i, bool is_v6, BridgeIndex next) {
  const std::span<const uint8_t> l3 = packet_of(burst, i);
  const uint16_t mtu = worker.topology.bridge(next).config->mtu;
  if (!is_too_long(l3, is_v6, mtu)) [[likely]]
    return true;
  if (!is_v6 && (load_be16(&l3[kFlagsV4]) & kDontFragment) == 0) {
    burst.routed[i] = Routed::kInFragments;
    ++burst.to_fragment;
    return true;
  }
  send_error(worker, burst, i, IcmpError::kTooBig, mtu);
  burst.drop_frame(i, Drop::kTooBig);
  return false;
}

// Whether the packet goes on to a neighbor, which is then `target`.
bool choose(Worker& worker, Burst& burst, uint16_t i, const NextHop& hop, const IpAddress& dst,
            Neighbor& target) {
  switch (hop.kind) {
    case NextHop::Kind::kLocal:
      receive(worker, burst, i);
      return false;
    case NextHop::Kind::kBroadcast:
      burst.drop_frame(i, Drop::kSubnetAddress);
      return false;
    case NextHop::Kind::kNone:
      send_error(worker, burst, i, IcmpError::kNoRoute, 0);
      burst.drop_frame(i, Drop::kNoRoute);
      return false;
    case NextHop::Kind::kOnLink:
      target = {hop.bridge, dst};
      break;
    case NextHop::Kind::kVia:
      target = {hop.bridge, hop.via};
      break;
  }
  const uint8_t* l3 = packet_of(burst, i).data();
  if (dst.is_v6 ? hop_limit_expired(l3) : ttl_expired4(l3)) {
    send_error(worker, burst, i, IcmpError::kTtlExceeded, 0);
    burst.drop_frame(i, Drop::kTtlExpired);
    return false;
  }
  return fits(worker, burst, i, dst.is_v6, hop.bridge);
}

// Leaves those of the packets that go on to a neighbor.
void choose_all(Worker& worker, Burst& burst, bool is_v6) {
  RouteScratch& packets = burst.route_scratch;
  uint16_t left = 0;
  for (uint16_t p = 0; p < packets.count; ++p) {
    const uint16_t i = packets.frame[p];
    const IpAddress dst = is_v6 ? load_ipv6(packets.ipv6[p]) : IpAddress::v4(packets.ipv4[p]);
    if (!choose(worker, burst, i, worker.fib.hop(packets.hop[p]), dst, packets.target[left]))
      continue;
    packets.frame[left] = i;
    packets.key[left] =
        worker.tables.neighbors.key(packets.target[left].bridge, packets.target[left].ip);
    ++left;
  }
  packets.count = left;
}

// The frame as the gateway sends it to its next hop: without a tag, a hop older.
void rewrite(Worker& worker, Burst& burst, uint16_t i, BridgeIndex next, Mac neighbor) {
  const EthernetView view = burst.ethernet(i);
  rte_mbuf* frame = burst.mbuf[i];
  rte_pktmbuf_adj(frame, static_cast<uint16_t>(view.l3_offset - kEthernetHeaderSize));
  auto* start = rte_pktmbuf_mtod(frame, uint8_t*);
  const BridgeContext& bridge = worker.topology.bridge(next);
  store_mac(start, neighbor);
  store_mac(start + 6, bridge.gateway_mac);
  store_be16(start + 12, view.ether_type);
  uint8_t* l3 = start + kEthernetHeaderSize;
  if (view.ether_type == kEtherTypeIpv6)
    decrement_hop_limit(l3);
  else
    decrement_ttl(l3);
  std::memcpy(burst.head[i].octets.data(), start, sizeof(FrameHead));
  burst.came_by[i] = burst.bridge[i];
  burst.bridge[i] = next;
  burst.tags -= burst.tagged[i];
  burst.tagged[i] = 0;
  burst.dst_key[i] = fdb_key(next, neighbor);
  if (burst.routed[i] == Routed::kNo) burst.routed[i] = Routed::kWhole;
  ++burst.routed_count;
}

// A frame leaves the hold queues without being sent.
void drop_held(Worker& worker, const HeldFrame& held, Drop reason) {
  PortCounters& counters = worker.port_counters[held.in_port];
  --counters.held;
  ++counters.drops[static_cast<size_t>(reason)];
  rte_pktmbuf_free(held.mbuf);
}

void post_unresolved(Worker& worker, PortIndex port, const Neighbor& target) {
  Event event;
  event.kind = EventKind::kUnresolved;
  event.bridge = target.bridge;
  event.to = port;
  event.at = worker.now;
  event.ip = target.ip;
  worker.events.post(event);
}

// Its neighbor's MAC is not known.
[[gnu::noinline]] void await(Worker& worker, Burst& burst, uint16_t i, const Neighbor& target) {
  const PortIndex port = burst.in_port[i];
  if (!worker.hold.holds(target)) {
    if (!worker.resolutions[port].take(worker.now)) return burst.drop_frame(i, Drop::kResolveLimit);
    post_unresolved(worker, port, target);
  }
  burst.fate[i] = Fate::kHeld;
  if (burst.routed[i] == Routed::kInFragments) --burst.to_fragment;
  burst.routed[i] = Routed::kNo;
  const HeldFrame evicted = worker.hold.push(target, {burst.mbuf[i], port, burst.bridge[i]});
  if (evicted.mbuf != nullptr) drop_held(worker, evicted, Drop::kHoldFull);
}

// The neighbors' MACs, and for each packet that has one its way to the FDB.
void forward_all(Worker& worker, Burst& burst) {
  RouteScratch& packets = burst.route_scratch;
  const NeighborTable& neighbors = worker.tables.neighbors;
  neighbors.prepare(packets.key.data(), packets.home.data(), packets.count);
  uint16_t known = 0;
  for (uint16_t p = 0; p < packets.count; ++p) {
    const uint16_t i = packets.frame[p];
    const Neighbor& target = packets.target[p];
    const auto hit = neighbors.find(packets.key[p], packets.home[p], target.bridge, target.ip);
    if (!hit) [[unlikely]] {
      await(worker, burst, i, target);
      continue;
    }
    // Another worker may have heard the answer for which older frames wait here.
    if (!worker.hold.empty() && worker.hold.holds(target)) [[unlikely]]
      release(worker, target);
    rewrite(worker, burst, i, target.bridge, hit.entry.mac());
    packets.frame[known] = i;
    packets.key[known++] = burst.dst_key[i];
  }
  worker.tables.fdb.prepare(packets.key.data(), packets.home.data(), known);
  for (uint16_t p = 0; p < known; ++p) {
    burst.dst_key[packets.frame[p]] = packets.key[p];
    burst.dst_home[packets.frame[p]] = packets.home[p];
  }
  worker.counters.routed += known;
}

// Frames that waited, as a burst of their own, from where they stopped.
void forward_released(Worker& worker, Burst& burst) {
  classify(worker, burst);
  route(worker, burst);
  bridge(worker, burst);
  flood(worker, burst);
  tx(worker, burst);
}

}  // namespace

void route(Worker& worker, Burst& burst) {
  burst.routed_count = burst.to_fragment = 0;
  std::fill_n(burst.routed.begin(), burst.count, Routed::kNo);
  if (burst.to_gateway_count == 0) return;
  RouteScratch& packets = burst.route_scratch;
  gather_ipv4(worker, burst);
  if (packets.count != 0) {
    worker.fib.lookup(packets.ipv4.data(), packets.hop.data(), packets.count);
    choose_all(worker, burst, false);
    forward_all(worker, burst);
  }
  gather_ipv6(worker, burst);
  if (packets.count != 0) {
    worker.fib.lookup6(packets.ipv6, packets.hop.data(), packets.count);
    choose_all(worker, burst, true);
    forward_all(worker, burst);
  }
}

void release(Worker& worker, const Neighbor& target) {
  Burst& burst = worker.released;
  burst.count = 0;
  worker.hold.take(target, [&](const HeldFrame& held) {
    --worker.port_counters[held.in_port].held;
    burst.mbuf[burst.count] = held.mbuf;
    burst.in_port[burst.count++] = held.in_port;
  });
  if (burst.count > 0) forward_released(worker, burst);
}

void give_up(Worker& worker, const Neighbor& target) {
  worker.hold.take(target, [&](const HeldFrame& held) {
    send_error(worker, held, IcmpError::kHostUnreachable);
    drop_held(worker, held, Drop::kUnresolved);
  });
}

}  // namespace godwit
