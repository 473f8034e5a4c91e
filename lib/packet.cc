#include "lib/packet.h"

namespace godwit {
namespace {

uint64_t sum_of_words(uint64_t v) {
  return (v >> 48) + (v >> 32 & 0xffff) + (v >> 16 & 0xffff) + (v & 0xffff);
}

uint64_t sum_of_words(const IpAddress& ip) { return sum_of_words(ip.hi) + sum_of_words(ip.lo); }

// False if an option has length 0 or runs past the end of the message.
bool read_options(std::span<const uint8_t> options, NdView& view) {
  while (!options.empty()) {
    if (options.size() < 2) return false;
    const size_t size = options[1] * kNdOptionUnit;
    if (size == 0 || size > options.size()) return false;
    if (size == kNdOptionUnit) {
      const Mac mac = load_mac_ending(options.data() + kNdOptionUnit);
      if (options[0] == kOptionSourceLinkAddress && !view.sllao) view.sllao = mac;
      if (options[0] == kOptionTargetLinkAddress && !view.tllao) view.tllao = mac;
    }
    options = options.subspan(size);
  }
  return true;
}

// The rules on addresses, flags and options that differ between the messages.
bool is_valid(const NdView& view) {
  const bool from_nobody = view.src.is_unspecified();
  if (view.type == NdType::kRs) return !(from_nobody && view.sllao);
  if (view.target.is_multicast()) return false;
  if (view.type == NdType::kNa) return !(view.dst.is_multicast() && view.solicited);
  return !from_nobody || (is_solicited_node(view.dst) && !view.sllao);
}

}  // namespace

uint16_t internet_checksum(std::span<const uint8_t> data, uint64_t initial) {
  uint64_t sum = initial;
  size_t i = 0;
  for (; i + 2 <= data.size(); i += 2) sum += load_be16(&data[i]);
  if (i < data.size()) sum += uint64_t{data[i]} << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint16_t transport_checksum(const IpAddress& src, const IpAddress& dst, uint8_t protocol,
                            std::span<const uint8_t> message) {
  return internet_checksum(message,
                           sum_of_words(src) + sum_of_words(dst) + protocol + message.size());
}

bool ipv4_checksum_ok(std::span<const uint8_t> l3) {
  if (l3.size() < kIpv4HeaderSize) return false;
  const size_t header_length = (l3[0] & 0xfU) * 4;
  if (header_length < kIpv4HeaderSize || l3.size() < header_length) return false;
  return internet_checksum(l3.first(header_length)) == 0;
}

std::optional<NdView> parse_nd(std::span<const uint8_t> l3) {
  const auto ip = parse_ipv6(l3);
  if (!ip || ip->next_header != kProtocolIcmpv6 || ip->hop_limit != kNdHopLimit)
    return std::nullopt;
  const std::span<const uint8_t> message = ip->payload;
  if (message.size() < kRsSize || !is_nd_type(message[0]) || message[1] != 0) return std::nullopt;

  NdView view;
  view.type = NdType{message[0]};
  view.src = ip->src;
  view.dst = ip->dst;
  size_t fixed_size = kRsSize;
  if (view.type != NdType::kRs) {
    fixed_size = kTargetedNdSize;
    if (message.size() < fixed_size) return std::nullopt;
    view.target = load_ipv6(&message[8]);
  }
  if (view.type == NdType::kNa) {
    view.router = (message[4] & kNaRouter) != 0;
    view.solicited = (message[4] & kNaSolicited) != 0;
    view.override_cached = (message[4] & kNaOverride) != 0;
  }
  if (!read_options(message.subspan(fixed_size), view) || !is_valid(view)) return std::nullopt;
  if (transport_checksum(view.src, view.dst, kProtocolIcmpv6, message) != 0) return std::nullopt;
  return view;
}

}  // namespace godwit
