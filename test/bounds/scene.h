// The scene: VMs at three servers in one bridge, a peer beyond its uplink, and a host in another
// bridge, which reaches them through the gateway.
#pragma once

#include <string>

#include "test/bounds/world.h"

#include "lib/packet_build.h"

namespace godwit::bounds {

inline constexpr PortIndex kUplink = 3;
inline constexpr PortIndex kFar = 4;
inline constexpr Mac kGatewayMac{0x02005e100001};
inline constexpr IpAddress kGatewayV4 = IpAddress::v4(0x0a0900fe);
inline constexpr Mac kPeerMac{0x525400000001};
inline constexpr IpAddress kPeerV4 = IpAddress::v4(0x0a090001);
inline constexpr IpAddress kPeerV6 = IpAddress::v6(0xfd00000900000000, 1);
inline constexpr Mac kFarMac{0x525400000008};
inline constexpr IpAddress kFarV4 = IpAddress::v4(0x0a080008);
inline constexpr IpAddress kFarV6 = IpAddress::v6(0xfd00000800000000, 8);

// With further keys of the bridge in which the VMs are.
std::string scene_config(std::string_view more);
// A VM: the n-th, from 1.
Host& add_vm(World& world, unsigned n);

Octets arp_frame(const Host& host, const ArpView& arp, Mac dst);
Octets rarp_frame(const Host& host);
Octets nd_frame(const Host& host, const NdView& nd, Mac dst);

}  // namespace godwit::bounds
