// What this worker has confirmed in this second need not be weighed again: lib/confirmed_claims.h.
// The first step of `resolve`.
#pragma once

#include <cstdint>

#include "lib/confirmed_claims.h"
#include "lib/units.h"

namespace godwit {

struct Burst;
struct BridgeContext;
class Worker;

// Leaves open, in `Burst::open`, the speakers that resolve has still to look at, with the keys of
// those claims among theirs that the neighbor table must be asked about. What these are about comes
// from memory all at once, and nothing of it is read here: a claim is weighed against what the
// claims before it have left. (One that is known was made in this second, in which no other can
// have replaced it: see is_gone in resolve.cc.)
void recall(Worker& worker, Burst& burst);

// A frame tells the gateway itself, which makes it more than overheard.
bool is_for_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i);

// What a claim on the address of this key is known by, if it is found as it stands from now on.
// Asked before the entry is read: see NeighborTable::epoch.
ConfirmedClaims::Moment moment_of(const Worker& worker, uint64_t key);

// Open claim c came to Mapped::kSame, as it stood at this moment.
void remember(Worker& worker, const Burst& burst, uint16_t c, ConfirmedClaims::Moment moment);

}  // namespace godwit
