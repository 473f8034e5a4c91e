#include "control/config_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "control/command_line.h"

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

}  // namespace

std::optional<Config> load_config(const std::string& path) {
  errno = 0;
  ConfigResult result = parse_config(read_text(path));
  print(path, "error", result.errors);
  print(path, "warning", result.warnings);
  if (!result.ok()) return std::nullopt;
  return std::move(result.config);
}

std::optional<std::vector<Hint>> load_hints(const std::string& path, const Config& config) {
  errno = 0;
  HintsResult result = parse_hints(read_text(path), config);
  print(path, "error", result.errors);
  if (!result.errors.empty()) return std::nullopt;
  return std::move(result.hints);
}

}  // namespace godwit
