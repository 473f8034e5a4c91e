#include "dataplane/recall.h"

#include "dataplane/answer.h"
#include "dataplane/worker.h"

#include "lib/neighbor_table.h"

namespace godwit {
namespace {

bool is_known(const ConfirmedClaims& confirmed, const NeighborTable& neighbors, const Burst& burst,
              uint16_t s, uint32_t now_s) {
  return confirmed.has(burst.claim_print[s], {now_s, neighbors.epoch(burst.claim_key[s])});
}

// A host that speaks for itself, without a tag, and does not answer a question of godwit's, which
// would prove more. Such a claim says the same as often as it is made.
bool may_be_known(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  if (burst.unwritten[i]) return true;
  const Mapping& mapping = *burst.said(i).mapping;
  return mapping.sha_is_source && burst.tags[i] == Tags::kNone &&
         !(mapping.solicited && is_for_gateway(bridge, burst, i));
}

// An answer, which control may want to hear of.
bool is_solicited(const Burst& burst, uint16_t i) {
  return !burst.unwritten[i] && burst.said(i).mapping->solicited;
}

// Of a speaker whose claim is known: whether there is no more to it than that. It may be a question
// that is to be answered. `has_share`: its port may still be.
bool is_settled(Worker& worker, const BridgeContext& bridge, const Burst& burst, uint16_t i,
                bool has_share) {
  if (is_solicited(burst, i)) return false;
  if (!asks_gateway(bridge, burst, i)) return !bridge.config->suppress;
  if (has_share) return false;
  ++worker.counters.unanswered;
  return true;
}

// How many of those from `first` on, all ordinary requests, ask for an address of the gateway's.
uint32_t count_asking(const BridgeContext& bridge, const Burst& burst, uint16_t first) {
  uint32_t asking = 0;
  for (const uint32_t own : bridge.gateway_ips_v4)
    for (uint16_t s = first; s < burst.speaker_count; ++s) asking += burst.claim_asked[s] == own;
  return asking;
}

}  // namespace

bool is_for_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  return burst.dst_key[i] == bridge.gateway_key || bridge.is_gateway_ip(burst.target(i));
}

ConfirmedClaims::Moment moment_of(const Worker& worker, uint64_t key) {
  return {second_of(worker.now), worker.tables.neighbors.epoch(key)};
}

void remember(Worker& worker, const Burst& burst, uint16_t s, ConfirmedClaims::Moment moment) {
  const uint16_t i = burst.speakers[s];
  const uint64_t print = burst.claim_print[s];
  ConfirmedClaims& claims = worker.confirmed_claims;
  // An earlier frame of the burst may have claimed the same.
  if (may_be_known(worker.topology.bridge(burst.bridge[i]), burst, i) && !claims.has(print, moment))
    claims.note(print, moment);
}

bool recall_all(Worker& worker, const PortContext& port, Burst& burst, uint16_t first) {
  const BridgeContext& bridge = worker.topology.bridge(port.untagged);
  const NeighborTable& neighbors = worker.tables.neighbors;
  const uint32_t now_s = second_of(worker.now);
  const uint16_t end = burst.speaker_count;
  for (uint16_t s = first; s < end; ++s)
    if (!is_known(worker.confirmed_claims, neighbors, burst, s, now_s)) return false;
  const uint32_t asking = count_asking(bridge, burst, first);
  const bool all_to_groups = (burst.heard_dst & 1) != 0;  // else some may be in transit
  if (asking > 0 && !all_to_groups) return false;
  if (bridge.config->suppress && asking < static_cast<uint32_t>(end - first)) return false;
  const PortIndex in_port = burst.in_port[burst.speakers[first]];
  if (asking > 0 && worker.answers[in_port].has_one(worker.now)) return false;
  worker.counters.unanswered += asking;
  burst.speaker_count = first;
  return true;
}

void recall(Worker& worker, Burst& burst, uint16_t first) {
  const uint32_t now_s = second_of(worker.now);
  const bool has_share = worker.answers[burst.in_port[burst.speakers[first]]].has_one(worker.now);
  uint16_t left = first;
  for (uint16_t s = first; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    if (burst.evidence[i] == Evidence::kData) continue;
    uint64_t key = burst.claim_key[s];
    if (key != NeighborTable::kNoKey) {
      const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
      if (is_known(worker.confirmed_claims, worker.tables.neighbors, burst, s, now_s) &&
          may_be_known(bridge, burst, i)) {
        burst.mapped[i] = Mapped::kSame;
        if (!burst.watched && is_settled(worker, bridge, burst, i, has_share)) continue;
        key = NeighborTable::kNoKey;
      }
    }
    burst.speakers[left] = i;
    burst.claim_key[left] = key;
    burst.claim_print[left++] = burst.claim_print[s];
  }
  burst.speaker_count = left;
}

}  // namespace godwit
