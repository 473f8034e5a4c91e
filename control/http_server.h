// An HTTP/1.1 server on control's thread: everything happens in the handlers of one io_context, and
// none of them waits or takes long. It bounds what others can make it hold: connections, the size
// of a request, and the time that one may take to come or to be taken.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "control/http.h"

namespace godwit {

struct HttpLimits {
  unsigned connections = 128;
  size_t head_octets = 8192;
  size_t body_octets = size_t{2} << 20;
  std::chrono::milliseconds idle{60'000};  // between two requests, and until what is sent is taken
  std::chrono::milliseconds request{20'000};    // for a body to arrive
  std::chrono::milliseconds heartbeat{15'000};  // of a body that waits
};

class HttpServer {
 public:
  // Keeps a reference to the context, whose thread is the only one that may call.
  HttpServer(boost::asio::io_context& context, const HttpLimits& limits, HttpHandler handler);
  // Closes every connection; a context that runs on afterwards calls nothing of the handler's.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens on a UNIX socket that the owner and the group of the process may open (0660). What a
  // former run left at that path is removed if nobody listens there. Throws std::runtime_error.
  void listen_unix(const std::string& path);
  // Listens on ADDRESS:PORT. Throws std::runtime_error. Returns the port, which the system chose
  // if 0 was given.
  uint16_t listen_tcp(const std::string& address, Door door);

  size_t connections() const;

  struct Shared;  // with the connections, which may outlive the server by a moment

 private:
  class Listener;

  void start(int family, int socket, Door door);

  boost::asio::io_context& context_;
  std::shared_ptr<Shared> shared_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::string path_;  // of the UNIX socket
};

}  // namespace godwit
