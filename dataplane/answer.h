// Answers to ARP and ND, on the worker that heard the question.
//
// For the gateway's own addresses always, to a request, a probe, a solicitation and DAD alike. In
// a bridge with `suppress`, for a host that is known and in no doubt as well (RFC 9161 §3), in
// place of the flood: never back to the port where the host is, never to the host itself, never for
// a question that was sent to one station. Gratuitous ARP, RARP and unsolicited advertisements are
// no questions, and always flood (§3.6).
#pragma once

#include <cstdint>

namespace godwit {

struct Burst;
class Worker;

// Of a speaker whose claim, if any, has been weighed. Sets its fate if the answer takes the place
// of the flood.
void answer(Worker& worker, Burst& burst, uint16_t i);

// Of a speaker without a tag whose claim is beyond doubt: true for a question to the gateway for
// which its port's share of answers has no room. It is counted, and answer() has nothing to add.
bool leave_unanswered(Worker& worker, const Burst& burst, uint16_t i);

}  // namespace godwit
