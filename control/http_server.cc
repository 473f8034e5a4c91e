#include "control/http_server.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/http_session.h"

namespace godwit {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Error = boost::system::error_code;
using Unix = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;

constexpr mode_t kSocketMode = 0660;
constexpr auto kAcceptAgain = std::chrono::milliseconds(200);

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw std::runtime_error(fmt::format("{}: {}", where, what));
}

// Whoever ended without tidying up left a socket that nobody listens on.
void remove_stale(asio::io_context& context, const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) fail(path, "is there and no socket: name another control.socket");
  Error error;
  Unix::socket probe(context);
  probe.connect(Unix::endpoint(path), error);
  if (!error) fail(path, "another godwit listens here: end it, or name another control.socket");
  if (error != asio::error::connection_refused) fail(path, error.message());
  if (unlink(path.c_str()) != 0) fail(path, std::strerror(errno));
}

void make_directory_of(const std::string& path) {
  const fs::path directory = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directory(directory, error);  // one level: /run/godwit, where no service made it
  if (!fs::is_directory(directory))
    fail(directory.string(), "there is no such directory for control.socket: make it");
}

Tcp::endpoint endpoint_of(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Error error;
  const auto ip = asio::ip::make_address(host, error);
  if (error || colon == std::string::npos) fail(address, "is not ADDRESS:PORT");
  const unsigned long port = std::strtoul(address.c_str() + colon + 1, nullptr, 10);
  return {ip, static_cast<uint16_t>(port)};
}

}  // namespace

// A socket that listens, of either family.
class HttpServer::Listener : public std::enable_shared_from_this<HttpServer::Listener> {
 public:
  Listener(asio::io_context& context, Door door, std::shared_ptr<Shared> shared)
      : acceptor_(context), door_(door), shared_(std::move(shared)), timer_(context) {}

  // Takes over a listening socket of this address family.
  void start(int family, int socket) {
    acceptor_.assign(HttpSession::Protocol(family, 0), socket);
    accept();
  }
  void stop() {
    Error ignored;
    acceptor_.close(ignored);
    timer_.cancel(ignored);
  }

 private:
  void accept() {
    acceptor_.async_accept([self = shared_from_this()](Error error, HttpSession::Socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) return self->accept_later();
      self->open(std::move(socket));
      self->accept();
    });
  }

  void open(HttpSession::Socket socket) {
    auto session = std::make_shared<HttpSession>(std::move(socket), door_, shared_);
    std::erase_if(shared_->sessions, [](const auto& weak) { return weak.expired(); });
    shared_->sessions.push_back(session);
    if (shared_->open > shared_->limits.connections)
      session->turn_away();
    else
      session->start();
  }

  // Out of file descriptors, most likely: there will be some again.
  void accept_later() {
    timer_.expires_after(kAcceptAgain);
    timer_.async_wait([self = shared_from_this()](Error error) {
      if (!error) self->accept();
    });
  }

  asio::basic_socket_acceptor<HttpSession::Protocol> acceptor_;
  Door door_;
  std::shared_ptr<Shared> shared_;
  asio::steady_timer timer_;
};

HttpServer::HttpServer(asio::io_context& context, const HttpLimits& limits, HttpHandler handler)
    : context_(context), shared_(std::make_shared<Shared>()) {
  shared_->limits = limits;
  shared_->handler = std::move(handler);
}

HttpServer::~HttpServer() {
  shared_->handler = nullptr;
  for (const auto& listener : listeners_) listener->stop();
  for (const auto& weak : shared_->sessions)
    if (const auto session = weak.lock()) session->stop();
  if (!path_.empty()) unlink(path_.c_str());
}

size_t HttpServer::connections() const { return shared_->open; }

void HttpServer::listen_unix(const std::string& path) {
  make_directory_of(path);
  remove_stale(context_, path);
  try {
    Unix::acceptor acceptor(context_);
    acceptor.open();
    acceptor.bind(Unix::endpoint(path));
    path_ = path;
    // Nobody can connect before it listens, and so never with other permissions than these.
    if (chmod(path.c_str(), kSocketMode) != 0) fail(path, std::strerror(errno));
    acceptor.listen();
    start(AF_UNIX, acceptor.release(), Door::kSocket);
  } catch (const boost::system::system_error& error) {
    fail(path, error.code().message());
  }
}

uint16_t HttpServer::listen_tcp(const std::string& address, Door door) {
  const Tcp::endpoint endpoint = endpoint_of(address);
  try {
    Tcp::acceptor acceptor(context_, endpoint);  // with SO_REUSEADDR
    const uint16_t port = acceptor.local_endpoint().port();
    start(endpoint.protocol().family(), acceptor.release(), door);
    return port;
  } catch (const boost::system::system_error& error) {
    fail(address, error.code().message());
  }
}

void HttpServer::start(int family, int socket, Door door) {
  listeners_.push_back(std::make_shared<Listener>(context_, door, shared_));
  listeners_.back()->start(family, socket);
}

}  // namespace godwit
