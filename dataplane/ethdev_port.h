// Ports over DPDK ethdevs: NICs, and any of DPDK's virtual devices.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/port.h"
#include "dataplane/port_device.h"

struct rte_mempool;

namespace godwit {

// One worker's queues of a device.
class EthdevPort final : public Port {
 public:
  EthdevPort(uint16_t id, uint16_t queue) : id_(id), queue_(queue) {}

  uint16_t rx(rte_mbuf** frames, uint16_t count) override;
  uint16_t tx(rte_mbuf** frames, uint16_t count) override;

 private:
  uint16_t id_;
  uint16_t queue_;
};

// A started device, with as many rx and tx queues as there are workers.
class Ethdev final : public PortDevice {
 public:
  // Configures and starts the ethdev of this name, in promiscuous mode; received frames come from
  // `pool`. Throws std::runtime_error naming the device and what it refuses.
  Ethdev(const std::string& name, uint16_t queues, rte_mempool* pool);
  ~Ethdev() override;

  Port& port(uint16_t worker) override { return *ports_[worker]; }
  PortState state() const override;

 private:
  std::string name_;
  uint16_t id_ = 0;
  std::vector<std::unique_ptr<EthdevPort>> ports_;  // by worker
};

}  // namespace godwit
