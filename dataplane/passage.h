// What the pipeline did with one frame: its row of a burst's arrays, taken out when the pipeline is
// done, so that it can be explained later and on another thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "dataplane/burst.h"

namespace godwit {

// A frame as it came in: what the pipeline reads of it, and its length on the wire.
struct Arrived {
  FrameHead head{};
  uint8_t head_size = 0;  // less than kEthernetHeaderSize: a runt
  uint32_t length = 0;

  EthernetView ethernet() const {  // all zero for a runt
    if (head_size < kEthernetHeaderSize) return {};
    return view_ethernet({head.octets.data(), head_size});
  }
};

inline Arrived arrived(std::span<const uint8_t> frame, uint32_t length) {
  Arrived came{.head_size = static_cast<uint8_t>(std::min(frame.size(), sizeof(FrameHead))),
               .length = length};
  std::memcpy(came.head.octets.data(), frame.data(), came.head_size);
  return came;
}

// A port that heard a flooded frame.
struct Hearer {
  PortIndex port = 0;
  bool tagged = false;
};

struct Passage {
  Passage() = default;
  Passage(const Burst& burst, uint16_t i, const Arrived& came_in);

  Arrived came;
  Mac dst;  // in the end
  PortIndex in_port = 0;
  BridgeIndex bridge = kNoBridge;
  BridgeIndex came_by = kNoBridge;
  Evidence evidence = Evidence::kData;
  FrameEvidence said;  // unless it is data
  Fate fate = Fate::kPending;
  Drop drop = Drop::kNoBridge;
  Location out = kNoLocation;
  Learned learned = Learned::kNothing;
  Location was_at = kNoLocation;
  Mapped mapped = Mapped::kNothing;
  uint16_t followed = 0;
  Routed routed = Routed::kNo;
};
static_assert(std::is_trivially_copyable_v<Passage>);

}  // namespace godwit
