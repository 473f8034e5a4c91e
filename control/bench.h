// The pipeline at full speed, on the devices of the config or on given frames in a loop: how many
// packets a second, at how many cycles a packet, and where the cycles go. A software loop on
// virtual devices says nothing of NICs; docs/benchmarks.md says what it does show.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/command_line.h"

#include "dataplane/stage_stats.h"

#include "lib/config.h"

namespace godwit {

struct BenchResult {
  double seconds = 0;
  uint16_t workers = 1;
  uint64_t rx = 0;
  uint64_t tx = 0;
  uint64_t dropped = 0;  // frames that were not forwarded nor consumed, and copies no port took
  double cycles_per_packet = 0;
  StageStats stages{};  // of a second run with measuring points, which cost a little too
  double fdb_lookups_per_second = 0;  // in bulk, of the addresses learned, on one core
};

// Starts DPDK's environment. Throws UsageError for a port without a device, std::runtime_error when
// DPDK refuses something.
BenchResult run_bench(const Config& config, const BenchOptions& options);

std::string bench_text(const BenchResult& result);
std::string bench_json(const BenchResult& result);  // schema "godwit-bench/1"

}  // namespace godwit
