#include "dataplane/recall.h"

#include "dataplane/answer.h"
#include "dataplane/worker.h"

#include "lib/neighbor_table.h"

namespace godwit {
namespace {

// A host that speaks for itself, without a tag, and does not answer a question of godwit's, which
// would prove more. Such a claim says the same as often as it is made.
bool may_be_known(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  if (burst.unwritten[i]) [[likely]]
    return true;
  const Mapping& mapping = *burst.said(i).mapping;
  return mapping.sha_is_source && burst.tags[i] == Tags::kNone &&
         !(mapping.solicited && is_for_gateway(bridge, burst, i));
}

// What speakers of one port and one bridge have in common.
struct Origin {
  BridgeIndex index = kNoBridge;
  PortIndex port = 0;
  const BridgeContext* bridge = nullptr;  // of frames that no bridge took: nobody asks
  bool is_answered = false;               // the bridge answers questions
  bool has_had_its_share = false;         // the port, of the answers

  bool has(const Burst& burst, uint16_t i) const {
    return burst.bridge[i] == index && burst.in_port[i] == port;
  }
};

Origin origin_of(Worker& worker, const Burst& burst, uint16_t i) {
  Origin from{.index = burst.bridge[i], .port = burst.in_port[i]};
  if (from.index == kNoBridge) return from;
  from.bridge = &worker.topology.bridge(from.index);
  from.is_answered = from.bridge->answers();
  from.has_had_its_share = !worker.answers[from.port].has_one(worker.now);
  return from;
}

// Of a speaker whose claim is known: whether there is no more to it. It may also be a question that
// is to be answered, or an answer that control wants to hear of.
bool is_settled(Worker& worker, const Origin& from, const Burst& burst, uint16_t i) {
  if (!burst.unwritten[i] && burst.said(i).mapping->solicited) return false;
  if (!from.is_answered) return true;
  if (!from.has_had_its_share || !asks_gateway(*from.bridge, burst, i)) return false;
  ++worker.counters.unanswered;
  return true;
}

}  // namespace

bool is_for_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  return burst.dst_key[i] == bridge.gateway_key || bridge.is_gateway_ip(burst.target(i));
}

ConfirmedClaims::Moment moment_of(const Worker& worker, uint64_t key) {
  return {second_of(worker.now), worker.tables.neighbors.epoch(key)};
}

void remember(Worker& worker, const Burst& burst, uint16_t c, ConfirmedClaims::Moment moment) {
  const uint16_t i = burst.open[c];
  if (may_be_known(worker.topology.bridge(burst.bridge[i]), burst, i))
    worker.confirmed_claims.note(burst.claim_print[c], moment);
}

void recall(Worker& worker, Burst& burst) {
  const NeighborTable& neighbors = worker.tables.neighbors;
  const ConfirmedClaims& confirmed = worker.confirmed_claims;
  const uint32_t now_s = second_of(worker.now);
  Origin from;  // of the speaker at hand, and most often of all of them
  uint16_t open = 0;
  for (uint16_t s = 0; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    const uint64_t print = burst.claim_print[s];
    uint64_t key = burst.fate[i] == Fate::kPending ? burst.claim_key[s] : NeighborTable::kNoKey;
    if (key != NeighborTable::kNoKey) {
      if (!from.has(burst, i)) from = origin_of(worker, burst, i);
      if (may_be_known(*from.bridge, burst, i) &&
          confirmed.has(print, {now_s, neighbors.epoch(key)})) {
        burst.mapped[i] = Mapped::kSame;
        if (is_settled(worker, from, burst, i)) continue;
        key = NeighborTable::kNoKey;
      } else if (!burst.is_of_bridge(i, from.bridge->transparent)) {
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
