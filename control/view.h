// What a switch knows and counts, as JSON: the one place where its words become names, for the
// report of a replay and for the API alike.
//
// Control's thread calls it. Counters of workers that run are read as they are, a moment old.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "control/alarms.h"
#include "control/control.h"
#include "control/move_log.h"

#include "dataplane/tables.h"
#include "dataplane/topology.h"
#include "dataplane/worker.h"

#include "lib/config.h"
#include "lib/fdb.h"
#include "lib/neighbor_table.h"

namespace godwit {

using Json = nlohmann::ordered_json;

inline constexpr std::array<std::string_view, 7> kFdbStateNames = {
    "free", "testing", "settling", "offline", "bound", "migrating", "frozen"};
inline constexpr std::array<std::string_view, 4> kClassNames = {"learned", "registered", "locked",
                                                                "static"};
inline constexpr std::array<std::string_view, 7> kNeighborStateNames = {
    "free", "incomplete", "reachable", "stale", "delay", "probe", "failed"};

template <class Names, class Value>
std::string_view name_of(const Names& names, Value value) {
  return names[static_cast<size_t>(value)];
}

// What all workers counted, added up.
struct Totals {
  explicit Totals(std::span<const Worker* const> workers);

  std::vector<PortCounters> ports;  // by PortIndex
  PortCounters all_ports;
  WorkerCounters counters;
};

uint64_t dropped(const PortCounters& counters);

// Counts that are of no port.
struct Count {
  std::string_view name;  // as reports and metrics have it
  std::string_view help;
  // One of the two: of the workers, or of control.
  Counter WorkerCounters::*of_workers = nullptr;
  uint64_t (*of_control)(const Control&) = nullptr;

  uint64_t value(const WorkerCounters& workers, const Control& control) const {
    return of_workers != nullptr ? (workers.*of_workers).value() : of_control(control);
  }
};
std::span<const Count> all_counts();

class View {
 public:
  // Keeps both references.
  View(const Topology& topology, const Tables& tables) : topology_(topology), tables_(tables) {}

  Json fdb_entry(uint64_t key, FdbEntry entry, Nanos now) const;
  // The mapping in this slot of the neighbor table; its port is where its MAC is.
  Json neighbor(const NeighborTable::Host& host, uint32_t slot, Nanos now) const;
  Json move(const MoveRecord& record) const;
  Json alarm(const Alarm& alarm) const;

  Json frames(const PortCounters& of_all_ports) const;
  Json port(const PortCounters& counters) const;
  Json live_port(const PortCounters& counters) const;  // all that there is
  Json drops(const PortCounters& counters) const;      // those that are not 0, by reason
  Json counts(const WorkerCounters& counters, const Control& control) const;
  Json counts(const WorkerCounters& counters) const;  // the workers' alone
  Json ips(const std::vector<IpAddress>& ips) const;
  uint64_t hosts(BridgeIndex bridge) const;  // known, gateways not counted
  uint64_t hosts() const;

  const std::string& bridge_name(BridgeIndex bridge) const { return topology_.bridge(bridge).name; }
  Json port_name(Location port) const;  // null: no port

 private:
  const Topology& topology_;
  const Tables& tables_;
};

}  // namespace godwit
