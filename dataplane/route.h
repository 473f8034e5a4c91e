// Packets sent to a gateway of ours: to the next hop that the routes name (RFC 1812 §5, RFC 8200),
// to the neighbor that has that address, and so to a MAC. Where that MAC is, `bridge` looks up
// behind this stage, as for any frame: a host that moves is followed by routed traffic and bridged
// traffic alike.
//
// A packet that cannot go on ends here: as an ICMP error, as a frame held until its neighbor is
// known, or in the gateway itself.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/hold.h"
#include "dataplane/routed.h"

#include "lib/config.h"

namespace godwit {

struct Burst;
class Worker;

void route(Worker& worker, Burst& burst);

// Sends what waited for this neighbor, whose MAC is known now.
void release(Worker& worker, const Neighbor& target);

// Tells control that packets which came in by `port` wait for this neighbor.
void post_unresolved(Worker& worker, PortIndex port, const Neighbor& target);

// Drops what waited for this neighbor, which does not answer, and tells the senders.
void give_up(Worker& worker, const Neighbor& target);

// Drops what waited for this neighbor, for which control has no room to ask.
void turn_away(Worker& worker, const Neighbor& target);

// Of the packets of a burst that the stage works on, side by side.
struct RouteScratch {
  uint16_t count = 0;
  std::array<uint16_t, kMaxBurst> frame;   // its place in the burst
  std::array<uint8_t*, kMaxBurst> l3;      // its IP header
  std::array<Neighbor, kMaxBurst> target;  // the next hop of an IPv6 packet
  std::array<uint64_t, kMaxBurst> key;     // of the next hop in its table, later of its MAC
  std::array<uint32_t, kMaxBurst> home;
  std::array<uint64_t, kMaxBurst> word;  // that its table has of the next hop

  std::array<uint32_t, kMaxBurst> ipv4;  // destinations, for a lookup of all
  std::array<uint64_t, kMaxBurst> hop;
  uint8_t ipv6[kMaxBurst][16];
};

}  // namespace godwit
