#include "dataplane/tables.h"

#include <algorithm>

#include "lib/arbiter.h"
#include "lib/config_change.h"

namespace godwit {
namespace {

// 8192 lines of eight: what one uplink reflects in 50 ms at about a million frames a second.
constexpr uint32_t kReflectionLines = 8192;

// What the config itself puts into the tables comes on top of every limit: it is never refused, and
// it leaves newcomers all the room that the limit names.
size_t fixed_macs(const BridgeConfig& bridge) {
  return bridge.static_hosts.size() + (bridge.gateway ? 1 : 0);
}

size_t fixed_ips(const BridgeConfig& bridge) {
  const auto& hosts = bridge.static_hosts;
  return static_cast<size_t>(std::count_if(hosts.begin(), hosts.end(),
                                           [](const auto& host) { return host.ip.has_value(); }));
}

// What is kept for the config's own entries of a bridge that may come, and the floors of its ports.
constexpr size_t kRoomOfBridge = 256;

size_t untrusted_members(const BridgeConfig& bridge) {
  const auto& members = bridge.members;
  return static_cast<size_t>(
      std::count_if(members.begin(), members.end(), [](const auto& m) { return !m.trusted; }));
}

// What each of so many ports is granted beyond a limit: all of them no more than half of it.
uint64_t floor_within(uint64_t floor, uint64_t limit, size_t ports) {
  return std::min<uint64_t>(floor, limit / (2 * std::max<size_t>(ports, 1)));
}

uint64_t learn_floor(const Config& config, const BridgeConfig& bridge) {
  size_t all_ports = 0;
  for (const BridgeConfig& one : config.bridges) all_ports += untrusted_members(one);
  const uint64_t of_bridge =
      floor_within(bridge.learn_floor, bridge.learn_limit, untrusted_members(bridge));
  return floor_within(of_bridge, config.fdb_limit, all_ports);
}

uint64_t neighbor_floor(const Config& config) {
  return floor_within(config.neighbors.floor, config.neighbors.limit, count_present(config.ports));
}

uint32_t fdb_entries(const Config& config) {
  uint64_t entries = config.fdb_limit;
  for (const BridgeConfig& bridge : config.bridges)
    entries += bridge.absent
                   ? kRoomOfBridge
                   : fixed_macs(bridge) + untrusted_members(bridge) * learn_floor(config, bridge);
  return static_cast<uint32_t>(entries);
}

uint32_t neighbor_entries(const Config& config) {
  uint64_t entries = config.neighbors.limit + config.ports.size() * neighbor_floor(config);
  for (const BridgeConfig& bridge : config.bridges) entries += fixed_ips(bridge);
  return static_cast<uint32_t>(entries);
}

QuotaLimits fdb_limits(const Config& config) {
  QuotaLimits limits;
  limits.total = static_cast<int64_t>(config.fdb_limit);
  for (size_t b = 0; b < config.bridges.size(); ++b) {
    const BridgeConfig& bridge = config.bridges[b];
    limits.total += static_cast<int64_t>(fixed_macs(bridge));
    limits.per_bridge.push_back(static_cast<int64_t>(bridge.learn_limit + fixed_macs(bridge)));
    const auto floor = static_cast<int64_t>(learn_floor(config, bridge));
    for (const MemberConfig& member : bridge.members) {
      // Counted all the same: it may be trusted no longer some day.
      if (member.trusted) {
        limits.per_port.push_back({static_cast<BridgeIndex>(b), member.port});
        continue;
      }
      const auto here = std::count_if(bridge.static_hosts.begin(), bridge.static_hosts.end(),
                                      [&](const auto& host) { return host.port == member.port; });
      limits.per_port.push_back({static_cast<BridgeIndex>(b), member.port,
                                 static_cast<int64_t>(bridge.learn_limit_per_port) + here,
                                 floor + here});
    }
  }
  return limits;
}

QuotaLimits neighbor_limits(const Config& config) {
  QuotaLimits limits;
  limits.total = static_cast<int64_t>(config.neighbors.limit);
  for (const BridgeConfig& bridge : config.bridges)
    limits.total += static_cast<int64_t>(fixed_ips(bridge));
  for (size_t p = 0; p < config.ports.size(); ++p)
    limits.per_port.push_back({kNoBridge, static_cast<PortIndex>(p),
                               static_cast<int64_t>(config.neighbors.per_port),
                               static_cast<int64_t>(neighbor_floor(config))});
  return limits;
}

void seed(Tables& tables, BridgeIndex b, const BridgeConfig& bridge) {
  if (bridge.gateway)
    tables.fdb.insert(b, bridge.gateway->mac, first_heard(kSelf, HostClass::kStatic, 0));
  for (const StaticHostConfig& host : bridge.static_hosts) {
    tables.fdb.insert(b, host.mac, first_heard(host.port, HostClass::kStatic, 0));
    if (!host.ip) continue;
    const NeighborEntry entry = NeighborEntry{}
                                    .with_mac(host.mac)
                                    .with_state(NeighborState::kReachable)
                                    .with_flags(kStaticNeighbor);
    tables.neighbors.insert(b, *host.ip, entry, kNoLocation, 0);
  }
}

}  // namespace

Tables::Tables(const Config& config, const HashSecret& secret_in)
    : secret(secret_in),
      fdb_memory(Fdb::bytes(fdb_entries(config))),
      neighbor_memory(NeighborTable::bytes(neighbor_entries(config))),
      fdb(fdb_memory.get(), fdb_entries(config), fdb_limits(config), secret),
      neighbors(neighbor_memory.get(), neighbor_entries(config), neighbor_limits(config), secret),
      reflections(kReflectionLines) {
  for (size_t b = 0; b < config.bridges.size(); ++b)
    seed(*this, static_cast<BridgeIndex>(b), config.bridges[b]);
}

void Tables::follow(const Config& config) {
  former_fdb_limits_ = fdb.follow(fdb_limits(config));
  former_neighbor_limits_ = neighbors.follow(neighbor_limits(config));
}

}  // namespace godwit
