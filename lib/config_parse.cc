#include "lib/config_parse.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "lib/config_bridge.h"
#include "lib/config_check.h"
#include "lib/config_forget.h"
#include "lib/config_names.h"
#include "lib/config_reader.h"
#include "lib/device_name.h"
#include "lib/prefix_map.h"
#include "lib/utf8.h"
#include "lib/yaml_tree.h"

namespace godwit {
namespace {

constexpr uint64_t kMaxRate = 1'000'000'000;
constexpr CountRange kPortMtu{576, 9216};  // octets: as large frames as NICs take
constexpr CountRange kEntries{1, uint64_t{64} << 20};
constexpr size_t kMaxSocketPath = 107;                  // octets of sun_path, less the final zero
constexpr uint64_t kMaxDefaultFdb = uint64_t{4} << 20;  // entries; 64 MiB of memory

bool is_address_with_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view address = text.substr(0, colon);
  const bool in_brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (in_brackets) address = address.substr(1, address.size() - 2);
  const auto ip = parse_ip(address);
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return ip && ip->is_v6 == in_brackets && error == std::errc() &&
         end == digits.data() + digits.size() && port != 0 && digits.front() != '0';
}

// One parse of one text.
class ConfigParser {
 public:
  ConfigResult parse(const YamlNode& root) {
    MapReader map(messages_, root, "", "");
    if (root.is_map() || root.is_null()) {
      read_ports(map);
      if (const YamlNode* bridges = map.find_map("bridges"))
        read_bridges(*bridges, port_names_, messages_, config_, places_);
      read_routes(map);
      read_limits(map.enter("limits"));
      read_neighbors(map.enter("neighbors"));
      read_fdb(map.enter("fdb"));
      read_control(map.enter("control"));
      read_forget(map, messages_, config_.forget);
      places_.forget = map.place_of("forget");
      read_workers(map.enter("workers"));
      read_memory(map.enter("memory"));
      if (const auto word = map.read_word("bpdu", {"drop", "forward"}))
        config_.forward_bpdu = *word == 1;
      map.finish();
      check_config(config_, places_, messages_);
    }
    const bool has_errors = messages_.has_errors();
    ConfigResult result{std::move(config_), messages_.take_errors(), {}};
    if (!has_errors) result.warnings = messages_.take_warnings();
    return result;
  }

 private:
  struct Mirror {
    const YamlNode* to = nullptr;
    std::string owner;
  };

  void read_ports(MapReader& map) {
    const YamlNode* node = map.find_map("ports");
    if (node == nullptr && map.has_value("ports")) return;  // told already
    if (node == nullptr || node->items.empty()) {
      messages_.error(map.place_of("ports"), "there are no ports (write at least ports: {p1: {}})");
      return;
    }
    std::vector<Mirror> mirrors;  // by port
    for (const NamedNode& named : read_names(*node, "port", kMaxPorts, messages_)) {
      PortConfig port;
      port.name = named.name;
      MapReader keys(messages_, *named.value, fmt::format("port {}", quoted(named.name)), "");
      read_device(keys, port.device);
      keys.read_count("queues", port.queues, {1, 64});
      keys.read_count("mtu", port.mtu, kPortMtu);
      keys.read_bool("enabled", port.enabled);
      keys.read_bool("isolated", port.isolated);
      mirrors.push_back({keys.find_text("mirror", "a port"), keys.where()});
      read_storm(keys.enter("storm"), port.storm);
      keys.finish();
      port_names_.add(named.name);
      config_.ports.push_back(std::move(port));
      places_.ports.push_back(named.place);
    }
    for (size_t p = 0; p < mirrors.size(); ++p)
      if (mirrors[p].to != nullptr)
        config_.ports[p].mirror =
            port_names_.resolve(*mirrors[p].to, mirrors[p].owner, messages_).value_or(kNoLocation);
  }

  void read_device(MapReader& keys, std::string& out) {
    const YamlNode* device = keys.find_text("device", "a device");
    if (device == nullptr) return;
    read_text(keys, "device", *device, out);
    if (out.empty()) return;
    if (const DeviceName parsed = parse_device(out); !parsed.ok())
      keys.value_error("device", *device, parsed.error);
  }

  static void read_storm(MapReader map, StormConfig& storm) {
    map.read_rate("broadcast", storm.broadcast.per_second, kMaxRate);
    map.read_rate("multicast", storm.multicast.per_second, kMaxRate);
    map.read_rate("unknown_unicast", storm.unknown_unicast.per_second, kMaxRate);
    map.finish();
  }

  // Text that goes to the system as it is: an escape sequence can put anything into it.
  void read_text(MapReader& map, std::string_view key, const YamlNode& value, std::string& out) {
    if (value.text.empty())
      map.value_error(key, value, "is empty");
    else if (value.text.find_first_of("\r\n") != std::string::npos ||
             find_non_text(value.text) != value.text.size())
      map.value_error(key, value, "has a control character in it");
    else
      out = value.text;
  }

  void read_routes(MapReader& map) {
    const YamlNode* list = map.find_list("routes");
    if (list == nullptr) return;
    for (const YamlNode& item : list->items) {
      MapReader keys(messages_, item, "", "route");
      const auto to = read_destination(keys);
      const auto via = keys.read_ip("via");
      keys.require({"to", "via"});
      keys.finish();
      if (!to || !via) continue;
      config_.routes.push_back({*to, *via});
      places_.routes.push_back({keys.place_of("to"), keys.place_of("via")});
    }
  }

  static std::optional<IpPrefix> read_destination(MapReader& keys) {
    const YamlNode* value = keys.find_text("to", "a prefix");
    if (value == nullptr) return std::nullopt;
    const auto to = parse_prefix(value->text);
    if (!to) {
      keys.value_error("to", *value, "is not ADDRESS/LENGTH (write it like 192.0.2.0/24)");
      return std::nullopt;
    }
    if (*to == network_of(*to)) return to;
    keys.value_error("to", *value,
                     fmt::format("has host bits set (write {})", to_string(network_of(*to))));
    return std::nullopt;
  }

  void read_limits(MapReader map) {
    LimitsConfig& limits = config_.limits;
    map.read_rate("arp_per_source", limits.arp_per_source.per_second, kMaxRate);
    map.read_rate("arp_per_port", limits.arp_per_port.per_second, kMaxRate);
    map.read_rate("punt", limits.punt.per_second, kMaxRate);
    map.read_rate("resolve_per_target", limits.resolve_per_target.per_second, kMaxRate);
    map.read_count("unresolved_per_target", limits.unresolved_per_target, {1, kMaxBurst});
    map.read_count("unresolved", limits.unresolved, {1, 1U << 20});
    map.read_rate("icmp_errors", limits.icmp_errors.per_second, kMaxRate);
    map.read_rate("probes", limits.probes.per_second, kMaxRate);
    map.read_count("held", limits.held, {1, 1U << 20});
    map.read_count("held_bytes", limits.held_bytes, {2048, uint64_t{64} << 30});
    map.finish();
  }

  void read_neighbors(MapReader map) {
    NeighborsConfig& neighbors = config_.neighbors;
    map.read_count("limit", neighbors.limit, kEntries);
    map.read_count("per_port", neighbors.per_port, kEntries);
    map.read_count("per_mac", neighbors.per_mac, kEntries);
    map.read_count("floor", neighbors.floor, {0, kEntries.max});
    map.read_bool("learn", neighbors.learn);
    map.finish();
  }

  // Without fdb.limit there is room for what every bridge may learn, up to a size that needs no
  // thought about memory, and always for the bridge that may learn most.
  void read_fdb(MapReader map) {
    uint64_t sum = 0;
    uint64_t largest = 0;
    for (const BridgeConfig& bridge : config_.bridges) {
      sum += bridge.learn_limit;
      largest = std::max(largest, bridge.learn_limit);
    }
    if (config_.bridges.empty()) sum = BridgeConfig{}.learn_limit;
    config_.fdb_limit = std::max(std::min(sum, kMaxDefaultFdb), largest);
    config_.names_fdb_limit = map.has_value("limit");
    map.read_count("limit", config_.fdb_limit, kEntries);
    map.finish();
  }

  void read_control(MapReader map) {
    ControlConfig& control = config_.control;
    if (const YamlNode* socket = find_path(map, "socket")) {
      if (socket->text.size() > kMaxSocketPath)
        map.value_error("socket", *socket,
                        fmt::format("is longer than the {} octets that a socket's path may have",
                                    kMaxSocketPath));
      else
        read_text(map, "socket", *socket, control.socket);
    }
    read_address(map, "metrics", "127.0.0.1:9464 or [::1]:9464", control.metrics);
    read_address(map, "listen", "127.0.0.1:9465 or [::1]:9465", control.listen);
    if (const YamlNode* token = find_path(map, "token"))
      read_text(map, "token", *token, control.token);
    if (const YamlNode* captures = find_path(map, "captures"))
      read_text(map, "captures", *captures, control.captures);
    read_state(map, control);
    if (!control.token.empty() && control.listen.empty())
      messages_.error(map.place_of("token"),
                      "control.token: opens control.listen, which is not there (write both)");
    map.finish();
  }

  void read_state(MapReader& map, ControlConfig& control) {
    const YamlNode* state = map.find_text("state", "a path, or none");
    if (state == nullptr) return;
    control.keeps_state = state->text != "none";
    if (!control.keeps_state) return;
    if (state->text.starts_with('/'))
      read_text(map, "state", *state, control.state);
    else
      map.value_error("state", *state, "is not an absolute path (begin it with /), nor none");
  }

  static const YamlNode* find_path(MapReader& map, std::string_view key) {
    const YamlNode* path = map.find_text(key, "a path");
    if (path == nullptr || path->text.starts_with('/')) return path;
    map.value_error(key, *path, "is not an absolute path (begin it with /)");
    return nullptr;
  }

  static void read_address(MapReader& map, std::string_view key, std::string_view like,
                           std::string& out) {
    const YamlNode* address = map.find_text(key, "ADDRESS:PORT");
    if (address == nullptr) return;
    if (is_address_with_port(address->text))
      out = address->text;
    else
      map.value_error(key, *address, fmt::format("is not ADDRESS:PORT (write it like {})", like));
  }

  void read_workers(MapReader map) {
    map.read_count("count", config_.workers.count, {1, 64});
    map.read_count("burst", config_.workers.burst, {1, kMaxBurst});
    if (map.has_value("nap")) {
      config_.workers.nap.emplace();
      map.read_duration("nap", *config_.workers.nap, {0, 10 * kMillisecond});
    }
    map.finish();
  }

  void read_memory(MapReader map) {
    const YamlNode* mbufs = map.find("mbufs");
    if (mbufs == nullptr || mbufs->text != "auto")
      map.read_count("mbufs", config_.mbufs, {1024, uint64_t{64} << 20});
    read_room(map, "ports", config_.ports.size(), kMaxPorts, config_.port_room);
    read_room(map, "bridges", config_.bridges.size(), kNoBridge, config_.bridge_room);
    map.finish();
  }

  // Those of the file have room in any case.
  static void read_room(MapReader& map, std::string_view key, uint64_t present, uint64_t most,
                        uint64_t& room) {
    map.read_count(key, room, {std::max<uint64_t>(present, 1), most});
  }

  ConfigMessages messages_;
  Config config_;
  ConfigPlaces places_;
  NameIndex port_names_{"port"};
};

ConfigResult failed(Place place, std::string text) {
  return {{}, {{place.line, place.column, std::move(text)}}, {}};
}

}  // namespace

ConfigResult parse_config(std::string_view yaml) {
  if (yaml.size() > kMaxConfigBytes)
    return failed({}, fmt::format("larger than {} MiB", kMaxConfigBytes >> 20));
  try {
    YamlDocument document = parse_yaml(yaml);
    if (document.error) return failed(document.error->place, std::move(document.error->text));
    return ConfigParser().parse(*document.root);
  } catch (const std::exception& e) {  // out of memory
    return failed({}, fmt::format("cannot be read: {}", e.what()));
  }
}

}  // namespace godwit
