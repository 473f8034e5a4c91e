#include "dataplane/listen.h"

#include "dataplane/recall.h"
#include "dataplane/worker.h"

namespace godwit {
namespace {

bool is_bare_arp(const Burst& burst, uint16_t i) {
  return load_be16(&burst.head[i].octets[kEtherTypeAt]) == kEtherTypeArp;
}

// What a frame says, written out. False for data.
bool hear(Burst& burst, uint16_t i) {
  if (is_bare_arp(burst, i)) return read_arp(burst.src_mac(i), burst.packet(i), burst.written[i]);
  const EthernetView view = burst.ethernet(i);
  if (!may_be_evidence(view, burst.bytes(i))) return false;
  burst.written[i] = read_evidence(view, burst.bytes(i));
  return burst.written[i].kind != Evidence::kData;
}

// The same: the key of the address that it claims.
uint64_t hear_any(const NeighborTable& neighbors, Burst& burst, uint16_t i) {
  if (!hear(burst, i)) return NeighborTable::kNoKey;
  burst.evidence[i] = burst.written[i].kind;
  burst.followed[i] = 0;
  const auto& mapping = burst.written[i].mapping;
  if (!mapping || burst.bridge[i] == kNoBridge) return NeighborTable::kNoKey;
  return neighbors.key(burst.bridge[i], mapping->ip);
}

// Those that are not heard yet; and all, if somebody looks at frames, who wants to see all that
// they say.
void hear_others(Worker& worker, Burst& burst, uint16_t first) {
  for (uint16_t s = first; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    if (burst.unwritten[i] && !burst.watched) continue;
    burst.unwritten[i] = false;
    burst.mapped[i] = Mapped::kNothing;
    burst.claim_key[s] = hear_any(worker.tables.neighbors, burst, i);
    burst.claim_print[s] = worker.confirmed_claims.print(burst.src_key[i], burst.claim_key[s]);
    worker.confirmed_claims.prefetch(burst.claim_print[s]);
  }
}

}  // namespace

void listen(Worker& worker, const PortContext& port, Burst& burst, uint16_t first) {
  const bool all_heard = burst.heard_count == burst.speaker_count && !burst.watched;
  if (!all_heard) hear_others(worker, burst, first);
  if (!all_heard || !recall_all(worker, port, burst, first)) recall(worker, burst, first);
  burst.heard_count = burst.speaker_count;
}

}  // namespace godwit
