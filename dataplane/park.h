// Frames for VMs that stand still: held on the way from `bridge` to tx, in the form in which they
// would have left, and sent on in order when the host's FDB entry says so no longer, to wherever
// it is then. The worker that received them holds them, and lets them go before it forwards
// anything to that host itself, so their order stays.
#pragma once

#include <cstdint>

#include "dataplane/drop.h"
#include "dataplane/hold.h"

#include "lib/fdb.h"

namespace godwit {

struct Burst;
class Worker;

// Whether what comes for the host of this entry is held: the VM manager said that it stands still
// (see is_held()), or the guest at its port does.
bool waits(const Worker& worker, FdbEntry entry);

// Holds frame i, whose destination waits.
void park(Worker& worker, Burst& burst, uint16_t i);

// Sends what waits for the host of this FDB key, unless it still stands still.
void unpark(Worker& worker, uint64_t key);
// The same for some hosts, others in each call.
void unpark_some(Worker& worker);
// The same for those to whom frames of this burst go.
void unpark_destinations(Worker& worker, const Burst& burst);

// A frame leaves the hold queues without being sent.
void drop_held(Worker& worker, const HeldFrame& held, Drop reason);

}  // namespace godwit
