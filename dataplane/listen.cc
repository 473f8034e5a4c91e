#include "dataplane/listen.h"

#include <algorithm>

#include "dataplane/worker.h"

namespace godwit {
namespace {

bool is_bare_arp(const Burst& burst, uint16_t i) {
  return load_be16(&burst.head[i].octets[kEtherTypeAt]) == kEtherTypeArp;
}

// An ordinary ARP request without a tag, which is what most speakers are: the key of the address
// that it claims. kNoKey for any other frame.
uint64_t hear_request(Burst& burst, uint16_t i) {
  const std::span<const uint8_t> frame = burst.bytes(i);
  const uint8_t* const l3 = frame.data() + kEthernetHeaderSize;
  if (!is_bare_arp(burst, i) || frame.size() < kEthernetHeaderSize + kArpSize ||
      !is_ordinary_request(burst.src_mac(i), l3))
    return NeighborTable::kNoKey;
  burst.evidence[i] = Evidence::kArpRequest;
  burst.asked[i] = load_be32(l3 + kArpTpa);
  return NeighborTable::key_v4(burst.bridge[i], load_be32(l3 + kArpSpa));
}

// What any frame says, and the key of the address that it claims.
[[gnu::noinline]] uint64_t hear_any(const NeighborTable& neighbors, Burst& burst, uint16_t i) {
  FrameEvidence& said = burst.written[i];
  const EthernetView view = burst.ethernet(i);
  if (is_bare_arp(burst, i)) {
    if (!read_arp(view.src, l3_of(view, burst.bytes(i)), said)) return NeighborTable::kNoKey;
  } else if (may_be_evidence(view, burst.bytes(i))) {
    said = read_evidence(view, burst.bytes(i));
  } else {
    return NeighborTable::kNoKey;
  }
  burst.evidence[i] = said.kind;
  return said.mapping ? neighbors.key(burst.bridge[i], said.mapping->ip) : NeighborTable::kNoKey;
}

}  // namespace

void listen(const Worker& worker, Burst& burst) {
  if (burst.speaker_count == 0) return;
  std::fill_n(burst.mapped.begin(), burst.count, Mapped::kNothing);
  std::fill_n(burst.followed.begin(), burst.count, uint16_t{0});
  const ConfirmedClaims& confirmed = worker.confirmed_claims;
  const bool in_full = burst.watched;
  uint16_t left = 0;
  for (uint16_t s = 0; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    uint64_t key = in_full ? NeighborTable::kNoKey : hear_request(burst, i);
    burst.unwritten[i] = key != NeighborTable::kNoKey;
    if (!burst.unwritten[i]) key = hear_any(worker.tables.neighbors, burst, i);
    if (burst.evidence[i] == Evidence::kData) continue;
    burst.speakers[left] = i;
    burst.claim_key[left] = key;
    burst.claim_print[left] = confirmed.print(burst.src_key[i], key);
    confirmed.prefetch(burst.claim_print[left++]);
  }
  burst.speaker_count = left;
}

}  // namespace godwit
