#include "dataplane/packet_port.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <fmt/core.h>
#include <net/if.h>
#include <unistd.h>

#include "dataplane/kernel_link.h"

namespace godwit {

bool parse_packet_device(const std::string& argument, PacketOptions& options) {
  if (!argument.starts_with("net_af_packet") && !argument.starts_with("eth_af_packet"))
    return false;
  options.interface = interface_of(argument);
  constexpr std::string_view kQueues = ",qpairs=";
  if (const size_t at = argument.find(kQueues); at != std::string::npos)
    std::from_chars(argument.data() + at + kQueues.size(), argument.data() + argument.size(),
                    options.queues);
  options.queues = std::clamp<uint16_t>(options.queues, 1, 64);
  return !options.interface.empty();
}

PacketDevice::PacketDevice(const PacketOptions& options, rte_mempool* pool)
    : interface_(options.interface),
      device_(options.device),
      index_(static_cast<int>(if_nametoindex(options.interface.c_str()))) {
  const auto require = [&](bool done, std::string_view step) {
    if (!done)
      throw std::runtime_error(
          fmt::format("device '{}': {}: {}", device_, step, std::strerror(errno)));
  };
  require(index_ != 0, "no such interface");
  require(options.mtu == 0 || set_kernel_mtu(interface_, options.mtu), "its mtu cannot be set");
  std::vector<Port*> all;
  try {
    for (uint16_t q = 0; q < options.queues; ++q)
      all.push_back(queues_.emplace_back(std::make_unique<PacketQueue>(index_, pool)).get());
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("device '{}': {}", device_, error.what()));
  }
  const auto id = static_cast<uint16_t>(getpid() * 31 + index_);
  if (queues_.size() > 1)
    for (const auto& queue : queues_) require(queue->join(id), "its traffic cannot be shared");
  shares_ = std::make_unique<QueueShares>(
      all, std::vector(all.begin(), all.begin() + std::min(options.queues, options.workers)),
      options.workers, options.first_worker);
}

PacketDevice::~PacketDevice() = default;

PortState PacketDevice::state() const {
  const KernelInterface interface = look_at_interface(interface_);
  follow(interface.index);
  PortState state;
  state.device = device_;
  state.up = interface.index == index_ && interface.has_link;
  state.mac = interface.mac;
  state.mtu = interface.mtu;
  return state;
}

// An interface of this name that was made again has another number. (Several sockets that share
// traffic cannot be bound again; then the port stays down.)
void PacketDevice::follow(int index) const {
  if (index == 0 || index == index_) return;
  for (const auto& queue : queues_)
    if (!queue->bind_to(index)) return;
  index_ = index;
}

}  // namespace godwit
