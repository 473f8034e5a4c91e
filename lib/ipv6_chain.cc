#include "lib/ipv6_chain.h"

namespace godwit {
namespace {

// RFC 8200 §4; the IANA registry "IPv6 Extension Header Types". ESP is not walked: what it carries
// cannot be read.
enum class Extension : uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kAuthentication = 51,  // RFC 4302 §2
  kDestination = 60,
  kMobility = 135,  // RFC 6275 §6.1
  kHip = 139,       // RFC 7401 §5.1
  kShim6 = 140,     // RFC 5533 §5.1
};

constexpr size_t kUnit = 8;  // octets; also the least size of an extension header

// Of a header whose second octet is `length`; 0 if `protocol` is no extension header.
size_t size_of(uint8_t protocol, uint8_t length) {
  switch (Extension{protocol}) {
    case Extension::kFragment:
      return kUnit;
    case Extension::kAuthentication:
      return (length + 2U) * 4;
    case Extension::kHopByHop:
    case Extension::kRouting:
    case Extension::kDestination:
    case Extension::kMobility:
    case Extension::kHip:
    case Extension::kShim6:
      return (length + 1U) * kUnit;
  }
  return 0;
}

bool is_later_fragment(uint8_t protocol, const uint8_t* header) {
  return Extension{protocol} == Extension::kFragment && load_be16(header + 2) >> 3 != 0;
}

}  // namespace

std::optional<UpperLayer> find_upper_layer(std::span<const uint8_t> l3) {
  const auto ip = parse_ipv6(l3);
  if (!ip) return std::nullopt;
  UpperLayer upper{ip->next_header, 6, false, ip->payload};
  while (size_of(upper.protocol, 0) != 0) {
    if (upper.payload.size() < kUnit) return std::nullopt;
    const uint8_t* header = upper.payload.data();
    const size_t size = size_of(upper.protocol, header[1]);
    if (upper.payload.size() < size) return std::nullopt;
    upper.is_later_fragment = is_later_fragment(upper.protocol, header);
    upper.protocol = header[0];
    upper.next_header_at = static_cast<uint16_t>(header - l3.data());
    upper.payload = upper.payload.subspan(size);
    if (upper.is_later_fragment) break;
  }
  return upper;
}

}  // namespace godwit
