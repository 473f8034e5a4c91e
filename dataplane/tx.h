// The end of a frame's way: counted, its VLAN tag set for the port it leaves by, queued or freed.
#pragma once

#include <rte_mbuf.h>

#include "dataplane/topology.h"

#include "lib/packet.h"

namespace godwit {

struct Burst;
class Worker;

void tx(Worker& worker, Burst& burst);

// How a frame leaves a port.
enum class TagForm : uint8_t { kAsIs, kUntagged, kTagged };

// Whether a frame's tags leave it one that the bridge's gateway hears, and answers in the form that
// tag_form says: none, or the bridge's own. In a bridge with VLAN tags a second tag is a
// customer's, in a VLAN-transparent one every VLAN is.
bool speaks_to_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i);

// For a port that is a member of the bridge.
TagForm tag_form(const BridgeContext& bridge, const PortContext& port);

// False for a tagged frame of a VLAN-transparent bridge at a port where its tag means another
// bridge.
bool may_leave(const BridgeContext& bridge, const PortContext& port, const EthernetView& view);

// Gives the frame the outer tag, or none, that `form` asks for; its priority (PCP, DEI) stays.
// `frame` must not be shared. False when there is no room for a tag.
bool set_tag(rte_mbuf* frame, const EthernetView& view, TagForm form, uint16_t vlan);

}  // namespace godwit
