// Ports over interfaces of the Linux kernel, by packet sockets: what a configuration names as
// `net_af_packet0,iface=...`. godwit does not use DPDK's driver of that name, because a switch
// cannot: it has the kernel put the fragments of a packet together and then cuts off what does not
// fit, hands on packets without their checksum and larger than the wire takes, as containers and
// virtual machines send them, and knows nothing of the interface's link.
//
// Here every frame comes with what its sender left to the network card (PACKET_VNET_HDR): the
// checksum is filled in and a large packet is cut. Frames that the host itself sends by the
// interface are not received. An interface that is deleted and made again, as the tap of a virtual
// machine is, is found again.
//
// A worker makes a system call a round to receive and one to send a burst; neither waits. What the
// interface does not take remains the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/packet_queue.h"
#include "dataplane/port.h"
#include "dataplane/port_device.h"
#include "dataplane/queue_shares.h"

struct rte_mempool;

namespace godwit {

struct PacketOptions {
  std::string interface;
  std::string device;   // as the configuration names it
  uint16_t mtu = 0;     // octets that the interface is set to; 0: as it is
  uint16_t queues = 1;  // sockets, among which the kernel deals out flows
  uint16_t workers = 1;
  unsigned first_worker = 0;  // whose the first queue is
};

// The interface and the queues that a device argument of net_af_packet names; false if it is none.
bool parse_packet_device(const std::string& argument, PacketOptions& options);

class PacketDevice final : public PortDevice {
 public:
  // The interface must be there, and becomes promiscuous for as long as the device lives. Throws
  // std::runtime_error naming the device and what does not work.
  PacketDevice(const PacketOptions& options, rte_mempool* pool);
  ~PacketDevice() override;

  Port& port(uint16_t worker) override { return shares_->of(worker); }
  PortState state() const override;

 private:
  void follow(int index) const;

  std::string interface_;
  std::string device_;
  mutable int index_ = 0;  // the kernel's number of the interface
  std::vector<std::unique_ptr<PacketQueue>> queues_;
  std::unique_ptr<QueueShares> shares_;
};

}  // namespace godwit
