#include "control/management.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "control/log.h"

namespace godwit {
namespace {

// The first line of the file that control.token names.
std::string read_token(const std::string& path) {
  if (path.empty()) return {};
  std::ifstream file(path);
  std::string token;
  if (!std::getline(file, token))
    throw std::runtime_error(fmt::format("control.token: {}: {}", path,
                                         file.is_open() ? "is empty" : std::strerror(errno)));
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) throw std::runtime_error(fmt::format("control.token: {}: is empty", path));
  return token;
}

void listen(HttpServer& server, const ControlConfig& config) {
  try {
    server.listen_unix(config.socket);
    log("control socket: {}", config.socket);
  } catch (const std::runtime_error& error) {
    if (config.socket != ControlConfig{}.socket) throw;
    log("warning: no control socket: {} (name one that you may make, as control.socket)",
        error.what());
  }
  if (!config.listen.empty()) server.listen_tcp(config.listen, Door::kListen);
  if (!config.metrics.empty()) server.listen_tcp(config.metrics, Door::kMetrics);
}

}  // namespace

Management::Management(boost::asio::io_context& loop, Switch& running, const Config& config,
                       std::function<Reloaded()> reload)
    : api_(subject_of(running, std::move(reload)), read_token(config.control.token)),
      server_(loop, HttpLimits{},
              [this](const HttpRequest& request, const Answer& answer) {
                api_.handle(request, answer);
              }),
      telemetry_(loop, api_) {
  listen(server_, config.control);
}

}  // namespace godwit
