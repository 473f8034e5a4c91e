// The source guard: where a bridge's `inspect: source` says so, a host behind a port that is not
// trusted sends IP packets only from addresses that are registered for it (RFC 7513 §8.1).
#pragma once

namespace godwit {

struct Burst;
class Worker;

void check_senders(Worker& worker, Burst& burst);

}  // namespace godwit
