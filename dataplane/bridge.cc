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

void decide(Burst& burst, uint16_t i, bool forward_bpdu) {
  if (!is_relayed(burst.ethernet[i].dst, forward_bpdu))
    return burst.drop_frame(i, Drop::kReservedGroup);
  const FdbEntry entry(burst.found_entry[i]);
  if (burst.dst_key[i] == 0 || entry.is_free()) {
    burst.fate[i] = Fate::kFlooded;
  } else if (entry.location() == kSelf) {
    burst.fate[i] = Fate::kConsumed;
  } else if (entry.location() == burst.in_port[i]) {
    burst.drop_frame(i, Drop::kHairpin);
  } else {
    burst.fate[i] = Fate::kForwarded;
    burst.out[i] = entry.location();
  }
}

}  // namespace

void bridge(Worker& worker, Burst& burst) {
  const bool forward_bpdu = worker.topology.config().forward_bpdu;
  worker.tables.fdb.find_bulk(burst.dst_key.data(), burst.dst_home.data(), burst.count,
                              burst.found_entry.data(), burst.found_slot.data());
  for (uint16_t i = 0; i < burst.count; ++i)
    if (burst.fate[i] == Fate::kPending) decide(burst, i, forward_bpdu);
}

}  // namespace godwit
