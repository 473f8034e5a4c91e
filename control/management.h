// How a running switch is shown and ruled from outside: the API on its sockets and under DPDK's
// telemetry, on the event loop of control's thread.
#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>

#include "control/api_routes.h"
#include "control/http_server.h"
#include "control/switch.h"
#include "control/telemetry.h"

#include "lib/config.h"

namespace godwit {

class Management {
 public:
  // Listens where config.control says. All must outlive this. Throws std::runtime_error when that
  // cannot be; but where the configuration names no socket and the usual place is not to be had,
  // it says so in the log and goes on without.
  Management(boost::asio::io_context& loop, Switch& running, const Config& config,
             std::function<Reloaded()> reload);

  // To be told of links, and polled whenever control has had a turn.
  EventFeed& events() { return api_.events(); }

 private:
  Api api_;
  HttpServer server_;
  Telemetry telemetry_;
};

}  // namespace godwit
