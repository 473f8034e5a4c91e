#include "dataplane/listen.h"

#include "dataplane/worker.h"

namespace godwit {
namespace {

// What a frame of ARP without a tag says, which is what most speakers are.
void hear_arp(Burst& burst, uint16_t i) {
  const Mac src = burst.src_mac(i);
  const std::span<const uint8_t> l3 = burst.bytes(i).subspan(kEthernetHeaderSize);
  const bool ordinary = l3.size() >= kArpSize && is_ordinary_request(src, l3.data());
  if (ordinary) burst.evidence[i] = Evidence::kArpRequest;
  burst.unwritten[i] = ordinary && !burst.watched;
  if (!burst.unwritten[i] && read_arp(src, l3, burst.written[i]))
    burst.evidence[i] = burst.written[i].kind;
}

// What any other says.
[[gnu::noinline]] void hear_any(Burst& burst, uint16_t i) {
  const EthernetView view = burst.ethernet(i);
  burst.unwritten[i] = false;
  if (!may_be_evidence(view, burst.bytes(i))) return;
  burst.written[i] = read_evidence(view, burst.bytes(i));
  burst.evidence[i] = burst.written[i].kind;
}

// The key of the address that a speaker claims to have.
uint64_t key_of_claim(const NeighborTable& neighbors, const Burst& burst, uint16_t i) {
  if (burst.unwritten[i]) [[likely]]
    return NeighborTable::key_v4(burst.bridge[i],
                                 load_be32(&burst.bytes(i)[kEthernetHeaderSize + kArpSpa]));
  const auto& mapping = burst.said(i).mapping;
  return mapping ? neighbors.key(burst.bridge[i], mapping->ip) : NeighborTable::kNoKey;
}

// The key and the print of what speaker s claims, if anything.
void print_claim(const Worker& worker, Burst& burst, uint16_t s) {
  const uint16_t i = burst.speakers[s];
  burst.claim_key[s] = key_of_claim(worker.tables.neighbors, burst, i);
  burst.claim_print[s] = worker.confirmed_claims.print(burst.src_key[i], burst.claim_key[s]);
  worker.confirmed_claims.prefetch(burst.claim_print[s]);
}

}  // namespace

void listen(const Worker& worker, Burst& burst) {
  uint16_t left = 0;
  for (uint16_t s = 0; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    const bool is_arp = load_be16(&burst.head[i].octets[kEtherTypeAt]) == kEtherTypeArp;
    is_arp ? hear_arp(burst, i) : hear_any(burst, i);
    if (burst.evidence[i] == Evidence::kData) continue;
    burst.mapped[i] = Mapped::kNothing;
    burst.followed[i] = 0;
    burst.speakers[left] = i;
    print_claim(worker, burst, left++);
  }
  burst.speaker_count = left;
}

}  // namespace godwit
