// `godwit run`: a switch as a service. Its thread is control's, on one event loop: it takes its
// turn every millisecond, looks at the ports' links, answers the API and hears signals. Workers
// have lcores of their own and never wait for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "control/devices.h"
#include "control/management.h"
#include "control/service.h"
#include "control/state_saver.h"
#include "control/switch.h"

#include "lib/config.h"
#include "lib/units.h"

namespace godwit {

// Does a thing again and again on an event loop, as long as it lives.
class Every {
 public:
  Every(boost::asio::io_context& loop, Nanos period, std::function<void()> work);

 private:
  void wait();

  boost::asio::steady_timer timer_;
  std::chrono::nanoseconds period_;
  std::function<void()> work_;
};

class Daemon {
 public:
  // Opens the ports of `config`, which was read from `config_path`, with room for those that come
  // later, and takes back what an earlier run of this configuration knew. Needs a started Eal.
  // Throws std::runtime_error that says what does not work and what to do.
  Daemon(Config config, const std::string& config_path);

  // Until SIGTERM or SIGINT: then what was received is forwarded, and it returns.
  void run();

 private:
  Reloaded reload();
  void keep_state(const std::string& path);
  void await_signal();
  void watch_links();
  void feed_watchdog();
  void tell_totals() const;

  const Config config_;  // the first
  const std::string config_path_;
  Devices devices_;
  Switch switch_;
  Service service_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_;
  Management management_;
  std::optional<StateSaver> saver_;
  std::vector<std::optional<bool>> link_told_;  // by PortIndex
  std::vector<uint64_t> rounds_seen_;           // by worker, by the watchdog
};

}  // namespace godwit
