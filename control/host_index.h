// Which IPs a MAC has, kept by control from the workers' events: it fills the reports and keeps the
// limit for each MAC. Workers have no need of it. An IP is one MAC's at a time, as in the neighbor
// table, so telling again what is true repairs what a lost event left wrong.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "lib/address.h"
#include "lib/fdb.h"
#include "lib/hash.h"
#include "lib/units.h"

namespace godwit {

class HostIndex {
 public:
  // The IP is this MAC's, and no longer another's. Returns how many IPs the MAC has now.
  size_t add(BridgeIndex bridge, Mac mac, const IpAddress& ip, Nanos now);
  // The IP is nobody's.
  void remove(BridgeIndex bridge, const IpAddress& ip);

  // Sorted; empty when there are none.
  const std::vector<IpAddress>& ips(BridgeIndex bridge, Mac mac) const;
  // When the IP became its MAC's; 0 if it is nobody's.
  Nanos since(BridgeIndex bridge, const IpAddress& ip) const;

 private:
  struct IpKey {
    BridgeIndex bridge;
    IpAddress ip;
    bool operator==(const IpKey&) const = default;
  };
  struct IpHash {
    size_t operator()(const IpKey& key) const {
      const uint64_t h = keyed_hash(key.ip.hi ^ key.bridge, kFixedSecret);
      return keyed_hash(h ^ key.ip.lo, kFixedSecret);
    }
  };

  void take_from(uint64_t host, const IpAddress& ip);

  std::unordered_map<uint64_t, std::vector<IpAddress>> hosts_;  // by FDB key
  struct Owner {
    uint64_t host;  // FDB key
    Nanos since;
  };

  std::unordered_map<IpKey, Owner, IpHash> owners_;
};

}  // namespace godwit
