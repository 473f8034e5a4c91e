#include "lib/config_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "lib/prefix_map.h"

namespace godwit {
namespace {

// One bridge's gateway address, for the checks across bridges.
struct GatewayAddress {
  IpPrefix prefix;
  size_t bridge;
  Place place;
};

class ConfigCheck {
 public:
  ConfigCheck(const Config& config, const ConfigPlaces& places, ConfigMessages& messages)
      : config_(config),
        places_(places),
        messages_(messages),
        untagged_bridge_(config.ports.size(), kNoBridge),
        last_bridge_(config.ports.size(), kNoBridge) {}

  void run() {
    for (size_t bridge = 0; bridge < config_.bridges.size(); ++bridge) {
      check_members(bridge);
      check_gateway(bridge);
      check_static_hosts(bridge);
    }
    check_overlaps();
    check_routes();
    check_mirrors();
    warn_about_ports();
    warn_about_bridges();
    warn_about_forget();
  }

 private:
  std::string bridge_name(size_t bridge) const {
    return fmt::format("bridge '{}'", config_.bridges[bridge].name);
  }
  const std::string& port_name(PortIndex port) const { return config_.ports[port].name; }

  void error(size_t bridge, Place place, const std::string& text) {
    messages_.error(place, fmt::format("{}: {}", bridge_name(bridge), text));
  }

  void check_members(size_t bridge) {
    const std::vector<MemberConfig>& members = config_.bridges[bridge].members;
    for (size_t i = 0; i < members.size(); ++i) {
      const Place place = places_.bridges[bridge].members[i];
      if (std::exchange(last_bridge_[members[i].port], bridge) == bridge)
        error(bridge, place, fmt::format("port '{}' is listed twice", port_name(members[i].port)));
      else if (members[i].tagged)
        check_tagged(bridge, members[i].port, place);
      else
        check_untagged(bridge, members[i].port, place);
    }
  }

  void check_tagged(size_t bridge, PortIndex port, Place place) {
    const std::optional<uint16_t> vlan = config_.bridges[bridge].vlan;
    if (!vlan)
      return error(bridge, place,
                   fmt::format("port '{}' is tagged, but the bridge has no vlan (give it one)",
                               port_name(port)));
    const auto [it, is_new] = tagged_bridge_.try_emplace({port, *vlan}, bridge);
    if (!is_new)
      error(bridge, place,
            fmt::format("vlan {} on port '{}' belongs to {} already", *vlan, port_name(port),
                        bridge_name(it->second)));
  }

  void check_untagged(size_t bridge, PortIndex port, Place place) {
    size_t& holder = untagged_bridge_[port];
    if (holder != kNoBridge)
      return error(bridge, place,
                   fmt::format("port '{}' is an untagged member of {} already (tag one of them)",
                               port_name(port), bridge_name(holder)));
    holder = bridge;
  }

  void check_gateway(size_t bridge) {
    const std::optional<GatewayConfig>& gateway = config_.bridges[bridge].gateway;
    if (!gateway) return;
    std::set<IpAddress> own;
    for (size_t i = 0; i < gateway->addresses.size(); ++i) {
      const IpPrefix& prefix = gateway->addresses[i];
      const Place place = places_.bridges[bridge].gateway_addresses[i];
      if (const std::string_view fault = address_fault(prefix); !fault.empty())
        error(bridge, place, fmt::format("gateway address {} {}", to_string(prefix), fault));
      else if (!own.insert(prefix.address).second)
        error(bridge, place, fmt::format("gateway address {} is listed twice", to_string(prefix)));
      else
        gateways_.push_back({prefix, bridge, place});
    }
  }

  // What keeps a network from being routed to; empty if nothing does. Multicast has no next hop,
  // and each link has link-local addresses of its own (RFC 4291 §2.5.6).
  static std::string_view destination_fault(const IpPrefix& to) {
    const bool is_v6 = to.address.is_v6;
    if (to.address.is_multicast() && to.length >= (is_v6 ? 8 : 4)) return "is multicast";
    if (is_link_local_v6(to.address) && to.length >= 10) return "is link-local";
    return {};
  }

  // What keeps an address from being a host's within its prefix; empty if nothing does. Prefixes of
  // one or two addresses have none to spare (RFC 3021, RFC 6164).
  static std::string_view address_fault(const IpPrefix& prefix) {
    const IpAddress& ip = prefix.address;
    if (!ip.is_host()) return "is no host's address";
    if (prefix.length >= (ip.is_v6 ? 127 : 31)) return {};
    const bool is_first = ip == network_of(prefix).address;
    if (is_first && ip.is_v6) return "is the subnet-router anycast address (RFC 4291 §2.6.1)";
    if (is_first) return "is the network's own address";
    const uint64_t hosts = ip.is_v6 ? 0 : (uint64_t{1} << (32 - prefix.length)) - 1;
    if (!ip.is_v6 && (ip.lo & hosts) == hosts) return "is the network's broadcast address";
    return {};
  }

  void check_static_hosts(size_t bridge) {
    const BridgeConfig& config = config_.bridges[bridge];
    if (config.static_hosts.empty()) return;
    std::unordered_set<PortIndex> members;
    for (const MemberConfig& member : config.members) members.insert(member.port);
    std::set<IpAddress> gateway_ips;
    if (config.gateway)
      for (const IpPrefix& prefix : config.gateway->addresses) gateway_ips.insert(prefix.address);
    std::set<Mac> macs;
    std::set<IpAddress> ips;
    for (size_t i = 0; i < config.static_hosts.size(); ++i) {
      const StaticHostConfig& host = config.static_hosts[i];
      const StaticHostPlaces& place = places_.bridges[bridge].static_hosts[i];
      if (!members.contains(host.port))
        error(bridge, place.port,
              fmt::format("port '{}' of static host {} is no member (add it to the bridge's ports)",
                          port_name(host.port), to_string(host.mac)));
      if (!macs.insert(host.mac).second)
        error(bridge, place.mac,
              fmt::format("static host {} is listed twice", to_string(host.mac)));
      if (config.gateway && config.gateway->mac == host.mac)
        error(bridge, place.mac,
              fmt::format("static host {} has the gateway's mac", to_string(host.mac)));
      if (!host.ip) continue;
      if (!ips.insert(*host.ip).second)
        error(bridge, place.ip,
              fmt::format("ip {} belongs to another static host", to_string(*host.ip)));
      if (gateway_ips.contains(*host.ip))
        error(bridge, place.ip, fmt::format("ip {} is the gateway's", to_string(*host.ip)));
    }
  }

  // Wider networks first, so that each one meets those that could contain it. Every link has the
  // same link-local network, which therefore overlaps nothing.
  void check_overlaps() {
    std::stable_sort(gateways_.begin(), gateways_.end(), [](const auto& a, const auto& b) {
      return a.prefix.length < b.prefix.length;
    });
    for (size_t i = 0; i < gateways_.size(); ++i) {
      const auto& [prefix, bridge, place] = gateways_[i];
      const auto wider = networks_.find(prefix.address, prefix.length);
      networks_.insert(prefix, static_cast<uint32_t>(i));
      if (!wider || is_link_local_v6(prefix.address)) continue;
      const GatewayAddress& other = gateways_[*wider];
      if (other.bridge != bridge)
        error(bridge, place,
              fmt::format("gateway address {} overlaps {} of {}", to_string(prefix),
                          to_string(other.prefix), bridge_name(other.bridge)));
    }
  }

  static bool is_link_local_v6(const IpAddress& ip) { return ip.is_v6 && ip.is_link_local(); }

  void check_routes() {
    std::set<IpAddress> own;
    std::set<size_t> link_local_bridges;
    for (const GatewayAddress& gateway : gateways_) {
      own.insert(gateway.prefix.address);
      if (is_link_local_v6(gateway.prefix.address)) link_local_bridges.insert(gateway.bridge);
    }
    std::map<IpPrefix, Place> first;
    for (size_t i = 0; i < config_.routes.size(); ++i) {
      const auto& [to, via] = config_.routes[i];
      const RoutePlaces& place = places_.routes[i];
      const auto [it, is_new] = first.try_emplace(to, place.to);
      if (!is_new)
        messages_.error(place.to, fmt::format("route to {} is given twice (first on line {})",
                                              to_string(to), it->second.line));
      if (const std::string_view fault = destination_fault(to); !fault.empty())
        messages_.error(place.to, fmt::format("route to {} {}", to_string(to), fault));
      const std::string route = fmt::format("route to {}: via {}", to_string(to), to_string(via));
      const auto subnet = networks_.find(via);
      if (to.address.is_v6 != via.is_v6)
        messages_.error(place.via, route + " is of the other IP version");
      else if (own.contains(via))
        messages_.error(place.via, route + " is a gateway address of godwit itself");
      else if (!subnet)
        messages_.error(place.via, route + " is in the prefix of no bridge's gateway address");
      else if (const std::string_view fault =
                   address_fault({via, gateways_[*subnet].prefix.length});
               !fault.empty())
        messages_.error(place.via, fmt::format("{} {}", route, fault));
      else if (is_link_local_v6(via) && link_local_bridges.size() > 1)
        messages_.error(place.via,
                        route + " is link-local, and several bridges have such a prefix");
    }
  }

  // A port that shows others' frames has none of its own.
  void check_mirrors() {
    is_mirror_.resize(config_.ports.size());
    for (size_t port = 0; port < config_.ports.size(); ++port) {
      const Location to = config_.ports[port].mirror;
      if (to == kNoLocation) continue;
      is_mirror_[to] = true;
      const auto refuse = [&](std::string_view why) {
        messages_.error(places_.ports[port],
                        fmt::format("port '{}': its mirror '{}' {}", config_.ports[port].name,
                                    port_name(to), why));
      };
      if (last_bridge_[to] != kNoBridge)
        refuse("is in a bridge (a mirror is in none)");
      else if (config_.ports[to].mirror != kNoLocation)
        refuse("is mirrored itself");
    }
  }

  void warn_about_ports() {
    std::unordered_map<std::string_view, PortIndex> devices;
    for (size_t port = 0; port < config_.ports.size(); ++port) {
      const std::string& name = config_.ports[port].name;
      const std::string& device = config_.ports[port].device;
      if (last_bridge_[port] == kNoBridge && !is_mirror_[port])
        messages_.warning(places_.ports[port],
                          fmt::format("port '{}' is in no bridge: it drops every frame", name));
      if (device.empty()) continue;
      const auto [it, is_new] = devices.try_emplace(device, static_cast<PortIndex>(port));
      if (!is_new)
        messages_.warning(places_.ports[port], fmt::format("port '{}' has the device of port '{}'",
                                                           name, port_name(it->second)));
    }
  }

  void warn_about_bridges() {
    for (size_t bridge = 0; bridge < config_.bridges.size(); ++bridge)
      if (config_.bridges[bridge].members.empty())
        messages_.warning(places_.bridges[bridge].name,
                          fmt::format("{} has no ports", bridge_name(bridge)));
  }

  void warn_about_forget() {
    if (!config_.forget.is_on()) return;
    for (const BridgeConfig& bridge : config_.bridges)
      for (const MemberConfig& member : bridge.members)
        if (member.trusted) return;
    messages_.warning(places_.forget,
                      "forget: no bridge has a trusted port, by which other switches are reached");
  }

  const Config& config_;
  const ConfigPlaces& places_;
  ConfigMessages& messages_;
  std::vector<size_t> untagged_bridge_;  // by port; kNoBridge: none
  std::vector<bool> is_mirror_;          // by port: of another one
  std::vector<size_t> last_bridge_;      // by port, the last bridge that lists it
  std::map<std::pair<PortIndex, uint16_t>, size_t> tagged_bridge_;  // by port and vlan
  std::vector<GatewayAddress> gateways_;  // valid ones; sorted by length from check_overlaps on
  PrefixMap networks_;                    // of gateways_, by index
};

}  // namespace

void check_config(const Config& config, const ConfigPlaces& places, ConfigMessages& messages) {
  ConfigCheck(config, places, messages).run();
}

}  // namespace godwit
