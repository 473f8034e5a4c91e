// Routed IPv4 packets that are longer than the next link takes (RFC 791 §3.2, RFC 1812 §5.3.6).
#pragma once

#include <cstdint>

namespace godwit {

struct Burst;
class Worker;

// Sends frame i, which is without a tag, in fragments to its port. False, and nothing is sent, when
// buffers are short; the frame is then still the caller's.
bool send_in_fragments(Worker& worker, Burst& burst, uint16_t i);

}  // namespace godwit
