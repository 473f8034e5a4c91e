#include "lib/config_reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "lib/config_units.h"
#include "lib/suggest.h"
#include "lib/utf8.h"

namespace godwit {
namespace {

constexpr size_t kMaxQuoted = 64;  // octets

std::string_view kind_text(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "text";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "";
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string rate_text(uint64_t per_second) { return fmt::format("{}/s", per_second); }

std::string out_of_range(CountRange range, std::string (*text)(uint64_t)) {
  return fmt::format("is out of range ({} to {})", text(range.min), text(range.max));
}

std::vector<ConfigMessage> sorted(std::vector<ConfigMessage> messages) {
  std::stable_sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return messages;
}

}  // namespace

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", printable(text, kMaxQuoted));
}

void ConfigMessages::error(Place place, std::string text) {
  if (wants_more())
    errors_.push_back({place.line, place.column, std::move(text)});
  else
    ++not_shown_;
}

void ConfigMessages::warning(Place place, std::string text) {
  warnings_.push_back({place.line, place.column, std::move(text)});
}

std::vector<ConfigMessage> ConfigMessages::take_errors() {
  std::vector<ConfigMessage> errors = sorted(std::move(errors_));
  if (not_shown_ > 0) {
    ConfigMessage rest = errors.back();
    rest.text = fmt::format("{} more errors are not shown", not_shown_);
    errors.push_back(std::move(rest));
  }
  return errors;
}

std::vector<ConfigMessage> ConfigMessages::take_warnings() { return sorted(std::move(warnings_)); }

MapReader::MapReader(ConfigMessages& messages, const YamlNode& node, std::string owner,
                     std::string name)
    : messages_(&messages), node_(&node), owner_(std::move(owner)), name_(std::move(name)) {
  if (node.is_null()) return;
  if (!node.is_map()) {
    messages.error(node.place,
                   fmt::format("{}: expected a map, found {}", where(), kind_text(node.kind)));
    return;
  }
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) add_entry(node.items[i], node.items[i + 1]);
}

void MapReader::add_entry(const YamlNode& key, const YamlNode& value) {
  if (!key.is_scalar()) {
    messages_->error(key.place, fmt::format("a key in {} is no word", where()));
    return;
  }
  const auto [it, is_new] = index_.try_emplace(key.text, entries_.size());
  if (is_new) {
    entries_.push_back({&key, &value});
    return;
  }
  const Place first = entries_[it->second].key->place;
  messages_->error(key.place, fmt::format("key {} in {} is given twice (first on line {})",
                                          quoted(key.text), where(), first.line));
}

const YamlNode* MapReader::find(std::string_view key) {
  asked_.push_back(key);
  const auto it = index_.find(key);
  if (it == index_.end()) return nullptr;
  entries_[it->second].known = true;
  return entries_[it->second].value;
}

const YamlNode* MapReader::find_kind(std::string_view key, YamlNode::Kind kind,
                                     std::string_view expected) {
  const YamlNode* value = find(key);
  if (value == nullptr || value->is_null()) return nullptr;
  if (value->kind == kind) return value;
  messages_->error(value->place, fmt::format("{}: expected {}, found {}", path(key), expected,
                                             kind_text(value->kind)));
  return nullptr;
}

const YamlNode* MapReader::find_map(std::string_view key) {
  return find_kind(key, YamlNode::Kind::kMap, "a map");
}

const YamlNode* MapReader::find_list(std::string_view key) {
  return find_kind(key, YamlNode::Kind::kSequence, "a list");
}

const YamlNode* MapReader::find_text(std::string_view key, std::string_view expected) {
  return find_kind(key, YamlNode::Kind::kScalar, expected);
}

MapReader MapReader::enter(std::string_view key) {
  static const YamlNode empty;
  const YamlNode* value = find_map(key);
  return {*messages_, value != nullptr ? *value : empty, owner_, path(key)};
}

void MapReader::read_count(std::string_view key, uint64_t& out, CountRange range) {
  const YamlNode* value = find_text(key, "a number");
  if (value == nullptr) return;
  const Quantity count = parse_count(value->text);
  if (!count.ok()) return value_error(key, *value, count.error);
  if (count.value < range.min || count.value > range.max)
    return value_error(key, *value, out_of_range(range, count_text));
  out = count.value;
}

void MapReader::read_count(std::string_view key, uint16_t& out, CountRange range) {
  uint64_t wide = out;
  range.max = std::min<uint64_t>(range.max, std::numeric_limits<uint16_t>::max());
  read_count(key, wide, range);
  out = static_cast<uint16_t>(wide);
}

void MapReader::read_duration(std::string_view key, Nanos& out, CountRange range) {
  const YamlNode* value = find_text(key, "a duration");
  if (value == nullptr) return;
  const Quantity time = parse_duration(value->text, out < kSecond ? "ms" : "s");
  if (!time.ok()) return value_error(key, *value, time.error);
  if (time.value < range.min || time.value > range.max)
    return value_error(key, *value, out_of_range(range, duration_text));
  out = time.value;
}

void MapReader::read_rate(std::string_view key, uint64_t& out, uint64_t max) {
  const YamlNode* value = find_text(key, "a rate");
  if (value == nullptr) return;
  const Quantity rate = parse_rate(value->text);
  if (!rate.ok()) return value_error(key, *value, rate.error);
  if (rate.value < 1 || rate.value > max)
    return value_error(key, *value, out_of_range({1, max}, rate_text));
  out = rate.value;
}

void MapReader::read_bool(std::string_view key, bool& out) {
  const YamlNode* value = find_text(key, "true or false");
  if (value == nullptr) return;
  const std::string word = lower(value->text);
  if (value->text == "true" || value->text == "false")
    out = value->text == "true";
  else if (is_one_of(word, {"true", "yes", "on", "y", "1"}))
    value_error(key, *value, "is not true or false (write true)");
  else if (is_one_of(word, {"false", "no", "off", "n", "0"}))
    value_error(key, *value, "is not true or false (write false)");
  else
    value_error(key, *value, "is not true or false");
}

void MapReader::read_on_off(std::string_view key, bool& out) {
  const YamlNode* value = find(key);
  if (value != nullptr && (value->text == "on" || value->text == "off"))
    out = value->text == "on";
  else
    read_bool(key, out);
}

std::optional<size_t> MapReader::read_word(std::string_view key,
                                           std::initializer_list<std::string_view> words) {
  std::string all;
  for (const std::string_view word : words) all.append(all.empty() ? "" : ", ").append(word);
  const YamlNode* value = find_text(key, all);
  if (value == nullptr) return std::nullopt;
  const auto it = std::find(words.begin(), words.end(), value->text);
  if (it != words.end()) return it - words.begin();
  value_error(key, *value,
              fmt::format("is not one of {}{}", all,
                          did_you_mean(value->text, {words.begin(), words.size()})));
  return std::nullopt;
}

std::optional<Mac> MapReader::read_station(std::string_view key) {
  const YamlNode* value = find_text(key, "a MAC address");
  if (value == nullptr) return std::nullopt;
  const std::optional<Mac> mac = parse_mac(value->text);
  if (mac && mac->is_station()) return mac;
  if (!mac)
    value_error(key, *value, "is not a MAC address (write it like 52:54:00:00:00:02)");
  else if (mac->is_group())
    value_error(key, *value, "is a group address (a station's has an even first octet)");
  else
    value_error(key, *value, "is no station's address");
  return std::nullopt;
}

std::optional<IpAddress> MapReader::read_ip(std::string_view key) {
  const YamlNode* value = find_text(key, "an IP address");
  if (value == nullptr) return std::nullopt;
  const std::optional<IpAddress> ip = parse_ip(value->text);
  if (ip && ip->is_host()) return ip;
  value_error(key, *value,
              ip ? "is no host's address" : "is not an IP address (write it like 10.9.0.1)");
  return std::nullopt;
}

void MapReader::value_error(std::string_view key, const YamlNode& value, std::string_view what) {
  const std::string shown =
      value.is_scalar() ? quoted(value.text) : std::string(kind_text(value.kind));
  messages_->error(value.place, fmt::format("{}: {} {}", path(key), shown, what));
}

void MapReader::require(std::initializer_list<std::string_view> keys) {
  if (!node_->is_map() && !node_->is_null()) return;
  for (const std::string_view key : keys)
    if (!has_value(key))
      messages_->error(node_->place, fmt::format("key '{}' is missing in {}", key, where()));
}

bool MapReader::has_value(std::string_view key) const {
  const auto it = index_.find(key);
  return it != index_.end() && !entries_[it->second].value->is_null();
}

Place MapReader::place_of(std::string_view key) const {
  const auto it = index_.find(key);
  return it == index_.end() ? node_->place : entries_[it->second].value->place;
}

void MapReader::finish() {
  for (const Entry& entry : entries_) {
    if (entry.known) continue;
    const std::string hint =
        messages_->wants_more() ? did_you_mean(entry.key->text, asked_) : std::string();
    messages_->error(entry.key->place,
                     fmt::format("unknown key {} in {}{}", quoted(entry.key->text), where(), hint));
  }
}

std::string MapReader::where() const {
  if (owner_.empty()) return name_.empty() ? "the configuration" : name_;
  return name_.empty() ? owner_ : fmt::format("{} of {}", name_, owner_);
}

std::string MapReader::path(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

}  // namespace godwit
