// What each prefix of the FIB leads to, before there is a table: the rules without DPDK.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "dataplane/fib.h"

#include "lib/address.h"
#include "lib/config.h"
#include "lib/prefix_map.h"

namespace godwit {

class FibPlan {
 public:
  struct Route {
    IpPrefix prefix;
    uint64_t hop;  // index into hops()
  };

  explicit FibPlan(const Config& config);

  const std::vector<NextHop>& hops() const { return hops_; }  // the first is "no route"
  // Of one IP version, wider prefixes first.
  std::vector<Route> routes(bool is_v6) const;

 private:
  void add_own(BridgeIndex bridge, const IpPrefix& prefix);
  void add_subnet_addresses(BridgeIndex bridge, const IpPrefix& prefix);
  void add_subnet(BridgeIndex bridge, const IpPrefix& prefix);
  void add_route(const RouteConfig& route);
  // The first that speaks for a prefix is kept.
  void add(const IpPrefix& prefix, const NextHop& hop);

  std::vector<NextHop> hops_{NextHop{}};
  std::map<NextHop, uint64_t> numbers_{{NextHop{}, 0}};  // of hops_
  std::map<IpPrefix, uint64_t> routes_;
  PrefixMap subnets_;  // of the gateways, each with its bridge
};

}  // namespace godwit
