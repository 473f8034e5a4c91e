#include "lib/address.h"

#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/core.h>

namespace godwit {
namespace {

constexpr size_t kMacTextLength = 17;  // aa:bb:cc:dd:ee:ff

uint64_t load_be64(const uint8_t* p) {
  uint64_t v = 0;
  for (int i = 0; i < 8; ++i) v = v << 8 | p[i];
  return v;
}

// The bits of a word that belong to the first `length` of 64.
constexpr uint64_t prefix_mask(unsigned length) {
  return length == 0 ? 0 : ~uint64_t{0} << (64 - length);
}

}  // namespace

std::optional<Mac> parse_mac(std::string_view text) {
  if (text.size() != kMacTextLength) return std::nullopt;
  Mac mac;
  for (size_t i = 0; i < kMacTextLength; i += 3) {
    unsigned octet = 0;
    const char* begin = text.data() + i;
    auto [end, error] = std::from_chars(begin, begin + 2, octet, 16);
    if (error != std::errc() || end != begin + 2) return std::nullopt;
    const bool last = i + 2 == kMacTextLength;
    if (!last && text[i + 2] != ':' && text[i + 2] != '-') return std::nullopt;
    mac.bits = mac.bits << 8 | octet;
  }
  return mac;
}

std::string to_string(Mac mac) {
  const auto octet = [&](int i) { return mac.bits >> (40 - 8 * i) & 0xff; };
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", octet(0), octet(1), octet(2),
                     octet(3), octet(4), octet(5));
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string terminated(text);
  std::array<uint8_t, 16> octets{};
  if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1)
    return IpAddress::v6(load_be64(octets.data()), load_be64(octets.data() + 8));
  if (inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1)
    return IpAddress::v4(static_cast<uint32_t>(load_be64(octets.data()) >> 32));
  return std::nullopt;
}

std::string to_string(const IpAddress& ip) {
  std::array<uint8_t, 16> octets{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  for (int i = 0; i < 8; ++i) {
    octets[i] = static_cast<uint8_t>(ip.hi >> (56 - 8 * i));
    octets[8 + i] = static_cast<uint8_t>(ip.lo >> (56 - 8 * i));
  }
  if (ip.is_v6) return inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
  return inet_ntop(AF_INET, octets.data() + 12, text.data(), text.size());
}

bool IpPrefix::contains(const IpAddress& ip) const {
  if (ip.is_v6 != address.is_v6) return false;
  if (!ip.is_v6) return ((ip.lo ^ address.lo) << 32 & prefix_mask(length)) == 0;
  const unsigned in_hi = length < 64 ? length : 64;
  return ((ip.hi ^ address.hi) & prefix_mask(in_hi)) == 0 &&
         ((ip.lo ^ address.lo) & prefix_mask(length - in_hi)) == 0;
}

std::optional<IpPrefix> parse_prefix(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto ip = parse_ip(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!ip || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (length > (ip->is_v6 ? 128U : 32U)) return std::nullopt;
  return IpPrefix{*ip, static_cast<uint8_t>(length)};
}

std::string to_string(const IpPrefix& prefix) {
  return fmt::format("{}/{}", to_string(prefix.address), prefix.length);
}

}  // namespace godwit
