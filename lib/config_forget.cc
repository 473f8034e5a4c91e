#include "lib/config_forget.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

namespace godwit {
namespace {

constexpr uint64_t kMaxRate = 1'000'000;
constexpr CountRange kSkew{100 * kMillisecond, 3600 * kSecond};

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Not by MapReader::value_error, which shows the value.
void read_key(MapReader& map, ConfigMessages& messages, ForgetConfig& forget) {
  const YamlNode* value = map.find_text("key", "a key in hexadecimal");
  if (value == nullptr) return;
  ParsedKey parsed = parse_key(value->text);
  if (parsed.fault.empty())
    forget.keys.push_back(std::move(parsed.key));
  else
    messages.error(value->place, fmt::format("forget.key: {}", parsed.fault));
}

}  // namespace

ParsedKey parse_key(std::string_view text) {
  ParsedKey parsed;
  if (text.size() % 2 != 0) return {{}, "has an odd number of hexadecimal digits"};
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t octet = 0;
    const char* const digits = text.data() + i;
    const auto [end, error] = std::from_chars(digits, digits + 2, octet, 16);
    if (error != std::errc() || end != digits + 2) return {{}, "is not hexadecimal"};
    parsed.key.push_back(octet);
  }
  if (parsed.key.size() < kMinKey)
    return {{}, "is shorter than 16 octets (make one with: openssl rand -hex 32)"};
  if (parsed.key.size() > kMaxKey) return {{}, "is longer than 128 octets"};
  return parsed;
}

ParsedKeys parse_key_file(std::string_view text) {
  ParsedKeys parsed;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view word = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty() || word.front() == '#') continue;
    ParsedKey key = parse_key(word);
    if (!key.fault.empty()) return {{}, line, key.fault};
    if (parsed.keys.size() == kMaxKeys) return {{}, line, "is a key too many (8 are enough)"};
    parsed.keys.push_back(std::move(key.key));
  }
  if (parsed.keys.empty()) return {{}, 1, "is missing (make one with: openssl rand -hex 32)"};
  return parsed;
}

void read_forget(MapReader& root, ConfigMessages& messages, ForgetConfig& forget) {
  const YamlNode* node = root.find_map("forget");
  if (node == nullptr) return;
  MapReader map(messages, *node, "", "forget");
  if (const YamlNode* name = map.find_text("switch", "a name")) {
    if (name->text.empty() || name->text.size() > 255)
      map.value_error("switch", *name, "is no name of 1 to 255 octets");
    else
      forget.switch_name = name->text;
  }
  read_key(map, messages, forget);
  if (const YamlNode* file = map.find_text("key_file", "a path")) {
    forget.key_file = file->text;
    if (file->text.empty()) map.value_error("key_file", *file, "is empty");
  }
  map.read_duration("max_skew", forget.max_skew, kSkew);
  map.read_rate("rate", forget.rate.per_second, kMaxRate);
  map.require({"switch"});
  if (!map.has_value("key") && !map.has_value("key_file"))
    messages.error(node->place, "forget: has no key (write key_file: PATH)");
  map.finish();
}

}  // namespace godwit
