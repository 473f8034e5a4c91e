// The devices behind the ports of a configuration, and the frame buffers that they fill.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <rte_mbuf.h>

#include "dataplane/port_device.h"

#include "lib/config.h"

struct rte_mempool;

namespace godwit {

struct FreePool {
  void operator()(rte_mempool* pool) const;
};
using PoolPointer = std::unique_ptr<rte_mempool, FreePool>;

// Each buffer has room for so many octets of a frame. Throws std::runtime_error when memory is
// short.
PoolPointer make_pool(const std::string& name, uint64_t buffers,
                      uint16_t room = RTE_MBUF_DEFAULT_DATAROOM);

// How a device is to be used.
struct DeviceUse {
  PortIndex number = 0;    // of the port; unique
  uint16_t mtu = 0;        // octets; 0: as the device has it
  uint16_t rx_queues = 1;  // at most
  uint16_t workers = 1;
};

// Opens the device that `text` names, for the port of this name; received frames come from `pool`.
// Throws std::runtime_error that names the port and says what to do.
std::unique_ptr<PortDevice> open_device(const std::string& port, const std::string& text,
                                        const DeviceUse& use, rte_mempool* pool);

// Of EAL: the PCI devices that it may touch, of these devices.
std::vector<std::string> pci_arguments(const std::vector<std::string>& devices);

// Of EAL, for a daemon with this configuration: threads, memory, and the PCI devices that it may
// touch. What the user gives comes last and so decides.
std::vector<std::string> daemon_arguments(const Config& config,
                                          const std::vector<std::string>& of_user);

class Devices {
 public:
  // Opens them all, for config.workers.count workers. Needs a started Eal. Throws as open_device.
  explicit Devices(const Config& config);

  std::span<PortDevice* const> list() const { return list_; }  // by PortIndex
  rte_mempool* pool() const { return pool_.get(); }

 private:
  PoolPointer pool_;  // outlives the devices
  std::vector<std::unique_ptr<PortDevice>> owned_;
  std::vector<PortDevice*> list_;
};

}  // namespace godwit
