#include "control/ctl_client.h"

#include <array>
#include <limits>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/core.h>

namespace godwit {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Unix = asio::local::stream_protocol;
using Error = boost::system::error_code;

class Connection {
 public:
  explicit Connection(const std::string& path) : path_(path) {
    Error error;
    if (path.size() >= sizeof(sockaddr_un::sun_path))
      throw CtlUnreachable(fmt::format("{}: is longer than a socket's path may be", path));
    socket_.connect(Unix::endpoint(path), error);
    if (error == asio::error::access_denied)
      throw CtlUnreachable(fmt::format("{}: you may not open it: be root, or of its group", path));
    if (error)
      throw CtlUnreachable(fmt::format("no godwit listens on {} ({}): is it running? try --socket",
                                       path, error.message()));
  }

  void send(std::string_view method, const std::string& target, const std::string& body) {
    http::request<http::string_body> request{http::string_to_verb({method.data(), method.size()}),
                                             target, 11};
    request.set(http::field::host, "godwit");
    request.set(http::field::user_agent, "godwitctl/" GODWIT_VERSION);
    request.set(http::field::connection, "close");
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    Error error;
    http::write(socket_, request, error);
    // It may have answered already, and hung up: the answer says why.
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
      throw CtlUnreachable(fmt::format("{}: {}", path_, error.message()));
  }

  template <class Parser>
  void read_head(Parser& parser) {
    parser.body_limit(std::numeric_limits<uint64_t>::max());
    Error error;
    http::read_header(socket_, buffer_, parser, error);
    check(error);
  }

  template <class Parser>
  void read_some(Parser& parser) {
    Error error;
    http::read_some(socket_, buffer_, parser, error);
    if (error != http::error::need_buffer) check(error);
  }

 private:
  void check(Error error) const {
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error == asio::error::connection_reset)
      throw CtlUnreachable(fmt::format("{}: godwit hung up", path_));
    if (error) throw CtlUnreachable(fmt::format("{}: {}", path_, error.message()));
  }

  std::string path_;
  asio::io_context context_;
  Unix::socket socket_{context_};
  beast::flat_buffer buffer_;
};

CtlReply read_whole(Connection& connection, http::response_parser<http::string_body>& parser) {
  while (!parser.is_done()) connection.read_some(parser);
  return {parser.get().result_int(), std::move(parser.get().body())};
}

}  // namespace

CtlReply ctl_request(const std::string& socket, std::string_view method, const std::string& target,
                     const std::string& body) {
  Connection connection(socket);
  connection.send(method, target, body);
  http::response_parser<http::string_body> parser;
  connection.read_head(parser);
  return read_whole(connection, parser);
}

CtlReply ctl_stream(const std::string& socket, const std::string& target,
                    const std::function<bool(std::string_view)>& on_piece) {
  Connection connection(socket);
  connection.send("GET", target, "");
  http::response_parser<http::empty_body> head;
  connection.read_head(head);
  if (head.get().result() != http::status::ok) {
    http::response_parser<http::string_body> parser(std::move(head));
    return read_whole(connection, parser);
  }
  http::response_parser<http::buffer_body> parser(std::move(head));
  std::array<char, 4096> room;
  while (!parser.is_done()) {
    parser.get().body().data = room.data();
    parser.get().body().size = room.size();
    connection.read_some(parser);
    if (!on_piece({room.data(), room.size() - parser.get().body().size})) break;
  }
  return {200, ""};
}

}  // namespace godwit
