// The time of the world, which somebody may set: only for what must be compared with other runs and
// other machines.
#pragma once

#include <chrono>

#include "lib/units.h"

namespace godwit {

// Nanoseconds since the Unix epoch.
inline Nanos unix_time() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<Nanos>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

}  // namespace godwit
