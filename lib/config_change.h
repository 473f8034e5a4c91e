// What of a configuration may change while a switch runs by it (control/reload.h): whatever sizes
// no table, opens no device and renumbers no port or bridge.
#pragma once

#include <string>
#include <vector>

#include "lib/config.h"

namespace godwit {

// The keys that differ and cannot change so, as a user writes them; none: `next` may take the place
// of `now`, and its ports and bridges have the same numbers.
std::vector<std::string> keys_that_need_restart(const Config& now, const Config& next);

// Whether packets are routed by the same table.
bool has_same_routes(const Config& now, const Config& next);

}  // namespace godwit
