#include "lib/config_change.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

namespace godwit {
namespace {

using Keys = std::vector<std::string>;

constexpr uint64_t kSpareRoom = 8;  // of ports, and of bridges

// The number that each of `next` gets, of those that `now` has; std::nullopt: there is none left.
template <class T>
std::vector<std::optional<uint16_t>> numbers(const std::vector<T>& now, const std::vector<T>& next,
                                             bool may_inherit) {
  std::unordered_map<std::string_view, uint16_t> known;
  for (size_t n = 0; n < now.size(); ++n)
    if (!now[n].name.empty()) known.emplace(now[n].name, static_cast<uint16_t>(n));
  std::vector<std::optional<uint16_t>> got(next.size());
  std::vector<bool> taken(now.size());
  for (size_t i = 0; i < next.size(); ++i)
    if (const auto at = known.find(next[i].name); at != known.end()) {
      got[i] = at->second;
      taken[at->second] = true;
    }
  const auto take_free = [&](bool named) -> std::optional<uint16_t> {
    for (size_t n = 0; n < now.size(); ++n)
      if (now[n].absent && !taken[n] && now[n].name.empty() != named) {
        taken[n] = true;
        return static_cast<uint16_t>(n);
      }
    return std::nullopt;
  };
  for (auto& number : got) {
    if (!number) number = take_free(false);
    if (!number && may_inherit) number = take_free(true);
  }
  return got;
}

// Each where its number says; the others absent, as they are or were.
template <class T>
std::vector<T> placed(const std::vector<T>& now, std::vector<T> next,
                      const std::vector<std::optional<uint16_t>>& number) {
  std::vector<T> list(now.size());
  for (size_t n = 0; n < now.size(); ++n) {
    list[n].name = now[n].name;
    list[n].absent = true;
  }
  for (size_t i = 0; i < next.size(); ++i) list[*number[i]] = std::move(next[i]);
  return list;
}

template <class T>
void list_without_number(const std::vector<T>& next,
                         const std::vector<std::optional<uint16_t>>& number, size_t room,
                         std::string_view section, Keys& keys) {
  for (size_t i = 0; i < next.size(); ++i)
    if (!number[i])
      keys.push_back(
          fmt::format("{0}.{1} (memory.{0} has room for {2})", section, next[i].name, room));
}

template <class T>
void pad(std::vector<T>& list, uint64_t room, uint64_t most) {
  const size_t present = list.size();
  list.resize(std::max<uint64_t>(present, room != 0 ? room : std::min(present + kSpareRoom, most)));
  for (size_t n = present; n < list.size(); ++n) list[n].absent = true;
}

}  // namespace

void make_room(Config& config) {
  pad(config.ports, config.port_room, kMaxPorts);
  pad(config.bridges, config.bridge_room, kNoBridge);
}

std::vector<std::string> take_numbers(const Config& now, Config& next) {
  Keys keys;
  const auto port = numbers(now.ports, next.ports, true);
  const auto bridge = numbers(now.bridges, next.bridges, false);
  list_without_number(next.ports, port, now.ports.size(), "ports", keys);
  list_without_number(next.bridges, bridge, now.bridges.size(), "bridges", keys);
  if (!keys.empty()) return keys;
  for (PortConfig& one : next.ports)
    if (one.mirror != kNoLocation) one.mirror = *port[one.mirror];
  for (BridgeConfig& one : next.bridges) {
    for (MemberConfig& member : one.members) member.port = *port[member.port];
    for (StaticHostConfig& host : one.static_hosts) host.port = *port[host.port];
  }
  next.ports = placed(now.ports, std::move(next.ports), port);
  next.bridges = placed(now.bridges, std::move(next.bridges), bridge);
  // By default it follows from the bridges, and it sizes the table.
  if (!now.names_fdb_limit && !next.names_fdb_limit) next.fdb_limit = now.fdb_limit;
  return keys;
}

std::vector<std::string> keys_that_need_restart(const Config& now, const Config& next) {
  Keys keys;
  const auto require_same = [&](const auto& a, const auto& b, std::string_view key) {
    if (!(a == b)) keys.emplace_back(key);
  };
  require_same(now.limits, next.limits, "limits");
  require_same(now.neighbors.limit, next.neighbors.limit, "neighbors.limit");
  require_same(now.fdb_limit, next.fdb_limit, "fdb.limit");
  require_same(now.control, next.control, "control");
  require_same(now.forget, next.forget, "forget");
  require_same(now.workers, next.workers, "workers");
  require_same(now.mbufs, next.mbufs, "memory.mbufs");
  require_same(now.port_room, next.port_room, "memory.ports");
  require_same(now.bridge_room, next.bridge_room, "memory.bridges");
  return keys;
}

bool has_same_device(const PortConfig& now, const PortConfig& next) {
  return now.absent == next.absent && now.device == next.device && now.queues == next.queues &&
         now.mtu == next.mtu;
}

std::vector<PortIndex> lost_members(const BridgeConfig& now, const BridgeConfig& next) {
  std::vector<PortIndex> lost;
  for (const MemberConfig& was : now.members)
    if (std::none_of(next.members.begin(), next.members.end(),
                     [&](const MemberConfig& is) { return is.port == was.port; }))
      lost.push_back(was.port);
  return lost;
}

bool loses_members(const Config& now, const Config& next) {
  for (size_t b = 0; b < now.bridges.size(); ++b)
    if (!lost_members(now.bridges[b], next.bridges[b]).empty()) return true;
  return false;
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
