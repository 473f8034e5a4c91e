// The pipeline at full speed, on the devices of the config or on given frames in a loop: how many
// packets a second, at how many cycles a packet, and where the cycles go. A software loop on
// virtual devices says nothing of NICs; docs/benchmarks.md says what it does show.
#pragma once

#include <cstdint>
#include <vector>

#include "control/command_line.h"

#include "dataplane/stage_stats.h"
#include "dataplane/worker.h"

#include "lib/config.h"
#include "lib/wait_times.h"

namespace godwit {

// What the workers did in a time.
struct BenchPhase {
  uint64_t cycles = 0;              // of the TSC, that passed
  std::vector<PortCounters> ports;  // by PortIndex, of all workers
  uint64_t learned = 0;             // new FDB entries
  uint64_t moved = 0;               // claims believed
};

struct BenchResult {
  uint16_t workers = 1;
  uint64_t tsc_hz = 0;
  BenchPhase learning;  // before the measured time: from the first frame to the last new host
  BenchPhase measured;
  StageStats stages{};         // of a second run with measuring points, which cost a little too
  WaitTimes resolution_waits;  // since then, of packets for the question about their neighbor
  double fdb_lookups_per_second = 0;  // in bulk, of the addresses learned, on one core
};

// Starts DPDK's environment. Throws UsageError for a port without a device, std::runtime_error when
// DPDK refuses something.
BenchResult run_bench(const Config& config, const BenchOptions& options);

}  // namespace godwit
