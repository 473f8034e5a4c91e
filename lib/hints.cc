#include "lib/hints.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "lib/config_names.h"
#include "lib/config_reader.h"

namespace godwit {
namespace {

constexpr CountRange kAt{0, 1'000'000'000 * kSecond};

template <class Named>
NameIndex names_of(std::string_view what, const std::vector<Named>& list) {
  NameIndex names(what);
  for (const Named& named : list) names.add(named.name);
  return names;
}

class HintsParser {
 public:
  explicit HintsParser(const Config& config)
      : config_(config),
        ports_(names_of("port", config.ports)),
        bridges_(names_of("bridge", config.bridges)) {}

  HintsResult parse(const YamlNode& root) {
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

 private:
  Hint read(const YamlNode& item) {
    Hint hint;
    MapReader map(messages_, item, "hint", "");
    map.read_duration("at", hint.at, kAt);
    if (const YamlNode* node = map.find_map("flush")) hint.flush = read_flush(*node);
    if (const YamlNode* node = map.find_map("announce")) hint.announce = read_announce(*node);
    map.require({"at"});
    map.finish();
    if (item.is_map() && hint.flush.has_value() == hint.announce.has_value())
      messages_.error(item.place, "hint: says nothing, or two things (write flush or announce)");
    return hint;
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

}  // namespace

HintsResult parse_hints(std::string_view yaml, const Config& config) {
  if (yaml.size() > kMaxConfigBytes)
    return failed({}, fmt::format("larger than {} MiB", kMaxConfigBytes >> 20));
  try {
    YamlDocument document = parse_yaml(yaml);
    if (document.error) return failed(document.error->place, std::move(document.error->text));
    return HintsParser(config).parse(*document.root);
  } catch (const std::exception& e) {  // out of memory
    return failed({}, fmt::format("cannot be read: {}", e.what()));
  }
}

}  // namespace godwit
