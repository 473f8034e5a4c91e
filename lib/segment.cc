#include "lib/segment.h"

#include <algorithm>
#include <cstring>

#include "lib/byte_order.h"
#include "lib/packet.h"

namespace godwit {
namespace {

constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr size_t kMinTcpHeaderSize = 20;
// Flags of a TCP header (RFC 9293 §3.1) that are the last segment's, and that are the first's.
constexpr uint8_t kFinPsh = 0x09;
constexpr uint8_t kCwr = 0x80;

}  // namespace

bool fill_checksum(std::span<uint8_t> frame, size_t start, size_t offset) {
  if (start > frame.size() || offset > frame.size() - start || frame.size() - start - offset < 2)
    return false;
  const uint16_t sum = internet_checksum(frame.subspan(start));
  // In UDP 0 means "none", and 0xffff is the same number (RFC 768).
  store_be16(&frame[start + offset], sum == 0 ? 0xffff : sum);
  return true;
}

std::optional<Segmenter> Segmenter::of(std::span<const uint8_t> frame, size_t size) {
  const auto view = parse_ethernet(frame);
  if (!view || size == 0) return std::nullopt;
  Segmenter made;
  made.frame_ = frame;
  made.size_ = size;
  made.l3_ = view->l3_offset;
  made.is_v6_ = view->ether_type == kEtherTypeIpv6;
  const std::span<const uint8_t> l3 = frame.subspan(made.l3_);
  const size_t shortest = made.is_v6_ ? kIpv6HeaderSize : kIpv4HeaderSize;
  if (l3.size() < shortest || (!made.is_v6_ && view->ether_type != kEtherTypeIpv4))
    return std::nullopt;
  const bool is_fragment = !made.is_v6_ && (load_be16(&l3[6]) & 0x3fff) != 0;
  made.l4_ = made.l3_ + (made.is_v6_ ? kIpv6HeaderSize : size_t{4} * (l3[0] & 0xf));
  made.protocol_ = made.is_v6_ ? l3[6] : l3[9];
  if (is_fragment || made.l4_ < made.l3_ + shortest || frame.size() < made.l4_ + kMinTcpHeaderSize)
    return std::nullopt;
  if (made.protocol_ != kTcp && made.protocol_ != kUdp) return std::nullopt;
  const size_t l4_size =
      made.protocol_ == kUdp ? kUdpHeaderSize : size_t{4} * (frame[made.l4_ + 12] >> 4);
  made.headers_ = made.l4_ + l4_size;
  if (made.protocol_ == kTcp && l4_size < kMinTcpHeaderSize) return std::nullopt;
  if (made.headers_ >= frame.size()) return std::nullopt;
  return made;
}

size_t Segmenter::write(size_t n, std::span<uint8_t> out) const {
  const size_t from = n * size_;
  const size_t octets = std::min(size_, payload_size() - from);
  const size_t length = headers_ + octets;
  if (length > out.size()) return 0;
  std::memcpy(out.data(), frame_.data(), headers_);
  std::memcpy(&out[headers_], &frame_[headers_ + from], octets);
  finish_ip(&out[l3_], n, length - l3_);
  finish_transport(out.first(length), n);
  return length;
}

void Segmenter::finish_ip(uint8_t* l3, size_t n, size_t l3_size) const {
  if (is_v6_) return store_be16(l3 + 4, static_cast<uint16_t>(l3_size - kIpv6HeaderSize));
  store_be16(l3 + 2, static_cast<uint16_t>(l3_size));
  store_be16(l3 + 4, static_cast<uint16_t>(load_be16(l3 + 4) + n));  // each has an id of its own
  store_be16(l3 + 10, 0);
  store_be16(l3 + 10, internet_checksum({l3, l4_ - l3_}));
}

void Segmenter::finish_transport(std::span<uint8_t> segment, size_t n) const {
  uint8_t* const l3 = &segment[l3_];
  const std::span<uint8_t> l4 = segment.subspan(l4_);
  const size_t sum_at = protocol_ == kTcp ? 16 : 6;
  if (protocol_ == kTcp) {
    store_be32(&l4[4], static_cast<uint32_t>(load_be32(&l4[4]) + n * size_));
    if (n + 1 < count()) l4[13] &= static_cast<uint8_t>(~kFinPsh);
    if (n > 0) l4[13] &= static_cast<uint8_t>(~kCwr);
  } else {
    store_be16(&l4[4], static_cast<uint16_t>(l4.size()));
  }
  store_be16(&l4[sum_at], 0);
  const IpAddress src = is_v6_ ? load_ipv6(l3 + 8) : load_ipv4(l3 + 12);
  const IpAddress dst = is_v6_ ? load_ipv6(l3 + 24) : load_ipv4(l3 + 16);
  const uint16_t sum = transport_checksum(src, dst, protocol_, l4);
  store_be16(&l4[sum_at], sum == 0 && protocol_ == kUdp ? 0xffff : sum);
}

}  // namespace godwit
