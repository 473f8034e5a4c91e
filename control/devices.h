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

// By PortIndex; nullptr: none.
using DeviceList = std::vector<PortDevice*>;

// Another configuration comes in three steps: open() what it has in addition, run by it with list()
// and with what close() leaves open, then close() the rest. What cannot be opened beside what is
// open, because it is the same device, is opened then.
// To run, each port wants one: what is wrong if some have none, else nothing.
std::string lack_of_devices(const Config& config);

class Devices {
 public:
  // Opens them all, for config.workers.count workers. `config` has its room (lib/config_change.h).
  // Needs a started Eal. Throws as open_device.
  explicit Devices(const Config& config);

  rte_mempool* pool() const { return pools_.front().get(); }
  DeviceList list() const;

  // The keys of `next`, which has the numbers of the config so far, that the frame buffers are too
  // small for.
  std::vector<std::string> keys_that_need_restart(const Config& next) const;
  // Opens what `next` has and `now` has not, and makes more frame buffers if that wants more of
  // them. Throws as open_device and make_pool, and then no port has changed.
  void open(const Config& now, const Config& next);
  // Those that stay in use, and those that are new.
  DeviceList list_for(const Config& next) const;
  // Closes the others, and opens what had to wait for that. What cannot be opened is told, one line
  // each; such a port has no device until the next time.
  std::vector<std::string> close(const Config& next);

 private:
  struct Opened {
    std::unique_ptr<PortDevice> device;
    PortConfig as;  // this port
  };

  bool stays(PortIndex port, const Config& next) const;
  const PortConfig* user_of(const std::string& device) const;
  void open(PortIndex port, const PortConfig& config);
  void make_buffers_for(const Config& config);

  const uint16_t room_;  // of each buffer, for a frame
  const uint16_t workers_;
  // They outlive the devices: a buffer may be anywhere.
  std::vector<PoolPointer> pools_;
  uint64_t buffers_ = 0;        // in all pools
  std::vector<Opened> opened_;  // by PortIndex
};

}  // namespace godwit
