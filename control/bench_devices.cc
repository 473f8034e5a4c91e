#include "control/bench_devices.h"

#include <algorithm>
#include <regex>

#include <fmt/core.h>
#include <rte_mbuf.h>

#include "control/capture_reader.h"
#include "control/environment.h"

namespace godwit {
namespace {

// Of a worker and a device: descriptors, bursts under way, frames in tx buffers.
constexpr uint64_t kBuffersInFlight = 4096;
constexpr uint64_t kBufferOctets =
    RTE_MBUF_DEFAULT_BUF_SIZE + sizeof(rte_mbuf) + 2 * RTE_CACHE_LINE_SIZE;
constexpr uint64_t kOtherMegabytes = 256;  // rings, descriptors, routes, DPDK's own

uint64_t count_frames(const std::string& path) {
  CaptureStream stream(CaptureFile::open(path));
  uint64_t frames = 0;
  while (stream.next()) ++frames;
  return frames;
}

// The capture that a net_pcap device argument plays in a loop; empty if it does not.
std::string looped_capture(const std::string& device) {
  static const std::regex looped(".*rx_pcap=([^,]*).*infinite_rx=1.*");
  std::smatch match;
  return std::regex_match(device, match, looped) ? match[1].str() : std::string();
}

}  // namespace

BenchDevices::BenchDevices(const Config& config, const BenchOptions& options)
    : config_(config), options_(options) {
  for (size_t p = 0; p < config.ports.size(); ++p) {
    const PortConfig& port = config.ports[p];
    Device device;
    const auto input = std::find_if(options.inputs.begin(), options.inputs.end(),
                                    [&](const PortCapture& i) { return i.port == port.name; });
    if (input != options.inputs.end()) {
      device.text = fmt::format("net_pcap_bench{}", p);
      // Each worker has a queue of its own, and each queue plays the capture.
      for (uint16_t w = 0; w < options.workers; ++w) device.text += ",rx_pcap=" + input->path;
      device.text += ",infinite_rx=1";
      device.frames = count_frames(input->path) * options.workers;
    } else if (port.device.empty()) {
      throw UsageError(
          fmt::format("port '{}' has no device in the configuration; write one there, or "
                      "give it frames with --in {}=FILE",
                      port.name, port.name));
    } else {
      device.text = port.device;
      const std::string capture = looped_capture(port.device);
      if (!capture.empty()) device.frames = count_frames(capture);
    }
    devices_.push_back(std::move(device));
  }
}

uint64_t BenchDevices::buffers(PortIndex port) const {
  if (config_.mbufs != 0) return config_.mbufs;
  return devices_[port].frames + config_.limits.unresolved + kBuffersInFlight * options_.workers;
}

uint64_t BenchDevices::megabytes() const {
  uint64_t octets = 0;
  for (size_t p = 0; p < devices_.size(); ++p)
    octets += buffers(static_cast<PortIndex>(p)) * kBufferOctets;
  return (octets >> 20) + kOtherMegabytes;
}

std::vector<std::string> BenchDevices::eal_arguments() const {
  std::vector<std::string> texts;
  for (const Device& device : devices_) texts.push_back(device.text);
  std::vector<std::string> arguments = {"--no-telemetry", "--log-level=*:error"};
  for (const auto& more :
       {lcore_arguments(options_.workers, options_.eal),
        memory_arguments(megabytes(), options_.eal), pci_arguments(texts), options_.eal})
    arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

PoolPointer BenchDevices::make_pool(PortIndex port) const {
  return godwit::make_pool(fmt::format("mbufs{}", port), buffers(port));
}

std::unique_ptr<PortDevice> BenchDevices::open(PortIndex port, rte_mempool* pool) const {
  return open_device(config_.ports[port].name, devices_[port].text,
                     {.number = port, .rx_queues = options_.workers, .workers = options_.workers},
                     pool);
}

}  // namespace godwit
