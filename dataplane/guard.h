// What guards a bridge against its own hosts, where its `inspect` says so: DHCP snooping
// (snoop.h), ARP and ND inspection (inspect.h), and the source guard (senders.h).
//
// Behind `learn`, so that every frame has shown where its sender is, and ahead of everything that
// would believe the rest of it. It costs nothing where no bridge has it.
#pragma once

namespace godwit {

struct Burst;
class Worker;

void guard(Worker& worker, Burst& burst);

}  // namespace godwit
