#include "lib/config_change.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace godwit {
namespace {

using Keys = std::vector<std::string>;

// The names of either that the other does not have, or none and false if only their order differs.
template <class T>
bool has_same_names(const std::vector<T>& now, const std::vector<T>& next, std::string_view section,
                    Keys& keys) {
  const auto same = [](const T& a, const T& b) { return a.name == b.name; };
  if (std::equal(now.begin(), now.end(), next.begin(), next.end(), same)) return true;
  const size_t before = keys.size();
  const auto list_missing = [&](const std::vector<T>& those, const std::vector<T>& here) {
    for (const T& one : those)
      if (std::none_of(here.begin(), here.end(), [&](const T& o) { return same(one, o); }))
        keys.push_back(fmt::format("{}.{}", section, one.name));
  };
  list_missing(now, next);
  list_missing(next, now);
  if (keys.size() == before) keys.push_back(fmt::format("{} (their order)", section));
  return false;
}

class Section {
 public:
  Section(std::string name, Keys& keys) : name_(std::move(name)), keys_(keys) {}
  template <class T>
  void require_same(const T& now, const T& next, std::string_view key) {
    if (!(now == next)) keys_.push_back(name_ + std::string(key));
  }

 private:
  std::string name_;
  Keys& keys_;
};

void compare(const PortConfig& now, const PortConfig& next, Keys& keys) {
  Section port(fmt::format("ports.{}.", now.name), keys);
  port.require_same(now.device, next.device, "device");
  port.require_same(now.queues, next.queues, "queues");
  port.require_same(now.mtu, next.mtu, "mtu");
  port.require_same(now.enabled, next.enabled, "enabled");
  port.require_same(now.storm, next.storm, "storm");
}

void compare(const BridgeConfig& now, const BridgeConfig& next, Keys& keys) {
  Section bridge(fmt::format("bridges.{}.", now.name), keys);
  bridge.require_same(now.vlan, next.vlan, "vlan");
  bridge.require_same(now.members, next.members, "ports");
  bridge.require_same(now.learn_limit, next.learn_limit, "learning.limit");
  bridge.require_same(now.learn_limit_per_port, next.learn_limit_per_port, "learning.per_port");
  bridge.require_same(now.learn_floor, next.learn_floor, "learning.floor");
  bridge.require_same(now.gateway.has_value(), next.gateway.has_value(), "gateway");
  if (now.gateway && next.gateway)
    bridge.require_same(now.gateway->mac, next.gateway->mac, "gateway.mac");
}

}  // namespace

std::vector<std::string> keys_that_need_restart(const Config& now, const Config& next) {
  Keys keys;
  if (has_same_names(now.ports, next.ports, "ports", keys))
    for (size_t p = 0; p < now.ports.size(); ++p) compare(now.ports[p], next.ports[p], keys);
  if (has_same_names(now.bridges, next.bridges, "bridges", keys))
    for (size_t b = 0; b < now.bridges.size(); ++b) compare(now.bridges[b], next.bridges[b], keys);
  Section top("", keys);
  top.require_same(now.limits, next.limits, "limits");
  top.require_same(now.neighbors.limit, next.neighbors.limit, "neighbors.limit");
  top.require_same(now.neighbors.per_port, next.neighbors.per_port, "neighbors.per_port");
  top.require_same(now.neighbors.floor, next.neighbors.floor, "neighbors.floor");
  top.require_same(now.fdb_limit, next.fdb_limit, "fdb.limit");
  top.require_same(now.control, next.control, "control");
  top.require_same(now.forget, next.forget, "forget");
  top.require_same(now.workers, next.workers, "workers");
  top.require_same(now.mbufs, next.mbufs, "memory.mbufs");
  return keys;
}

bool has_same_routes(const Config& now, const Config& next) {
  const auto same_gateway = [](const BridgeConfig& a, const BridgeConfig& b) {
    return a.gateway == b.gateway;
  };
  return now.routes == next.routes &&
         std::equal(now.bridges.begin(), now.bridges.end(), next.bridges.begin(),
                    next.bridges.end(), same_gateway);
}

}  // namespace godwit
