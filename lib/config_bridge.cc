#include "lib/config_bridge.h"

#include <string>
#include <utility>

#include <fmt/core.h>

#include "lib/config_units.h"

namespace godwit {
namespace {

constexpr CountRange kEntries{1, uint64_t{64} << 20};
// The FDB counts whole seconds in 16 bits, half of which tell a later stamp from an earlier one.
constexpr CountRange kAging{kSecond, 32000 * kSecond};
// The FDB counts milliseconds in 16 bits while a host's location is in doubt.
constexpr Nanos kLongestDoubt = 60 * kSecond;
constexpr uint16_t kMaxVlan = 4094;
// Every IPv4 host takes a datagram of 576 octets (RFC 1122 §3.3.2); every IPv6 link carries a
// packet of 1280 (RFC 8200 §5).
constexpr CountRange kMtu{576, 65535};
constexpr uint16_t kMinIpv6Mtu = 1280;

class BridgeReader {
 public:
  BridgeReader(const NamedNode& node, const NameIndex& ports, ConfigMessages& messages)
      : ports_(ports),
        messages_(messages),
        owner_(fmt::format("bridge {}", quoted(node.name))),
        map_(messages, *node.value, owner_, "") {
    bridge_.name = node.name;
    places_.name = node.place;
  }

  void read() {
    read_vlan();
    read_members();
    read_aging();
    MapReader learning = map_.enter("learning");
    learning.read_count("limit", bridge_.learn_limit, kEntries);
    learning.read_count("per_port", bridge_.learn_limit_per_port, kEntries);
    learning.read_count("floor", bridge_.learn_floor, {0, kEntries.max});
    learning.finish();
    read_gateway();
    read_mtu();
    map_.read_bool("suppress", bridge_.suppress);
    read_moves();
    MapReader inspect = map_.enter("inspect");
    inspect.read_bool("arp", bridge_.inspect_arp);
    inspect.read_bool("dhcp", bridge_.inspect_dhcp);
    inspect.read_bool("source", bridge_.inspect_source);
    inspect.finish();
    read_static_hosts();
    map_.finish();
  }

  BridgeConfig take_bridge() { return std::move(bridge_); }
  BridgePlaces take_places() { return std::move(places_); }

 private:
  void read_vlan() {
    const YamlNode* value = map_.find_text("vlan", "a VLAN id");
    if (value == nullptr) return;
    const Quantity vlan = parse_count(value->text);
    if (!vlan.ok())
      map_.value_error("vlan", *value, vlan.error);
    else if (vlan.value == 0)
      map_.value_error("vlan", *value, "is no VLAN id: it marks a priority tag (write 1 to 4094)");
    else if (vlan.value == kMaxVlan + 1)
      map_.value_error("vlan", *value, "is no VLAN id: 802.1Q reserves it (write 1 to 4094)");
    else if (vlan.value > kMaxVlan)
      map_.value_error("vlan", *value, "is no VLAN id: it has 12 bits (write 1 to 4094)");
    else
      bridge_.vlan = static_cast<uint16_t>(vlan.value);
  }

  void read_members() {
    const YamlNode* list = map_.find_list("ports");
    if (list == nullptr) return;
    for (const YamlNode& item : list->items) {
      if (item.is_map())
        read_member(item);
      else if (const auto port = ports_.resolve(item, owner_, messages_))
        add_member({.port = *port}, item.place);
    }
  }

  void read_member(const YamlNode& item) {
    MapReader map(messages_, item, owner_, "ports");
    MemberConfig member;
    map.read_bool("tagged", member.tagged);
    map.read_bool("trusted", member.trusted);
    const YamlNode* name = map.find("port");
    map.require({"port"});
    map.finish();
    if (const auto port = resolve(name)) {
      member.port = *port;
      add_member(member, name->place);
    }
  }

  std::optional<PortIndex> resolve(const YamlNode* name) {
    if (name == nullptr || name->is_null()) return std::nullopt;
    return ports_.resolve(*name, owner_, messages_);
  }

  void add_member(MemberConfig member, Place place) {
    bridge_.members.push_back(member);
    places_.members.push_back(place);
  }

  void read_aging() {
    map_.read_duration("aging", bridge_.aging, kAging);
    if (bridge_.aging % kSecond == 0) return;
    messages_.error(map_.place_of("aging"),
                    fmt::format("aging: '{}' is not in whole seconds (write {}s)",
                                duration_text(bridge_.aging), bridge_.aging / kSecond));
  }

  void read_gateway() {
    const YamlNode* node = map_.find_map("gateway");
    if (node == nullptr) return;
    MapReader map(messages_, *node, owner_, "gateway");
    GatewayConfig gateway;
    if (const auto mac = map.read_station("mac")) {
      gateway.mac = *mac;
      places_.gateway_mac = map.place_of("mac");
    }
    const YamlNode* addresses = map.find_list("addresses");
    if (addresses != nullptr) {
      if (addresses->items.empty()) map.value_error("addresses", *addresses, "without an address");
      for (const YamlNode& item : addresses->items) read_gateway_address(map, item, gateway);
    }
    map.require({"mac", "addresses"});
    map.finish();
    bridge_.gateway = std::move(gateway);
  }

  void read_gateway_address(MapReader& map, const YamlNode& item, GatewayConfig& gateway) {
    if (const auto prefix = parse_prefix(item.text); item.is_scalar() && prefix) {
      gateway.addresses.push_back(*prefix);
      places_.gateway_addresses.push_back(item.place);
    } else if (const auto ip = parse_ip(item.text)) {
      map.value_error(
          "addresses", item,
          fmt::format("has no prefix length (write {}/{})", item.text, ip->is_v6 ? 64 : 24));
    } else {
      map.value_error("addresses", item, "is not ADDRESS/LENGTH (write it like 10.9.0.254/24)");
    }
  }

  void read_mtu() {
    map_.read_count("mtu", bridge_.mtu, kMtu);
    if (bridge_.mtu >= kMinIpv6Mtu || !bridge_.gateway) return;
    for (const IpPrefix& prefix : bridge_.gateway->addresses)
      if (prefix.address.is_v6)
        return messages_.error(
            map_.place_of("mtu"),
            fmt::format("mtu: '{}' is too small for the gateway's IPv6 address (write at least {})",
                        bridge_.mtu, kMinIpv6Mtu));
  }

  void read_moves() {
    MapReader map = map_.enter("moves");
    MovesConfig& moves = bridge_.moves;
    if (const auto word = map.read_word("class", {"learned", "registered", "locked"}))
      moves.host_class = static_cast<HostClass>(*word);
    map.read_duration("settle", moves.settle, {kMillisecond, 30 * kSecond});
    map.read_duration("veto", moves.veto, {kMillisecond, kLongestDoubt});
    map.read_duration("probe_wait", moves.probe_wait, {kMillisecond, 10 * kSecond});
    map.read_duration("probe_timeout", moves.probe_timeout, {kMillisecond, 10 * kSecond});
    map.read_on_off("keepalive", moves.keepalive);
    if (const auto word = map.read_word("activate", {"any", "traffic", "announce", "commit"}))
      moves.activate = static_cast<Activation>(*word);
    read_hold(map.enter("hold"));
    map.finish();
    if (moves.settle > moves.veto)
      messages_.error(map.place_of(map.has_value("settle") ? "settle" : "veto"),
                      fmt::format("moves: settle {} is longer than veto {}",
                                  duration_text(moves.settle), duration_text(moves.veto)));
    if (moves.probe_wait >= moves.probe_timeout)
      messages_.error(
          map.place_of(map.has_value("probe_wait") ? "probe_wait" : "probe_timeout"),
          fmt::format("moves: probe_wait {} is not shorter than probe_timeout {}",
                      duration_text(moves.probe_wait), duration_text(moves.probe_timeout)));
  }

  void read_hold(MapReader map) {
    HoldConfig& hold = bridge_.moves.hold;
    map.read_count("frames", hold.frames, {0, 1U << 20});
    map.read_count("bytes", hold.bytes, {0, uint64_t{4} << 30});
    map.read_duration("time", hold.time, {kMillisecond, kLongestDoubt});
    map.finish();
  }

  void read_static_hosts() {
    const YamlNode* list = map_.find_list("static");
    if (list == nullptr) return;
    for (const YamlNode& item : list->items) read_static_host(item);
  }

  void read_static_host(const YamlNode& item) {
    MapReader map(messages_, item, owner_, "static");
    StaticHostConfig host;
    const auto mac = map.read_station("mac");
    const YamlNode* port_name = map.find("port");
    host.ip = map.read_ip("ip");
    map.require({"mac", "port"});
    map.finish();
    const auto port = resolve(port_name);
    if (!mac || !port) return;
    host.mac = *mac;
    host.port = *port;
    bridge_.static_hosts.push_back(host);
    places_.static_hosts.push_back({map.place_of("mac"), port_name->place, map.place_of("ip")});
  }

  const NameIndex& ports_;
  ConfigMessages& messages_;
  std::string owner_;  // "bridge 'tenant'"
  MapReader map_;
  BridgeConfig bridge_;
  BridgePlaces places_;
};

}  // namespace

void read_bridges(const YamlNode& node, const NameIndex& ports, ConfigMessages& messages,
                  Config& config, ConfigPlaces& places) {
  for (const NamedNode& named : read_names(node, "bridge", kNoBridge, messages)) {
    BridgeReader reader(named, ports, messages);
    reader.read();
    config.bridges.push_back(reader.take_bridge());
    places.bridges.push_back(reader.take_places());
  }
}

}  // namespace godwit
