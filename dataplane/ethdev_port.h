// Ports over DPDK ethdevs: NICs, and any of DPDK's virtual devices.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/port.h"
#include "dataplane/port_device.h"
#include "dataplane/queue_shares.h"

struct rte_mempool;

namespace godwit {

struct EthdevOptions {
  std::string argument;    // of DPDK: "net_tap0,iface=vm7", "0000:3b:00.0"
  std::string device;      // as the configuration names it
  uint16_t mtu = 0;        // octets; 0: as the device has it
  uint16_t rx_queues = 1;  // at most; a device whose queues all receive, whoever polls, has its own
                           // count
  uint16_t workers = 1;
  unsigned first_worker = 0;  // whose the first queue is
};

// A pair of queues of a device.
class EthdevQueue final : public Port {
 public:
  EthdevQueue(uint16_t id, uint16_t queue) : id_(id), queue_(queue) {}

  uint16_t rx(rte_mbuf** frames, uint16_t count) override;
  uint16_t tx(rte_mbuf** frames, uint16_t count) override;

 private:
  uint16_t id_;
  uint16_t queue_;
};

// A started device, with as many queues as it can have and there is use for.
class Ethdev final : public PortDevice {
 public:
  // Attaches the device unless EAL has it already, configures it and starts it, in promiscuous
  // mode; received frames come from `pool`. Throws std::runtime_error naming the device and what it
  // refuses.
  Ethdev(const EthdevOptions& options, rte_mempool* pool);
  ~Ethdev() override;

  Port& port(uint16_t worker) override { return shares_->of(worker); }
  PortState state() const override;

 private:
  // Detaches what it attached, also when the constructor fails.
  struct Attached {
    explicit Attached(const EthdevOptions& options);
    ~Attached();
    uint16_t id = 0;
  };

  std::string device_;
  std::string interface_;  // of the kernel, beneath it; empty: none
  Attached attached_;
  std::vector<std::unique_ptr<EthdevQueue>> queues_;
  std::unique_ptr<QueueShares> shares_;
};

}  // namespace godwit
