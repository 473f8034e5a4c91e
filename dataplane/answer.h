// Answers to ARP and ND, on the worker that heard the question.
//
// For the gateway's own addresses always, to a request, a probe, a solicitation and DAD alike. In
// a bridge with `suppress`, for a host that is known and in no doubt as well (RFC 9161 §3), in
// place of the flood: never back to the port where the host is, never to the host itself, never for
// a question that was sent to one station. Gratuitous ARP, RARP and unsolicited advertisements are
// no questions, and always flood (§3.6).
#pragma once

#include <cstdint>

#include "dataplane/burst.h"
#include "dataplane/topology.h"

#include "lib/evidence.h"
#include "lib/fdb.h"

namespace godwit {

class Worker;

// Of a speaker whose claim, if any, has been weighed. Sets its fate if the answer takes the place
// of the flood.
void answer(Worker& worker, Burst& burst, uint16_t i);

// To all, or to the gateway itself; not one that is in transit to another station.
inline bool is_sent_to_us(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  return burst.src_key[i] != Fdb::kNoKey &&
         (burst.is_to_group(i) || burst.dst_key[i] == bridge.gateway_key);
}

// Of a speaker: a question about one of the gateway's addresses, for it to answer.
inline bool asks_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  const bool about_it = burst.unwritten[i] ? bridge.is_gateway_ip(burst.asked[i])
                                           : bridge.is_gateway_ip(burst.written[i].target);
  return about_it && is_question(burst.evidence[i]) && is_sent_to_us(bridge, burst, i);
}

}  // namespace godwit
