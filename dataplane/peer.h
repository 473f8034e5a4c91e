// Frames that other switches send to this one (lib/forget.h): control reads them, and nobody else
// does. A host has no business to send any, so they are taken from trusted ports alone.
#pragma once

namespace godwit {

struct Burst;
class Worker;

void peer(Worker& worker, Burst& burst);

}  // namespace godwit
