// What of a configuration may change while a switch runs by it (control/reload.h), and how ports
// and bridges keep their numbers meanwhile.
//
// Tables, counters and frames on their way know a port or a bridge by its number alone. So a switch
// that runs has room for more of them than its file names: numbers that are *absent*. One that
// comes takes such a number, and one that goes leaves its own absent, with its name, by which it
// has it again when it comes back. A port's number goes to another name only when all that never
// had one are used up; a bridge's never does, because what is on record names it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "lib/config.h"

namespace godwit {

// Ports, or bridges, that are not absent.
template <class T>
size_t count_present(const std::vector<T>& list) {
  return static_cast<size_t>(
      std::count_if(list.begin(), list.end(), [](const T& one) { return !one.absent; }));
}

// Behind those of the file, absent ones: as many as memory.ports and memory.bridges leave room for.
void make_room(Config& config);

// Renumbers the ports and bridges of `next`, as the file has them, to what they are in `now`, which
// has its room. The keys that found no room, as a user writes them; then `next` is of no use.
std::vector<std::string> take_numbers(const Config& now, Config& next);

// The keys that differ and cannot change so: what sizes a table or is read once. None: `next`,
// which has its numbers, may take the place of `now`.
std::vector<std::string> keys_that_need_restart(const Config& now, const Config& next);

// Whether a port goes on using the same device in the same way.
bool has_same_device(const PortConfig& now, const PortConfig& next);

// The ports that a bridge has no longer.
std::vector<PortIndex> lost_members(const BridgeConfig& now, const BridgeConfig& next);
bool loses_members(const Config& now, const Config& next);  // any bridge

// Whether packets are routed by the same table.
bool has_same_routes(const Config& now, const Config& next);

}  // namespace godwit
