// Packets sent to a gateway of ours: to the next hop that the routes name (RFC 1812 §5, RFC 8200),
// to the neighbor that has that address, and so to a MAC. Where that MAC is, `bridge` looks up
// behind this stage, as for any frame: a host that moves is followed by routed traffic and bridged
// traffic alike.
//
// A packet that cannot go on ends here: as an ICMP error, as a frame held until its neighbor is
// known, or in the gateway itself.
#pragma once

#include "dataplane/hold.h"

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

}  // namespace godwit
