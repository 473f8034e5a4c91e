// Which frames somebody wants to look at: all, those to or from a MAC, or those that name an IP.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "lib/address.h"

namespace godwit {

struct FrameFilter {
  std::variant<std::monostate, Mac, IpAddress> only;

  // A runt is from nobody: only who wants all frames wants it.
  bool wants(std::span<const uint8_t> frame) const;
};

}  // namespace godwit
