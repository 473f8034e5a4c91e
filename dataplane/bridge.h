// Looks up every destination and decides: to its port, to all, to godwit itself, or nowhere.
#pragma once

namespace godwit {

struct Burst;
class Worker;

void bridge(Worker& worker, Burst& burst);

}  // namespace godwit
