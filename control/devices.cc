#include "control/devices.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include <fmt/core.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include "control/environment.h"

#include "dataplane/ethdev_port.h"
#include "dataplane/packet_port.h"
#include "dataplane/vhost_port.h"

#include "lib/config_change.h"
#include "lib/device_name.h"

namespace godwit {
namespace {

constexpr uint64_t kDescriptors = 1024;   // of a queue of a device
constexpr uint64_t kOfSwitch = 8192;      // copies, frames of godwit's own
constexpr uint64_t kOfWorker = 4096;      // bursts under way, its cache, frames lent
constexpr uint64_t kMostHeld = 1U << 16;  // for machines on their way, whatever the bridges allow
constexpr unsigned kBufferCache = 256;
constexpr uint64_t kLeastPool = 4096;  // many times that cache
constexpr uint64_t kBufferExtra =      // octets beside the room for the frame
    RTE_PKTMBUF_HEADROOM + sizeof(rte_mbuf) + 2 * RTE_CACHE_LINE_SIZE;
constexpr uint16_t kFrameExtra = 14 + 2 * 4;  // octets of a frame in front of what counts as MTU
constexpr uint64_t kOtherMegabytes = 256;     // rings, descriptors, routes, DPDK's own

uint64_t buffers(const Config& config) {
  if (config.mbufs != 0) return config.mbufs;
  uint64_t held = 0;
  for (const BridgeConfig& bridge : config.bridges)
    if (!bridge.absent) held += bridge.moves.hold.frames;
  uint64_t count = kOfSwitch + config.limits.unresolved + std::min(held, kMostHeld) +
                   config.workers.count * kOfWorker;
  for (const PortConfig& port : config.ports)
    if (!port.absent) count += kDescriptors * (port.queues + config.workers.count);
  return count;
}

// The longest frame fits one buffer.
uint16_t room(const Config& config) {
  uint16_t most = RTE_MBUF_DEFAULT_DATAROOM;
  for (const PortConfig& port : config.ports)
    most = std::max<uint16_t>(most, port.mtu + kFrameExtra);
  return RTE_ALIGN_CEIL(most, RTE_CACHE_LINE_SIZE);
}

// What DPDK calls a port's device, and how it is to be made.
std::string dpdk_argument(const DeviceName& device, PortIndex port) {
  switch (device.kind) {
    case DeviceKind::kTap:
      return fmt::format("net_tap{},iface={}", port, device.name);
    case DeviceKind::kMemif:
      return fmt::format("net_memif{},socket={},socket-abstract=no,role={}", port, device.name,
                         device.client ? "client" : "server");
    default:
      return device.options.empty() ? device.name : device.name + "," + device.options;
  }
}

std::string_view advice(const DeviceName& device) {
  switch (device.kind) {
    case DeviceKind::kPci:
      return "bind it to a driver that DPDK can use, such as vfio-pci: dpdk-devbind.py --status "
             "shows them";
    case DeviceKind::kTap:
      return "taps want root or CAP_NET_ADMIN, and /dev/net/tun";
    case DeviceKind::kMemif:
    case DeviceKind::kVhost:
      return "the socket's directory must be there, and godwit may write to it";
    default:
      return "is its interface or file there ('ip link' shows interfaces), and may godwit open it? "
             "Packet sockets want root or CAP_NET_RAW";
  }
}

}  // namespace

void FreePool::operator()(rte_mempool* pool) const { rte_mempool_free(pool); }

PoolPointer make_pool(const std::string& name, uint64_t buffers, uint16_t room) {
  PoolPointer pool(rte_pktmbuf_pool_create(name.c_str(), static_cast<unsigned>(buffers),
                                           kBufferCache, 0, RTE_PKTMBUF_HEADROOM + room,
                                           SOCKET_ID_ANY));
  if (!pool)
    throw std::runtime_error(fmt::format(
        "no memory for {} frame buffers: {} (memory.mbufs in the configuration sets their number)",
        buffers, rte_strerror(rte_errno)));
  return pool;
}

std::unique_ptr<PortDevice> open_device(const std::string& port, const std::string& text,
                                        const DeviceUse& use, rte_mempool* pool) {
  const DeviceName device = parse_device(text);
  try {
    if (device.kind == DeviceKind::kVhost)
      return std::make_unique<VhostDevice>(VhostOptions{.path = device.name,
                                                        .device = text,
                                                        .mtu = use.mtu,
                                                        .client = device.client,
                                                        .queues = use.rx_queues,
                                                        .workers = use.workers,
                                                        .first_worker = use.number},
                                           pool);
    PacketOptions packet{.interface = {},
                         .device = text,
                         .mtu = use.mtu,
                         .workers = use.workers,
                         .first_worker = use.number};
    if (parse_packet_device(text, packet)) return std::make_unique<PacketDevice>(packet, pool);
    return std::make_unique<Ethdev>(EthdevOptions{.argument = dpdk_argument(device, use.number),
                                                  .device = text,
                                                  .mtu = use.mtu,
                                                  .rx_queues = use.rx_queues,
                                                  .workers = use.workers,
                                                  .first_worker = use.number},
                                    pool);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("port '{}': {} ({})", port, error.what(), advice(device)));
  }
}

std::vector<std::string> pci_arguments(const std::vector<std::string>& devices) {
  std::vector<std::string> arguments;
  for (const std::string& text : devices)
    if (const DeviceName device = parse_device(text); device.kind == DeviceKind::kPci)
      arguments.push_back(fmt::format("--allow={}", dpdk_argument(device, 0)));
  if (arguments.empty()) arguments.emplace_back("--no-pci");
  return arguments;
}

std::vector<std::string> daemon_arguments(const Config& config,
                                          const std::vector<std::string>& of_user) {
  const uint64_t megabytes =
      (buffers(config) * (room(config) + kBufferExtra) >> 20) + kOtherMegabytes;
  std::vector<std::string> texts;
  for (const PortConfig& port : config.ports)
    if (!port.absent) texts.push_back(port.device);
  std::vector<std::string> arguments = {"--file-prefix=godwit", "--log-level=*:warning",
                                        "--log-level=lib.telemetry:error"};
  for (const auto& more : {lcore_arguments(config.workers.count, of_user),
                           memory_arguments(megabytes, of_user), pci_arguments(texts), of_user})
    arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string lack_of_devices(const Config& config) {
  std::string without;
  for (const PortConfig& port : config.ports)
    if (!port.absent && port.device.empty()) without += (without.empty() ? "" : ", ") + port.name;
  if (without.empty()) return {};
  return fmt::format(
      "ports without a device: {} (run wants one for each: see ports in docs/configuration.md)",
      without);
}

Devices::Devices(const Config& config)
    : room_(room(config)), workers_(config.workers.count), opened_(config.ports.size()) {
  make_buffers_for(config);
  for (size_t p = 0; p < opened_.size(); ++p)
    if (!config.ports[p].absent) open(static_cast<PortIndex>(p), config.ports[p]);
}

DeviceList Devices::list() const {
  DeviceList list;
  for (const Opened& opened : opened_) list.push_back(opened.device.get());
  return list;
}

bool Devices::stays(PortIndex port, const Config& next) const {
  return opened_[port].device && has_same_device(opened_[port].as, next.ports[port]);
}

// The port that has it open, or nullptr.
const PortConfig* Devices::user_of(const std::string& device) const {
  const DeviceName name = parse_device(device);
  for (const Opened& opened : opened_)
    if (opened.device && is_same_device(parse_device(opened.as.device), name)) return &opened.as;
  return nullptr;
}

// A number that the user gives stays as it is.
void Devices::make_buffers_for(const Config& config) {
  const uint64_t wanted = buffers(config);
  if (wanted <= buffers_) return;
  const uint64_t more = std::max(wanted - buffers_, kLeastPool);
  pools_.push_back(make_pool(fmt::format("frames{}", pools_.size()), more, room_));
  buffers_ += more;
}

// Frames come from the pool that has most buffers left.
void Devices::open(PortIndex port, const PortConfig& config) {
  if (const PortConfig* user = user_of(config.device))
    throw std::runtime_error(
        fmt::format("port '{}': device '{}' is that of port '{}' (one of them "
                    "wants another)",
                    config.name, config.device, user->name));
  const auto most =
      std::max_element(pools_.begin(), pools_.end(), [](const auto& a, const auto& b) {
        return rte_mempool_avail_count(a.get()) < rte_mempool_avail_count(b.get());
      });
  opened_[port].device = open_device(
      config.name, config.device,
      {.number = port, .mtu = config.mtu, .rx_queues = config.queues, .workers = workers_},
      most->get());
  opened_[port].as = config;
}

std::vector<std::string> Devices::keys_that_need_restart(const Config& next) const {
  std::vector<std::string> keys;
  for (const PortConfig& port : next.ports)
    if (!port.absent && port.mtu + kFrameExtra > room_)
      keys.push_back(fmt::format("ports.{}.mtu (the frame buffers have room for {} octets)",
                                 port.name, room_ - kFrameExtra));
  return keys;
}

// A port that could not be opened before is for close() to try again: it stops no other.
void Devices::open(const Config& now, const Config& next) {
  make_buffers_for(next);
  std::vector<PortIndex> fresh;
  try {
    for (size_t p = 0; p < next.ports.size(); ++p) {
      const auto port = static_cast<PortIndex>(p);
      const PortConfig& config = next.ports[p];
      const bool comes = now.ports[p].absent && !config.absent;
      if (!comes || user_of(config.device) != nullptr) continue;
      open(port, config);
      fresh.push_back(port);
    }
  } catch (...) {
    for (const PortIndex port : fresh) opened_[port].device.reset();
    throw;
  }
}

DeviceList Devices::list_for(const Config& next) const {
  DeviceList list = this->list();
  for (size_t p = 0; p < list.size(); ++p)
    if (!stays(static_cast<PortIndex>(p), next)) list[p] = nullptr;
  return list;
}

std::vector<std::string> Devices::close(const Config& next) {
  for (size_t p = 0; p < opened_.size(); ++p)
    if (!stays(static_cast<PortIndex>(p), next)) opened_[p].device.reset();
  std::vector<std::string> failures;
  for (size_t p = 0; p < opened_.size(); ++p) {
    if (next.ports[p].absent || opened_[p].device) continue;
    try {
      open(static_cast<PortIndex>(p), next.ports[p]);
    } catch (const std::exception& error) {
      failures.emplace_back(error.what());
    }
  }
  return failures;
}

}  // namespace godwit
