// Which networks contain an address or each other: for checks, not for forwarding.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "lib/address.h"

namespace godwit {

// The prefix with its host bits cleared: 10.9.0.0/24 of 10.9.0.254/24.
IpPrefix network_of(const IpPrefix& prefix);

// Networks, each with a number of the caller's.
class PrefixMap {
 public:
  // Keeps the first number of a network that is given twice.
  void insert(const IpPrefix& prefix, uint32_t number);
  // The number of the longest network that contains `ip` and is no longer than `max_length` bits.
  std::optional<uint32_t> find(const IpAddress& ip, uint8_t max_length = 128) const;

 private:
  std::map<IpPrefix, uint32_t> networks_;
  std::set<std::pair<bool, uint8_t>> lengths_;  // in use: {is_v6, length}
};

}  // namespace godwit
