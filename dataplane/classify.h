// Reads each frame's headers once, finds its bridge, and fills the burst's arrays. Claims that are
// no news end here (dataplane/recall.h).
#pragma once

namespace godwit {

struct Burst;
class Worker;

void classify(Worker& worker, Burst& burst);

}  // namespace godwit
