// Frames that a worker gives to control whole, because what is in them needs time or memory to be
// read. A ring of copies for each worker; the limit `limits.punt` stands in front of it, so that
// whoever sends such frames without end costs control a bounded share of its time.
//
// The frame itself goes its own way in the pipeline: who punts it decides its fate as well.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/element_ring.h"

#include "lib/units.h"

namespace godwit {

struct Burst;
class Worker;

// Whom at control it is for.
enum class PuntKind : uint16_t {
  kForget,  // see lib/forget.h
};

struct Punt {
  // The longest frame that an Ethernet link without jumbo frames carries, with two tags.
  static constexpr size_t kMaxFrame = 1524;

  PuntKind kind = PuntKind::kForget;
  BridgeIndex bridge = kNoBridge;
  PortIndex port = 0;  // it came in by
  uint16_t length = 0;
  Nanos at = 0;
  std::array<uint8_t, kMaxFrame> octets;  // as it came in, tags and padding included

  std::span<const uint8_t> frame() const { return std::span(octets).first(length); }
};

inline constexpr unsigned kPunts = 1U << 10;  // that a worker's ring holds

// Gives control a copy of frame i. False, and nothing is given, when the limit is reached, when
// control has not taken earlier ones, or when the frame is too long.
bool punt(Worker& worker, const Burst& burst, uint16_t i, PuntKind kind);

}  // namespace godwit
