// A packet socket as a pair of queues: the system calls of dataplane/packet_port.h, and what is
// done to a frame because it never saw a network card.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <linux/if_packet.h>
#include <sys/socket.h>

#include "dataplane/port.h"

struct rte_mempool;

namespace godwit {

// In front of each frame of a socket with PACKET_VNET_HDR (virtio 1.1 §5.1.6), as this machine
// orders octets.
struct Offload {
  static constexpr uint8_t kNeedsChecksum = 1;

  uint8_t flags;
  uint8_t gso_type;  // 0: it is not to be cut
  uint16_t header_size;
  uint16_t segment_size;
  uint16_t checksum_start;
  uint16_t checksum_offset;
};
static_assert(sizeof(Offload) == 10);

class PacketQueue final : public Port {
 public:
  // On the interface of this number. Throws std::runtime_error with what the system says.
  PacketQueue(int index, rte_mempool* pool);
  ~PacketQueue() override;
  PacketQueue(const PacketQueue&) = delete;
  PacketQueue& operator=(const PacketQueue&) = delete;

  uint16_t rx(rte_mbuf** frames, uint16_t count) override;
  uint16_t tx(rte_mbuf** frames, uint16_t count) override;

  // Control, while a worker uses the queue as well: the interface of this number from now on.
  bool bind_to(int index);
  // Sockets that join under one id share the interface's traffic by flow.
  bool join(uint16_t id);

 private:
  static constexpr uint16_t kBatch = 32;  // frames in one system call
  using Control = std::array<uint8_t, CMSG_SPACE(sizeof(tpacket_auxdata))>;

  struct In {
    Offload offload;
    Control control;
    std::array<iovec, 3> parts;  // the offload, the buffer, and what does not fit it
    rte_mbuf* buffer = nullptr;
    uint8_t* large = nullptr;  // room for a whole large packet
  };

  void set_up(size_t i);
  uint16_t refill(uint16_t most);
  void receive(uint16_t most);
  void take(In& in, size_t length, uint32_t tag);
  void take_large(In& in, size_t length, uint32_t tag);
  bool cut(std::span<const uint8_t> frame, size_t size, uint32_t tag);

  const int fd_;
  rte_mempool* const pool_;
  const uint16_t room_;           // octets of a frame in a buffer
  std::vector<rte_mbuf*> ready_;  // received, from ready_from_ on; reserved: never allocates
  size_t ready_from_ = 0;
  std::unique_ptr<uint8_t[]> large_;
  std::array<In, kBatch> in_;
  std::array<mmsghdr, kBatch> in_messages_{};
  Offload none_{};
  std::array<std::array<iovec, 2>, kBatch> out_;
  std::array<mmsghdr, kBatch> out_messages_{};
};

}  // namespace godwit
