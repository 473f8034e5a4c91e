// The switch that the API shows and rules: what of it the API needs, whoever runs it.
#pragma once

#include <functional>
#include <vector>

#include "control/capture.h"
#include "control/control.h"
#include "control/reload.h"
#include "control/switch.h"
#include "control/trace.h"

#include "dataplane/port_device.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/units.h"

namespace godwit {

struct ApiSubject {
  const Topology& topology;
  Tables& tables;
  Control& control;
  Capture& capture;
  Trace& trace;
  std::function<Nanos()> now;
  std::function<std::vector<LaneView>()> workers;
  std::function<PortState(PortIndex)> port_state;
  std::function<PortCounters(PortIndex)> port_counters;  // of all workers
  std::function<Reloaded()> reload;                      // of the configuration; may be missing
};

ApiSubject subject_of(Switch& running, std::function<Reloaded()> reload);

Totals totals_of(const std::vector<LaneView>& lanes);

}  // namespace godwit
