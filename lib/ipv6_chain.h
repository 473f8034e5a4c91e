// The way through an IPv6 packet's extension headers to what they carry (RFC 8200 §4).
//
// Not for hosts' claims: lib/packet.h reads Neighbor Discovery only without such headers. Pure
// functions: any thread, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lib/packet.h"

namespace godwit {

struct UpperLayer {
  uint8_t protocol = 0;              // of the first header that is no extension; 59: none follows
  uint16_t next_header_at = 0;       // the octet that says so, from the packet's start
  bool is_later_fragment = false;    // no header of the upper layer is in it
  std::span<const uint8_t> payload;  // from that header on; valid as long as the packet
};

// std::nullopt if the packet is not whole, or its chain runs past its end. A packet that is a later
// fragment ends the walk at its fragment header: what follows is the middle of something.
std::optional<UpperLayer> find_upper_layer(std::span<const uint8_t> l3);

}  // namespace godwit
