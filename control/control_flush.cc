// What an operator makes control forget.
#include <algorithm>

#include "control/control.h"

#include "lib/config_change.h"

namespace godwit {

// An operator who names a host means that it is gone: so do other switches, then.
void Control::tell_flushed(const FlushHint& what, Nanos now) {
  if (!what.mac || what.ipv6) return;
  for (const BridgeContext& bridge : topology_.bridges()) {
    const FdbEntry at = tables_.fdb.find(bridge.index, *what.mac).entry;
    if (at.is_free() || at.host_class() == HostClass::kStatic) continue;
    if (what.bridge.value_or(bridge.index) != bridge.index) continue;
    if (what.port.value_or(at.location()) != at.location()) continue;
    forgetter_.forget(bridge.index, *what.mac, hosts_.ips(bridge.index, *what.mac), at.location(),
                      ForgetReason::kFlushed, now);
  }
}

// Addresses first: whose they are, and so where, is known as long as their hosts are.
void Control::flush(const FlushHint& what, Nanos now) {
  tell_flushed(what, now);
  const auto concerns = [&](uint64_t key, FdbEntry at) {
    return (!what.mac || fdb_mac(key) == *what.mac) &&
           (!what.bridge || fdb_bridge(key) == *what.bridge) &&
           (!what.port || (!at.is_free() && at.location() == *what.port));
  };
  NeighborTable& neighbors = tables_.neighbors;
  neighbors.walk(0, neighbors.slot_count(), [&](uint32_t slot) {
    const auto host = neighbors.host_at(slot);
    const NeighborEntry entry = neighbors.entry_at(slot);
    if (!host || entry.is_free() || is_pinned(entry)) return;
    if (what.ipv6 && host->ip.is_v6 != *what.ipv6) return;
    const uint64_t key = fdb_key(host->bridge, entry.mac());
    if (concerns(key, tables_.fdb.find(host->bridge, entry.mac()).entry))
      neighbor_aging_.remove(slot, entry);
  });
  if (what.ipv6) return;
  tables_.fdb.walk(0, tables_.fdb.slot_count(), [&](uint32_t slot) {
    const uint64_t key = tables_.fdb.key_at(slot);
    const FdbEntry entry = tables_.fdb.entry_at(slot);
    if (key == 0 || entry.is_free() || entry.host_class() == HostClass::kStatic) return;
    if (concerns(key, entry)) fdb_aging_.remove(slot, entry);
  });
}

// What ends at another time now is found by the sweeps.
void Control::follow(const Config& before, Nanos now) {
  take_events(now);  // what workers told by the config before
  const Config& config = topology_.config();
  fdb_aging_.follow(config);
  neighbor_aging_.follow(config);
  fdb_sweep_.hurry();
  neighbor_sweep_.hurry();
  for (size_t p = 0; p < config.ports.size(); ++p) {
    if (config.ports[p].name == before.ports[p].name) continue;
    moves_.forget_port(static_cast<PortIndex>(p));
    alarms_.forget_port(static_cast<PortIndex>(p));
  }
  for (const BridgeContext& bridge : topology_.bridges()) {
    const BridgeConfig& was = before.bridges[bridge.index];
    edits_.follow(bridge.index, was.static_hosts, now);
    if (bridge.config->gateway == was.gateway) continue;
    edits_.follow(bridge.index, was.gateway, now);
    announcer_.announce(bridge.index, now);
  }
  if (loses_members(before, config)) end_absent();
}

// Hosts where their bridge has no port any more, pinned ones too, and addresses in bridges that are
// gone: nothing leads there, and whoever has the number next must not find them.
void Control::end_absent() {
  tables_.fdb.walk(0, tables_.fdb.slot_count(), [&](uint32_t slot) { end_at_absent_port(slot); });
  tables_.neighbors.walk(0, tables_.neighbors.slot_count(), [&](uint32_t slot) {
    const auto host = tables_.neighbors.host_at(slot);
    if (host && topology_.bridge(host->bridge).absent)
      neighbor_aging_.remove(slot, tables_.neighbors.entry_at(slot));
  });
}

// Again if it has changed meanwhile: it may have moved to where it can be.
void Control::end_at_absent_port(uint32_t slot) {
  const uint64_t key = tables_.fdb.key_at(slot);
  if (key == 0) return;
  const auto& members = topology_.config().bridges[fdb_bridge(key)].members;
  const auto is_absent = [&](FdbEntry entry) {
    return !entry.is_free() && entry.location() != kSelf &&
           std::none_of(members.begin(), members.end(), [&](const MemberConfig& member) {
             return member.port == entry.location();
           });
  };
  for (FdbEntry entry = tables_.fdb.entry_at(slot); is_absent(entry);
       entry = tables_.fdb.entry_at(slot)) {
    leases_.left(key, hosts_.ips(fdb_bridge(key), fdb_mac(key)));
    const bool is_pinned = entry.host_class() == HostClass::kStatic;
    if (is_pinned ? edits_.end(fdb_bridge(key), fdb_mac(key)) : end_host(key, slot, entry)) return;
  }
}

}  // namespace godwit
