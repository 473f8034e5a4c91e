// FORGET: what one switch tells the others when a host is no longer behind it, so that they need
// not wait until what they learned ages (draft-liyz-armd-vm-migration §4.1).
//
// It is a frame of a local experimental EtherType (IEEE 802) to a group address of godwit's own,
// which every bridge relays. Behind the Ethernet header, and the tag if the link has one:
//
//   0   magic 'gdwF'    4 octets       32  network: the bridge's VLAN id, or 0    4
//   4   version, 1      1              36  age of the evidence, in ms             4
//   5   reason          1              40  the port left behind, a hash           4
//   6   IPv4 addresses  1 (count)      44  zero                                   2
//   7   IPv6 addresses  1 (count)      46  MAC                                    6
//   8   sender          8              52  IPv4, then IPv6 addresses
//   16  sequence        8              ..  tag: HMAC-SHA-256 (RFC 2104) of all of the above,
//   24  issued at, ns   8                  its first 16 octets (RFC 4868 §2.1.1)
//
// Numbers have the most significant octet first. What follows the tag is padding.
//
// lib knows no cryptography: whoever encodes gives a function that makes the tag, and whoever
// decodes compares the tag before it reads what was signed. Pure functions: any thread, no state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/address.h"
#include "lib/units.h"

namespace godwit {

inline constexpr uint16_t kEtherTypeLocal = 0x88b5;  // IEEE 802 local experimental 1
inline constexpr Mac kForgetGroup{0x03676f647774};   // group, local: 03 'g' 'o' 'd' 'w' 't'
inline constexpr size_t kForgetTagSize = 16;
inline constexpr size_t kForgetFixedSize = 52;  // ahead of the addresses
inline constexpr size_t kForgetMaxIps = 16;     // of both families
inline constexpr size_t kForgetMaxSize = kForgetFixedSize + kForgetMaxIps * 16 + kForgetTagSize;

enum class ForgetReason : uint8_t {
  kLeft = 1,      // the VM manager said that it is gone
  kLinkDown = 2,  // its port has no link
  kSilent = 3,    // it does not answer any more
  kFlushed = 4,   // an operator said so
};

std::string_view to_string(ForgetReason reason);  // "link-down"

struct Forget {
  uint64_t sender = 0;     // see sender_id
  uint64_t sequence = 0;   // goes up with every message of the sender
  uint64_t issued_at = 0;  // nanoseconds since the Unix epoch, by the sender's clock
  uint32_t network = 0;
  // How long before that the host was last known to be where it was. What was heard of it since
  // was heard elsewhere.
  uint32_t age_ms = 0;
  uint32_t port = 0;  // see port_id
  ForgetReason reason = ForgetReason::kLeft;
  Mac mac;
  uint8_t ip_count = 0;
  std::array<IpAddress, kForgetMaxIps> ips{};  // IPv4 ahead of IPv6

  std::span<const IpAddress> addresses() const { return std::span(ips).first(ip_count); }
  // Keeps them sorted by family; false when there is no room.
  bool add(const IpAddress& ip);
  bool operator==(const Forget&) const = default;
};

using ForgetTag = std::array<uint8_t, kForgetTagSize>;

// A switch, by its name.
uint64_t sender_id(std::string_view name);
// One of its ports. 0 is none.
uint32_t port_id(std::string_view name);

// Writes what is signed, without the tag. The length in octets; 0 if it does not fit.
size_t encode_forget(std::span<uint8_t> out, const Forget& forget);

// The same with the tag, which `sign` makes of a span of octets.
template <class Sign>
size_t encode_forget(std::span<uint8_t> out, const Forget& forget, Sign sign) {
  const size_t length = encode_forget(out, forget);
  if (length == 0 || out.size() - length < kForgetTagSize) return 0;
  const ForgetTag tag = sign(std::span<const uint8_t>(out.first(length)));
  for (size_t i = 0; i < kForgetTagSize; ++i) out[length + i] = tag[i];
  return length + kForgetTagSize;
}

// A message taken apart, nothing of which is to be believed until the tag is compared.
struct SealedForget {
  std::span<const uint8_t> text;  // what is signed
  std::span<const uint8_t, kForgetTagSize> tag;
};

// What follows the EtherType. std::nullopt: it is no FORGET of this version, or not whole.
std::optional<SealedForget> split_forget(std::span<const uint8_t> payload);

// The text of a message whose tag is right. std::nullopt: whoever signed it made no sense.
std::optional<Forget> decode_forget(std::span<const uint8_t> text);

}  // namespace godwit
