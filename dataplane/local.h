// The gateway as a host of its own: echo (RFC 792, RFC 4443 §4), and the ICMP errors that a router
// owes the senders of what it cannot deliver, limited for each port (RFC 1812 §4.3.2.8, RFC 4443
// §2.4(f)).
#pragma once

#include <cstdint>

#include "dataplane/hold.h"

#include "lib/icmp.h"

namespace godwit {

struct Burst;
class Worker;

// A packet to one of the gateway's own addresses.
void receive(Worker& worker, Burst& burst, uint16_t i);

// Tells the sender of frame i, or of a frame that waited, what became of it; `mtu` with kTooBig.
// Nothing is sent where none may be.
void send_error(Worker& worker, const Burst& burst, uint16_t i, IcmpError what, uint16_t mtu);
void send_error(Worker& worker, const HeldFrame& held, IcmpError what);

}  // namespace godwit
