#include "dataplane/fib_plan.h"

#include <algorithm>

namespace godwit {
namespace {

constexpr uint8_t width(const IpAddress& ip) { return ip.is_v6 ? 128 : 32; }

// 224.0.0.0/4, ff00::/8.
constexpr IpPrefix multicast(bool is_v6) {
  return is_v6 ? IpPrefix{IpAddress::v6(uint64_t{0xff} << 56, 0), 8}
               : IpPrefix{IpAddress::v4(0xe0000000), 4};
}

constexpr IpPrefix only(const IpAddress& ip) { return {ip, width(ip)}; }

constexpr bool is_link_local_v6(const IpAddress& ip) { return ip.is_v6 && ip.is_link_local(); }

// Every gateway's subnets with its bridge, those of no more than one link left out.
template <typename Visit>
void for_each_subnet(const Config& config, Visit visit) {
  for (size_t b = 0; b < config.bridges.size(); ++b) {
    if (!config.bridges[b].gateway) continue;
    for (const IpPrefix& prefix : config.bridges[b].gateway->addresses)
      if (!is_link_local_v6(prefix.address)) visit(static_cast<BridgeIndex>(b), prefix);
  }
}

}  // namespace

// In order of rank, because the first that speaks for a prefix is kept.
FibPlan::FibPlan(const Config& config) {
  for_each_subnet(config, [&](BridgeIndex b, const IpPrefix& p) { add_own(b, p); });
  for_each_subnet(config, [&](BridgeIndex b, const IpPrefix& p) { add_subnet_addresses(b, p); });
  for_each_subnet(config, [&](BridgeIndex b, const IpPrefix& p) { add_subnet(b, p); });
  // A link-local next hop is in the one bridge that has such a prefix: config_check sees to it.
  for (size_t b = 0; b < config.bridges.size(); ++b)
    if (config.bridges[b].gateway)
      for (const IpPrefix& prefix : config.bridges[b].gateway->addresses)
        subnets_.insert(prefix, static_cast<uint32_t>(b));
  for (const RouteConfig& route : config.routes) add_route(route);
  // A route around them is none to groups: what is for many is not one neighbor's.
  for (const bool is_v6 : {false, true})
    if (!routes(is_v6).empty()) add(multicast(is_v6), NextHop{});
}

std::vector<FibPlan::Route> FibPlan::routes(bool is_v6) const {
  std::vector<Route> routes;
  for (const auto& [prefix, hop] : routes_)
    if (prefix.address.is_v6 == is_v6) routes.push_back({prefix, hop});
  std::stable_sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) {
    return a.prefix.length < b.prefix.length;
  });
  return routes;
}

void FibPlan::add_own(BridgeIndex bridge, const IpPrefix& prefix) {
  add(only(prefix.address), {NextHop::Kind::kLocal, bridge, {}});
}

// The addresses that stand for a subnet and not for a host. Subnets of one or two addresses have
// none (RFC 3021 §2.1, RFC 6164 §6).
void FibPlan::add_subnet_addresses(BridgeIndex bridge, const IpPrefix& prefix) {
  const IpAddress first = network_of(prefix).address;
  const unsigned host_bits = width(first) - prefix.length;
  if (host_bits < 2) return;
  // RFC 4291 §2.6.1: what is sent to a subnet's router, whichever that is, is for godwit.
  if (first.is_v6) return add(only(first), {NextHop::Kind::kLocal, bridge, {}});
  const uint64_t hosts = (uint64_t{1} << host_bits) - 1;
  const IpAddress last = IpAddress::v4(static_cast<uint32_t>(first.lo | hosts));
  add(only(first), {NextHop::Kind::kBroadcast, bridge, {}});
  add(only(last), {NextHop::Kind::kBroadcast, bridge, {}});
}

void FibPlan::add_subnet(BridgeIndex bridge, const IpPrefix& prefix) {
  add(network_of(prefix), {NextHop::Kind::kOnLink, bridge, {}});
}

void FibPlan::add_route(const RouteConfig& route) {
  const auto bridge = subnets_.find(route.via);
  if (!bridge) return;
  add(route.to, {NextHop::Kind::kVia, static_cast<BridgeIndex>(*bridge), route.via});
}

void FibPlan::add(const IpPrefix& prefix, const NextHop& hop) {
  const auto [route, is_new_prefix] = routes_.try_emplace(prefix, 0);
  if (!is_new_prefix) return;
  const auto [number, is_new_hop] = numbers_.try_emplace(hop, hops_.size());
  if (is_new_hop) hops_.push_back(hop);
  route->second = number->second;
}

}  // namespace godwit
