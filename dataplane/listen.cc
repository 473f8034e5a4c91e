#include "dataplane/listen.h"

#include "dataplane/recall.h"
#include "dataplane/worker.h"

namespace godwit {
namespace {

bool is_bare_arp(const Burst& burst, uint16_t i) {
  return load_be16(&burst.head[i].octets[kEtherTypeAt]) == kEtherTypeArp;
}

// An ordinary ARP request without a tag, of this bridge, which is what most speakers are: the key
// of the address that it claims. kNoKey for any other frame, or if it is of none.
uint64_t hear_request(Burst& burst, uint16_t i, BridgeIndex bridge) {
  const std::span<const uint8_t> frame = burst.bytes(i);
  const uint8_t* const l3 = frame.data() + kEthernetHeaderSize;
  if (bridge == kNoBridge || !is_bare_arp(burst, i) ||
      frame.size() < kEthernetHeaderSize + kArpSize || !is_ordinary_request(burst.src_mac(i), l3))
    return NeighborTable::kNoKey;
  burst.evidence[i] = Evidence::kArpRequest;
  burst.asked[i] = load_be32(l3 + kArpTpa);
  return NeighborTable::key_v4(bridge, load_be32(l3 + kArpSpa));
}

// What any other frame says, written out. False for data.
bool hear(Burst& burst, uint16_t i) {
  if (is_bare_arp(burst, i)) return read_arp(burst.src_mac(i), burst.packet(i), burst.written[i]);
  const EthernetView view = burst.ethernet(i);
  if (!may_be_evidence(view, burst.bytes(i))) return false;
  burst.written[i] = read_evidence(view, burst.bytes(i));
  return burst.written[i].kind != Evidence::kData;
}

// The same: the key of the address that it claims.
[[gnu::noinline]] uint64_t hear_any(const NeighborTable& neighbors, Burst& burst, uint16_t i) {
  if (!hear(burst, i)) return NeighborTable::kNoKey;
  burst.evidence[i] = burst.written[i].kind;
  burst.followed[i] = 0;
  const auto& mapping = burst.written[i].mapping;
  if (!mapping || burst.bridge[i] == kNoBridge) return NeighborTable::kNoKey;
  return neighbors.key(burst.bridge[i], mapping->ip);
}

}  // namespace

void listen(Worker& worker, const PortContext& port, Burst& burst, uint16_t first) {
  const NeighborTable& neighbors = worker.tables.neighbors;
  const ConfirmedClaims& confirmed = worker.confirmed_claims;
  // Who looks at frames wants to see all that they say.
  const BridgeIndex bridge = burst.watched ? kNoBridge : port.untagged;
  bool all_ordinary = true;
  for (uint16_t s = first; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    uint64_t key = hear_request(burst, i, bridge);
    burst.unwritten[i] = key != NeighborTable::kNoKey;
    burst.mapped[i] = Mapped::kNothing;
    if (!burst.unwritten[i]) {
      key = hear_any(neighbors, burst, i);
      all_ordinary = false;
    }
    burst.claim_key[s] = key;
    burst.claim_print[s] = confirmed.print(burst.src_key[i], key);
    confirmed.prefetch(burst.claim_print[s]);
  }
  if (all_ordinary && recall_all(worker, port, burst, first)) return;
  recall(worker, burst, first);
}

}  // namespace godwit
