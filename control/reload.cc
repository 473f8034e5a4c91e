#include "control/reload.h"

#include <exception>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "control/config_file.h"

#include "lib/config_change.h"

namespace godwit {

std::vector<std::string> Reloaded::lines(const std::string& path) const {
  std::vector<std::string> lines;
  for (const ConfigMessage& error : errors)
    lines.push_back(fmt::format("{}:{}:{}: {}", path, error.line, error.column, error.text));
  for (const std::string& key : need_restart)
    lines.push_back(fmt::format("{}: {} needs a restart to change", path, key));
  if (!failure.empty()) lines.push_back(failure);
  return lines;
}

Reloaded reload(Switch& running, const std::string& config_path) {
  Reloaded result;
  try {
    ConfigResult next = read_config(config_path);
    result.errors = std::move(next.errors);
    if (!result.ok()) return result;
    result.need_restart = keys_that_need_restart(running.topology().config(), next.config);
    if (result.ok()) running.follow(std::make_unique<const Config>(std::move(next.config)));
  } catch (const std::exception& error) {
    result.failure = error.what();
  }
  return result;
}

}  // namespace godwit
