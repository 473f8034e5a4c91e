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

// Who runs the workers that use a device, as the device knows it.
class PortUser {
 public:
  virtual ~PortUser() = default;
  // The link came or went: workers know it from now on. On any thread.
  virtual void link(bool up) = 0;
  // The guest there has stopped, as it does when it migrates, ends or starts again: workers hold
  // what is for it from now on, for a while. On any thread.
  virtual void stands_still() = 0;
  // Returns when every worker has begun another round. On any thread but a worker's.
  virtual void wait_for_workers() = 0;
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

  // Before workers use the device, and, with nullptr, when none does any more. A device that cannot
  // tell its link by itself, and whose ports need no care, has no use for it.
  virtual void attach(PortUser* /*user*/) {}
};

}  // namespace godwit
