// Another configuration in the place of the one by which a switch runs, without losing a frame.
//
// The file is read as at the start. If anything is wrong with it, or differs that cannot change so
// (lib/config_change.h), or a device that is new cannot be opened, nothing changes. Else topology,
// table of routes and the workers' ports are made aside and put in place by one pointer each; what
// was before goes when all workers have passed a quiescent state. Then control follows: ages,
// static hosts, gateways, and an end to what is known of hosts at ports that their bridge has no
// longer. What is known of the others stays.
//
// Only then devices are closed that no port has any more, and those opened that could not be
// before, as they are the same device, or that of the same port with other queues. If that fails,
// the port is without a device, which is told, and tried again at the next reload.
//
// Control's thread.
#pragma once

#include <string>
#include <vector>

#include "control/devices.h"
#include "control/switch.h"

#include "lib/config_parse.h"

namespace godwit {

struct Reloaded {
  std::vector<ConfigMessage> errors;      // of the file
  std::vector<std::string> need_restart;  // keys that cannot change while it runs
  std::string failure;                    // anything else
  std::vector<std::string> not_opened;    // devices, while all the rest was done

  bool ok() const { return is_done() && not_opened.empty(); }
  // The switch runs by what the file says.
  bool is_done() const { return errors.empty() && need_restart.empty() && failure.empty(); }
  // All of it, one thing a line, with the file's name.
  std::vector<std::string> lines(const std::string& path) const;
};

Reloaded reload(Switch& running, Devices& devices, const std::string& config_path);

}  // namespace godwit
