#include "control/bench.h"

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <rte_cycles.h>

#include "control/bench_devices.h"
#include "control/eal.h"
#include "control/switch.h"

namespace godwit {
namespace {

constexpr Nanos kWarmUp = 2 * kSecond;     // learning, and the caches
constexpr Nanos kStagesFor = 1 * kSecond;  // the run with measuring points
constexpr Nanos kLookupsFor = kSecond / 2;

// What was done between two moments.
BenchPhase between(const BenchPhase& earlier, BenchPhase later) {
  later.cycles -= earlier.cycles;
  for (size_t p = 0; p < later.ports.size(); ++p) {
    PortCounters& port = later.ports[p];
    port.rx -= earlier.ports[p].rx;
    port.tx -= earlier.ports[p].tx;
    port.forwarded -= earlier.ports[p].forwarded;
    port.consumed -= earlier.ports[p].consumed;
    port.originated -= earlier.ports[p].originated;
    port.tx_full -= earlier.ports[p].tx_full;
    for (size_t d = 0; d < port.drops.size(); ++d) port.drops[d] -= earlier.ports[p].drops[d];
  }
  later.learned -= earlier.learned;
  later.moved -= earlier.moved;
  return later;
}

// The devices, each with frame buffers of its own.
struct OpenDevices {
  OpenDevices(const Config& config, const BenchDevices& from) {
    for (PortIndex p = 0; p < static_cast<PortIndex>(config.ports.size()); ++p) {
      pools.push_back(from.make_pool(p));
      owned.push_back(from.open(p, pools.back().get()));
      list.push_back(owned.back().get());
    }
  }

  std::vector<PoolPointer> pools;  // outlive the devices
  std::vector<std::unique_ptr<PortDevice>> owned;
  std::vector<PortDevice*> list;
};

// The switch that is measured.
class Bench {
 public:
  Bench(const Config& config, const BenchDevices& devices, uint16_t workers)
      : devices_(config, devices),
        switch_(config, {.workers = workers}, devices_.list, devices_.pools.front().get()) {}

  // Runs the workers, and control on this thread. Returns what they did.
  BenchPhase run(Nanos duration, bool timed);
  // The same for a first time: what they did until they had learned the last new host.
  BenchPhase learn(Nanos duration);

  StageStats stages() const { return switch_.stage_stats(); }
  const WaitTimes& resolution_waits() const { return switch_.control().solicitor().waits(); }
  double fdb_lookups_per_second() const;

 private:
  template <class EachTurn>
  void run(Nanos duration, bool timed, EachTurn each_turn);
  BenchPhase so_far() const;  // since the start

  OpenDevices devices_;
  Switch switch_;
  const uint64_t start_ = rte_rdtsc();
};

template <class EachTurn>
void Bench::run(Nanos duration, bool timed, EachTurn each_turn) {
  switch_.start(timed);
  for (const Nanos until = switch_.now() + duration; switch_.now() < until;) {
    switch_.turn();
    each_turn();
    // Control shares no core with a worker where there are enough; where not, it must not hurt.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  switch_.stop();
}

BenchPhase Bench::run(Nanos duration, bool timed) {
  const BenchPhase before = so_far();
  run(duration, timed, [] {});
  return between(before, so_far());
}

BenchPhase Bench::learn(Nanos duration) {
  const BenchPhase before = so_far();
  BenchPhase last = before;
  run(duration, false, [&] {
    BenchPhase now = so_far();
    if (now.learned != last.learned) last = std::move(now);
  });
  return between(before, last);
}

BenchPhase Bench::so_far() const {
  BenchPhase phase;
  phase.cycles = rte_rdtsc() - start_;
  Totals totals = switch_.totals();
  phase.ports = std::move(totals.ports);
  phase.learned = totals.counters.learned;
  phase.moved = totals.counters.moved;
  return phase;
}

double Bench::fdb_lookups_per_second() const {
  constexpr unsigned kBulk = 32;
  const Fdb& fdb = switch_.tables().fdb;
  std::vector<uint64_t> keys;
  for (uint32_t slot = 0; slot < fdb.slot_count(); ++slot)
    if (const uint64_t key = fdb.key_at(slot)) keys.push_back(key);
  if (keys.empty()) return 0;
  while (keys.size() % kBulk != 0 || keys.size() < kBulk) keys.push_back(keys[0]);
  std::array<uint32_t, kBulk> homes;
  std::array<uint64_t, kBulk> entries;
  uint64_t done = 0;
  const Nanos start = switch_.now();
  while (switch_.now() - start < kLookupsFor)
    for (size_t k = 0; k < keys.size(); k += kBulk, done += kBulk) {
      fdb.prepare(&keys[k], homes.data(), kBulk);
      fdb.find_bulk(&keys[k], homes.data(), kBulk, entries.data());
    }
  return static_cast<double>(done) * kSecond / static_cast<double>(switch_.now() - start);
}

}  // namespace

BenchResult run_bench(const Config& config, const BenchOptions& options) {
  const BenchDevices devices(config, options);
  const Eal eal(devices.eal_arguments());
  Bench bench(config, devices, options.workers);
  BenchResult result;
  result.workers = options.workers;
  result.tsc_hz = rte_get_tsc_hz();
  result.learning = bench.learn(kWarmUp);
  const WaitTimes warming_up = bench.resolution_waits();
  result.measured = bench.run(options.seconds, false);
  bench.run(kStagesFor, true);
  result.stages = bench.stages();
  result.resolution_waits = bench.resolution_waits().since(warming_up);
  result.fdb_lookups_per_second = bench.fdb_lookups_per_second();
  return result;
}

}  // namespace godwit
