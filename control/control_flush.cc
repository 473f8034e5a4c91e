// What an operator makes control forget.
#include "control/control.h"

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

}  // namespace godwit
