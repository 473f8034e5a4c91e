// ARP and ND inspection, of bridges with `inspect.arp`, on ports that are not trusted: whoever
// names an address as its own must be registered for it, by DHCP or by the config.
//
// It asks whose an address is, never where its host is: that is the arbiter's business, so a host
// that has moved, or is being asked where it is, is not refused for being elsewhere.
#pragma once

#include <cstdint>

#include "dataplane/topology.h"

namespace godwit {

struct Burst;
class Worker;

// Of frame i; drops it if it is not to pass.
void inspect(Worker& worker, Burst& burst, uint16_t i, const BridgeContext& bridge);

// Drops frame i, in which something is hidden from whoever inspects, and tells control.
void refuse_hidden(Worker& worker, Burst& burst, uint16_t i);

}  // namespace godwit
