// How a switch follows another config, with other ports, while its workers run.
#include <mutex>
#include <utility>

#include "control/switch_parts.h"

#include "lib/config_change.h"

namespace godwit {

// Whoever comes is known before its frames are taken; whoever goes is sent to no more before what
// is known of it ends.
void Switch::follow(std::unique_ptr<const Config> next, std::span<PortDevice* const> devices) {
  std::unique_ptr<const FibTable> fib;
  if (!has_same_routes(topology_.config(), *next)) fib = std::make_unique<const FibTable>(*next);
  PortLists lists = lists_of(devices);
  tables_.follow(*next);
  const auto before = topology_.replace(std::move(next));
  if (fib) fib = fib_.replace(std::move(fib));
  const bool renamed = begin_counts(before->config);
  use_lists(std::move(lists), devices);              // no worker reads what was before
  { const std::lock_guard no_reader(users_lock_); }  // nor does a device's thread
  set_links(before->config);
  tell_workers(before->config);
  control_.follow(before->config, now());
  capture_.follow();
  const auto traced = trace_.order().wish.port;
  if (traced && topology_.port(*traced).absent) trace_.stop();
  if (renamed) trace_.clear();
}

void Switch::use_devices(std::span<PortDevice* const> devices) {
  use_lists(lists_of(devices), devices);
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

// Devices know their user before workers know them, and until workers do so no longer. Links are
// looked at when nobody can say any more what is not so.
void Switch::use_lists(PortLists lists, std::span<PortDevice* const> devices) {
  const std::vector<PortDevice*> before = devices_;
  devices_.assign(devices.begin(), devices.end());
  for (size_t p = 0; p < devices_.size(); ++p)
    if (devices_[p] != nullptr && devices_[p] != before[p]) devices_[p]->attach(users_[p].get());
  for (size_t w = 0; w < lanes_.size(); ++w) lists[w] = lanes_[w]->worker->use(std::move(lists[w]));
  quiescence_.wait();  // then nobody reads what was before
  for (size_t p = 0; p < devices_.size(); ++p)
    if (before[p] != nullptr && devices_[p] != before[p]) before[p]->attach(nullptr);
  for (size_t p = 0; p < devices_.size(); ++p)
    if (devices_[p] != before[p]) set_link(static_cast<PortIndex>(p));
}

// A number that is absent counts as up: whoever sends there finds nobody, and as long as all ports
// are up nobody looks.
void Switch::set_link(PortIndex port) {
  const PortContext& context = topology_.port(port);
  tables_.ports.set(port, context.absent || (context.enabled && port_state(port).up));
}

// Of ports that come, go, or are switched on or off.
void Switch::set_links(const Config& before) {
  for (size_t p = 0; p < before.ports.size(); ++p) {
    const PortContext& is = topology_.port(static_cast<PortIndex>(p));
    if (is.absent != before.ports[p].absent || is.enabled != before.ports[p].enabled)
      set_link(static_cast<PortIndex>(p));
  }
}

// Of a number that has another name now, and that nobody uses yet. Whether there is one.
bool Switch::begin_counts(const Config& before) {
  bool renamed = false;
  for (size_t p = 0; p < before.ports.size(); ++p) {
    if (topology_.config().ports[p].name == before.ports[p].name) continue;
    counted_before_[p] = counted(static_cast<PortIndex>(p));
    counted_before_[p].held = 0;
    renamed |= !before.ports[p].name.empty();
  }
  return renamed;
}

// What they do not read from the topology in every burst.
void Switch::tell_workers(const Config& before) {
  const Config& now = topology_.config();
  for (size_t p = 0; p < now.ports.size(); ++p) {
    const PortConfig& is = now.ports[p];
    const PortConfig& was = before.ports[p];
    const auto port = static_cast<PortIndex>(p);
    if (is.absent && !was.absent) tell_workers(OrderKind::kDiscard, port, kNoBridge);
    if (is.storm != was.storm || is.queues != was.queues)
      tell_workers(OrderKind::kLimits, port, kNoBridge);
  }
  for (size_t b = 0; b < now.bridges.size(); ++b) {
    const auto bridge = static_cast<BridgeIndex>(b);
    for (const PortIndex port : lost_members(before.bridges[b], now.bridges[b]))
      tell_workers(OrderKind::kDiscard, port, bridge);
    if (now.bridges[b].absent && !before.bridges[b].absent)
      tell_workers(OrderKind::kDiscard, kNoLocation, bridge);
  }
}

// Each worker's ring of orders is emptied in every round, while it runs.
void Switch::tell_workers(OrderKind kind, Location port, BridgeIndex bridge) {
  Order order;
  order.kind = kind;
  order.to = port;
  order.bridge = bridge;
  for (const auto& lane : lanes_)
    while (!lane->channel.orders.put(order) && is_running()) quiescence_.wait();
}

}  // namespace godwit
