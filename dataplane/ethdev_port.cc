#include "dataplane/ethdev_port.h"

#include <stdexcept>
#include <string_view>

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

namespace godwit {
namespace {

constexpr uint16_t kDescriptors = 1024;

void require(int status, const std::string& name, std::string_view step) {
  if (status < 0)
    throw std::runtime_error(fmt::format("device '{}': {}: {}", name, step, rte_strerror(-status)));
}

// Several queues share the traffic by flow, where the device can.
rte_eth_conf conf_for(const rte_eth_dev_info& info, uint16_t queues) {
  rte_eth_conf conf{};
  if (queues > 1 && info.flow_type_rss_offloads != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads;
  }
  return conf;
}

}  // namespace

Ethdev::Ethdev(const std::string& name, uint16_t queues, rte_mempool* pool) : name_(name) {
  require(rte_eth_dev_get_port_by_name(name.c_str(), &id_), name, "no such device");
  rte_eth_dev_info info;
  require(rte_eth_dev_info_get(id_, &info), name, "no information");
  const rte_eth_conf conf = conf_for(info, queues);
  require(rte_eth_dev_configure(id_, queues, queues, &conf), name,
          fmt::format("{} queues", queues));
  uint16_t rx_descriptors = kDescriptors;
  uint16_t tx_descriptors = kDescriptors;
  require(rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors), name,
          "descriptors");
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
  for (uint16_t q = 0; q < queues; ++q) {
    require(rte_eth_rx_queue_setup(id_, q, rx_descriptors, socket, nullptr, pool), name,
            "rx queue");
    require(rte_eth_tx_queue_setup(id_, q, tx_descriptors, socket, nullptr), name, "tx queue");
    ports_.push_back(std::make_unique<EthdevPort>(id_, q));
  }
  require(rte_eth_dev_start(id_), name, "start");
  rte_eth_promiscuous_enable(id_);  // a virtual device may not know of it, and needs it not
}

Ethdev::~Ethdev() {
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
}

PortState Ethdev::state() const {
  PortState state;
  state.device = name_;
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) == 0) {
    state.up = link.link_status == RTE_ETH_LINK_UP;
    if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN) state.mbps = link.link_speed;
  }
  rte_ether_addr mac{};
  if (rte_eth_macaddr_get(id_, &mac) == 0)
    for (const uint8_t octet : mac.addr_bytes) state.mac.bits = state.mac.bits << 8 | octet;
  rte_eth_dev_get_mtu(id_, &state.mtu);
  return state;
}

uint16_t EthdevPort::rx(rte_mbuf** frames, uint16_t count) {
  return rte_eth_rx_burst(id_, queue_, frames, count);
}

uint16_t EthdevPort::tx(rte_mbuf** frames, uint16_t count) {
  return rte_eth_tx_burst(id_, queue_, frames, count);
}

}  // namespace godwit
