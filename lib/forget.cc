#include "lib/forget.h"

#include <algorithm>

#include "lib/byte_order.h"
#include "lib/packet_build.h"

namespace godwit {
namespace {

constexpr uint32_t kMagic = 0x67647746;  // "gdwF"
constexpr uint8_t kVersion = 1;
constexpr size_t kMacEnd = kForgetFixedSize;

constexpr std::array<std::string_view, 5> kReasonNames = {"", "left", "link-down", "silent",
                                                          "flushed"};

size_t v4_count(const Forget& forget) {
  const auto ips = forget.addresses();
  return static_cast<size_t>(
      std::count_if(ips.begin(), ips.end(), [](const IpAddress& ip) { return !ip.is_v6; }));
}

// FNV-1a. Names are no secrets, and two switches with one name are a mistake that no
// hash would mend.
uint64_t name_hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string_view to_string(ForgetReason reason) {
  return kReasonNames[static_cast<size_t>(reason)];
}

uint64_t sender_id(std::string_view name) { return name_hash(name); }

uint32_t port_id(std::string_view name) {
  const uint64_t hash = name_hash(name);
  return std::max<uint32_t>(1, static_cast<uint32_t>(hash ^ hash >> 32));
}

bool Forget::add(const IpAddress& ip) {
  if (ip_count == kForgetMaxIps) return false;
  auto* const end = ips.begin() + ip_count++;
  auto* const place =
      ip.is_v6 ? end
               : std::find_if(ips.begin(), end, [](const IpAddress& other) { return other.is_v6; });
  std::copy_backward(place, end, end + 1);
  *place = ip;
  return true;
}

size_t encode_forget(std::span<uint8_t> out, const Forget& forget) {
  Writer w(out);
  const size_t v4 = v4_count(forget);
  w.put_be32(kMagic);
  w.put_u8(kVersion);
  w.put_u8(static_cast<uint8_t>(forget.reason));
  w.put_u8(static_cast<uint8_t>(v4));
  w.put_u8(static_cast<uint8_t>(forget.ip_count - v4));
  for (const uint64_t word : {forget.sender, forget.sequence, forget.issued_at}) {
    w.put_be32(static_cast<uint32_t>(word >> 32));
    w.put_be32(static_cast<uint32_t>(word));
  }
  for (const uint32_t word : {forget.network, forget.age_ms, forget.port}) w.put_be32(word);
  w.put_be16(0);
  w.put_mac(forget.mac);
  for (const IpAddress& ip : forget.addresses()) w.put_ip(ip);
  return w.length();
}

std::optional<SealedForget> split_forget(std::span<const uint8_t> payload) {
  if (payload.size() < kForgetFixedSize) return std::nullopt;
  const uint8_t* p = payload.data();
  if (load_be32(p) != kMagic || p[4] != kVersion) return std::nullopt;
  const size_t ips = size_t{p[6]} + p[7];
  const size_t length = kForgetFixedSize + size_t{p[6]} * 4 + size_t{p[7]} * 16;
  if (ips > kForgetMaxIps || payload.size() < length + kForgetTagSize) return std::nullopt;
  return SealedForget{payload.first(length), payload.subspan(length).first<kForgetTagSize>()};
}

std::optional<Forget> decode_forget(std::span<const uint8_t> text) {
  const uint8_t* p = text.data();
  Forget forget;
  forget.reason = static_cast<ForgetReason>(p[5]);
  if (p[5] == 0 || p[5] >= kReasonNames.size()) return std::nullopt;
  forget.sender = load_be64(p + 8);
  forget.sequence = load_be64(p + 16);
  forget.issued_at = load_be64(p + 24);
  forget.network = load_be32(p + 32);
  forget.age_ms = load_be32(p + 36);
  forget.port = load_be32(p + 40);
  forget.mac = load_mac_ending(p + kMacEnd);
  if (!forget.mac.is_station() || load_be16(p + 44) != 0) return std::nullopt;
  for (const uint8_t* at = p + kMacEnd; forget.ip_count < p[6] + p[7];) {
    const bool is_v6 = forget.ip_count >= p[6];
    const IpAddress ip = is_v6 ? load_ipv6(at) : load_ipv4(at);
    if (!ip.is_host()) return std::nullopt;
    forget.ips[forget.ip_count++] = ip;
    at += is_v6 ? 16 : 4;
  }
  return forget;
}

}  // namespace godwit
