#include "lib/prefix_map.h"

namespace godwit {
namespace {

// The first `length` of 64 bits.
uint64_t keep(uint64_t bits, unsigned length) {
  return length == 0 ? 0 : bits >> (64 - length) << (64 - length);
}

}  // namespace

IpPrefix network_of(const IpPrefix& prefix) {
  IpPrefix network = prefix;
  IpAddress& ip = network.address;
  if (!ip.is_v6) {
    ip.lo = keep(ip.lo, 32U + prefix.length);
  } else if (prefix.length <= 64) {
    ip.hi = keep(ip.hi, prefix.length);
    ip.lo = 0;
  } else {
    ip.lo = keep(ip.lo, prefix.length - 64U);
  }
  return network;
}

void PrefixMap::insert(const IpPrefix& prefix, uint32_t number) {
  networks_.try_emplace(network_of(prefix), number);
  lengths_.emplace(prefix.address.is_v6, prefix.length);
}

std::optional<uint32_t> PrefixMap::find(const IpAddress& ip, uint8_t max_length) const {
  auto it = lengths_.upper_bound({ip.is_v6, max_length});
  while (it != lengths_.begin()) {
    --it;
    if (it->first != ip.is_v6) break;
    const auto found = networks_.find(network_of({ip, it->second}));
    if (found != networks_.end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace godwit
