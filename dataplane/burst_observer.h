// Who looks at what a worker does: replay, which accounts for every frame, and control's taps on
// live traffic (dataplane/tap.h). Called by the worker's thread, in the order in which things
// happen.
#pragma once

#include <cstdint>

#include "dataplane/drop.h"

#include "lib/units.h"

struct rte_mbuf;

namespace godwit {

struct Burst;

class BurstObserver {
 public:
  virtual ~BurstObserver() = default;

  // A burst ahead of the pipeline: it has mbufs and ports that they came in by, and nothing else.
  virtual void arrived(const Burst& /*burst*/, Nanos /*now*/) {}
  // The same burst behind the pipeline: its arrays as they were left; its mbufs may be gone.
  virtual void seen(const Burst& /*burst*/, Nanos /*now*/) {}
  // The same of frames that waited for a host that stood still.
  virtual void unparked(const Burst& /*burst*/, Nanos /*now*/) {}
  // A frame for the host of this FDB key gave way to another while it waited.
  virtual void lost(uint64_t /*key*/, Nanos /*now*/) {}

  // A frame ends here, as it is now: one that came in by this port; for kTxFull, one that the port
  // did not take.
  virtual void dropped(const rte_mbuf* /*frame*/, PortIndex /*port*/, Drop /*why*/, Nanos /*now*/) {
  }
  // Frames that a port is asked to send, and then how many of them it took.
  virtual void offered(PortIndex /*port*/, const rte_mbuf* const* /*frames*/, uint16_t /*count*/,
                       Nanos /*now*/) {}
  virtual void taken(uint16_t /*count*/) {}
};

}  // namespace godwit
