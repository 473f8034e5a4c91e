// Which ports have a link. A port that goes down is dead for every host there at that moment,
// however many there are: whoever looks up a place asks here, and control's walk over the FDB comes
// behind.
//
// Control writes, any worker reads; a worker that receives a frame at a port that is down writes as
// well, for then it is up. Each port is one octet of its own and nothing is ordered by it, so all
// accesses are relaxed: a frame more or less is sent to a port a moment after it went down.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "lib/units.h"

namespace godwit {

class PortStates {
 public:
  // All up.
  PortStates() : down_(new std::atomic<bool>[kNoLocation + 1]()) {}

  // Asked for every burst; where it is false, no port need be asked for.
  bool any_down() const { return down_count_.load(std::memory_order_relaxed) != 0; }
  // Of any location; what is no port is up.
  bool is_up(Location at) const { return !down_[at].load(std::memory_order_relaxed); }

  void set(PortIndex port, bool up) {
    if (down_[port].exchange(!up, std::memory_order_relaxed) == !up) return;
    down_count_.fetch_add(up ? -1 : 1, std::memory_order_relaxed);
  }

 private:
  std::unique_ptr<std::atomic<bool>[]> down_;
  std::atomic<int> down_count_{0};
};

}  // namespace godwit
