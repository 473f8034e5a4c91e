#include "control/api_subject.h"

#include <utility>

namespace godwit {

ApiSubject subject_of(Switch& running, std::function<Reloaded()> reload) {
  return {.topology = running.topology(),
          .tables = running.tables(),
          .control = running.control(),
          .capture = running.capture(),
          .trace = running.trace(),
          .now = [&running] { return running.now(); },
          .workers = [&running] { return running.workers(); },
          .port_state = [&running](PortIndex port) { return running.port_state(port); },
          .port_counters = [&running](PortIndex port) { return running.port_counters(port); },
          .reload = std::move(reload)};
}

Totals totals_of(const std::vector<LaneView>& lanes) {
  std::vector<const Worker*> workers;
  workers.reserve(lanes.size());
  for (const LaneView& lane : lanes) workers.push_back(lane.worker);
  return Totals(workers);
}

}  // namespace godwit
