#include "lib/hints.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "lib/config_names.h"
#include "lib/config_reader.h"
#include "lib/suggest.h"

namespace godwit {
namespace {

constexpr CountRange kAt{0, 1'000'000'000 * kSecond};
constexpr CountRange kTtl{kMillisecond, 3600 * kSecond};

template <class Named>
NameIndex names_of(std::string_view what, const std::vector<Named>& list) {
  NameIndex names(what);
  for (const Named& named : list) named.absent ? names.skip() : names.add(named.name);
  return names;
}

class HintsParser {
 public:
  explicit HintsParser(const Config& config)
      : config_(config),
        ports_(names_of("port", config.ports)),
        bridges_(names_of("bridge", config.bridges)) {}

  HintsResult parse_list(const YamlNode& root) {
    HintsResult result;
    if (!root.is_sequence() && !root.is_null())
      messages_.error(root.place, "hints are a list (write - {at: 2s, flush: {port: NAME}})");
    else
      for (const YamlNode& item : root.items) result.hints.push_back(read(item));
    std::stable_sort(result.hints.begin(), result.hints.end(),
                     [](const Hint& x, const Hint& y) { return x.at < y.at; });
    result.errors = messages_.take_errors();
    return result;
  }

  HintsResult parse_one(std::string_view kind, const YamlNode& body) {
    HintsResult result;
    if (!body.is_map())
      messages_.error(body.place, "a hint is a map (write {\"bridge\": NAME, \"mac\": MAC})");
    else
      result.hints.push_back({0, read_body(kind, body)});
    result.errors = messages_.take_errors();
    return result;
  }

 private:
  Hint read(const YamlNode& item) {
    Hint hint;
    MapReader map(messages_, item, "hint", "");
    map.read_duration("at", hint.at, kAt);
    unsigned count = 0;
    for (const std::string_view kind : kHintNames) {
      if (map.find(kind) == nullptr || !map.has_value(kind)) continue;
      ++count;
      if (const YamlNode* body = map.find_map(kind)) hint.what = read_body(kind, *body);
    }
    map.require({"at"});
    map.finish();
    if (item.is_map() && count != 1)
      messages_.error(item.place, fmt::format("hint: says nothing, or two things (write one of {})",
                                              listed(kHintNames)));
    return hint;
  }

  std::variant<FlushHint, AnnounceHint, LinkHint, VmHint> read_body(std::string_view kind,
                                                                    const YamlNode& node) {
    if (kind == "flush") return read_flush(node);
    if (kind == "announce") return read_announce(node);
    if (kind == "link") return read_link(node);
    const auto step = std::find(kVmStepNames.begin(), kVmStepNames.end(), kind);
    return read_vm(static_cast<VmStep>(step - kVmStepNames.begin()), node);
  }

  FlushHint read_flush(const YamlNode& node) {
    FlushHint flush;
    MapReader map(messages_, node, "hint", "flush");
    flush.port = resolve(map, "port", ports_);
    flush.bridge = resolve(map, "bridge", bridges_);
    if (map.has_value("mac")) flush.mac = map.read_station("mac");
    if (const auto word = map.read_word("family", {"ipv4", "ipv6"})) flush.ipv6 = *word == 1;
    map.finish();
    const bool names_something = map.has_value("port") || map.has_value("bridge") ||
                                 map.has_value("mac") || map.has_value("family");
    if (!names_something)
      messages_.error(node.place,
                      "hint: flush names nothing (write a port, bridge, mac or family)");
    return flush;
  }

  AnnounceHint read_announce(const YamlNode& node) {
    AnnounceHint announce;
    MapReader map(messages_, node, "hint", "announce");
    const auto bridge = resolve(map, "bridge", bridges_);
    map.require({"bridge"});
    map.finish();
    if (!bridge) return announce;
    announce.bridge = *bridge;
    if (!config_.bridges[*bridge].gateway)
      messages_.error(map.place_of("bridge"), fmt::format("hint: bridge '{}' has no gateway",
                                                          config_.bridges[*bridge].name));
    return announce;
  }

  LinkHint read_link(const YamlNode& node) {
    LinkHint link;
    MapReader map(messages_, node, "hint", "link");
    link.port = resolve(map, "port", ports_).value_or(0);
    if (const auto word = map.read_word("state", {"down", "up"})) link.up = *word == 1;
    map.require({"port", "state"});
    map.finish();
    return link;
  }

  VmHint read_vm(VmStep step, const YamlNode& node) {
    const std::string_view name = kVmStepNames[static_cast<size_t>(step)];
    const bool goes_somewhere = step == VmStep::kPrepare || step == VmStep::kCommit;
    VmHint hint;
    hint.step = step;
    MapReader map(messages_, node, "hint", std::string(name));
    const auto bridge = resolve(map, "bridge", bridges_);
    if (map.has_value("mac")) hint.mac = map.read_station("mac");
    read_ips(map, hint);
    if (map.has_value("generation"))
      map.read_count("generation", hint.generation.emplace(), {0, ~uint64_t{0}});
    hint.from = read_member(map, "from", bridge);
    if (goes_somewhere) {
      hint.to = read_member(map, "to", bridge).value_or(0);
      map.require({"to"});
    }
    if (step == VmStep::kPrepare) map.read_duration("ttl", hint.ttl, kTtl);
    map.require({"bridge"});
    map.finish();
    hint.bridge = bridge.value_or(kNoBridge);
    if (map.has_value("mac") == map.has_value("ips"))
      messages_.error(node.place,
                      fmt::format("hint: {} must name one host (write mac, or ips)", name));
    if (hint.from && map.has_value("to") && *hint.from == hint.to)
      messages_.error(map.place_of("to"),
                      fmt::format("hint: {} goes to where it comes from", name));
    return hint;
  }

  void read_ips(MapReader& map, VmHint& hint) {
    const YamlNode* list = map.find_list("ips");
    if (list == nullptr) return;
    if (list->items.empty()) map.value_error("ips", *list, "without an address");
    for (const YamlNode& item : list->items) {
      const auto ip = parse_ip(item.text);
      if (item.is_scalar() && ip && ip->is_host())
        hint.ips.push_back(*ip);
      else
        map.value_error("ips", item, "is not a host's address (write it like 10.9.0.1)");
    }
  }

  // A port that is a member of the bridge.
  std::optional<PortIndex> read_member(MapReader& map, std::string_view key,
                                       std::optional<BridgeIndex> bridge) {
    const auto port = resolve(map, key, ports_);
    if (!port || !bridge) return port;
    const auto& members = config_.bridges[*bridge].members;
    const bool is_member = std::any_of(members.begin(), members.end(),
                                       [&](const MemberConfig& m) { return m.port == *port; });
    if (!is_member)
      messages_.error(map.place_of(key),
                      fmt::format("hint: port '{}' is not in bridge '{}'",
                                  config_.ports[*port].name, config_.bridges[*bridge].name));
    return port;
  }

  std::optional<uint16_t> resolve(MapReader& map, std::string_view key, const NameIndex& names) {
    const YamlNode* name = map.find(key);
    if (name == nullptr || name->is_null()) return std::nullopt;
    return names.resolve(*name, "hint", messages_);
  }

  const Config& config_;
  ConfigMessages messages_;
  NameIndex ports_;
  NameIndex bridges_;
};

HintsResult failed(Place place, std::string text) {
  return {{}, {{place.line, place.column, std::move(text)}}};
}

HintsResult parse_with(std::string_view yaml,
                       const std::function<HintsResult(const YamlNode&)>& read) {
  if (yaml.size() > kMaxConfigBytes)
    return failed({}, fmt::format("larger than {} MiB", kMaxConfigBytes >> 20));
  try {
    YamlDocument document = parse_yaml(yaml);
    if (document.error) return failed(document.error->place, std::move(document.error->text));
    return read(*document.root);
  } catch (const std::exception& e) {  // out of memory
    return failed({}, fmt::format("cannot be read: {}", e.what()));
  }
}

}  // namespace

HintsResult parse_hints(std::string_view yaml, const Config& config) {
  return parse_with(yaml,
                    [&](const YamlNode& root) { return HintsParser(config).parse_list(root); });
}

HintsResult parse_hint(std::string_view kind, std::string_view body, const Config& config) {
  if (std::find(kHintNames.begin(), kHintNames.end(), kind) == kHintNames.end())
    return failed({},
                  fmt::format("there is no hint '{}' (write one of {})", kind, listed(kHintNames)));
  return parse_with(
      body, [&](const YamlNode& root) { return HintsParser(config).parse_one(kind, root); });
}

}  // namespace godwit
