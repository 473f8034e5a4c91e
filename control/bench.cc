#include "control/bench.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "control/bench_devices.h"
#include "control/control.h"
#include "control/eal.h"

#include "dataplane/ethdev_port.h"
#include "dataplane/quiescence.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"
#include "dataplane/tsc_clock.h"
#include "dataplane/worker.h"

namespace godwit {
namespace {

constexpr unsigned kEvents = 1U << 16;
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

// One worker with what is its own.
struct Lane {
  Lane(const Topology& topology, Tables& tables, const Fib& fib, rte_mempool* pool, uint16_t index,
       const std::vector<std::unique_ptr<Ethdev>>& devices)
      : channel(fmt::format("bench{}", index).c_str(), kEvents) {
    for (const auto& device : devices) {
      ports.push_back(std::make_unique<EthdevPort>(*device, index));
      list.push_back(ports.back().get());
    }
    worker = std::make_unique<Worker>(topology, tables, fib, channel, pool, list);
  }

  Channel channel;
  std::vector<std::unique_ptr<EthdevPort>> ports;
  std::vector<Port*> list;
  std::unique_ptr<Worker> worker;
};

// Everything that runs, and the order in which it is made and ends.
class Bench {
 public:
  Bench(const Config& config, const BenchDevices& devices, uint16_t workers)
      : topology_(config), tables_(config, kFixedSecret), fib_(config), quiescence_(workers) {
    for (size_t p = 0; p < config.ports.size(); ++p) {
      pools_.push_back(devices.make_pool(static_cast<PortIndex>(p), workers));
      devices_.push_back(std::make_unique<Ethdev>(devices.ethdev_name(static_cast<PortIndex>(p)),
                                                  workers, pools_.back().get()));
    }
    for (uint16_t w = 0; w < workers; ++w) {
      lanes_.push_back(
          std::make_unique<Lane>(topology_, tables_, fib_, pools_.front().get(), w, devices_));
      channels_.push_back(&lanes_.back()->channel);
    }
    control_ = std::make_unique<Control>(topology_, tables_, channels_, quiescence_);
  }

  // Runs the workers, each on its lcore, and control on this one. Returns what they did.
  BenchPhase run(Nanos duration, bool timed);
  // The same for a first time: what they did until they had learned the last new host.
  BenchPhase learn(Nanos duration);

  StageStats stages() const;
  double fdb_lookups_per_second() const;

 private:
  struct Order {
    Bench* bench;
    uint16_t lane;
    Nanos until;
  };
  static int work(void* order);
  template <class EachTurn>
  void run(Nanos duration, bool timed, EachTurn each_turn);
  BenchPhase so_far() const;  // since the start

  Topology topology_;
  Tables tables_;
  Fib fib_;
  Quiescence quiescence_;
  std::vector<PoolPointer> pools_;
  std::vector<std::unique_ptr<Ethdev>> devices_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Channel*> channels_;
  std::unique_ptr<Control> control_;
  TscClock clock_;
  const uint64_t start_ = rte_rdtsc();
};

int Bench::work(void* argument) {
  const Order order = *static_cast<Order*>(argument);
  Bench& bench = *order.bench;
  Worker& worker = *bench.lanes_[order.lane]->worker;
  bench.quiescence_.online(order.lane);
  for (Nanos now = bench.clock_.now(); now < order.until; now = bench.clock_.now()) {
    worker.step(now);
    bench.quiescence_.quiescent(order.lane);
  }
  bench.quiescence_.offline(order.lane);
  return 0;
}

template <class EachTurn>
void Bench::run(Nanos duration, bool timed, EachTurn each_turn) {
  std::vector<Order> orders(lanes_.size());
  unsigned lcore = rte_get_next_lcore(-1, 1, 0);
  for (uint16_t w = 0; const auto& lane : lanes_) {
    lane->worker->timed = timed;
    orders[w] = {this, w, clock_.now() + duration};
    rte_eal_remote_launch(work, &orders[w++], lcore);
    lcore = rte_get_next_lcore(lcore, 1, 0);
  }
  const auto busy = [] {
    unsigned id = 0;
    RTE_LCORE_FOREACH_WORKER(id)
    if (rte_eal_get_lcore_state(id) == RUNNING) return true;
    return false;
  };
  while (busy()) {
    const Nanos now = clock_.now();
    control_->take_events(now);
    if (control_->next_due() <= now) control_->run_due(now);
    each_turn();
    // Control shares no core with a worker where there are enough; where not, it must not hurt.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  rte_eal_mp_wait_lcore();
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
  phase.ports.resize(devices_.size());
  for (const auto& lane : lanes_) {
    for (size_t p = 0; p < phase.ports.size(); ++p)
      phase.ports[p] += lane->worker->port_counters[p];
    phase.learned += lane->worker->counters.learned;
    phase.moved += lane->worker->counters.moved;
  }
  return phase;
}

StageStats Bench::stages() const {
  StageStats sum{};
  for (const auto& lane : lanes_)
    for (size_t s = 0; s < sum.size(); ++s) sum[s] += lane->worker->stage_stats[s];
  return sum;
}

double Bench::fdb_lookups_per_second() const {
  constexpr unsigned kBulk = 32;
  std::vector<uint64_t> keys;
  for (uint32_t slot = 0; slot < tables_.fdb.slot_count(); ++slot)
    if (const uint64_t key = tables_.fdb.key_at(slot)) keys.push_back(key);
  if (keys.empty()) return 0;
  while (keys.size() % kBulk != 0 || keys.size() < kBulk) keys.push_back(keys[0]);
  std::array<uint32_t, kBulk> homes;
  std::array<uint64_t, kBulk> entries;
  uint64_t done = 0;
  const Nanos start = clock_.now();
  while (clock_.now() - start < kLookupsFor)
    for (size_t k = 0; k < keys.size(); k += kBulk, done += kBulk) {
      tables_.fdb.prepare(&keys[k], homes.data(), kBulk);
      tables_.fdb.find_bulk(&keys[k], homes.data(), kBulk, entries.data());
    }
  return static_cast<double>(done) * kSecond / static_cast<double>(clock_.now() - start);
}

}  // namespace

BenchResult run_bench(const Config& config, const BenchOptions& options) {
  const BenchDevices devices(config, options);
  const Eal eal(devices.eal_arguments());
  if (rte_lcore_count() < options.workers + 1U)
    throw std::runtime_error(
        fmt::format("{} workers want {} lcores besides the main one; there are {}", options.workers,
                    options.workers, rte_lcore_count() - 1));
  Bench bench(config, devices, options.workers);
  BenchResult result;
  result.workers = options.workers;
  result.tsc_hz = rte_get_tsc_hz();
  result.learning = bench.learn(kWarmUp);
  result.measured = bench.run(options.seconds, false);
  bench.run(kStagesFor, true);
  result.stages = bench.stages();
  result.fdb_lookups_per_second = bench.fdb_lookups_per_second();
  return result;
}

}  // namespace godwit
