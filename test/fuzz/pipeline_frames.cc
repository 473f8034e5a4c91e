#include "test/fuzz/pipeline_frames.h"

#include <array>
#include <functional>
#include <iterator>
#include <span>

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

struct Host {
  Mac mac;
  IpAddress v4;
  IpAddress v6;
};

constexpr Mac kGateway{0x02005e100001};  // of the scenes
constexpr Mac kOtherGateway{0x02005e100002};
constexpr uint64_t kInside = 0xfd00000900000000;   // fd00:9::/64
constexpr uint64_t kOutside = 0xfd00001000000000;  // fd00:10::/64
constexpr uint64_t kFar = 0x20010db800000000;

// Whom no plain number names.
constexpr std::array<Host, 12> kSpecial = {{
    {kGateway, IpAddress::v4(0x0a0900fe), IpAddress::v6(kInside, 0xfe)},
    {kOtherGateway, IpAddress::v4(0x0a0a00fe), IpAddress::v6(kOutside, 0xfe)},
    {kBroadcastMac, IpAddress::v4(0x0a0900ff), kAllNodes},
    {Mac{0x01005e000001}, IpAddress::v4(0xe0000001), kAllRouters},
    {Mac{0x00005e000101}, IpAddress::v4(0x0a090064), IpAddress::v6(kInside, 0x64)},
    {Mac{}, IpAddress::v4(0), IpAddress::v6(0, 0)},
    {Mac{0x0180c2000000}, IpAddress::v4(0xffffffff), IpAddress::v6(kInside, 0)},
    {Mac{0x3333ff000002}, IpAddress::v4(0x7f000001), IpAddress::v6(0, 1)},
    {kGateway, IpAddress::v4(0x0a090000), link_local_of(kGateway)},
    {kOtherGateway, IpAddress::v4(0x0a0a00ff), link_local_of(kOtherGateway)},
    {Mac{0x525400000002}, IpAddress::v4(0x0a090002), link_local_of(Mac{0x525400000002})},
    {Mac{0x525400000001}, IpAddress::v4(0xa9fe0001), link_local_of(Mac{0x525400000001})},
}};

// 0 .. 63 inside, 64 .. 127 outside, 128 .. 191 behind a router, 192 .. link-local and special.
Host host_at(uint8_t number) {
  const uint64_t mac = 0x525400000000 | number;
  const uint32_t low = number;
  if (number < 0x40)
    return {Mac{mac}, IpAddress::v4(0x0a090000 | low), IpAddress::v6(kInside, low)};
  if (number < 0x80)
    return {Mac{mac & ~uint64_t{0x40}}, IpAddress::v4(0x0a0a0000 | (low & 0x3f)),
            IpAddress::v6(kOutside, low & 0x3f)};
  if (number < 0xc0) return {Mac{mac}, IpAddress::v4(0xc0000200 | low), IpAddress::v6(kFar, low)};
  return kSpecial[(number - 0xc0) % kSpecial.size()];
}

// In octets: single ones, then up to a full frame, then as long as a packet may be.
size_t payload_size(uint8_t size) {
  if (size < 128) return size;
  return size < 248 ? (size - 128) * 16 : (size - 247) * 8000;
}

struct Kitchen {
  std::span<uint8_t> out;
  Host src;
  Host dst;
  const Recipe& recipe;
};

using Cook = size_t (*)(const Kitchen&);

size_t arp_to(const Kitchen& k, Mac dst, const ArpView& arp) {
  return build_arp(k.out, {.dst = dst, .src = k.src.mac}, arp);
}

size_t nd_to(const Kitchen& k, Mac dst, const NdView& nd) {
  return build_nd(k.out, {.dst = dst, .src = k.src.mac}, nd);
}

size_t solicit(const Kitchen& k) {
  return nd_to(k, multicast_mac(solicited_node(k.dst.v6)), make_ns(k.src.v6, k.src.mac, k.dst.v6));
}

size_t advertise(const Kitchen& k) {
  NdView na = make_unsolicited_na(k.src.v6, k.src.mac);
  na.dst = k.dst.v6;
  na.solicited = true;
  return nd_to(k, k.dst.mac, na);
}

template <Mac kTo, bool kV6>
size_t packet(const Kitchen& k) {
  const Mac dst = kTo.is_zero() ? k.dst.mac : kTo;
  const IpAddress from = kV6 ? k.src.v6 : k.src.v4;
  const IpAddress to = kV6 ? k.dst.v6 : k.dst.v4;
  const std::vector<uint8_t> payload(payload_size(k.recipe.size), k.recipe.size);
  const uint8_t ttl = (k.recipe.flags & Recipe::kLastHop) != 0 ? 1 : 64;
  return build_udp(k.out, {.dst = dst, .src = k.src.mac}, {from, to, 4000, 53, ttl}, payload);
}

template <bool kV6>
size_t echo(const Kitchen& k) {
  const std::vector<uint8_t> payload(payload_size(k.recipe.size), k.recipe.size);
  const uint8_t protocol = kV6 ? kProtocolIcmpv6 : kProtocolIcmp;
  Writer w(k.out);
  put_ethernet(w, {.dst = kGateway, .src = k.src.mac}, kV6 ? kEtherTypeIpv6 : kEtherTypeIpv4);
  put_ip_header(w, {kV6 ? k.src.v6 : k.src.v4, kV6 ? k.dst.v6 : k.dst.v4, protocol},
                kIcmpHeaderSize + payload.size());
  w.put_be32(kV6 ? 0x80000000 : 0x08000000);
  w.put_be32(0x00010001);
  w.put_bytes(payload);
  return w.length();
}

size_t other_protocol(const Kitchen& k) {
  Writer w(k.out);
  put_ethernet(w, {.dst = kGateway, .src = k.src.mac}, kEtherTypeIpv4);
  put_ip_header(w, {k.src.v4, k.dst.v4, k.recipe.size}, 16);
  w.put_bytes(std::array<uint8_t, 16>{});
  return w.length();
}

size_t other_ether_type(const Kitchen& k) {
  const std::vector<uint8_t> payload(payload_size(k.recipe.size));
  return build_ethernet(k.out, {.dst = k.dst.mac, .src = k.src.mac}, 0x88b5, payload);
}

const Cook kCooks[] = {
    [](const Kitchen& k) {
      return arp_to(k, kBroadcastMac, make_arp_request(k.src.mac, k.src.v4, k.dst.v4));
    },
    [](const Kitchen& k) {
      return arp_to(k, k.dst.mac,
                    make_arp_reply(make_arp_request(k.dst.mac, k.dst.v4, k.src.v4), k.src.mac));
    },
    [](const Kitchen& k) {
      return arp_to(k, kBroadcastMac, make_garp_request(k.src.mac, k.dst.v4));
    },
    [](const Kitchen& k) { return arp_to(k, kBroadcastMac, make_garp_reply(k.src.mac, k.src.v4)); },
    [](const Kitchen& k) { return arp_to(k, kBroadcastMac, make_arp_probe(k.src.mac, k.dst.v4)); },
    [](const Kitchen& k) {
      return build_rarp(k.out, {.dst = kBroadcastMac, .src = k.src.mac},
                        make_rarp_request(k.src.mac));
    },
    solicit,
    advertise,
    [](const Kitchen& k) {
      return nd_to(k, multicast_mac(kAllNodes), make_unsolicited_na(k.dst.v6, k.src.mac));
    },
    [](const Kitchen& k) {
      return nd_to(k, multicast_mac(solicited_node(k.dst.v6)), make_dad(k.dst.v6));
    },
    [](const Kitchen& k) {
      return nd_to(k, multicast_mac(kAllRouters), make_rs(k.src.v6, k.src.mac));
    },
    packet<Mac{}, false>,
    packet<kGateway, false>,
    packet<kOtherGateway, false>,
    packet<Mac{}, true>,
    packet<kGateway, true>,
    packet<kOtherGateway, true>,
    echo<false>,
    echo<true>,
    other_protocol,
    other_ether_type,
};

void edit(Octets& frame, const Edit& e, size_t l3) {
  const size_t at = e.at < Edit::kFromStart ? l3 + e.at : size_t{e.at} - Edit::kFromStart;
  if (at < frame.size()) frame[at] = e.value;
}

void seal_icmpv6(std::span<uint8_t> l3) {
  const auto ip = parse_ipv6(l3);
  if (!ip || ip->next_header != kProtocolIcmpv6 || ip->payload.size() < 4) return;
  store_be16(&l3[kIpv6HeaderSize + 2], 0);
  store_be16(&l3[kIpv6HeaderSize + 2],
             transport_checksum(ip->src, ip->dst, kProtocolIcmpv6, ip->payload));
}

void seal_ipv4(std::span<uint8_t> l3) {
  const auto ip = parse_ipv4(l3);
  if (!ip) return;
  store_be16(&l3[10], 0);
  store_be16(&l3[10], internet_checksum(l3.first(ip->header_length)));
  if (ip->protocol != kProtocolIcmp || ip->payload.size() < 4) return;
  uint8_t* checksum = &l3[ip->header_length + 2U];
  store_be16(checksum, 0);
  store_be16(checksum, internet_checksum(ip->payload));
}

void seal(std::span<uint8_t> l3) {
  seal_ipv4(l3);
  seal_icmpv6(l3);
}

void tag(Octets& frame, uint16_t tpid, uint16_t tci) {
  std::array<uint8_t, kVlanTagSize> octets{};
  store_be16(octets.data(), tpid);
  store_be16(&octets[2], tci);
  frame.insert(frame.begin() + 12, octets.begin(), octets.end());
}

void tag(Octets& frame, const Recipe& recipe) {
  const unsigned form = recipe.flags & Recipe::kTagOf;
  if (form == 0) return;
  tag(frame, kEtherTypeVlan, form == 2 ? 20 : 10);
  if (form == 3) tag(frame, recipe.size % 2 == 0 ? kEtherTypeVlan : kEtherTypeService, 20);
}

}  // namespace

Mac mac_of(uint8_t host) {
  const Mac mac = host_at(host).mac;
  return mac.is_station() ? mac : host_at(host & 0x3fU).mac;
}
IpAddress address_of(uint8_t host, bool is_v6) {
  return is_v6 ? host_at(host).v6 : host_at(host).v4;
}

Octets make_frame(const Recipe& recipe, const std::vector<Edit>& edits) {
  Octets frame(payload_size(recipe.size) + 128);
  const Cook cook = kCooks[recipe.kind % std::size(kCooks)];
  frame.resize(cook({frame, host_at(recipe.src), host_at(recipe.dst), recipe}));
  if (frame.size() < kEthernetHeaderSize) return frame;
  const std::span<uint8_t> l3 = std::span(frame).subspan(kEthernetHeaderSize);
  const bool may_fragment = (recipe.flags & Recipe::kMayFragment) != 0 && l3.size() > 6;
  if (may_fragment && load_be16(&frame[12]) == kEtherTypeIpv4) l3[6] &= ~0x40U;
  for (const Edit& e : edits) edit(frame, e, kEthernetHeaderSize);
  if ((recipe.flags & Recipe::kSeal) != 0 || edits.empty()) seal(l3);
  tag(frame, recipe);
  return frame;
}

}  // namespace godwit::test
