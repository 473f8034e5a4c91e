// What a bench runs on: the EAL arguments that make its devices, and their frame buffers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/command_line.h"

#include "lib/config.h"
#include "lib/units.h"

struct rte_mempool;

namespace godwit {

struct FreePool {
  void operator()(rte_mempool* pool) const;
};
using PoolPointer = std::unique_ptr<rte_mempool, FreePool>;

class BenchDevices {
 public:
  // A port with a capture plays it in a loop; any other is the device that the config names. Throws
  // UsageError for a port that has neither, and CaptureError for a capture that is none.
  BenchDevices(const Config& config, const BenchOptions& options);

  // Devices, one lcore for control and one for each worker, and memory: huge pages where there are
  // enough, else plain pages. What the user gave comes last and so decides.
  std::vector<std::string> eal_arguments() const;

  const std::string& ethdev_name(PortIndex port) const { return devices_[port].ethdev; }
  // Needs a started Eal. Throws std::runtime_error.
  PoolPointer make_pool(PortIndex port, uint16_t workers) const;

 private:
  struct Device {
    std::string argument;  // of the EAL
    std::string ethdev;    // its name
    uint64_t frames = 0;   // of a capture, each of which keeps a buffer
  };

  uint64_t buffers(PortIndex port) const;
  uint64_t megabytes() const;

  const Config& config_;
  const BenchOptions& options_;
  std::vector<Device> devices_;
};

}  // namespace godwit
