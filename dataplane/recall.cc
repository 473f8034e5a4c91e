#include "dataplane/recall.h"

#include "dataplane/answer.h"
#include "dataplane/worker.h"

#include "lib/neighbor_table.h"

namespace godwit {
namespace {

// A host that speaks for itself, without a tag, and does not answer a question of godwit's, which
// would prove more. Such a claim says the same as often as it is made.
bool may_be_known(const Worker& worker, const Burst& burst, uint16_t i) {
  if (burst.unwritten[i]) return true;
  const Mapping& mapping = *burst.said(i).mapping;
  return mapping.sha_is_source && burst.tags[i] == Tags::kNone &&
         !(mapping.solicited && is_for_gateway(worker.topology.bridge(burst.bridge[i]), burst, i));
}

// Of a speaker whose claim is known: whether there is no more to it. It may also be a question that
// is to be answered, or an answer that control wants to hear of.
bool is_settled(Worker& worker, const Burst& burst, uint16_t i) {
  if (!burst.unwritten[i] && burst.said(i).mapping->solicited) return false;
  if (!worker.topology.any_answers()) return true;
  return !worker.topology.bridge(burst.bridge[i]).answers() || leave_unanswered(worker, burst, i);
}

}  // namespace

bool is_for_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  return burst.dst_key[i] == bridge.gateway_key || bridge.is_gateway_ip(burst.target(i));
}

ConfirmedClaims::Moment moment_of(const Worker& worker, uint64_t key) {
  return {second_of(worker.now), worker.tables.neighbors.epoch(key)};
}

void remember(Worker& worker, const Burst& burst, uint16_t c, ConfirmedClaims::Moment moment) {
  if (may_be_known(worker, burst, burst.open[c]))
    worker.confirmed_claims.note(burst.claim_print[c], moment);
}

void recall(Worker& worker, Burst& burst) {
  const NeighborTable& neighbors = worker.tables.neighbors;
  const ConfirmedClaims& confirmed = worker.confirmed_claims;
  const uint32_t now_s = second_of(worker.now);
  uint16_t open = 0;
  for (uint16_t s = 0; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    const uint64_t print = burst.claim_print[s];
    uint64_t key = burst.fate[i] == Fate::kPending ? burst.claim_key[s] : NeighborTable::kNoKey;
    if (key != NeighborTable::kNoKey) {
      if (may_be_known(worker, burst, i) && confirmed.has(print, {now_s, neighbors.epoch(key)})) {
        burst.mapped[i] = Mapped::kSame;
        if (is_settled(worker, burst, i)) continue;
        key = NeighborTable::kNoKey;
      } else if (!burst.is_of_bridge(i, worker.topology.bridge(burst.bridge[i]).transparent)) {
        key = NeighborTable::kNoKey;
      }
    }
    burst.claim_key[open] = key;
    burst.claim_print[open] = print;
    burst.open[open++] = i;
  }
  burst.open_count = open;
  neighbors.prepare(burst.claim_key.data(), burst.claim_home.data(), open);
  neighbors.prepare_touch(burst.claim_home.data(), open);
}

}  // namespace godwit
