#include "dataplane/bridge.h"

#include <algorithm>

#include "dataplane/park.h"
#include "dataplane/worker.h"

#include "lib/arbiter.h"
#include "lib/fdb.h"

namespace godwit {
namespace {

// A reserved group is for the bridge itself, which has no spanning tree: BPDUs pass where the
// config says so, as through a hub, and nothing else does.
bool is_relayed(Mac dst, bool forward_bpdu) {
  constexpr Mac kBpdu{0x0180c2000000};
  return !dst.is_reserved_group() || (dst == kBpdu && forward_bpdu);
}

void flood_to_all(Burst& burst, uint16_t i) {
  burst.fate[i] = Fate::kFlooded;
  ++burst.flooded;
}

// Control is to look for the host, which is OFFLINE.
void seek(Worker& worker, const Burst& burst, uint16_t i) {
  if (!worker.seeks.take(worker.now)) return;
  Event event;
  event.kind = EventKind::kSought;
  event.bridge = burst.bridge[i];
  event.to = burst.in_port[i];
  event.at = worker.now;
  event.mac = fdb_mac(burst.dst_key[i]);
  worker.events.post(event);
}

// The host's place has no link, or is OFFLINE for another reason: it may be anywhere by now.
void look_everywhere(Worker& worker, Burst& burst, uint16_t i, FdbEntry entry) {
  if (entry.host_class() == HostClass::kStatic) return burst.drop_frame(i, Drop::kPortDown);
  seek(worker, burst, i);
  flood_to_all(burst, i);
}

// What waited longer goes first, though the host may run again since it was looked for.
bool has_older_parked(const Worker& worker, const Burst& burst, uint16_t i) {
  return &burst != &worker.unparked && !worker.parked.empty() &&
         worker.parked.holds(burst.dst_key[i]);
}

// Everything but a known unicast destination at another port.
[[gnu::noinline]] void decide(Worker& worker, Burst& burst, uint16_t i, FdbEntry entry) {
  if (!is_relayed(burst.dst_mac(i), worker.topology.config().forward_bpdu))
    return burst.drop_frame(i, Drop::kReservedGroup);
  if (entry.is_free()) {
    if (burst.dst_mac(i) == worker.topology.bridge(burst.bridge[i]).own_mac)
      burst.fate[i] = Fate::kConsumed;
    else
      flood_to_all(burst, i);
  } else if (entry.location() == kSelf) {
    burst.fate[i] = Fate::kConsumed;
  } else if (entry.location() == burst.in_port[i] && burst.routed[i] == Routed::kNo) {
    burst.drop_frame(i, Drop::kHairpin);
  } else if (burst.routed[i] == Routed::kNo &&
             worker.topology.are_isolated(burst.in_port[i], entry.location())) {
    burst.drop_frame(i, Drop::kIsolated);
  } else if (waits(worker, entry) || has_older_parked(worker, burst, i)) {
    park(worker, burst, i);
  } else if (entry.aside() || !worker.tables.ports.is_up(entry.location())) {
    look_everywhere(worker, burst, i, entry);
  }
}

// A place that a frame is not simply sent to.
bool is_odd(Location at, PortIndex from) { return (at == from) | (at == kSelf); }

// Not every frame has a known unicast destination at another port.
[[gnu::noinline]] void bridge_each(Worker& worker, Burst& burst) {
  const PortStates& ports = worker.tables.ports;
  for (uint16_t i = 0; i < burst.count; ++i) {
    if (burst.fate[i] != Fate::kPending) continue;
    const FdbEntry entry(burst.found_entry[i]);
    if (entry.is_free() && burst.dst_mac(i).is_broadcast()) {  // as a storm's frames are
      flood_to_all(burst, i);
      continue;
    }
    burst.fate[i] = Fate::kForwarded;
    if (entry.is_free() || entry.aside() || !ports.is_up(burst.out[i]) ||
        is_odd(burst.out[i], burst.in_port[i]) ||
        worker.topology.are_isolated(burst.in_port[i], burst.out[i]) ||
        has_older_parked(worker, burst, i))
      decide(worker, burst, i, entry);
  }
}

}  // namespace

void bridge(Worker& worker, Burst& burst) {
  const bool any_parked = !worker.parked.empty() && &burst != &worker.unparked;
  if (any_parked) [[unlikely]]
    unpark_destinations(worker, burst);
  const bool all_known = worker.tables.fdb.find_bulk(burst.dst_key.data(), burst.dst_home.data(),
                                                     burst.count, burst.found_entry.data());
  burst.flooded = 0;
  bool is_plain = all_known && burst.dropped == 0 && !any_parked && !worker.topology.any_isolated();
  uint64_t any = 0;
  for (uint16_t i = 0; i < burst.count; ++i) {
    burst.out[i] = FdbEntry(burst.found_entry[i]).location();
    any |= burst.found_entry[i];
  }
  is_plain &= (any & FdbEntry::kAside) == 0;
  for (uint16_t i = 0; i < burst.count; ++i) is_plain &= !is_odd(burst.out[i], burst.in_port[i]);
  if (worker.tables.ports.any_down())
    for (uint16_t i = 0; i < burst.count; ++i) is_plain &= worker.tables.ports.is_up(burst.out[i]);
  burst.all_forwarded = is_plain;
  if (is_plain)
    std::fill_n(burst.fate.begin(), burst.count, Fate::kForwarded);
  else
    bridge_each(worker, burst);
}

}  // namespace godwit
