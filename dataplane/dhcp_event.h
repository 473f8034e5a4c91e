// What a worker tells control of a DHCP message that it let pass. The worker has read it; so
// control never sees octets that somebody else wrote.
#pragma once

#include <array>
#include <cstdint>

#include "lib/address.h"
#include "lib/dhcp.h"
#include "lib/units.h"

namespace godwit {

struct DhcpEvent {
  DhcpAct act = DhcpAct::kNothing;
  bool is_v6 = false;
  uint8_t lease_count = 0;
  BridgeIndex bridge = kNoBridge;
  Location port = kNoLocation;
  uint32_t transaction = 0;
  Nanos at = 0;
  Mac mac;              // of whoever sent the frame
  uint64_t client = 0;  // stands for its hardware address, or for its DUID: a keyed hash
  std::array<DhcpLease, DhcpMessage::kMaxLeases> leases{};
};

}  // namespace godwit
