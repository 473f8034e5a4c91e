#include "control/bench.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
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

// One worker with what is its own.
struct Lane {
  Lane(const Topology& topology, Tables& tables, uint16_t index,
       const std::vector<std::unique_ptr<Ethdev>>& devices)
      : ring(fmt::format("bench{}", index).c_str(), kEvents) {
    for (const auto& device : devices) {
      ports.push_back(std::make_unique<EthdevPort>(*device, index));
      list.push_back(ports.back().get());
    }
    worker = std::make_unique<Worker>(topology, tables, ring, list);
  }

  EventRing ring;
  std::vector<std::unique_ptr<EthdevPort>> ports;
  std::vector<Port*> list;
  std::unique_ptr<Worker> worker;
};

// Everything that runs, and the order in which it is made and ends.
class Bench {
 public:
  Bench(const Config& config, const BenchDevices& devices, uint16_t workers)
      : topology_(config), tables_(config, kFixedSecret), quiescence_(workers) {
    for (size_t p = 0; p < config.ports.size(); ++p) {
      pools_.push_back(devices.make_pool(static_cast<PortIndex>(p), workers));
      devices_.push_back(std::make_unique<Ethdev>(devices.ethdev_name(static_cast<PortIndex>(p)),
                                                  workers, pools_.back().get()));
    }
    for (uint16_t w = 0; w < workers; ++w) {
      lanes_.push_back(std::make_unique<Lane>(topology_, tables_, w, devices_));
      rings_.push_back(&lanes_.back()->ring);
    }
    control_ = std::make_unique<Control>(topology_, tables_, rings_, quiescence_);
  }

  // Runs the workers, each on its lcore, and control on this one. Returns the TSC cycles it took.
  uint64_t run(Nanos duration, bool timed);

  PortCounters total() const;
  StageStats stages() const;
  double fdb_lookups_per_second() const;

 private:
  struct Order {
    Bench* bench;
    uint16_t lane;
    Nanos until;
  };
  static int work(void* order);

  Topology topology_;
  Tables tables_;
  Quiescence quiescence_;
  std::vector<PoolPointer> pools_;
  std::vector<std::unique_ptr<Ethdev>> devices_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<EventRing*> rings_;
  std::unique_ptr<Control> control_;
  TscClock clock_;
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

uint64_t Bench::run(Nanos duration, bool timed) {
  const uint64_t start = rte_rdtsc();
  std::vector<Order> orders(lanes_.size());
  unsigned lcore = rte_get_next_lcore(-1, 1, 0);
  for (uint16_t w = 0; w < lanes_.size(); ++w) {
    lanes_[w]->worker->timed = timed;
    orders[w] = {this, w, clock_.now() + duration};
    rte_eal_remote_launch(work, &orders[w], lcore);
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
    // Control shares no core with a worker where there are enough; where not, it must not hurt.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  rte_eal_mp_wait_lcore();
  return rte_rdtsc() - start;
}

PortCounters Bench::total() const {
  PortCounters sum;
  for (const auto& lane : lanes_)
    for (const PortCounters& port : lane->worker->port_counters) sum += port;
  return sum;
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
      tables_.fdb.prefetch(&keys[k], homes.data(), kBulk);
      tables_.fdb.find_bulk(&keys[k], homes.data(), kBulk, entries.data());
    }
  return static_cast<double>(done) * kSecond / static_cast<double>(clock_.now() - start);
}

uint64_t dropped(const PortCounters& counters) {
  uint64_t sum = counters.tx_full;
  for (const uint64_t count : counters.drops) sum += count;
  return sum;
}

double per_packet(const StageCount& count) {
  return count.packets == 0
             ? 0
             : static_cast<double>(count.cycles) / static_cast<double>(count.packets);
}

double mpps(const BenchResult& result) {
  return static_cast<double>(result.rx) / result.seconds / 1e6;
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
  bench.run(kWarmUp, false);
  const PortCounters before = bench.total();
  const uint64_t cycles = bench.run(options.seconds, false);
  const PortCounters after = bench.total();
  bench.run(kStagesFor, true);
  result.seconds = static_cast<double>(cycles) / static_cast<double>(rte_get_tsc_hz());
  result.rx = after.rx - before.rx;
  result.tx = after.tx - before.tx;
  result.dropped = dropped(after) - dropped(before);
  if (result.rx != 0)
    result.cycles_per_packet =
        static_cast<double>(cycles) * result.workers / static_cast<double>(result.rx);
  result.stages = bench.stages();
  result.fdb_lookups_per_second = bench.fdb_lookups_per_second();
  return result;
}

std::string bench_text(const BenchResult& result) {
  std::string text = fmt::format(
      "{:.2f} Mpps in, {:.1f} cycles a packet ({} workers, {:.1f} s; {} in, {} out, {} dropped)\n",
      mpps(result), result.cycles_per_packet, result.workers, result.seconds, result.rx, result.tx,
      result.dropped);
  text += "stage        packets  cycles/packet\n";
  for (size_t s = 0; s < kStageNames.size(); ++s)
    text += fmt::format("{:<8} {:>11}  {:13.1f}\n", kStageNames[s], result.stages[s].packets,
                        per_packet(result.stages[s]));
  return text +
         fmt::format("FDB lookups, in bulk: {:.1f} M/s\n", result.fdb_lookups_per_second / 1e6);
}

std::string bench_json(const BenchResult& result) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  for (size_t s = 0; s < kStageNames.size(); ++s)
    stages.push_back({{"name", kStageNames[s]},
                      {"packets", result.stages[s].packets},
                      {"cycles_per_packet", per_packet(result.stages[s])}});
  const nlohmann::ordered_json json = {{"schema", "godwit-bench/1"},
                                       {"seconds", result.seconds},
                                       {"workers", result.workers},
                                       {"rx", result.rx},
                                       {"tx", result.tx},
                                       {"dropped", result.dropped},
                                       {"mpps", mpps(result)},
                                       {"cycles_per_packet", result.cycles_per_packet},
                                       {"stages", std::move(stages)},
                                       {"fdb_lookups_per_second", result.fdb_lookups_per_second}};
  return json.dump(2) + "\n";
}

}  // namespace godwit
