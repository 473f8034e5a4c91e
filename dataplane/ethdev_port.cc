#include "dataplane/ethdev_port.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include <fmt/core.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dataplane/kernel_link.h"

namespace godwit {
namespace {

constexpr uint16_t kDescriptors = 1024;

void require(int status, const std::string& device, std::string_view step) {
  if (status < 0)
    throw std::runtime_error(
        fmt::format("device '{}': {}: {}", device, step, rte_strerror(-status)));
}

// Several queues share the traffic by flow, where the device can.
rte_eth_conf conf_for(const rte_eth_dev_info& info, uint16_t rx_queues) {
  rte_eth_conf conf{};
  if (rx_queues > 1 && info.flow_type_rss_offloads != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads;
  }
  return conf;
}

struct QueueCounts {
  uint16_t rx;
  uint16_t tx;
};

QueueCounts queues_for(const rte_eth_dev_info& info, const EthdevOptions& options) {
  // Their argument says how many queues they have, and each of these receives.
  constexpr std::array<std::string_view, 3> kFixed = {"net_af_xdp", "net_pcap", "net_ring"};
  const std::string_view driver = info.driver_name;
  QueueCounts queues{std::min(options.rx_queues, info.max_rx_queues),
                     std::min(options.workers, info.max_tx_queues)};
  if (std::find(kFixed.begin(), kFixed.end(), driver) != kFixed.end())
    queues.rx = info.max_rx_queues;
  if (driver == "net_tap" || driver == "net_memif") queues.tx = queues.rx;  // has them in pairs
  return queues;
}

std::string name_of(const std::string& argument) { return argument.substr(0, argument.find(',')); }

void start(uint16_t id, const EthdevOptions& options, QueueCounts queues, rte_mempool* pool) {
  const std::string& device = options.device;
  rte_eth_dev_info info;
  require(rte_eth_dev_info_get(id, &info), device, "no information");
  const rte_eth_conf conf = conf_for(info, queues.rx);
  require(rte_eth_dev_configure(id, queues.rx, queues.tx, &conf), device,
          fmt::format("{} rx and {} tx queues", queues.rx, queues.tx));
  if (options.mtu != 0)
    require(rte_eth_dev_set_mtu(id, options.mtu), device, fmt::format("an mtu of {}", options.mtu));
  uint16_t rx_descriptors = kDescriptors;
  uint16_t tx_descriptors = kDescriptors;
  require(rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx_descriptors, &tx_descriptors), device,
          "descriptors");
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id));
  for (uint16_t q = 0; q < queues.rx; ++q)
    require(rte_eth_rx_queue_setup(id, q, rx_descriptors, socket, nullptr, pool), device,
            "rx queue");
  for (uint16_t q = 0; q < queues.tx; ++q)
    require(rte_eth_tx_queue_setup(id, q, tx_descriptors, socket, nullptr), device, "tx queue");
  require(rte_eth_dev_start(id), device, "start");
  rte_eth_promiscuous_enable(id);  // a virtual device may not know of it, and needs it not
}

}  // namespace

Ethdev::Attached::Attached(const EthdevOptions& options) {
  const std::string name = name_of(options.argument);
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) == 0) return;
  // Many drivers say -1 for whatever it is, and tell the log.
  if (const int status = rte_dev_probe(options.argument.c_str()); status == -1)
    throw std::runtime_error(fmt::format("device '{}' cannot be opened", options.device));
  else
    require(status, options.device, "cannot be opened");
  require(rte_eth_dev_get_port_by_name(name.c_str(), &id), options.device, "is no Ethernet device");
}

Ethdev::Attached::~Attached() {
  rte_eth_dev_info info;
  const bool known = rte_eth_dev_info_get(id, &info) == 0;
  rte_eth_dev_stop(id);
  rte_eth_dev_close(id);
  if (known) rte_dev_remove(info.device);
}

Ethdev::Ethdev(const EthdevOptions& options, rte_mempool* pool)
    : device_(options.device), interface_(interface_of(options.argument)), attached_(options) {
  const uint16_t id = attached_.id;
  rte_eth_dev_info info;
  require(rte_eth_dev_info_get(id, &info), device_, "no information");
  const QueueCounts counts = queues_for(info, options);
  start(id, options, counts, pool);
  std::vector<Port*> all;
  for (uint16_t q = 0; q < std::max(counts.rx, counts.tx); ++q)
    all.push_back(queues_.emplace_back(std::make_unique<EthdevQueue>(id, q)).get());
  shares_ = std::make_unique<QueueShares>(std::vector(all.begin(), all.begin() + counts.rx),
                                          std::vector(all.begin(), all.begin() + counts.tx),
                                          options.workers, options.first_worker);
}

Ethdev::~Ethdev() = default;

PortState Ethdev::state() const {
  PortState state;
  state.device = device_;
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(attached_.id, &link) == 0) {
    state.up = link.link_status == RTE_ETH_LINK_UP;
    if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN) state.mbps = link.link_speed;
  }
  if (!interface_.empty()) state.up = look_at_interface(interface_).has_link;
  rte_ether_addr mac{};
  if (rte_eth_macaddr_get(attached_.id, &mac) == 0)
    for (const uint8_t octet : mac.addr_bytes) state.mac.bits = state.mac.bits << 8 | octet;
  rte_eth_dev_get_mtu(attached_.id, &state.mtu);
  return state;
}

uint16_t EthdevQueue::rx(rte_mbuf** frames, uint16_t count) {
  return rte_eth_rx_burst(id_, queue_, frames, count);
}

uint16_t EthdevQueue::tx(rte_mbuf** frames, uint16_t count) {
  return rte_eth_tx_burst(id_, queue_, frames, count);
}

}  // namespace godwit
