// MAC and IP addresses as values: compared, hashed, parsed and printed; no wire layout here.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace godwit {

// A 48-bit MAC address in the low bits of one word; the first octet on the wire is bits 47..40.
struct Mac {
  uint64_t bits = 0;

  static constexpr uint64_t kGroupBit = uint64_t{1} << 40;  // I/G bit of the first octet

  constexpr bool is_zero() const { return bits == 0; }
  constexpr bool is_group() const { return (bits & kGroupBit) != 0; }  // multicast or broadcast
  constexpr bool is_broadcast() const { return bits == 0xffffffffffff; }
  // 01-80-C2-00-00-00 .. 0F, which a bridge never relays (IEEE 802.1Q-2018 §8.6.3, table 8-1).
  constexpr bool is_reserved_group() const { return (bits & ~uint64_t{0xf}) == 0x0180c2000000; }
  // 00-00-5E-00-01-xx (IPv4) or -02-xx (IPv6): shared by the routers of a VRRP group (RFC 5798
  // §7.3).
  constexpr bool is_virtual_router() const {
    return bits >> 8 == 0x00005e0001 || bits >> 8 == 0x00005e0002;
  }
  // May stand as a source that teaches a location: one station, and not the zero address.
  constexpr bool is_station() const { return !is_group() && !is_zero(); }

  auto operator<=>(const Mac&) const = default;
};

// Six hexadecimal octets separated by ':' or '-', nothing else; std::nullopt otherwise.
std::optional<Mac> parse_mac(std::string_view text);
std::string to_string(Mac mac);  // "52:54:00:00:00:02"

// An IPv4 or IPv6 address. Host integers: `hi` holds the first eight octets of an IPv6 address and
// `lo` the last eight; an IPv4 address stands in the low 32 bits of `lo`, and `hi` is 0.
struct IpAddress {
  uint64_t hi = 0;
  uint64_t lo = 0;
  bool is_v6 = false;

  static constexpr IpAddress v4(uint32_t host_order) { return {0, host_order, false}; }
  static constexpr IpAddress v6(uint64_t hi, uint64_t lo) { return {hi, lo, true}; }

  constexpr bool is_unspecified() const { return hi == 0 && lo == 0; }  // 0.0.0.0 or ::
  constexpr bool is_multicast() const { return is_v6 ? hi >> 56 == 0xff : lo >> 28 == 0xe; }
  constexpr bool is_broadcast() const { return !is_v6 && lo == 0xffffffff; }
  constexpr bool is_loopback() const { return is_v6 ? hi == 0 && lo == 1 : lo >> 24 == 127; }
  constexpr bool is_link_local() const { return is_v6 ? hi >> 54 == 0x3fa : lo >> 16 == 0xa9fe; }
  // May be the address of a host, and so of a neighbor table entry.
  constexpr bool is_host() const {
    return !is_unspecified() && !is_multicast() && !is_broadcast() && !is_loopback() &&
           (is_v6 || lo >> 24 != 0);
  }

  // IPv4 before IPv6, then by value.
  constexpr auto operator<=>(const IpAddress& o) const {
    return std::tie(is_v6, hi, lo) <=> std::tie(o.is_v6, o.hi, o.lo);
  }
  bool operator==(const IpAddress&) const = default;
};

// The address in fe80::/64 that a host with this MAC makes itself: a modified EUI-64, with the U/L
// bit inverted and fffe in the middle (RFC 4291 §2.5.6 and appendix A, RFC 2464 §5).
constexpr IpAddress link_local_of(Mac mac) {
  const uint64_t eui64 = mac.bits >> 24 << 40 | uint64_t{0xfffe} << 24 | (mac.bits & 0xffffff);
  return IpAddress::v6(0xfe80000000000000, eui64 ^ uint64_t{0x02} << 56);
}

std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& ip);  // IPv6 in the form of RFC 5952

// An address with the length of its subnet's prefix in bits, such as 10.9.0.254/24.
struct IpPrefix {
  IpAddress address;
  uint8_t length = 0;

  bool contains(const IpAddress& ip) const;
  auto operator<=>(const IpPrefix&) const = default;
};

std::optional<IpPrefix> parse_prefix(std::string_view text);
std::string to_string(const IpPrefix& prefix);

}  // namespace godwit
