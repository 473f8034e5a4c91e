// What a bench runs on: the EAL arguments that make its devices, and their frame buffers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/command_line.h"
#include "control/devices.h"

#include "lib/config.h"
#include "lib/units.h"

namespace godwit {

class BenchDevices {
 public:
  // A port with a capture plays it in a loop; any other is the device that the config names. Throws
  // UsageError for a port that has neither, and CaptureError for a capture that is none.
  BenchDevices(const Config& config, const BenchOptions& options);

  // Devices, one lcore for control and one for each worker, and memory: huge pages where there are
  // enough, else plain pages. What the user gave comes last and so decides.
  std::vector<std::string> eal_arguments() const;

  // Both need a started Eal. Throw std::runtime_error.
  PoolPointer make_pool(PortIndex port) const;
  std::unique_ptr<PortDevice> open(PortIndex port, rte_mempool* pool) const;

 private:
  struct Device {
    std::string text;     // as a configuration would have it
    uint64_t frames = 0;  // of a capture, each of which keeps a buffer
  };

  uint64_t buffers(PortIndex port) const;
  uint64_t megabytes() const;

  const Config& config_;
  const BenchOptions& options_;
  std::vector<Device> devices_;
};

}  // namespace godwit
