// Packets of a burst that a stage works on, side by side, and what the neighbor table has of them.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/hold.h"

#include "lib/ip_forward.h"
#include "lib/neighbor_table.h"
#include "lib/next_hop_cache.h"
#include "lib/units.h"

namespace godwit {

// A stage's of packets sent to neighbors (route) or by neighbors (senders).
struct PacketScratch {
  uint16_t count = 0;
  std::array<uint16_t, kMaxBurst> frame;   // its place in the burst
  std::array<uint8_t*, kMaxBurst> l3;      // its IP header
  std::array<Neighbor, kMaxBurst> target;  // an IPv6 packet's neighbor
  std::array<uint64_t, kMaxBurst> key;     // the neighbor's in its table
  std::array<uint32_t, kMaxBurst> home;
  std::array<uint64_t, kMaxBurst> word;  // that its table has of the neighbor

  // A routed packet's: its destination's and its neighbor's in the NextHopCache.
  std::array<uint64_t, kMaxBurst> id;
  std::array<NextHopCache::Stamp, kMaxBurst> stamp;

  // What may be packets of IPv4, by their place in Burst::to_gateway: the words of their headers,
  // the octets from there on, and whether nothing is odd about them.
  std::array<std::array<uint32_t, kMaxBurst>, std::tuple_size_v<Ipv4Words>> words;
  std::array<uint32_t, kMaxBurst> room;
  std::array<uint32_t, kMaxBurst> plain;

  std::array<uint32_t, kMaxBurst> ipv4;  // destinations, for a lookup of all
  std::array<uint64_t, kMaxBurst> hop;
  uint8_t ipv6[kMaxBurst][16];
};

// The neighbor of packet p.
template <bool kV6>
Neighbor target_of(const PacketScratch& packets, uint16_t p) {
  if constexpr (kV6) return packets.target[p];
  const NeighborTable::Host host = NeighborTable::host_of_v4(packets.key[p]);
  return {host.bridge, host.ip};
}

// What the neighbor table has of each packet's neighbor.
template <bool kV6>
void find_neighbors(const NeighborTable& neighbors, PacketScratch& packets) {
  neighbors.prepare(packets.key.data(), packets.home.data(), packets.count);
  if constexpr (!kV6)
    return neighbors.find_bulk_v4(packets.key.data(), packets.home.data(), packets.count,
                                  packets.word.data());
  for (uint16_t p = 0; p < packets.count; ++p) {
    const auto& [bridge, ip] = packets.target[p];
    packets.word[p] = neighbors.find(packets.key[p], packets.home[p], bridge, ip).entry.word();
  }
}

}  // namespace godwit
