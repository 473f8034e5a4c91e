// What control does when the topology follows another config.
#include <algorithm>
#include <unordered_set>

#include <fmt/core.h>

#include "control/control.h"

#include "lib/arbiter.h"
#include "lib/config_change.h"

namespace godwit {

// What ends at another time now is found by the sweeps.
void Control::follow(const Config& before, Nanos now) {
  take_events(now);  // what workers told by the config before
  fdb_aging_.follow(topology_.config());
  neighbor_aging_.follow(topology_.config());
  fdb_sweep_.hurry();
  neighbor_sweep_.hurry();
  forget_names(before);
  for (size_t p = 0; p < before.ports.size(); ++p)
    if (before.ports[p].absent) links_.begin(static_cast<PortIndex>(p));
  for (const BridgeContext& bridge : topology_.bridges()) {
    const BridgeConfig& was = before.bridges[bridge.index];
    for (const Mac mac : edits_.follow(bridge.index, was, now))
      alarm(fdb_key(bridge.index, mac), AlarmKind::kLearnLimit, kNoLocation, now,
            "no room for what the configuration says");
    if (bridge.has_gateway && bridge.config->gateway != was.gateway)
      announcer_.announce(bridge.index, now);
  }
  if (loses_members(before, topology_.config())) end_absent(now);
}

// A number that is another port's now: what is on record of it is not.
void Control::forget_names(const Config& before) {
  for (size_t p = 0; p < before.ports.size(); ++p) {
    const std::string& was = before.ports[p].name;
    if (was.empty() || was == topology_.config().ports[p].name) continue;
    const auto port = static_cast<PortIndex>(p);
    moves_.forget_port(port);
    alarms_.forget_port(port);
    leases_.forget_port(port);
  }
}

// Hosts where their bridge has no port any more, pinned ones too, and addresses in bridges that are
// gone: nothing leads there, and whoever has the number next must not find them.
void Control::end_absent(Nanos now) {
  PortsOfBridges there;
  const auto& bridges = topology_.config().bridges;
  for (size_t b = 0; b < bridges.size(); ++b)
    for (const MemberConfig& member : bridges[b].members)
      there.insert(fdb_key(static_cast<BridgeIndex>(b), Mac{member.port}));
  tables_.fdb.walk(0, tables_.fdb.slot_count(),
                   [&](uint32_t slot) { end_absent(slot, there, now); });
  NeighborTable& neighbors = tables_.neighbors;
  neighbors.walk(0, neighbors.slot_count(), [&](uint32_t slot) {
    const auto host = neighbors.host_at(slot);
    if (!host) return;
    const Location port = neighbors.port(slot);
    if (topology_.bridge(host->bridge).absent)
      neighbor_aging_.remove(slot, neighbors.entry_at(slot));
    else if (port < topology_.ports().size() && topology_.port(port).absent)
      neighbors.disown(slot);
  });
}

// Again if it has changed meanwhile: it may have moved to where it can be.
void Control::end_absent(uint32_t slot, const PortsOfBridges& there, Nanos now) {
  const uint64_t key = tables_.fdb.key_at(slot);
  if (key == 0) return;
  const auto is_there = [&](Location at) {
    return at == kSelf || at == kNoLocation || there.contains(fdb_key(fdb_bridge(key), Mac{at}));
  };
  for (;;) {
    const FdbEntry entry = tables_.fdb.entry_at(slot);
    if (entry.is_free() || (is_there(entry.location()) && is_there(entry.other()))) return;
    if (is_there(entry.location()) ? stay(key, slot, entry, now) : end(key, slot, entry)) return;
  }
}

bool Control::end(uint64_t key, uint32_t slot, FdbEntry entry) {
  leases_.left(key, hosts_.ips(fdb_bridge(key), fdb_mac(key)));
  return entry.host_class() == HostClass::kStatic ? edits_.end(fdb_bridge(key), fdb_mac(key))
                                                  : end_host(key, slot, entry);
}

// Where it was, or may go to, is gone: it is where it is.
bool Control::stay(uint64_t key, uint32_t slot, FdbEntry entry, Nanos now) {
  FdbEntry expected = entry;
  if (!tables_.fdb.compare_exchange(slot, expected,
                                    rested(entry, now).with_aside(false).with_next_seq()))
    return false;
  if (entry.aside()) questions_.unpark(key);
  if (entry.state() == FdbState::kTesting) moves_.decided(key, MoveVerdict::kRejected);
  if (entry.state() == FdbState::kMigrating)
    alarm(key, AlarmKind::kHintExpired, entry.other(), now,
          fmt::format("was to move to {}, which is gone, and stays", port_name(entry.other())));
  return true;
}

}  // namespace godwit
