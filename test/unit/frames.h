// Frames as octets, for tests: what hypervisors and kernels send, byte for byte.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lib/packet.h"

namespace godwit::frames {

using Octets = std::vector<uint8_t>;

// Offsets in an untagged frame.
inline constexpr size_t kIp = kEthernetHeaderSize;
inline constexpr size_t kIcmp = kIp + kIpv6HeaderSize;

// Pairs of hexadecimal digits; white space and anything else between them is skipped.
inline Octets octets(std::string_view hex) {
  Octets out;
  while (hex.size() >= 2) {
    uint8_t value = 0;
    const bool is_pair = std::from_chars(hex.data(), hex.data() + 2, value, 16).ptr == &hex[2];
    if (is_pair) out.push_back(value);
    hex.remove_prefix(is_pair ? 2 : 1);
  }
  return out;
}

// A copy of the first `size` octets in an allocation of that size, so that a sanitizer sees a read
// beyond them.
inline Octets prefix(std::span<const uint8_t> frame, size_t size) {
  return {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)};
}

// Makes the ICMPv6 checksum of an untagged frame right again after a change.
inline Octets resealed(Octets frame) {
  store_be16(&frame[kIcmp + 2], 0);
  const size_t size = std::min<size_t>(load_be16(&frame[kIp + 4]), frame.size() - kIcmp);
  store_be16(&frame[kIcmp + 2],
             transport_checksum(load_ipv6(&frame[kIp + 8]), load_ipv6(&frame[kIp + 24]),
                                kProtocolIcmpv6, std::span(frame).subspan(kIcmp, size)));
  return frame;
}

inline constexpr Mac kVm{0x525400000002};
inline constexpr Mac kPeer{0x525400000001};
inline constexpr IpAddress kVmV4 = IpAddress::v4(0x0a090002);    // 10.9.0.2
inline constexpr IpAddress kPeerV4 = IpAddress::v4(0x0a090001);  // 10.9.0.1
inline constexpr IpAddress kVmV6 = IpAddress::v6(0xfe80000000000000, 0x505400fffe000002);
inline constexpr IpAddress kPeerV6 = IpAddress::v6(0xfe80000000000000, 0x505400fffe000001);

// QEMU after a migration: RARP request, padded to 60 octets.
inline const Octets kQemuRarp = octets(R"(
    ffffffffffff 525400000002 8035
    0001 0800 06 04 0003 525400000002 00000000 525400000002 00000000
    000000000000000000000000000000000000)");

// Linux with arp_notify: gratuitous request, THA zero, 42 octets.
inline const Octets kLinuxGarp = octets(R"(
    ffffffffffff 525400000002 0806
    0001 0800 06 04 0001 525400000002 0a090002 000000000000 0a090002)");

// arping -A: gratuitous reply.
inline const Octets kGarpReply = octets(R"(
    ffffffffffff 525400000002 0806
    0001 0800 06 04 0002 525400000002 0a090002 525400000002 0a090002)");

inline const Octets kArpRequest = octets(R"(
    ffffffffffff 525400000002 0806
    0001 0800 06 04 0001 525400000002 0a090002 000000000000 0a090001)");

inline const Octets kArpReply = octets(R"(
    525400000001 525400000002 0806
    0001 0800 06 04 0002 525400000002 0a090002 525400000001 0a090001)");

inline const Octets kArpProbe = octets(R"(
    ffffffffffff 525400000002 0806
    0001 0800 06 04 0001 525400000002 00000000 000000000000 0a090002)");

// Linux with ndisc_notify: unsolicited NA to all nodes, O set.
inline const Octets kLinuxUnsolicitedNa = octets(R"(
    333300000001 525400000002 86dd
    60000000 0020 3a ff fe80000000000000505400fffe000002 ff020000000000000000000000000001
    88 00 689b 20000000 fe80000000000000505400fffe000002 02 01 525400000002)");

inline const Octets kSolicitedNa = octets(R"(
    525400000001 525400000002 86dd
    60000000 0020 3a ff fe80000000000000505400fffe000002 fe80000000000000505400fffe000001
    88 00 d9c8 60000000 fe80000000000000505400fffe000002 02 01 525400000002)");

inline const Octets kNs = octets(R"(
    3333ff000001 525400000002 86dd
    60000000 0020 3a ff fe80000000000000505400fffe000002 ff0200000000000000000001ff000001
    87 00 8b9a 00000000 fe80000000000000505400fffe000001 01 01 525400000002)");

// Linux: with a nonce option (RFC 7527).
inline const Octets kLinuxDad = octets(R"(
    3333ff000002 525400000002 86dd
    60000000 0020 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff000002
    87 00 18bd 00000000 fe80000000000000505400fffe000002 0e 01 000102030405)");

inline const Octets kLinuxRs = octets(R"(
    333300000002 525400000002 86dd
    60000000 0010 3a ff fe80000000000000505400fffe000002 ff020000000000000000000000000002
    85 00 da81 00000000 01 01 525400000002)");

// Linux at boot: a multicast listener report behind a hop-by-hop header, from ::.
inline const Octets kLinuxMldReport = octets(R"(
    333300000016 525400000002 86dd
    60000000 0024 00 01 00000000000000000000000000000000 ff020000000000000000000000000016
    3a 00 0502 0000 0100 8f00 6f88 0000 0001 04000000 ff0200000000000000000001ff000002)");

}  // namespace godwit::frames
