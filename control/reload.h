// Another configuration in the place of the one by which a switch runs, without losing a frame.
//
// The file is read as at the start. If anything is wrong with it, or differs that cannot change so
// (lib/config_change.h), nothing changes. Else the topology and the table of routes are made aside
// and put in place by one pointer each; what was before goes when all workers have passed a
// quiescent state. Then control follows: ages, and static hosts. What is known of the hosts stays.
//
// Control's thread.
#pragma once

#include <string>
#include <vector>

#include "control/switch.h"

#include "lib/config_parse.h"

namespace godwit {

struct Reloaded {
  std::vector<ConfigMessage> errors;      // of the file
  std::vector<std::string> need_restart;  // keys that cannot change while it runs
  std::string failure;                    // anything else

  bool ok() const { return errors.empty() && need_restart.empty() && failure.empty(); }
  // All of it, one thing a line, with the file's name.
  std::vector<std::string> lines(const std::string& path) const;
};

Reloaded reload(Switch& running, const std::string& config_path);

}  // namespace godwit
