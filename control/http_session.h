// One connection of an HttpServer: reads a request, has it answered, writes the answer, and so on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "control/http_server.h"

namespace godwit {

class HttpSession;

struct HttpServer::Shared {
  HttpLimits limits;
  HttpHandler handler;  // empty once the server has ended
  std::vector<std::weak_ptr<HttpSession>> sessions;
  size_t open = 0;
};

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  using Protocol = boost::asio::generic::stream_protocol;
  using Socket = Protocol::socket;

  HttpSession(Socket socket, Door door, std::shared_ptr<HttpServer::Shared> shared);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  void start() { read_head(); }
  // Answers the first request with "come back later", for there are too many connections.
  void turn_away();
  void stop();

 private:
  using Stream = boost::beast::basic_stream<Protocol>;
  using Error = boost::system::error_code;
  template <class Body>
  using Response = boost::beast::http::response<Body>;
  using StreamedBody = boost::beast::http::buffer_body;

  void read_head();
  void on_head(Error error);
  void read_body();
  void on_request();
  void refuse(Error error);
  void refuse(unsigned status, const std::string& what, const std::string& hint);
  void answer(HttpReply reply);
  void answer_whole(HttpReply reply);
  void answer_piecewise(HttpReply reply, BodySource::Turn turn);
  template <class Body>
  std::shared_ptr<Response<Body>> head_of(const HttpReply& reply) const;
  void next_piece();
  void go_on(BodySource::Turn turn);  // with what is in piece_
  void wait();
  void wake();
  void write_piece(bool is_last);
  void on_answered(Error error);
  void linger();

  std::shared_ptr<HttpServer::Shared> shared_;
  Door door_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  bool keep_alive_ = false;
  unsigned version_ = 11;
  bool is_head_ = false;  // the method HEAD: no body
  unsigned lingered_ = 0;

  // An answer that is made piece by piece.
  std::unique_ptr<BodySource> source_;
  std::shared_ptr<Response<StreamedBody>> response_;
  std::optional<boost::beast::http::response_serializer<StreamedBody>> serializer_;
  std::string piece_;
  std::string heartbeat_;
  boost::asio::steady_timer timer_;
  bool waiting_ = false;
  bool woken_ = false;
};

}  // namespace godwit
