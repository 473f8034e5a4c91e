// What this worker has confirmed in this second need not be weighed again: lib/confirmed_claims.h.
// The last step of `listen`.
#pragma once

#include <cstdint>

#include "lib/confirmed_claims.h"
#include "lib/units.h"

namespace godwit {

struct Burst;
struct BridgeContext;
struct PortContext;
class Worker;

// For speakers of one port, from this one on: those whose claim is known are Mapped::kSame, and
// those with no more to them leave Burst::speakers. (A claim that is known was made in this second,
// in which no other can have replaced it: see is_gone in resolve.cc.)
void recall(Worker& worker, Burst& burst, uint16_t first);

// Where all of them are ordinary requests, as in a storm: if all are known and there is no more to
// any of them, all leave at once. Else it does nothing, and returns false.
bool recall_all(Worker& worker, const PortContext& port, Burst& burst, uint16_t first);

// A frame tells the gateway itself, which makes it more than overheard.
bool is_for_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i);

// What a claim on the address of this key is known by, if it is found as it stands from now on.
// Asked before the entry is read: see NeighborTable::epoch.
ConfirmedClaims::Moment moment_of(const Worker& worker, uint64_t key);

// The claim of speaker s came to Mapped::kSame, as it stood at this moment.
void remember(Worker& worker, const Burst& burst, uint16_t s, ConfirmedClaims::Moment moment);

}  // namespace godwit
