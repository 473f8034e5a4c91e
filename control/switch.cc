#include "control/switch.h"

#include <chrono>

#include <fmt/core.h>
#include <rte_errno.h>
#include <rte_launch.h>

#include "control/switch_parts.h"
#include "control/wall_clock.h"

namespace godwit {
namespace {

// At the end, ports that never run dry are given so many rounds.
constexpr unsigned kDrainRounds = 64;
constexpr unsigned kIdleBeforeNap = 64;  // rounds

}  // namespace

Switch::Switch(const Config& config, const SwitchOptions& options,
               std::span<PortDevice* const> devices, rte_mempool* pool)
    : topology_(config),
      nap_(options.nap),
      devices_(devices.begin(), devices.end()),
      tables_(config, options.secret),
      fib_(config),
      quiescence_(options.workers),
      counted_before_(config.ports.size()),
      channels_(make_lanes(options.workers, pool)),
      control_(topology_, tables_, channels_, quiescence_),
      taps_(topology_, tables_.ports, worker_list(), quiescence_),
      capture_(topology_, taps_),
      trace_(taps_) {}

Switch::~Switch() {
  stop();
  for (PortDevice* device : devices_)
    if (device != nullptr) device->attach(nullptr);
}

std::vector<Worker*> Switch::worker_list() const {
  std::vector<Worker*> list;
  for (const auto& lane : lanes_) list.push_back(lane->worker.get());
  return list;
}

std::vector<Channel*> Switch::make_lanes(uint16_t workers, rte_mempool* pool) {
  for (size_t p = 0; p < devices_.size(); ++p) {
    const auto port = static_cast<PortIndex>(p);
    users_.push_back(std::make_unique<User>(*this, port));
    if (devices_[p] != nullptr) devices_[p]->attach(users_[p].get());
    set_link(port);
  }
  std::vector<Channel*> channels;
  for (uint16_t w = 0; w < workers; ++w) {
    lanes_.push_back(std::make_unique<Lane>(*this, w, pool));
    channels.push_back(&lanes_.back()->channel);
  }
  return channels;
}

void Switch::start(bool timed) {
  running_.store(true, std::memory_order_relaxed);
  draining_.store(static_cast<uint16_t>(lanes_.size()), std::memory_order_relaxed);
  unsigned lcore = rte_get_next_lcore(-1, 1, 0);
  for (const auto& lane : lanes_) {
    lane->worker->timed = timed;
    if (lcore == RTE_MAX_LCORE) {
      lane->thread = std::thread([&lane = *lane] {
        rte_thread_register();  // an lcore number of its own, so that pools are quick for it
        lane.owner.run(lane.index);
        rte_thread_unregister();
      });
      continue;
    }
    lane->lcore = lcore;
    rte_eal_remote_launch(launched, lane.get(), lcore);
    lcore = rte_get_next_lcore(lcore, 1, 0);
  }
}

void Switch::stop() {
  running_.store(false, std::memory_order_relaxed);
  for (const auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
    if (lane->lcore != LCORE_ID_ANY) rte_eal_wait_lcore(lane->lcore);
    lane->lcore = LCORE_ID_ANY;
  }
}

int Switch::launched(void* lane) {
  const Lane& mine = *static_cast<Lane*>(lane);
  mine.owner.run(mine.index);
  return 0;
}

void Switch::run(uint16_t index) {
  Lane& lane = *lanes_[index];
  Worker& worker = *lane.worker;
  LaneCounters& counters = lane.counters;
  quiescence_.online(index);
  Nanos now = clock_.now();
  unsigned idle = 0;
  while (is_running()) {
    const uint16_t frames = worker.step(now);
    quiescence_.quiescent(index);
    const Nanos began = now;
    now = clock_.now();
    ++counters.rounds;
    counters.frames += frames;
    if (frames > 0) {
      counters.busy += now - began;
      idle = 0;
      continue;
    }
    ++counters.idle_rounds;
    if (nap_ != 0 && ++idle > kIdleBeforeNap)
      std::this_thread::sleep_for(std::chrono::nanoseconds(nap_));
  }
  drain(index);
  quiescence_.offline(index);
}

// What the ports have still to give, and then what other workers lend while they do the same.
void Switch::drain(uint16_t index) {
  Worker& worker = *lanes_[index]->worker;
  for (unsigned n = 0; n < kDrainRounds && worker.step(clock_.now()) > 0; ++n)
    quiescence_.quiescent(index);
  draining_.fetch_sub(1, std::memory_order_relaxed);
  do {
    worker.step(clock_.now());
    quiescence_.quiescent(index);
  } while (draining_.load(std::memory_order_relaxed) > 0);
  worker.step(clock_.now());
}

bool Switch::turn() {
  const Nanos now = clock_.now();
  // Each time, because the two clocks drift apart and somebody may set one.
  const Nanos since_1970 = unix_time();
  control_.set_unix_time(since_1970, now);
  taps_.poll();
  capture_.turn(now, since_1970);
  trace_.turn(now);
  return work();
}

// In short steps, each in its own moment: what falls due does not wait until all is heard that a
// storm tells, and the API does not wait for all of that.
bool Switch::work() {
  constexpr unsigned kEventsAStep = 1024;
  constexpr Nanos kLongest = 5 * kMillisecond;
  const Nanos began = clock_.now();
  for (Nanos now = began;; now = clock_.now()) {
    const bool more = control_.take_events(now, kEventsAStep);
    if (control_.next_due() <= now) control_.run_due(now);
    if (!more || now - began >= kLongest) return more;
  }
}

Totals Switch::totals() const {
  std::vector<const Worker*> workers;
  for (const auto& lane : lanes_) workers.push_back(lane->worker.get());
  return Totals(workers);
}

PortCounters Switch::counted(PortIndex port) const {
  PortCounters sum;
  for (const auto& lane : lanes_) sum += lane->worker->port_counters[port];
  return sum;
}

PortCounters Switch::port_counters(PortIndex port) const {
  PortCounters sum = counted(port);
  sum -= counted_before_[port];
  return sum;
}

PortState Switch::port_state(PortIndex port) const {
  if (devices_[port] != nullptr) return devices_[port]->state();
  PortState state;
  state.up = false;
  state.device = topology_.config().ports[port].device;
  return state;
}

StageStats Switch::stage_stats() const {
  StageStats sum{};
  for (const auto& lane : lanes_)
    for (size_t s = 0; s < sum.size(); ++s) sum[s] += lane->worker->stage_stats[s];
  return sum;
}

std::vector<LaneView> Switch::workers() const {
  std::vector<LaneView> views;
  for (const auto& lane : lanes_)
    views.push_back({lane->worker.get(), lane->lcore, lane->counters});
  return views;
}

}  // namespace godwit
