#include "control/switch.h"

#include <chrono>

#include <fmt/core.h>
#include <rte_errno.h>
#include <rte_launch.h>

#include "control/wall_clock.h"

#include "lib/config_change.h"

namespace godwit {
namespace {

constexpr unsigned kEvents = 1U << 16;
// At the end, ports that never run dry are given so many rounds.
constexpr unsigned kDrainRounds = 64;
constexpr unsigned kIdleBeforeNap = 64;  // rounds

}  // namespace

// One worker with what is its own.
struct Switch::Lane {
  Lane(Switch& owner, uint16_t index_in, rte_mempool* pool)
      : owner(owner),
        index(index_in),
        channel(fmt::format("lane{}", index_in).c_str(), kEvents),
        worker(std::make_unique<Worker>(owner.topology_, owner.tables_, owner.fib_, channel, pool,
                                        owner.ports_of(index_in, owner.devices_))) {}

  Switch& owner;
  uint16_t index;
  Channel channel;
  std::unique_ptr<Worker> worker;
  unsigned lcore = LCORE_ID_ANY;
  std::thread thread;  // where EAL has no lcore for it
  LaneCounters counters;
};

// Of one port.
class Switch::User final : public PortUser {
 public:
  User(const Topology& topology, PortStates& states, PortIndex port, Quiescence& quiescence)
      : topology_(topology), states_(states), port_(port), quiescence_(quiescence) {}

  // A guest that comes may be one that stood still elsewhere in its bridge: what was held for those
  // is flooded, and so finds it, whoever it is.
  void link(bool up) override {
    up = up && topology_.port(port_).enabled;
    if (!states_.set(port_, up) || !up) return;
    for (const Membership& here : topology_.port(port_).memberships)
      for (const Membership& there : topology_.bridge(here.bridge).members)
        if (states_.is_still(there.port)) states_.set(there.port, false);
  }
  void stands_still() override { states_.hold(port_); }
  void wait_for_workers() override { quiescence_.wait(); }

 private:
  const Topology& topology_;
  PortStates& states_;
  PortIndex port_;
  Quiescence& quiescence_;
};

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

// The link is as it is now, and as the device says from now on. A number that is absent counts as
// up: whoever sends there finds nobody, and as long as all ports are up nobody looks.
void Switch::set_state(PortIndex port) {
  PortDevice* const device = devices_[port];
  if (device != nullptr) device->attach(users_[port].get());
  const PortContext& context = topology_.port(port);
  tables_.ports.set(port, context.absent || (context.enabled && port_state(port).up));
}

std::vector<Port*> Switch::ports_of(uint16_t worker, std::span<PortDevice* const> devices) const {
  std::vector<Port*> ports;
  for (PortDevice* device : devices)
    ports.push_back(device != nullptr ? &device->port(worker) : nullptr);
  return ports;
}

Switch::PortLists Switch::lists_of(std::span<PortDevice* const> devices) const {
  PortLists lists;
  for (const auto& lane : lanes_)
    lists.push_back(std::make_unique<const PortList>(ports_of(lane->index, devices)));
  return lists;
}

// Devices know their user before workers know them, and until workers do so no longer.
void Switch::use_lists(PortLists lists, std::span<PortDevice* const> devices) {
  const std::vector<PortDevice*> before = devices_;
  devices_.assign(devices.begin(), devices.end());
  for (size_t p = 0; p < devices_.size(); ++p)
    if (devices_[p] != before[p]) set_state(static_cast<PortIndex>(p));
  for (size_t w = 0; w < lanes_.size(); ++w) lists[w] = lanes_[w]->worker->use(std::move(lists[w]));
  quiescence_.wait();  // then nobody reads what was before
  for (size_t p = 0; p < devices_.size(); ++p)
    if (before[p] != nullptr && devices_[p] != before[p]) before[p]->attach(nullptr);
}

void Switch::use_devices(std::span<PortDevice* const> devices) {
  use_lists(lists_of(devices), devices);
}

std::vector<Worker*> Switch::worker_list() const {
  std::vector<Worker*> list;
  for (const auto& lane : lanes_) list.push_back(lane->worker.get());
  return list;
}

std::vector<Channel*> Switch::make_lanes(uint16_t workers, rte_mempool* pool) {
  for (size_t p = 0; p < devices_.size(); ++p) {
    const auto port = static_cast<PortIndex>(p);
    users_.push_back(std::make_unique<User>(topology_, tables_.ports, port, quiescence_));
    set_state(port);
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

void Switch::turn() {
  const Nanos now = clock_.now();
  // Each time, because the two clocks drift apart and somebody may set one.
  const Nanos since_1970 = unix_time();
  control_.set_unix_time(since_1970, now);
  control_.take_events(now);
  taps_.poll();
  capture_.turn(now, since_1970);
  trace_.turn(now);
  if (control_.next_due() <= now) control_.run_due(now);
}

// Whoever comes is known before its frames are taken; whoever goes is sent to no more before what
// is known of it ends.
void Switch::follow(std::unique_ptr<const Config> next, std::span<PortDevice* const> devices) {
  std::unique_ptr<const FibTable> fib;
  if (!has_same_routes(topology_.config(), *next)) fib = std::make_unique<const FibTable>(*next);
  PortLists lists = lists_of(devices);
  const auto limits = tables_.follow(*next);
  const auto before = topology_.replace(std::move(next));
  if (fib) fib = fib_.replace(std::move(fib));
  begin_counts(before->config);
  use_lists(std::move(lists), devices);  // and waits until nobody reads what was before
  renew(before->config);
  control_.follow(before->config, now());
  capture_.follow();
}

// Each worker's ring of orders is emptied in every round.
void Switch::tell_workers(OrderKind kind, Location port, BridgeIndex bridge) {
  Order order;
  order.kind = kind;
  order.to = port;
  order.bridge = bridge;
  for (const auto& lane : lanes_)
    while (!lane->channel.orders.put(order)) quiescence_.wait();
}

// Of a number that has another name now. Nobody uses it yet.
void Switch::begin_counts(const Config& before) {
  for (size_t p = 0; p < before.ports.size(); ++p) {
    if (topology_.config().ports[p].name == before.ports[p].name) continue;
    counted_before_[p] = counted(static_cast<PortIndex>(p));
    counted_before_[p].held = 0;
  }
}

void Switch::renew(const Config& before) {
  const Config& now = topology_.config();
  for (size_t p = 0; p < now.ports.size(); ++p) {
    const PortConfig& is = now.ports[p];
    const PortConfig& was = before.ports[p];
    const auto port = static_cast<PortIndex>(p);
    if (is.absent && !was.absent) tell_workers(OrderKind::kDiscard, port);
    if (is.storm != was.storm || is.queues != was.queues) tell_workers(OrderKind::kLimits, port);
  }
  for (size_t b = 0; b < now.bridges.size(); ++b)
    if (now.bridges[b].absent && !before.bridges[b].absent)
      tell_workers(OrderKind::kDiscard, kNoLocation, static_cast<BridgeIndex>(b));
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
