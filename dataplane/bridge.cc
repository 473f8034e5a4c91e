#include "dataplane/bridge.h"

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
  if (!is_relayed(burst.ethernet[i].dst, forward_bpdu))
    return burst.drop_frame(i, Drop::kReservedGroup);
  if (entry.is_free()) {
    burst.fate[i] = Fate::kFlooded;
    ++burst.flooded;
  } else if (entry.location() == kSelf) {
    burst.fate[i] = Fate::kConsumed;
  } else {
    burst.drop_frame(i, Drop::kHairpin);
  }
}

}  // namespace

void bridge(Worker& worker, Burst& burst) {
  const bool forward_bpdu = worker.topology.config().forward_bpdu;
  worker.tables.fdb.find_bulk(burst.dst_key.data(), burst.dst_home.data(), burst.count,
                              burst.found_entry.data());
  burst.flooded = 0;
  for (uint16_t i = 0; i < burst.count; ++i) {
    if (burst.fate[i] != Fate::kPending) [[unlikely]]
      continue;
    const FdbEntry entry(burst.found_entry[i]);
    const Location at = entry.location();
    burst.out[i] = at;
    burst.fate[i] = Fate::kForwarded;
    if (entry.is_free() || at == burst.in_port[i] || at == kSelf) [[unlikely]]
      decide(burst, i, entry, forward_bpdu);
  }
}

}  // namespace godwit
