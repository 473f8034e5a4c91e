#include "lib/config_names.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "lib/suggest.h"

namespace godwit {
namespace {

constexpr size_t kMaxNameLength = 64;

constexpr bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text) {
  const auto may_follow = [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxNameLength && is_alphanumeric(text[0]) &&
         std::all_of(text.begin(), text.end(), may_follow);
}

std::string without_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace

std::vector<NamedNode> read_names(const YamlNode& node, std::string_view what, size_t max,
                                  ConfigMessages& messages) {
  std::vector<NamedNode> names;
  std::unordered_map<std::string, size_t> first;  // by name without case, into `names`
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = node.items[i];
    if (!key.is_scalar()) {
      messages.error(key.place, fmt::format("the name of a {} must be a word", what));
      continue;
    }
    if (!is_name(key.text))
      messages.error(key.place,
                     fmt::format("{} is no name for a {} (1 to {} letters, digits, '_', '.', '-', "
                                 "beginning with a letter or a digit)",
                                 quoted(key.text), what, kMaxNameLength));
    const auto [it, is_new] = first.try_emplace(without_case(key.text), names.size());
    if (!is_new) {
      const NamedNode& other = names[it->second];
      messages.error(
          key.place,
          other.name == key.text
              ? fmt::format("{} {} is given twice (first on line {})", what, quoted(key.text),
                            other.place.line)
              : fmt::format("{} {} differs only in case from {} on line {} (rename one)", what,
                            quoted(key.text), quoted(other.name), other.place.line));
      if (other.name == key.text) continue;
    }
    if (names.size() == max) {
      messages.error(key.place, fmt::format("more than {} {}s", max, what));
      break;
    }
    names.push_back({key.text, key.place, &node.items[i + 1]});
  }
  return names;
}

void NameIndex::add(std::string_view name) {
  index_.try_emplace(name, next_++);
  names_.push_back(name);
}

std::optional<uint16_t> NameIndex::resolve(const YamlNode& name, std::string_view owner,
                                           ConfigMessages& messages) const {
  if (!name.is_scalar()) {
    messages.error(name.place, fmt::format("{}: a {} is named by a word", owner, what_));
    return std::nullopt;
  }
  const auto it = index_.find(name.text);
  if (it != index_.end()) return it->second;
  // Without any, the missing ones have been told already.
  if (!names_.empty())
    messages.error(name.place,
                   fmt::format("{}: {} {} is not in {}s{}", owner, what_, quoted(name.text), what_,
                               messages.wants_more() ? did_you_mean(name.text, names_) : ""));
  return std::nullopt;
}

}  // namespace godwit
