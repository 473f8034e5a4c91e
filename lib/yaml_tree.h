// A YAML document as a plain tree in which every node knows its place. Only this file's .cc sees
// the YAML library: duplicate keys stay visible, a number stays the text that was written, and text
// from anywhere is safe to read because size and depth are bounded before the tree grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

// A place in a text; both count from 1, and a column counts octets.
struct Place {
  uint32_t line = 1;
  uint32_t column = 1;
  auto operator<=>(const Place&) const = default;
};

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  Place place;                  // of a null value that nobody wrote: its key's
  std::string text;             // a scalar's value, without quotes
  std::vector<YamlNode> items;  // a sequence's items; a map's keys and values, in turns

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_map() const { return kind == Kind::kMap; }
};

inline constexpr size_t kMaxYamlDepth = 64;
inline constexpr size_t kMaxYamlNodes = size_t{4} << 20;  // aliases written out
inline constexpr size_t kMaxYamlText = size_t{64} << 20;  // octets of all scalars, likewise

struct YamlError {
  Place place;
  std::string text;
};

// Exactly one of the two is set: the root of the one document, or the first thing wrong with it.
struct YamlDocument {
  std::optional<YamlNode> root;
  std::optional<YamlError> error;
};

// Any octets are allowed; those that are not UTF-8 text, and tags, are errors. Never throws.
YamlDocument parse_yaml(std::string_view text);

}  // namespace godwit
