// What the API shows, under DPDK's telemetry as well (/godwit/ports and so on): for
// dpdk-telemetry.py, and for collectors that read its socket. A command is turned into a request to
// the API, so the numbers are the same by construction.
//
// DPDK has a thread for each client of its socket. Such a thread hands the request to control's
// event loop and waits for the answer, a second at most: when control is busy for longer, or stands
// in a debugger, the command fails, and that is all. Control makes the answer a turn at a time, as
// it does for others, and no worker hears of it.
#pragma once

#include <boost/asio/io_context.hpp>

#include "control/api_routes.h"

namespace godwit {

class Telemetry {
 public:
  // Registers the commands, which stay for as long as the process lives, and answers them for as
  // long as this does; one at a time. Both must outlive this. Needs a started Eal; without
  // telemetry in it, nobody asks.
  Telemetry(boost::asio::io_context& loop, Api& api);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;
};

}  // namespace godwit
