// Which IPs a MAC has, kept by control from the workers' events: it fills the reports and keeps the
// limit for each MAC. Workers have no need of it.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "lib/address.h"
#include "lib/fdb.h"
#include "lib/units.h"

namespace godwit {

class HostIndex {
 public:
  // Returns how many IPs the MAC has now.
  size_t add(BridgeIndex bridge, Mac mac, const IpAddress& ip);
  void remove(BridgeIndex bridge, Mac mac, const IpAddress& ip);

  // Sorted; empty when there are none.
  const std::vector<IpAddress>& ips(BridgeIndex bridge, Mac mac) const;

 private:
  std::unordered_map<uint64_t, std::vector<IpAddress>> hosts_;  // by FDB key
};

}  // namespace godwit
