// The last step of `classify`: what do those frames say that may be more than data?
#pragma once

namespace godwit {

struct Burst;
class Worker;

// Leaves, in `Burst::speakers`, those that are more than data, with the key and the print of what
// each claims; what this worker knows of that comes from memory until `recall` asks. They are heard
// even when no bridge takes the frame: an untagged RARP on a trunk tells of the MAC's place in
// every VLAN.
void listen(const Worker& worker, Burst& burst);

}  // namespace godwit
