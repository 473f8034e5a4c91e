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

// What any frame of ARP without a tag says. False for data.
bool hear_arp(Burst& burst, uint16_t i) {
  return read_arp(burst.src_mac(i), burst.packet(i), burst.written[i]);
}

// What any other says.
[[gnu::noinline]] bool hear_any(Burst& burst, uint16_t i) {
  const EthernetView view = burst.ethernet(i);
  if (!may_be_evidence(view, burst.bytes(i))) return false;
  burst.written[i] = read_evidence(view, burst.bytes(i));
  return burst.written[i].kind != Evidence::kData;
}

// What is written of frame i: the key of the address that it claims.
uint64_t key_of_claim(const NeighborTable& neighbors, const Burst& burst, uint16_t i) {
  const auto& mapping = burst.written[i].mapping;
  return mapping ? neighbors.key(burst.bridge[i], mapping->ip) : NeighborTable::kNoKey;
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
    if (!burst.unwritten[i]) {
      if (!(is_bare_arp(burst, i) ? hear_arp(burst, i) : hear_any(burst, i))) continue;
      burst.evidence[i] = burst.written[i].kind;
      key = key_of_claim(worker.tables.neighbors, burst, i);
    }
    burst.speakers[left] = i;
    burst.claim_key[left] = key;
    burst.claim_print[left] = confirmed.print(burst.src_key[i], key);
    confirmed.prefetch(burst.claim_print[left++]);
  }
  burst.speaker_count = left;
}

}  // namespace godwit
