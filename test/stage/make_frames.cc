#include "test/stage/make_frames.h"

#include <algorithm>
#include <array>

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

constexpr uint16_t kExperimental = 0x88b5;  // IEEE Std 802-2014 §9.2.3
constexpr size_t kRoom = 1600;

template <class Build>
Octets built(Build build) {
  Octets frame(kRoom);
  frame.resize(build(std::span(frame)));
  return frame;
}

}  // namespace

Octets data(Mac src, Mac dst, std::string_view text) {
  const std::span payload(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  return built([&](auto out) { return build_ethernet(out, {dst, src}, kExperimental, payload); });
}

Octets tagged(Octets frame, uint16_t tci, uint16_t tpid) {
  std::array<uint8_t, kVlanTagSize> tag{};
  store_be16(tag.data(), tpid);
  store_be16(&tag[2], tci);
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

Octets padded(Octets frame, size_t size) {
  frame.resize(std::max(size, frame.size()));
  return frame;
}

Octets rarp(Mac mac) {
  return built([&](auto out) {
    return build_rarp(out, {kBroadcastMac, mac}, make_rarp_request(mac));
  });
}

Octets arp(Mac src, const ArpView& arp) {
  return built([&](auto out) { return build_arp(out, {kBroadcastMac, src}, arp); });
}

Octets garp(Mac mac, const IpAddress& ip) { return arp(mac, make_garp_request(mac, ip)); }

Octets unsolicited_na(Mac mac, const IpAddress& ip) {
  return built([&](auto out) {
    return build_nd(out, {multicast_mac(kAllNodes), mac}, make_unsolicited_na(ip, mac));
  });
}

}  // namespace godwit::test
