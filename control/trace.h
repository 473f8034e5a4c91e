// A trace: what godwit does with the next frames of a host, and why. Workers write the passages of
// these frames into their taps' rings; here they are collected until there are as many as were
// asked for, or the time is over.
//
// Control's thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "control/taps.h"

#include "dataplane/passage.h"
#include "dataplane/tap.h"

#include "lib/units.h"

namespace godwit {

struct TracedFrame {
  Nanos at = 0;
  uint16_t worker = 0;
  Passage passage;
  std::vector<Hearer> hearers;
};

class Trace {
 public:
  struct Order {
    TraceWish wish;
    uint64_t frames = 0;
    Nanos time = 0;  // how long to wait for them
  };

  // `taps` must outlive this.
  explicit Trace(Taps& taps) : taps_(taps) {}

  // Ends the one that runs, if any; what it found is forgotten.
  void start(const Order& order, Nanos now);
  void stop();
  void clear() { frames_.clear(); }  // what it found is forgotten
  // Control's turn: takes what the workers wrote.
  void turn(Nanos now);

  bool is_running() const { return running_; }
  const Order& order() const { return order_; }  // of the last one
  const std::vector<TracedFrame>& frames() const { return frames_; }

 private:
  void take_from(uint16_t worker, RecordRing& ring);

  Taps& taps_;
  Order order_;
  bool running_ = false;
  Nanos until_ = 0;
  std::vector<TracedFrame> frames_;
};

}  // namespace godwit
