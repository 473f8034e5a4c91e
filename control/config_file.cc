#include "control/config_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "control/command_line.h"

#include "lib/config_forget.h"
#include "lib/config_parse.h"

namespace godwit {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  // One octet more than is allowed, so that the parser sees that it is too much.
  if (file) {
    text.resize(kMaxConfigBytes + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof()))
    throw UsageError(fmt::format("{}: {}", path, std::strerror(errno != 0 ? errno : EISDIR)));
  return text;
}

void print(const std::string& path, const char* kind, const std::vector<ConfigMessage>& messages) {
  for (const ConfigMessage& message : messages)
    fmt::print(stderr, "{}:{}:{}: {}: {}\n", path, message.line, message.column, kind,
               message.text);
}

// The keys of forget.key_file, whose place is relative to the configuration's. Whoever can read
// them can make every switch forget every host, so it is told when that is anybody.
bool load_keys(const std::string& config_path, ForgetConfig& forget) {
  namespace fs = std::filesystem;
  if (forget.key_file.empty()) return true;
  const fs::path path = fs::path(config_path).parent_path() / forget.key_file;
  errno = 0;
  ParsedKeys parsed = parse_key_file(read_text(path));
  if (!parsed.fault.empty()) {
    print(path, "error", {{parsed.line, 1, fmt::format("the key {}", parsed.fault)}});
    return false;
  }
  for (auto& key : parsed.keys) forget.keys.push_back(std::move(key));
  std::error_code ignored;
  if ((fs::status(path, ignored).permissions() & fs::perms::others_read) != fs::perms::none)
    print(path, "warning", {{1, 1, "anybody may read the keys (chmod o= it)"}});
  return true;
}

}  // namespace

std::optional<Config> load_config(const std::string& path) {
  errno = 0;
  ConfigResult result = parse_config(read_text(path));
  print(path, "error", result.errors);
  print(path, "warning", result.warnings);
  if (!result.ok() || !load_keys(path, result.config.forget)) return std::nullopt;
  return std::move(result.config);
}

ConfigResult read_config(const std::string& path) {
  errno = 0;
  ConfigResult result = parse_config(read_text(path));
  if (result.ok() && !load_keys(path, result.config.forget))
    result.errors.push_back({1, 1, "forget.key_file: a key is wrong (the log says which)"});
  return result;
}

std::optional<std::vector<Hint>> load_hints(const std::string& path, const Config& config) {
  errno = 0;
  HintsResult result = parse_hints(read_text(path), config);
  print(path, "error", result.errors);
  if (!result.errors.empty()) return std::nullopt;
  return std::move(result.hints);
}

}  // namespace godwit
