#include "control/reload.h"

#include <exception>
#include <memory>
#include <utility>

#include <fmt/core.h>

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
  lines.insert(lines.end(), not_opened.begin(), not_opened.end());
  return lines;
}

namespace {

// What cannot change while the switch runs, once the next config has its numbers.
std::vector<std::string> fit(const Config& now, Config& next, const Devices& devices) {
  std::vector<std::string> keys = take_numbers(now, next);
  if (!keys.empty()) return keys;
  keys = keys_that_need_restart(now, next);
  const std::vector<std::string> more = devices.keys_that_need_restart(next);
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

}  // namespace

Reloaded reload(Switch& running, Devices& devices, const std::string& config_path) {
  Reloaded result;
  try {
    ConfigResult next = read_config(config_path);
    result.errors = std::move(next.errors);
    if (!result.ok()) return result;
    result.need_restart = fit(running.topology().config(), next.config, devices);
    if (!result.ok()) return result;
    result.failure = lack_of_devices(next.config);
    if (!result.ok()) return result;
    devices.open(running.topology().config(), next.config);
    auto config = std::make_unique<const Config>(std::move(next.config));
    const DeviceList list = devices.list_for(*config);
    running.follow(std::move(config), list);
    const Config& now = running.topology().config();
    result.not_opened = devices.close(now);
    if (const DeviceList opened = devices.list(); opened != list) running.use_devices(opened);
  } catch (const std::exception& error) {
    result.failure = error.what();
  }
  return result;
}

}  // namespace godwit
