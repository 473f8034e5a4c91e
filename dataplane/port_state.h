// Which ports have a link. A port that goes down is dead for every host there at that moment,
// however many there are: whoever looks up a place asks here, and control's walk over the FDB comes
// behind. A port whose guest has stopped is still: frames for hosts there are held, because it may
// be on its way elsewhere, until it is seen, until another guest comes, or until control says that
// it is down.
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
  PortStates() : states_(new std::atomic<State>[kNoLocation + 1]()) {}

  // Asked for every burst; where it is false, no port need be asked for.
  bool any_down() const { return not_up_.load(std::memory_order_relaxed) != 0; }
  // Of any location; what is no port is up.
  bool is_up(Location at) const { return is(at, kUp); }
  bool is_still(Location at) const { return is(at, kStill); }

  // Whether that was news.
  bool set(PortIndex port, bool up) { return change(port, up ? kUp : kDown); }
  // Only a port that is up.
  void hold(PortIndex port) {
    State expected = kUp;
    if (states_[port].compare_exchange_strong(expected, kStill, std::memory_order_relaxed))
      not_up_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  enum State : uint8_t { kUp = 0, kStill, kDown };

  bool is(Location at, State state) const {
    return states_[at].load(std::memory_order_relaxed) == state;
  }
  bool change(PortIndex port, State next) {
    const State before = states_[port].exchange(next, std::memory_order_relaxed);
    if ((before == kUp) != (next == kUp))
      not_up_.fetch_add(next == kUp ? -1 : 1, std::memory_order_relaxed);
    return before != next;
  }

  std::unique_ptr<std::atomic<State>[]> states_;
  std::atomic<int> not_up_{0};
};

}  // namespace godwit
