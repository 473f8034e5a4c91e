// Frames from a few octets: so that what a fuzzer changes is a host, a protocol or a field, and the
// frame is still one that the pipeline looks into.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/address.h"

namespace godwit::test {

using Octets = std::vector<uint8_t>;

struct Recipe {
  uint8_t kind = 0;  // of frame
  uint8_t src = 0;   // host, see host_at()
  uint8_t dst = 0;
  uint8_t size = 0;   // of the payload; of some kinds another field
  uint8_t flags = 0;  // kTagOf .. kMayFragment

  static constexpr uint8_t kTagOf = 0x03;  // none, VLAN 10, VLAN 20, QinQ
  static constexpr uint8_t kSeal = 0x04;   // make the checksums right again after the edits
  static constexpr uint8_t kNoHeadroom = 0x08;
  static constexpr uint8_t kEdits = 0x30;  // how many octets are changed
  static constexpr uint8_t kLastHop = 0x40;
  static constexpr uint8_t kMayFragment = 0x80;
};

// One octet of a frame takes another value. `at` counts from the IP header, from kFromStart on from
// the frame's start.
struct Edit {
  static constexpr uint8_t kFromStart = 192;
  uint8_t at = 0;
  uint8_t value = 0;
};

// A host of the recipes by its number: a station, and its address.
Mac mac_of(uint8_t host);
IpAddress address_of(uint8_t host, bool is_v6);

Octets make_frame(const Recipe& recipe, const std::vector<Edit>& edits);

}  // namespace godwit::test
