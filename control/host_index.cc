#include "control/host_index.h"

#include <algorithm>
#include <utility>

namespace godwit {

size_t HostIndex::add(BridgeIndex bridge, Mac mac, const IpAddress& ip, Nanos now) {
  const uint64_t host = fdb_key(bridge, mac);
  std::vector<IpAddress>& ips = hosts_[host];
  const auto [owner, is_new] = owners_.try_emplace({bridge, ip}, Owner{host, now});
  if (!is_new && owner->second.host == host) return ips.size();
  ips.insert(std::lower_bound(ips.begin(), ips.end(), ip), ip);
  const uint64_t before = std::exchange(owner->second, Owner{host, now}).host;
  if (!is_new) take_from(before, ip);
  return ips.size();
}

void HostIndex::remove(BridgeIndex bridge, const IpAddress& ip) {
  const auto owner = owners_.find({bridge, ip});
  if (owner == owners_.end()) return;
  take_from(owner->second.host, ip);
  owners_.erase(owner);
}

const std::vector<IpAddress>& HostIndex::ips(BridgeIndex bridge, Mac mac) const {
  static const std::vector<IpAddress> none;
  const auto host = hosts_.find(fdb_key(bridge, mac));
  return host != hosts_.end() ? host->second : none;
}

Nanos HostIndex::since(BridgeIndex bridge, const IpAddress& ip) const {
  const auto owner = owners_.find({bridge, ip});
  return owner != owners_.end() ? owner->second.since : 0;
}

void HostIndex::take_from(uint64_t host, const IpAddress& ip) {
  const auto entry = hosts_.find(host);
  std::erase(entry->second, ip);
  if (entry->second.empty()) hosts_.erase(entry);
}

}  // namespace godwit
