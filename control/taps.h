// Control's side of the taps on the workers (dataplane/tap.h): makes them, publishes them, and lets
// them go.
//
// Control's thread only. It waits for no worker: a tap that is taken away is kept until the grace
// period is over. Rings are taken from memory when somebody begins to look.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "dataplane/port_state.h"
#include "dataplane/tap.h"
#include "dataplane/topology.h"
#include "dataplane/worker.h"

#include "lib/grace.h"

namespace godwit {

class Taps {
 public:
  // All must outlive this, and no worker may run when it ends. Workers are observed by nobody else.
  Taps(const Topology& topology, const PortStates& ports, std::vector<Worker*> workers,
       GracePeriod& grace);
  ~Taps();
  Taps(const Taps&) = delete;
  Taps& operator=(const Taps&) = delete;

  // From now on workers write what is wished, and nothing of what was wished before.
  void capture(const CaptureWish& wish);
  void trace(const TraceWish& wish);
  // No longer. What was written and not read is gone.
  void end_capture();
  void end_trace();

  // By worker; empty while nobody looks.
  const std::vector<std::shared_ptr<CaptureLine>>& capture_lines() const { return capture_; }
  const std::vector<std::shared_ptr<TraceLine>>& trace_lines() const { return trace_; }

  // Now and then: lets go of what no worker sees any more.
  void poll();

 private:
  struct Former {
    uint64_t token = 0;
    std::unique_ptr<Tap> tap;
  };

  void publish();

  const Topology& topology_;
  const PortStates& ports_;
  const std::vector<Worker*> workers_;
  GracePeriod& grace_;
  std::vector<std::shared_ptr<CaptureLine>> capture_;
  std::vector<std::shared_ptr<TraceLine>> trace_;
  std::vector<std::unique_ptr<Tap>> taps_;  // by worker; null: none
  std::deque<Former> former_;               // oldest first
};

}  // namespace godwit
