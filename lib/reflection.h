// Frames that were flooded a moment ago, so that they are known when another switch sends them
// back.
//
// A teamed uplink, or a loop that spanning tree has not cut yet, returns our own broadcasts. They
// carry a local host's source address, and a switch that learned from them would move that host to
// the uplink. A time lock on the host, as others have it, also locks out a host that really moves;
// so godwit remembers the frames instead, for 50 ms.
//
// Concurrency: any worker notes and asks, since a frame flooded by one may come back to another. A
// slot is one word, read and written whole, and nothing is ordered by it: a lost or overwritten
// note makes a reflection pass for evidence once, which is what happens without the filter. So all
// accesses are relaxed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "lib/units.h"

namespace godwit {

inline constexpr Nanos kReflectionWindow = 50 * kMillisecond;

class ReflectionFilter {
 public:
  // `lines` lines of eight notes of eight octets; at least 1.
  explicit ReflectionFilter(uint32_t lines) : lines_(lines), notes_(new Line[lines]()) {}

  // Remembers a frame by its fingerprint, in place of the oldest of the notes that share its line.
  void note(uint64_t fingerprint, Nanos now);

  // Whether a frame of this fingerprint was noted at most kReflectionWindow ago.
  bool seen(uint64_t fingerprint, Nanos now) const;

 private:
  struct alignas(64) Line {
    std::array<std::atomic<uint64_t>, 8> notes;
  };

  size_t line_of(uint64_t fingerprint) const;

  uint32_t lines_;
  std::unique_ptr<Line[]> notes_;
};

}  // namespace godwit
