// The end of a routed packet's way through `route`: its next hop's MAC is known, and it becomes a
// frame of that bridge.
#pragma once

#include <cstdint>

namespace godwit {

struct Burst;
class Worker;

// Of the packets that `burst.packet_scratch` has of one family, sends those on whose next hop is
// known from a moment ago (NextHopCache), unless there is more to do than that. The others stay.
template <bool kV6>
void forward_known(Worker& worker, Burst& burst);

// Packet p goes to the next hop with this key in the FDB, which becomes the frame's `dst_key`.
template <bool kV6>
void forward_one(Worker& worker, Burst& burst, uint16_t p, uint64_t next_hop);

}  // namespace godwit
