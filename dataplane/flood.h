// Sends a frame to every other port of its bridge, and remembers it in case an uplink sends it
// back.
#pragma once

#include <cstdint>
#include <span>

#include "lib/packet.h"
#include "lib/units.h"

namespace godwit {

struct Burst;
class Worker;
struct BridgeContext;

void flood(Worker& worker, Burst& burst);

// Tells a frame again, in whatever tags and with whatever padding it comes back.
uint64_t fingerprint(BridgeIndex bridge, bool transparent, const EthernetView& view,
                     std::span<const uint8_t> frame);

}  // namespace godwit
