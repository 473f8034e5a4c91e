#include "control/api_fields.h"

#include <algorithm>
#include <utility>

#include "control/api_error.h"

#include "lib/suggest.h"

namespace godwit {
namespace {

YamlNode scalar(const std::string& text) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.text = text;
  return node;
}

}  // namespace

ApiNames::ApiNames(const Config& config) {
  for (const PortConfig& port : config.ports) port.absent ? ports.skip() : ports.add(port.name);
  for (const BridgeConfig& bridge : config.bridges)
    bridge.absent ? bridges.skip() : bridges.add(bridge.name);
}

ApiFields::ApiFields(YamlNode root, std::string where, const ApiNames& names)
    : where_(std::move(where)),
      names_(names),
      root_(std::move(root)),
      reader_(messages_, root_, "the " + where_, "") {}

ApiFields ApiFields::of_query(const HttpRequest& request, const ApiNames& names) {
  YamlNode root;
  root.kind = YamlNode::Kind::kMap;
  for (const auto& [name, value] : request.query) {
    root.items.push_back(scalar(name));
    root.items.push_back(scalar(value));
  }
  return {std::move(root), "query", names};
}

ApiFields ApiFields::of_body(const HttpRequest& request, const ApiNames& names) {
  YamlDocument document = parse_yaml(request.body);
  if (document.error)
    throw bad_input({{document.error->place.line, document.error->place.column,
                      std::move(document.error->text)}},
                    "body");
  return {std::move(*document.root), "body", names};
}

std::optional<uint16_t> ApiFields::resolve(std::string_view key, const NameIndex& names) {
  const YamlNode* name = reader_.find(key);
  if (name == nullptr || name->is_null()) return std::nullopt;
  return names.resolve(*name, key, messages_);
}

std::optional<PortIndex> ApiFields::port(std::string_view key) {
  return resolve(key, names_.ports);
}

std::optional<BridgeIndex> ApiFields::bridge(std::string_view key) {
  return resolve(key, names_.bridges);
}

std::optional<Mac> ApiFields::mac(std::string_view key) { return reader_.read_station(key); }

std::optional<IpAddress> ApiFields::ip(std::string_view key) { return reader_.read_ip(key); }

std::optional<size_t> ApiFields::word(std::string_view key,
                                      std::span<const std::string_view> words) {
  const YamlNode* value = reader_.find_text(key, "a word");
  if (value == nullptr) return std::nullopt;
  const auto at = std::find(words.begin(), words.end(), value->text);
  if (at != words.end()) return at - words.begin();
  std::string hint = did_you_mean(value->text, words);
  if (hint.empty()) hint = " (write one of " + listed(words) + ")";
  reader_.value_error(key, *value, "is not known" + hint);
  return std::nullopt;
}

std::optional<std::string> ApiFields::text(std::string_view key) {
  const YamlNode* value = reader_.find_text(key, "text");
  if (value == nullptr) return std::nullopt;
  return value->text;
}

bool ApiFields::flag(std::string_view key) {
  bool set = false;
  reader_.read_bool(key, set);
  return set;
}

uint64_t ApiFields::count(std::string_view key, uint64_t otherwise, CountRange range) {
  reader_.read_count(key, otherwise, range);
  return otherwise;
}

Nanos ApiFields::duration(std::string_view key, Nanos otherwise, CountRange range) {
  reader_.read_duration(key, otherwise, range);
  return otherwise;
}

void ApiFields::finish() {
  reader_.finish();
  if (messages_.has_errors()) throw bad_input(messages_.take_errors(), where_);
}

}  // namespace godwit
