// What a service manager is told: sd_notify(3) of systemd, by its socket. Without one nothing is
// told and nothing fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/units.h"

namespace godwit {

class Service {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment.
  Service();

  // "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=...".
  void tell(std::string_view state) const;
  // How often the watchdog wants to hear of us, if there is one.
  std::optional<Nanos> watchdog() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<Nanos> watchdog_;
};

}  // namespace godwit
