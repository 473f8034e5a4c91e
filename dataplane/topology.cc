#include "dataplane/topology.h"

#include <algorithm>
#include <utility>

#include "lib/hash.h"

namespace godwit {

const Membership* BridgeContext::member(PortIndex port) const {
  const auto at = std::lower_bound(members.begin(), members.end(), port,
                                   [](const Membership& m, PortIndex p) { return m.port < p; });
  return at != members.end() && at->port == port ? &*at : nullptr;
}

namespace {

// Stands for a subnet and not for a host: its number, its broadcast address (RFC 1812 §4.2.2.11),
// or its subnet-router anycast address (RFC 4291 §2.6.1). Subnets of one or two addresses have
// none.
bool is_subnets_own(const IpPrefix& prefix, const IpAddress& ip) {
  const unsigned host_bits = (ip.is_v6 ? 128U : 32U) - prefix.length;
  if (host_bits < 2) return false;
  const uint64_t mask = host_bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << host_bits) - 1;
  const bool zeros = (ip.lo & mask) == 0 &&
                     (host_bits <= 64 || (ip.hi & ((uint64_t{1} << (host_bits - 64)) - 1)) == 0);
  return zeros || (!ip.is_v6 && (ip.lo & mask) == mask);
}

}  // namespace

bool BridgeContext::is_on_subnet(const IpAddress& ip) const {
  if (ip.is_v6 && ip.is_link_local()) return true;
  bool same_family = false;
  for (const IpPrefix& prefix : config->gateway->addresses) {
    if (prefix.contains(ip)) return !is_subnets_own(prefix, ip);
    same_family |= prefix.address.is_v6 == ip.is_v6;
  }
  return !same_family;
}

std::optional<IpAddress> BridgeContext::own_address(const IpAddress& ip) const {
  if (!has_gateway) return std::nullopt;
  std::optional<IpAddress> any;
  if (ip.is_v6 && has_gateway_v6) any = link_local;
  for (const IpPrefix& prefix : config->gateway->addresses) {
    if (prefix.contains(ip)) return prefix.address;
    if (!any && prefix.address.is_v6 == ip.is_v6) any = prefix.address;
  }
  return any;
}

IpAddress BridgeContext::asking_address(const IpAddress& ip) const {
  if (const auto own = own_address(ip)) return *own;
  return ip.is_v6 ? link_local : IpAddress::v4(0);
}

namespace {

// Locally administered, and the same in every run (IEEE 802-2014 §8.4).
Mac made_from(const std::string& name) {
  uint64_t hash = name.size();
  for (const char c : name) hash = keyed_hash(hash ^ static_cast<uint8_t>(c), kFixedSecret);
  return Mac{uint64_t{0x02} << 40 | (hash & 0xffffffffff)};
}

void set_gateway(BridgeContext& bridge, const GatewayConfig& gateway) {
  bridge.has_gateway = true;
  bridge.gateway_mac = gateway.mac;
  bridge.gateway_key = fdb_key(bridge.index, gateway.mac);
  for (const IpPrefix& prefix : gateway.addresses) {
    bridge.gateway_ips.push_back(prefix.address);
    if (!prefix.address.is_v6)
      bridge.gateway_ips_v4.push_back(static_cast<uint32_t>(prefix.address.lo));
    bridge.has_gateway_v6 |= prefix.address.is_v6;
  }
  if (bridge.has_gateway_v6) bridge.gateway_ips.push_back(link_local_of(gateway.mac));
}

}  // namespace

TopologyContents::TopologyContents(const Config& config_in) : config(config_in) {
  ports.resize(config.ports.size());
  for (size_t p = 0; p < ports.size(); ++p) {
    const PortConfig& from = config.ports[p];
    ports[p].name = from.name;
    ports[p].absent = from.absent;
    ports[p].enabled = from.enabled;
    ports[p].isolated = from.isolated;
    ports[p].mirror = from.mirror;
    any_isolated |= from.isolated;
    any_mirror |= from.mirror != kNoLocation;
  }
  bridges.resize(config.bridges.size());
  for (size_t b = 0; b < bridges.size(); ++b) {
    const BridgeConfig& from = config.bridges[b];
    bridges[b].name = from.name;
    bridges[b].absent = from.absent;
    bridges[b].index = static_cast<BridgeIndex>(b);
    bridges[b].vlan = from.vlan.value_or(0);
    bridges[b].is_guarded = from.inspect_arp || from.inspect_dhcp || from.inspect_source;
    has_guards |= bridges[b].is_guarded;
    guards_sources |= from.inspect_source;
    bridges[b].mtu = from.mtu;
    bridges[b].transparent = from.is_vlan_transparent();
    if (from.gateway) set_gateway(bridges[b], *from.gateway);
    bridges[b].own_mac = from.gateway ? from.gateway->mac : made_from(from.name);
    bridges[b].link_local = link_local_of(bridges[b].own_mac);
    bridges[b].config = &from;
    for (const MemberConfig& m : from.members)
      if (ports[m.port].enabled) join({static_cast<BridgeIndex>(b), m.port, m.tagged, m.trusted});
    std::sort(bridges[b].members.begin(), bridges[b].members.end(),
              [](const Membership& x, const Membership& y) { return x.port < y.port; });
  }
}

void TopologyContents::join(const Membership& membership) {
  BridgeContext& bridge = bridges[membership.bridge];
  PortContext& port = ports[membership.port];
  bridge.members.push_back(membership);
  port.memberships.push_back(membership);
  if (!membership.tagged) {
    port.untagged = membership.bridge;
    port.transparent = bridge.transparent;
    return;
  }
  if (!port.by_vlan) {
    port.by_vlan = std::make_unique<BridgeIndex[]>(kVlanIds);
    std::fill_n(port.by_vlan.get(), kVlanIds, kNoBridge);
  }
  port.by_vlan[bridge.vlan] = membership.bridge;
}

std::unique_ptr<const TopologyContents> Topology::replace(std::unique_ptr<const Config> config) {
  auto next = std::make_unique<TopologyContents>(*config);
  next->number = now().number + 1;
  next->owned_config = std::move(config);
  std::unique_ptr<const TopologyContents> before = std::move(contents_);
  contents_ = std::move(next);
  now_.store(contents_.get(), std::memory_order_release);
  return before;
}

}  // namespace godwit
