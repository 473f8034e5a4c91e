// Helpers that walk the YAML of a configuration: they turn a node into a checked value, or into a
// message that names the key, says what is wrong and what to write instead.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/address.h"
#include "lib/config_parse.h"
#include "lib/units.h"
#include "lib/yaml_tree.h"

namespace godwit {

// Text of the user's as a message shows it: in single quotes, and cut when it is long.
std::string quoted(std::string_view text);

// Collects what is wrong, in any order. Beyond kMaxShown errors it only counts, so that a large
// broken file costs neither memory nor the reader's patience.
class ConfigMessages {
 public:
  static constexpr size_t kMaxShown = 1000;

  void error(Place place, std::string text);
  void warning(Place place, std::string text);
  // False once further errors are only counted: then a costly hint need not be made.
  bool wants_more() const { return errors_.size() < kMaxShown; }
  bool has_errors() const { return !errors_.empty(); }

  std::vector<ConfigMessage> take_errors();    // sorted by place
  std::vector<ConfigMessage> take_warnings();  // sorted by place

 private:
  std::vector<ConfigMessage> errors_;
  std::vector<ConfigMessage> warnings_;
  size_t not_shown_ = 0;
};

struct CountRange {
  uint64_t min;
  uint64_t max;
};

// One map of the file while it is read. Keys that were asked for are the known ones; finish() tells
// the others. A value that is absent, null or wrong leaves the output as it was: at its default.
class MapReader {
 public:
  // `owner` is the thing that the user named, such as "bridge 'tenant'", and `name` the way from
  // there to this map, such as "moves.hold"; either may be empty. A null node is an empty map.
  MapReader(ConfigMessages& messages, const YamlNode& node, std::string owner, std::string name);

  // The value of a key, null or not; nullptr if the key is absent.
  const YamlNode* find(std::string_view key);
  // The same, for a key whose value must be a map, a list or text; nullptr if it is not (told),
  // null or absent.
  const YamlNode* find_map(std::string_view key);
  const YamlNode* find_list(std::string_view key);
  const YamlNode* find_text(std::string_view key, std::string_view expected);

  // The map under a key; an absent or wrong one reads as empty.
  MapReader enter(std::string_view key);

  void read_count(std::string_view key, uint64_t& out, CountRange range);
  void read_count(std::string_view key, uint16_t& out, CountRange range);
  void read_duration(std::string_view key, Nanos& out, CountRange range);
  void read_rate(std::string_view key, uint64_t& out, uint64_t max);
  void read_bool(std::string_view key, bool& out);
  void read_on_off(std::string_view key, bool& out);  // true or false; on and off will do as well
  // The place of the word in `words`, or nothing.
  std::optional<size_t> read_word(std::string_view key,
                                  std::initializer_list<std::string_view> words);
  std::optional<Mac> read_station(std::string_view key);
  std::optional<IpAddress> read_ip(std::string_view key);

  // Errors about a value of this map are told with its key in front: "moves.settle: '0s' …".
  void value_error(std::string_view key, const YamlNode& value, std::string_view what);
  // Tells each of these keys that has no value, unless the map itself was told as wrong.
  void require(std::initializer_list<std::string_view> keys);

  // Tells every key that nobody asked for, with the nearest one that somebody did.
  void finish();

  bool has_value(std::string_view key) const;  // present and not null
  Place place_of(std::string_view key) const;  // of the key's value, or of the map if it is absent
  std::string where() const;

 private:
  struct Entry {
    const YamlNode* key;
    const YamlNode* value;
    bool known = false;
  };

  void add_entry(const YamlNode& key, const YamlNode& value);
  const YamlNode* find_kind(std::string_view key, YamlNode::Kind kind, std::string_view expected);
  std::string path(std::string_view key) const;

  ConfigMessages* messages_;
  const YamlNode* node_;
  std::string owner_;
  std::string name_;
  std::vector<Entry> entries_;  // in the order of the file
  std::unordered_map<std::string_view, size_t> index_;
  std::vector<std::string_view> asked_;
};

}  // namespace godwit
