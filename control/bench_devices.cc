#include "control/bench_devices.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <stdexcept>

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <sched.h>

#include "control/capture_reader.h"

namespace godwit {
namespace {

// Of a worker and a device: descriptors, bursts under way, frames in tx buffers.
constexpr uint64_t kBuffersInFlight = 4096;
constexpr uint64_t kBufferOctets =
    RTE_MBUF_DEFAULT_BUF_SIZE + sizeof(rte_mbuf) + 2 * RTE_CACHE_LINE_SIZE;
constexpr unsigned kBufferCache = 256;
constexpr uint64_t kOtherMegabytes = 256;  // rings, descriptors, routes, DPDK's own

uint64_t count_frames(const std::string& path) {
  CaptureStream stream(CaptureFile::open(path));
  uint64_t frames = 0;
  while (stream.next()) ++frames;
  return frames;
}

bool is_pci_address(const std::string& device) {
  static const std::regex pci("([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7].*");
  return std::regex_match(device, pci);
}

// The capture that a net_pcap device argument plays in a loop; empty if it does not.
std::string looped_capture(const std::string& device) {
  static const std::regex looped(".*rx_pcap=([^,]*).*infinite_rx=1.*");
  std::smatch match;
  return std::regex_match(device, match, looped) ? match[1].str() : std::string();
}

uint64_t free_huge_megabytes() {
  std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
  uint64_t pages = 0;
  file >> pages;
  return pages * 2;
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

// Control on the first CPU, workers on the others; where CPUs are short, on the first as well.
std::string lcores(uint16_t workers) {
  const std::vector<int> cpus = allowed_cpus();
  std::string map = fmt::format("0@{}", cpus[0]);
  for (uint16_t w = 1; w <= workers; ++w) map += fmt::format(",{}@{}", w, cpus[w % cpus.size()]);
  return map;
}

}  // namespace

void FreePool::operator()(rte_mempool* pool) const { rte_mempool_free(pool); }

BenchDevices::BenchDevices(const Config& config, const BenchOptions& options)
    : config_(config), options_(options) {
  for (size_t p = 0; p < config.ports.size(); ++p) {
    const PortConfig& port = config.ports[p];
    Device device;
    const auto input = std::find_if(options.inputs.begin(), options.inputs.end(),
                                    [&](const PortCapture& i) { return i.port == port.name; });
    if (input != options.inputs.end()) {
      device.ethdev = fmt::format("net_pcap_bench{}", p);
      device.argument = "--vdev=" + device.ethdev;
      // Each worker has a queue of its own, and each queue plays the capture.
      for (uint16_t w = 0; w < options.workers; ++w) device.argument += ",rx_pcap=" + input->path;
      device.argument += ",infinite_rx=1";
      device.frames = count_frames(input->path) * options.workers;
    } else if (port.device.empty()) {
      throw UsageError(
          fmt::format("port '{}' has no device in the configuration; write one there, or "
                      "give it frames with --in {}=FILE",
                      port.name, port.name));
    } else if (is_pci_address(port.device)) {
      device.ethdev = port.device.substr(0, port.device.find(','));
      device.argument = "--allow=" + port.device;
    } else {
      device.ethdev = port.device.substr(0, port.device.find(','));
      device.argument = "--vdev=" + port.device;
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
  std::vector<std::string> arguments = {"--no-telemetry", "--log-level=*:error",
                                        "--lcores=" + lcores(options_.workers)};
  const bool pci = std::any_of(config_.ports.begin(), config_.ports.end(),
                               [](const PortConfig& p) { return is_pci_address(p.device); });
  if (!pci) arguments.emplace_back("--no-pci");
  const bool users_memory =
      std::any_of(options_.eal.begin(), options_.eal.end(), [](const auto& a) {
        return a == "--no-huge" || a == "--in-memory" || a.starts_with("--huge-dir");
      });
  if (users_memory) {
    arguments.emplace_back("--no-shconf");
  } else if (free_huge_megabytes() < megabytes()) {
    arguments.insert(arguments.end(),
                     {"--no-huge", "--no-shconf", "-m", fmt::format("{}", megabytes())});
  } else {
    arguments.emplace_back("--in-memory");  // wants no mounted hugetlbfs, and shares nothing
  }
  for (const Device& device : devices_) arguments.push_back(device.argument);
  arguments.insert(arguments.end(), options_.eal.begin(), options_.eal.end());
  return arguments;
}

PoolPointer BenchDevices::make_pool(PortIndex port, uint16_t workers) const {
  const std::string name = fmt::format("mbufs{}", port);
  PoolPointer pool(rte_pktmbuf_pool_create(name.c_str(), static_cast<unsigned>(buffers(port)),
                                           kBufferCache, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                           SOCKET_ID_ANY));
  if (!pool)
    throw std::runtime_error(fmt::format("{} frame buffers for port '{}' ({} workers): {}",
                                         buffers(port), config_.ports[port].name, workers,
                                         rte_strerror(rte_errno)));
  return pool;
}

}  // namespace godwit
