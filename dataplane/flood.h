// Sends a frame to every other port of its bridge, and remembers it in case an uplink sends it
// back.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/burst.h"
#include "dataplane/port_state.h"
#include "dataplane/topology.h"
#include "dataplane/tx.h"

#include "lib/packet.h"
#include "lib/units.h"

namespace godwit {

class Worker;

void flood(Worker& worker, Burst& burst);

// Whether a port is not to hear frame i, whose claim is on an address of a host there.
inline bool is_spared(const Burst& burst, uint16_t i) {
  return burst.evidence[i] != Evidence::kData && burst.mapped[i] == Mapped::kConflict;
}

// Calls each(member) for the members of frame i's bridge that a flood of it goes to: of those that
// are up, all but the one it came from. A routed frame has not been in that bridge before, so it
// goes to all of them; one from an isolated port goes to no other such port. Who owns an address
// that the frame claims for another may be spared it.
template <class Each>
void for_each_hearer(const Topology& topology, const PortStates& ports, const Burst& burst,
                     uint16_t i, Each each) {
  const BridgeContext& bridge = topology.bridge(burst.bridge[i]);
  const bool spares = is_spared(burst, i);
  for (const Membership& member : bridge.members) {
    if (member.port == burst.in_port[i] && burst.routed[i] == Routed::kNo) continue;
    if (!ports.is_up(member.port)) continue;
    if (burst.routed[i] == Routed::kNo && topology.are_isolated(burst.in_port[i], member.port))
      continue;
    if (spares && (member.port == burst.spared[i][0] || member.port == burst.spared[i][1]))
      continue;
    if (burst.tags[i] == Tags::kOther &&
        !may_leave(bridge, topology.port(member.port), burst.ethernet(i)))
      continue;
    each(member);
  }
}

// Tells a frame again, whatever outer tag and whatever padding it comes back with, and whatever
// bridge it comes back to.
uint64_t fingerprint(const EthernetView& view, std::span<const uint8_t> frame);

}  // namespace godwit
