// Ports over DPDK ethdevs: NICs, and any of DPDK's virtual devices.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/port.h"

struct rte_mempool;

namespace godwit {

// A started device, with as many rx and tx queues as there are workers.
class Ethdev {
 public:
  // Configures and starts the ethdev of this name, in promiscuous mode; received frames come from
  // `pool`. Throws std::runtime_error naming the device and what it refuses.
  Ethdev(const std::string& name, uint16_t queues, rte_mempool* pool);
  ~Ethdev();
  Ethdev(const Ethdev&) = delete;
  Ethdev& operator=(const Ethdev&) = delete;

  uint16_t id() const { return id_; }

 private:
  uint16_t id_ = 0;
};

// One worker's queues of a device.
class EthdevPort final : public Port {
 public:
  EthdevPort(const Ethdev& device, uint16_t queue) : id_(device.id()), queue_(queue) {}

  uint16_t rx(rte_mbuf** frames, uint16_t count) override;
  uint16_t tx(rte_mbuf** frames, uint16_t count) override;

 private:
  uint16_t id_;
  uint16_t queue_;
};

}  // namespace godwit
