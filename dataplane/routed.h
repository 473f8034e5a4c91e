// Whether `route` made a frame what it is.
#pragma once

#include <cstdint>

namespace godwit {

enum class Routed : uint8_t { kNo, kWhole, kInFragments };

}  // namespace godwit
