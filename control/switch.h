// Everything of a switch that runs, and the order in which it is made and ends: topology, tables,
// routes, grace periods, a lane for each worker (its way to control, its ports, the worker itself)
// and control. Where the ports come from is the caller's business; `godwit run` and `godwit bench`
// both run one.
//
// One thread owns a switch and is control's: it makes it, starts the workers, calls turn() every
// millisecond or so, and stops them. Each worker has an lcore of EAL's, or, where there are fewer
// lcores than workers, a thread of its own that DPDK knows. Workers never wait for the owner: if it
// is stopped in a debugger, traffic flows.
//
// Counters are plain words of the worker that counts; whoever reads them while workers run sees
// them a moment old.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <rte_lcore.h>

#include "control/capture.h"
#include "control/control.h"
#include "control/taps.h"
#include "control/trace.h"
#include "control/view.h"

#include "dataplane/fib.h"
#include "dataplane/orders.h"
#include "dataplane/port_device.h"
#include "dataplane/quiescence.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"
#include "dataplane/tsc_clock.h"
#include "dataplane/worker.h"

#include "lib/config.h"
#include "lib/counter.h"
#include "lib/hash.h"
#include "lib/units.h"

struct rte_mempool;

namespace godwit {

// What a worker's lcore did, beside what the worker counts. On a line of its own.
struct alignas(RTE_CACHE_LINE_SIZE) LaneCounters {
  Counter rounds;
  Counter idle_rounds;  // that no frame came in by
  Counter frames;       // that came in
  Counter busy;         // time of the rounds that were not idle, in ns
};

struct LaneView {
  const Worker* worker = nullptr;
  unsigned lcore = LCORE_ID_ANY;  // ... while it is on a thread of its own
  LaneCounters counters;
};

struct SwitchOptions {
  uint16_t workers = 1;
  HashSecret secret = kFixedSecret;
  Nanos nap = 0;  // how long a worker rests that had nothing to do for a while; 0: never
};

class Switch {
 public:
  // `devices` by PortIndex, nullptr where there is none; each has a port for every worker, 0 ..
  // workers - 1. Workers take frames of their own from `pool`. `config`, the devices, as long as
  // they are in use, and the pool must outlive the switch. Needs a started Eal. Throws
  // std::runtime_error and std::system_error when memory is short.
  Switch(const Config& config, const SwitchOptions& options, std::span<PortDevice* const> devices,
         rte_mempool* pool);
  ~Switch();
  Switch(const Switch&) = delete;
  Switch& operator=(const Switch&) = delete;

  // Launches the workers; `timed`: with the measuring points around each stage.
  void start(bool timed = false);
  // Tells the workers to finish what is under way and what their ports have still to give, as long
  // as that takes no more than some rounds, and waits for them. What they had queued is sent.
  void stop();
  bool is_running() const { return running_.load(std::memory_order_relaxed); }

  // Control's turn: hears the workers and does what is due, for some 5 ms at most. Returns whether
  // there is more to hear.
  bool turn();

  // Runs by this configuration from now on, with these devices; see control/reload.h, which knows
  // that it may. When it returns, no worker uses a device that is not among them. Throws
  // std::runtime_error and std::bad_alloc when memory is short, and then it runs by the former.
  void follow(std::unique_ptr<const Config> next, std::span<PortDevice* const> devices);
  // The same configuration, with these devices.
  void use_devices(std::span<PortDevice* const> devices);

  const Topology& topology() const { return topology_; }
  const Tables& tables() const { return tables_; }
  Tables& tables() { return tables_; }
  const Fib& fib() const { return fib_; }
  const Control& control() const { return control_; }
  Control& control() { return control_; }
  Capture& capture() { return capture_; }
  Trace& trace() { return trace_; }
  Nanos now() const { return clock_.now(); }  // since the switch was made

  PortState port_state(PortIndex port) const;  // without a device: down
  Totals totals() const;                       // of all workers
  // Of all workers, since the port has its number.
  PortCounters port_counters(PortIndex port) const;
  WorkerCounters worker_counters() const { return totals().counters; }
  StageStats stage_stats() const;  // of all workers; zero unless timed
  std::vector<LaneView> workers() const;

 private:
  struct Lane;
  class User;

  using PortLists = std::vector<std::unique_ptr<const PortList>>;  // by worker

  bool work();
  std::vector<Port*> ports_of(uint16_t worker, std::span<PortDevice* const> devices) const;
  PortLists lists_of(std::span<PortDevice* const> devices) const;
  void use_lists(PortLists lists, std::span<PortDevice* const> devices);
  void set_link(PortIndex port);
  void set_links(const Config& before);
  bool begin_counts(const Config& before);
  void tell_workers(const Config& before);
  void tell_workers(OrderKind kind, Location port, BridgeIndex bridge);
  PortCounters counted(PortIndex port) const;
  std::vector<Worker*> worker_list() const;
  std::vector<Channel*> make_lanes(uint16_t workers, rte_mempool* pool);
  void run(uint16_t index);
  void drain(uint16_t index);
  static int launched(void* order);

  Topology topology_;
  const Nanos nap_;
  std::vector<PortDevice*> devices_;  // by PortIndex
  Tables tables_;
  Fib fib_;
  Quiescence quiescence_;
  std::vector<std::unique_ptr<User>> users_;  // by PortIndex
  std::mutex users_lock_;                     // see User
  // What was counted before the port had its number.
  std::vector<PortCounters> counted_before_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Channel*> channels_;
  Control control_;
  Taps taps_;
  Capture capture_;
  Trace trace_;
  TscClock clock_;
  // Only says "go on" or "finish"; nothing else is handed over by it.
  std::atomic<bool> running_{false};
  std::atomic<uint16_t> draining_{0};  // workers that may still lend frames to others
};

}  // namespace godwit
