#include "dataplane/packet_queue.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <net/ethernet.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include "lib/byte_order.h"
#include "lib/packet.h"
#include "lib/segment.h"

namespace godwit {
namespace {

constexpr size_t kLargest = 65536 + 64;  // octets that a sender leaves to its card to cut
constexpr size_t kMostSegments = 256;    // of one packet
constexpr int kReceiveBuffer = 8 << 20;  // octets, as the kernel counts them
constexpr size_t kMacs = 12;             // octets of the two addresses, in front of any tag

// The tag that the kernel has taken out of the frame, TPID and TCI; 0: none.
uint32_t tag_of(const msghdr& message) {
  const cmsghdr* control = CMSG_FIRSTHDR(&message);
  if (control == nullptr || control->cmsg_level != SOL_PACKET ||
      control->cmsg_type != PACKET_AUXDATA)
    return 0;
  tpacket_auxdata data;
  std::memcpy(&data, CMSG_DATA(control), sizeof data);
  if ((data.tp_status & TP_STATUS_VLAN_VALID) == 0) return 0;
  const bool has_tpid = (data.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
  return uint32_t{has_tpid ? data.tp_vlan_tpid : kEtherTypeVlan} << 16 | data.tp_vlan_tci;
}

void put_tag_back(rte_mbuf* frame, uint32_t tag) {
  auto* start = reinterpret_cast<uint8_t*>(rte_pktmbuf_prepend(frame, kVlanTagSize));
  if (start == nullptr) return;  // there is room: nothing has used it yet
  std::memmove(start, start + kVlanTagSize, kMacs);
  store_be32(start + kMacs, tag);
}

void set_length(rte_mbuf* frame, size_t length) {
  frame->data_len = static_cast<uint16_t>(length);
  frame->pkt_len = static_cast<uint32_t>(length);
}

template <class Value>
bool set_option(int fd, int level, int name, const Value& value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

}  // namespace

PacketQueue::PacketQueue(int index, rte_mempool* pool)
    : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      pool_(pool),
      room_(static_cast<uint16_t>(rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM)),
      large_(std::make_unique_for_overwrite<uint8_t[]>(kBatch * (room_ + kLargest))) {
  const int on = 1;
  if (fd_ < 0 || !set_option(fd_, SOL_PACKET, PACKET_VNET_HDR, on) ||
      !set_option(fd_, SOL_PACKET, PACKET_AUXDATA, on) ||
      !set_option(fd_, SOL_PACKET, PACKET_IGNORE_OUTGOING, on) || !bind_to(index)) {
    const int error = errno;
    if (fd_ >= 0) close(fd_);
    throw std::runtime_error(fmt::format("packet socket: {}", std::strerror(error)));
  }
  if (!set_option(fd_, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer))
    set_option(fd_, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  ready_.reserve(kBatch * kMostSegments);
  for (size_t i = 0; i < kBatch; ++i) set_up(i);
}

// Where message `i` comes from and goes to.
void PacketQueue::set_up(size_t i) {
  In& in = in_[i];
  in.large = &large_[i * (room_ + kLargest)];
  in.parts = {iovec{&in.offload, sizeof in.offload}, iovec{nullptr, room_},
              iovec{in.large + room_, kLargest}};
  in_messages_[i].msg_hdr.msg_iov = in.parts.data();
  in_messages_[i].msg_hdr.msg_iovlen = in.parts.size();
  in_messages_[i].msg_hdr.msg_control = in.control.data();
  out_[i][0] = {&none_, sizeof none_};
  out_messages_[i].msg_hdr.msg_iov = out_[i].data();
  out_messages_[i].msg_hdr.msg_iovlen = out_[i].size();
}

bool PacketQueue::bind_to(int index) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  packet_mreq all{};
  all.mr_ifindex = index;
  all.mr_type = PACKET_MR_PROMISC;
  return bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         set_option(fd_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, all);
}

// A socket that is full lets another have its frames.
bool PacketQueue::join(uint16_t id) {
  const int fanout = (PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_ROLLOVER) << 16 | id;
  return set_option(fd_, SOL_PACKET, PACKET_FANOUT, fanout);
}

PacketQueue::~PacketQueue() {
  close(fd_);
  for (const In& in : in_) rte_pktmbuf_free(in.buffer);
  for (size_t i = ready_from_; i < ready_.size(); ++i) rte_pktmbuf_free(ready_[i]);
}

uint16_t PacketQueue::rx(rte_mbuf** frames, uint16_t count) {
  if (ready_from_ == ready_.size()) {
    ready_.clear();
    ready_from_ = 0;
    receive(refill(std::min(count, kBatch)));
  }
  const size_t n = std::min<size_t>(count, ready_.size() - ready_from_);
  std::copy_n(&ready_[ready_from_], n, frames);
  ready_from_ += n;
  return static_cast<uint16_t>(n);
}

// How many of the first `most` messages have a buffer to receive into.
uint16_t PacketQueue::refill(uint16_t most) {
  for (uint16_t i = 0; i < most; ++i) {
    In& in = in_[i];
    if (in.buffer != nullptr) continue;
    in.buffer = rte_pktmbuf_alloc(pool_);
    if (in.buffer == nullptr) return i;
    in.parts[1].iov_base = rte_pktmbuf_mtod(in.buffer, void*);
  }
  return most;
}

void PacketQueue::receive(uint16_t most) {
  for (uint16_t i = 0; i < most; ++i)
    in_messages_[i].msg_hdr.msg_controllen = in_[i].control.size();
  const int got = most == 0 ? 0 : recvmmsg(fd_, in_messages_.data(), most, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < got; ++i) {
    const size_t length = in_messages_[i].msg_len;
    if (length > sizeof(Offload))
      take(in_[i], length - sizeof(Offload), tag_of(in_messages_[i].msg_hdr));
  }
}

void PacketQueue::take(In& in, size_t length, uint32_t tag) {
  if (length > room_ || in.offload.gso_type != 0) return take_large(in, length, tag);
  rte_mbuf* frame = std::exchange(in.buffer, nullptr);
  set_length(frame, length);
  if ((in.offload.flags & Offload::kNeedsChecksum) != 0)
    fill_checksum({rte_pktmbuf_mtod(frame, uint8_t*), length}, in.offload.checksum_start,
                  in.offload.checksum_offset);
  if (tag != 0) put_tag_back(frame, tag);
  ready_.push_back(frame);
}

// Into as many frames as it is to be. What cannot be cut goes on as a frame of two buffers, which
// no stage takes: it is dropped by name.
void PacketQueue::take_large(In& in, size_t length, uint32_t tag) {
  const size_t first = std::min<size_t>(length, room_);
  std::memcpy(in.large, rte_pktmbuf_mtod(in.buffer, const uint8_t*), first);
  if (in.offload.gso_type != 0 && cut({in.large, length}, in.offload.segment_size, tag)) return;
  rte_mbuf* rest = rte_pktmbuf_alloc(pool_);
  if (rest == nullptr) return;
  rte_mbuf* frame = std::exchange(in.buffer, nullptr);
  set_length(frame, first);
  set_length(rest, 1);
  rte_pktmbuf_chain(frame, rest);
  ready_.push_back(frame);
}

bool PacketQueue::cut(std::span<const uint8_t> frame, size_t size, uint32_t tag) {
  const auto segments = Segmenter::of(frame, size);
  if (!segments || segments->count() > kMostSegments) return false;
  for (size_t n = 0; n < segments->count(); ++n) {
    rte_mbuf* segment = rte_pktmbuf_alloc(pool_);
    if (segment == nullptr) return true;  // as if the wire had lost the rest
    const size_t length = segments->write(n, {rte_pktmbuf_mtod(segment, uint8_t*), room_});
    if (length == 0) {
      rte_pktmbuf_free(segment);
      return false;
    }
    set_length(segment, length);
    if (tag != 0) put_tag_back(segment, tag);
    ready_.push_back(segment);
  }
  return true;
}

uint16_t PacketQueue::tx(rte_mbuf** frames, uint16_t count) {
  uint16_t done = 0;
  while (done < count) {
    const auto some = std::min<uint16_t>(kBatch, count - done);
    for (uint16_t i = 0; i < some; ++i)
      out_[i][1] = {rte_pktmbuf_mtod(frames[done + i], void*), frames[done + i]->data_len};
    const int sent = sendmmsg(fd_, out_messages_.data(), some, MSG_DONTWAIT);
    if (sent > 0) {
      rte_pktmbuf_free_bulk(frames + done, static_cast<unsigned>(sent));
      done += static_cast<uint16_t>(sent);
    } else if (errno == EMSGSIZE || errno == EINVAL) {
      std::swap(frames[done], frames[--count]);  // longer than its MTU, or no frame: the caller's
    } else {
      break;
    }
  }
  return done;
}

}  // namespace godwit
