// What is behind a port: a NIC, a virtual device, a vhost-user socket. It belongs to control, which
// makes and ends it while no worker runs on it, and gives each worker a Port of its own.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/port.h"

#include "lib/address.h"

namespace godwit {

struct PortState {
  bool up = true;      // it has a link: a cable, a connected guest, a carrier
  std::string device;  // as the configuration names it
  Mac mac;             // zero: it has none
  uint16_t mtu = 0;    // octets behind the Ethernet header; 0: it does not say
  uint32_t mbps = 0;   // of its link; 0: it does not say
};

class PortDevice {
 public:
  PortDevice() = default;
  PortDevice(const PortDevice&) = delete;
  PortDevice& operator=(const PortDevice&) = delete;
  virtual ~PortDevice() = default;

  // By its number, 0 .. workers - 1, what a worker receives from and sends to. Lives as long as the
  // device.
  virtual Port& port(uint16_t worker) = 0;

  // Control asks now and then; it may be a system call.
  virtual PortState state() const = 0;
};

}  // namespace godwit
