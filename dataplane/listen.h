// The last step of `classify`, for the frames of one port: what do those say that may be more than
// data?
#pragma once

#include <cstdint>

namespace godwit {

struct Burst;
struct PortContext;
class Worker;

// Leaves, in Burst::speakers from the first of this port on, those that are more than data, but for
// those that only repeat what was confirmed in this second (dataplane/recall.h), with the key and
// the print of what each claims. They are heard even when no bridge takes the frame: an untagged
// RARP on a trunk tells of the MAC's place in every VLAN.
void listen(Worker& worker, const PortContext& port, Burst& burst, uint16_t first);

}  // namespace godwit
