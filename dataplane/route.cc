#include "dataplane/route.h"

#include <algorithm>
#include <cstring>

#include "dataplane/forward.h"
#include "dataplane/local.h"
#include "dataplane/park.h"
#include "dataplane/pipeline.h"
#include "dataplane/worker.h"

#include "lib/byte_order.h"
#include "lib/icmp.h"
#include "lib/ip_forward.h"

namespace godwit {
namespace {

constexpr size_t kFlagsV4 = 6;  // offsets in the header, octets
constexpr size_t kDestinationV4 = 16;
constexpr size_t kSourceV6 = 8;
constexpr size_t kDestinationV6 = 24;
constexpr uint16_t kDontFragment = 0x4000;

bool is_for_router(const Worker& worker, const Burst& burst, uint16_t i) {
  return burst.fate[i] == Fate::kPending &&
         speaks_to_gateway(worker.topology.bridge(burst.bridge[i]), burst, i);
}

// Sent by a group or by the zero address: no host's.
bool is_from_nobody(const Burst& burst, uint16_t i) { return burst.src_key[i] == Fdb::kNoKey; }

void drop_faulty(Burst& burst, uint16_t i, IpFault fault) {
  burst.drop_frame(i, fault == IpFault::kBadHeader ? Drop::kBadIpHeader : Drop::kMartian);
}

void take(const Worker& worker, PacketScratch& packets, uint16_t i, const uint8_t* l3,
          uint64_t id) {
  worker.next_hops.prefetch(id);
  packets.id[packets.count] = id;
  packets.frame[packets.count] = i;
  packets.l3[packets.count++] = const_cast<uint8_t*>(l3);  // of a buffer that is the worker's
}

void take_ipv4(const Worker& worker, uint64_t routes, PacketScratch& packets, uint16_t i,
               const uint8_t* l3, uint32_t destination) {
  packets.ipv4[packets.count] = destination;
  take(worker, packets, i, l3, NextHopCache::id_v4(routes, destination));
}

// Any packet to the gateway. Returns whether it is none of IPv4.
[[gnu::noinline]] bool gather_odd_ipv4(Worker& worker, uint64_t routes, Burst& burst, uint16_t i) {
  if (!is_for_router(worker, burst, i) || burst.ether_type(i) != kEtherTypeIpv4) return true;
  const std::span<const uint8_t> l3 = burst.packet(i);
  const IpFault fault = check_addressed4(l3);
  if (fault != IpFault::kNone || is_from_nobody(burst, i)) {
    drop_faulty(burst, i, fault);
    return false;
  }
  take_ipv4(worker, routes, burst.packet_scratch, i, l3.data(), load_be32(&l3[kDestinationV4]));
  return false;
}

// The words of the headers side by side; zeros for a frame that a gateway does not take, or that
// has other tags than its own.
void read_headers(const Burst& burst, PacketScratch& packets) {
  static constexpr std::array<uint8_t, kIpv4HeaderSize> kNone{};
  for (uint16_t g = 0; g < burst.to_gateway_count; ++g) {
    const uint16_t i = burst.to_gateway[g];
    std::span<const uint8_t> frame;  // one that has been decided on may be gone
    if (burst.fate[i] == Fate::kPending) frame = burst.bytes(i);
    const size_t at = burst.l3_offset(i);
    const bool is_bare = (burst.tags[i] != Tags::kOther) & (frame.size() >= at + kIpv4HeaderSize) &
                         !is_from_nobody(burst, i) &
                         (load_be16(&burst.head[i].octets[at - 2]) == kEtherTypeIpv4);
    const uint8_t* const l3 = is_bare ? frame.data() + at : kNone.data();
    packets.l3[g] = const_cast<uint8_t*>(l3);
    for (size_t w = 0; w < packets.words.size(); ++w)
      packets.words[w][g] = load_be32(&l3[w * sizeof(uint32_t)]);
    packets.room[g] = static_cast<uint32_t>(frame.size() - at);
  }
}

// The sound packets of one family, with their destinations side by side. Returns how many frames
// are left to look at.
uint16_t gather_ipv4(Worker& worker, uint64_t routes, Burst& burst) {
  PacketScratch& packets = burst.packet_scratch;
  read_headers(burst, packets);
  const auto& words = packets.words;
  for (uint16_t g = 0; g < burst.to_gateway_count; ++g)
    packets.plain[g] = is_plain4({words[0][g], words[1][g], words[2][g], words[3][g], words[4][g]},
                                 packets.room[g]);
  packets.count = 0;
  uint16_t others = 0;
  for (uint16_t g = 0; g < burst.to_gateway_count; ++g) {
    const uint16_t i = burst.to_gateway[g];
    if (packets.plain[g] == 0) [[unlikely]]
      others += gather_odd_ipv4(worker, routes, burst, i);
    else
      take_ipv4(worker, routes, packets, i, packets.l3[g], words[4][g]);
  }
  return others;
}

// From or to an address that means something on this link alone, and for the gateway on it.
bool is_for_link_local(const Worker& worker, const Burst& burst, uint16_t i,
                       std::span<const uint8_t> l3) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  return is_sound6(l3) && load_ipv6(&l3[kSourceV6]).is_host() &&
         bridge.is_gateway_ip(load_ipv6(&l3[kDestinationV6]));
}

uint16_t gather_ipv6(Worker& worker, uint64_t routes, Burst& burst) {
  PacketScratch& packets = burst.packet_scratch;
  packets.count = 0;
  uint16_t others = 0;
  for (uint16_t g = 0; g < burst.to_gateway_count; ++g) {
    const uint16_t i = burst.to_gateway[g];
    if (!is_for_router(worker, burst, i) || burst.ether_type(i) != kEtherTypeIpv6) {
      ++others;
      continue;
    }
    const std::span<const uint8_t> l3 = burst.packet(i);
    const IpFault fault = check_addressed6(l3);
    if (fault != IpFault::kNone || is_from_nobody(burst, i)) [[unlikely]] {
      if (!is_from_nobody(burst, i) && is_for_link_local(worker, burst, i, l3))
        receive(worker, burst, i);
      else
        drop_faulty(burst, i, fault);
      continue;
    }
    std::memcpy(packets.ipv6[packets.count], &l3[kDestinationV6], 16);
    take(worker, packets, i, l3.data(),
         worker.next_hops.id_v6(routes, load_ipv6(&l3[kDestinationV6])));
  }
  return others;
}

// False when the packet ends here, for it is longer than the next link takes.
[[gnu::noinline]] bool cut_to_fit(Worker& worker, Burst& burst, uint16_t i, const uint8_t* l3,
                                  bool is_v6, uint16_t mtu) {
  if (!is_v6 && (load_be16(l3 + kFlagsV4) & kDontFragment) == 0) {
    burst.routed[i] = Routed::kInFragments;
    ++burst.to_fragment;
    return true;
  }
  send_error(worker, burst, i, IcmpError::kTooBig, mtu);
  burst.drop_frame(i, Drop::kTooBig);
  return false;
}

// A packet that no neighbor is to have.
[[gnu::noinline]] void end_here(Worker& worker, Burst& burst, uint16_t i, NextHop::Kind why) {
  if (why == NextHop::Kind::kLocal) return receive(worker, burst, i);
  if (why == NextHop::Kind::kBroadcast) return burst.drop_frame(i, Drop::kSubnetAddress);
  send_error(worker, burst, i, IcmpError::kNoRoute, 0);
  burst.drop_frame(i, Drop::kNoRoute);
}

[[gnu::noinline]] void expire(Worker& worker, Burst& burst, uint16_t i) {
  send_error(worker, burst, i, IcmpError::kTtlExceeded, 0);
  burst.drop_frame(i, Drop::kTtlExpired);
}

// Whether the packet goes on to a neighbor by this hop.
template <bool kV6>
bool goes_on(Worker& worker, Burst& burst, uint16_t i, const NextHop& hop, const uint8_t* l3) {
  if (hop.kind != NextHop::Kind::kOnLink && hop.kind != NextHop::Kind::kVia) [[unlikely]] {
    end_here(worker, burst, i, hop.kind);
    return false;
  }
  if (kV6 ? hop_limit_expired(l3) : ttl_expired4(l3)) [[unlikely]] {
    expire(worker, burst, i);
    return false;
  }
  const size_t length = kV6 ? packet_length6(l3) : packet_length4(l3);
  const uint16_t mtu = worker.topology.bridge(hop.bridge).mtu;
  return length <= mtu || cut_to_fit(worker, burst, i, l3, kV6, mtu);
}

// Leaves those of the packets that go on to a neighbor, with its key.
template <bool kV6>
void choose(Worker& worker, const FibTable& fib, Burst& burst) {
  PacketScratch& packets = burst.packet_scratch;
  const NeighborTable& neighbors = worker.tables.neighbors;
  const uint32_t second = second_of(worker.now);
  uint16_t left = 0;
  for (uint16_t p = 0; p < packets.count; ++p) {
    const NextHop& hop = fib.hop(packets.hop[p]);
    if (!goes_on<kV6>(worker, burst, packets.frame[p], hop, packets.l3[p])) continue;
    const bool on_link = hop.kind == NextHop::Kind::kOnLink;
    packets.frame[left] = packets.frame[p];
    packets.l3[left] = packets.l3[p];
    packets.id[left] = packets.id[p];
    if constexpr (kV6) {
      packets.target[left] = {hop.bridge, on_link ? load_ipv6(packets.ipv6[p]) : hop.via};
      packets.key[left] = neighbors.key(hop.bridge, packets.target[left].ip);
    } else {
      const uint64_t ip = on_link ? packets.ipv4[p] : hop.via.lo;
      packets.key[left] = neighbors.key(hop.bridge, IpAddress{.hi = 0, .lo = ip, .is_v6 = false});
    }
    packets.stamp[left] = NextHopCache::stamp(neighbors, packets.key[left], second);
    ++left;
  }
  packets.count = left;
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
  worker.hold.push(target, worker.hold_share, {burst.mbuf[i], port, burst.bridge[i]}, worker.now,
                   [&](const HeldFrame& evicted) { drop_held(worker, evicted, Drop::kHoldFull); });
}

// Packets go on to their neighbors where these have a MAC.
template <bool kV6>
void forward(Worker& worker, Burst& burst) {
  PacketScratch& packets = burst.packet_scratch;
  find_neighbors<kV6>(worker.tables.neighbors, packets);
  for (uint16_t p = 0; p < packets.count; ++p) {
    const NeighborEntry entry(packets.word[p]);
    if (entry.is_free() || !worker.hold.empty()) [[unlikely]] {
      const Neighbor target = target_of<kV6>(packets, p);
      if (entry.is_free()) {
        await(worker, burst, packets.frame[p], target);
        continue;
      }
      // Another worker may have heard the answer for which older frames wait here. Not while such
      // frames are on their way already: the burst that carries them is in use.
      if (&burst != &worker.released && worker.hold.holds(target)) release(worker, target);
    }
    const uint64_t next_hop = fdb_key(target_of<kV6>(packets, p).bridge, entry.mac());
    worker.next_hops.note(packets.id[p], next_hop, packets.stamp[p]);
    forward_one<kV6>(worker, burst, p, next_hop);
  }
}

// The packets of one family. Returns how many frames are left to look at.
template <bool kV6>
uint16_t route_all(Worker& worker, const FibTable& fib, Burst& burst) {
  PacketScratch& packets = burst.packet_scratch;
  const uint16_t others =
      kV6 ? gather_ipv6(worker, fib.number(), burst) : gather_ipv4(worker, fib.number(), burst);
  forward_known<kV6>(worker, burst);
  if (packets.count == 0) return others;
  if constexpr (kV6)
    fib.lookup6(packets.ipv6, packets.hop.data(), packets.count);
  else
    fib.lookup(packets.ipv4.data(), packets.hop.data(), packets.count);
  choose<kV6>(worker, fib, burst);
  forward<kV6>(worker, burst);
  return others;
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
  burst.to_fragment = 0;
  std::fill_n(burst.routed.begin(), burst.count, Routed::kNo);
  if (burst.to_gateway_count == 0) return;
  const FibTable& fib = worker.fib.table();
  if (burst.ether_type(burst.to_gateway[0]) == kEtherTypeIpv6) {  // and so are most of them
    if (route_all<true>(worker, fib, burst) != 0) route_all<false>(worker, fib, burst);
  } else {
    if (route_all<false>(worker, fib, burst) != 0) route_all<true>(worker, fib, burst);
  }
  // All of them, though some may be as before: so they lie side by side.
  worker.tables.fdb.prepare(burst.dst_key.data(), burst.dst_home.data(), burst.count);
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

void release(Worker& worker, const Neighbor& target) {
  Burst& burst = worker.released;
  burst.count = 0;
  worker.hold.take(target, kMaxBurst, [&](const HeldFrame& held) {
    --worker.port_counters[held.in_port].held;
    burst.mbuf[burst.count] = held.mbuf;
    burst.in_port[burst.count++] = held.in_port;
  });
  if (burst.count > 0) forward_released(worker, burst);
}

void give_up(Worker& worker, const Neighbor& target) {
  worker.hold.take(target, kMaxBurst, [&](const HeldFrame& held) {
    send_error(worker, held, IcmpError::kHostUnreachable);
    drop_held(worker, held, Drop::kUnresolved);
  });
}

// Whether the host is there nobody knows: its senders are told nothing (RFC 1812 §3.3.2).
void turn_away(Worker& worker, const Neighbor& target) {
  worker.hold.take(target, kMaxBurst,
                   [&](const HeldFrame& held) { drop_held(worker, held, Drop::kResolveLimit); });
}

}  // namespace godwit
