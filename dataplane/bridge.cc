#include "dataplane/bridge.h"

#include <algorithm>

#include "dataplane/worker.h"

#include "lib/fdb.h"

namespace godwit {
namespace {

// A reserved group is for the bridge itself, which has no spanning tree: BPDUs pass where the
// config says so, as through a hub, and nothing else does.
bool is_relayed(Mac dst, bool forward_bpdu) {
  constexpr Mac kBpdu{0x0180c2000000};
  return !dst.is_reserved_group() || (dst == kBpdu && forward_bpdu);
}

// Everything but a known unicast destination at another port.
[[gnu::noinline]] void decide(Burst& burst, uint16_t i, FdbEntry entry, bool forward_bpdu) {
  if (!is_relayed(burst.ethernet(i).dst, forward_bpdu))
    return burst.drop_frame(i, Drop::kReservedGroup);
  if (entry.is_free()) {
    burst.fate[i] = Fate::kFlooded;
    ++burst.flooded;
  } else if (entry.location() == kSelf) {
    burst.fate[i] = Fate::kConsumed;
  } else if (burst.routed[i] == Routed::kNo) {
    burst.drop_frame(i, Drop::kHairpin);
  }
}

// A place that a frame is not simply sent to.
bool is_odd(Location at, PortIndex from) { return (at == from) | (at == kSelf); }

// Not every frame has a known unicast destination at another port.
[[gnu::noinline]] void bridge_each(Burst& burst, bool forward_bpdu) {
  for (uint16_t i = 0; i < burst.count; ++i) {
    if (burst.fate[i] != Fate::kPending) continue;
    const FdbEntry entry(burst.found_entry[i]);
    burst.fate[i] = Fate::kForwarded;
    if (entry.is_free() || is_odd(burst.out[i], burst.in_port[i]))
      decide(burst, i, entry, forward_bpdu);
  }
}

}  // namespace

void bridge(Worker& worker, Burst& burst) {
  const bool all_known = worker.tables.fdb.find_bulk(burst.dst_key.data(), burst.dst_home.data(),
                                                     burst.count, burst.found_entry.data());
  burst.flooded = 0;
  bool is_plain = all_known && burst.dropped == 0;
  for (uint16_t i = 0; i < burst.count; ++i)
    burst.out[i] = FdbEntry(burst.found_entry[i]).location();
  for (uint16_t i = 0; i < burst.count; ++i) is_plain &= !is_odd(burst.out[i], burst.in_port[i]);
  burst.all_forwarded = is_plain;
  if (is_plain)
    std::fill_n(burst.fate.begin(), burst.count, Fate::kForwarded);
  else
    bridge_each(burst, worker.topology.config().forward_bpdu);
}

}  // namespace godwit
