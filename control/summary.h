// What a network engineer wants to know after a replay: who moved, from where to where, when, on
// what evidence, and what it cost.
#pragma once

#include <string>

#include "control/alarms.h"
#include "control/replay.h"

namespace godwit {

std::string summarize(const Replay& replay);

// "link-down in tenant at server1: no link: hosts there are offline"
std::string plain_words(const Topology& topology, const Alarm& alarm);

// "2.863 s", "7.7 ms", "60 µs": three digits that matter, or so.
std::string format_duration(Nanos duration);

}  // namespace godwit
