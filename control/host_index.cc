#include "control/host_index.h"

#include <algorithm>

namespace godwit {

size_t HostIndex::add(BridgeIndex bridge, Mac mac, const IpAddress& ip) {
  std::vector<IpAddress>& ips = hosts_[fdb_key(bridge, mac)];
  const auto at = std::lower_bound(ips.begin(), ips.end(), ip);
  if (at == ips.end() || *at != ip) ips.insert(at, ip);
  return ips.size();
}

void HostIndex::remove(BridgeIndex bridge, Mac mac, const IpAddress& ip) {
  const auto host = hosts_.find(fdb_key(bridge, mac));
  if (host == hosts_.end()) return;
  std::erase(host->second, ip);
  if (host->second.empty()) hosts_.erase(host);
}

const std::vector<IpAddress>& HostIndex::ips(BridgeIndex bridge, Mac mac) const {
  static const std::vector<IpAddress> none;
  const auto host = hosts_.find(fdb_key(bridge, mac));
  return host != hosts_.end() ? host->second : none;
}

}  // namespace godwit
