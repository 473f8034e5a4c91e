#include "control/http_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace godwit {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto kLinger = std::chrono::seconds(2);
constexpr size_t kLingerOctets = 65536;
constexpr unsigned kLingerReads = 256;

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

HttpSession::HttpSession(Socket socket, Door door, std::shared_ptr<HttpServer::Shared> shared)
    : shared_(std::move(shared)),
      door_(door),
      stream_(std::move(socket)),
      timer_(stream_.get_executor()) {
  ++shared_->open;
}

HttpSession::~HttpSession() { --shared_->open; }

void HttpSession::stop() {
  Error ignored;
  source_.reset();
  timer_.cancel(ignored);
  stream_.close();
}

void HttpSession::turn_away() {
  keep_alive_ = false;
  refuse(503, "too many connections", "close some, or try again later");
}

void HttpSession::read_head() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(shared_->limits.head_octets));
  parser_->body_limit(shared_->limits.body_octets);
  stream_.expires_after(shared_->limits.idle);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, size_t) { self->on_head(error); });
}

void HttpSession::on_head(Error error) {
  if (error) return refuse(error);
  if (const auto& head = parser_->get(); head[http::field::expect] == "100-continue") {
    // Nobody has to wait for a body that is welcome, and one that is not is refused by its length.
    auto go_on = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
    return http::async_write(stream_, *go_on,
                             [self = shared_from_this(), go_on](Error write_error, size_t) {
                               if (!write_error) self->read_body();
                             });
  }
  read_body();
}

void HttpSession::read_body() {
  stream_.expires_after(shared_->limits.request);
  http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](Error error, size_t) {
    if (error) return self->refuse(error);
    self->on_request();
  });
}

void HttpSession::on_request() {
  auto message = parser_->release();
  parser_.reset();
  version_ = message.version();
  keep_alive_ = message.keep_alive();
  is_head_ = message.method() == http::verb::head;
  HttpRequest request;
  request.door = door_;
  request.method = std::string(view_of(message.method_string()));
  request.authorization = std::string(view_of(message[http::field::authorization]));
  request.last_event_id = std::string(view_of(message["Last-Event-ID"]));
  request.body = std::move(message.body());
  if (!split_target(view_of(message.target()), request))
    return refuse(400, fmt::format("the target '{}' cannot be read", view_of(message.target())),
                  "write /path?name=value, other octets as %xx");
  if (!shared_->handler) return;
  stream_.expires_never();
  shared_->handler(
      request, [self = shared_from_this()](HttpReply reply) { self->answer(std::move(reply)); });
}

// What cannot be read ends the connection, with a word where one can be said.
void HttpSession::refuse(Error error) {
  keep_alive_ = false;
  if (error == http::error::body_limit)
    return refuse(413,
                  fmt::format("the body is longer than {} octets", shared_->limits.body_octets),
                  "send less");
  if (error == http::error::header_limit)
    return refuse(431,
                  fmt::format("the header is longer than {} octets", shared_->limits.head_octets),
                  "send less");
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message)
    return refuse(400, fmt::format("this is no HTTP/1.1: {}", error.message()), "");
}

void HttpSession::refuse(unsigned status, const std::string& what, const std::string& hint) {
  HttpReply reply;
  reply.status = status;
  reply.body = nlohmann::ordered_json{{"error", status == 503 ? "unavailable" : "bad-request"},
                                      {"what", what},
                                      {"where", "request"},
                                      {"hint", hint}}
                   .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
               "\n";
  answer(std::move(reply));
}

void HttpSession::answer(HttpReply reply) {
  if (!stream_.socket().is_open()) return;  // stopped meanwhile
  stream_.expires_after(shared_->limits.idle);
  if (!reply.source || is_head_) return answer_whole(std::move(reply));
  source_ = std::move(reply.source);
  // Called from anywhere in control, and so perhaps while a piece is made.
  source_->wake = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  };
  const BodySource::Turn turn = source_->produce(reply.body);
  if (turn == BodySource::Turn::kLast)
    answer_whole(std::move(reply));
  else
    answer_piecewise(std::move(reply), turn);
}

template <class Body>
std::shared_ptr<http::response<Body>> HttpSession::head_of(const HttpReply& reply) const {
  auto response =
      std::make_shared<http::response<Body>>(static_cast<http::status>(reply.status), version_);
  response->set(http::field::server, "godwit/" GODWIT_VERSION);
  response->set(http::field::content_type, reply.content_type);
  response->set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : reply.fields) response->set(name, value);
  response->keep_alive(keep_alive_);
  return response;
}

void HttpSession::answer_whole(HttpReply reply) {
  auto response = head_of<http::string_body>(reply);
  response->content_length(reply.body.size());
  if (!is_head_) response->body() = std::move(reply.body);
  if (is_head_ && reply.source) response->erase(http::field::content_length);
  http::async_write(stream_, *response, [self = shared_from_this(), response](Error error, size_t) {
    self->on_answered(error);
  });
}

void HttpSession::answer_piecewise(HttpReply reply, BodySource::Turn turn) {
  keep_alive_ = keep_alive_ && version_ >= 11;  // an older peer knows the end by the connection's
  response_ = head_of<StreamedBody>(reply);
  response_->chunked(version_ >= 11);
  response_->body().data = nullptr;
  response_->body().more = true;
  heartbeat_ = std::move(reply.heartbeat);
  piece_ = std::move(reply.body);
  serializer_.emplace(*response_);
  http::async_write_header(stream_, *serializer_,
                           [self = shared_from_this(), turn](Error error, size_t) {
                             if (error) return self->on_answered(error);
                             self->go_on(turn);
                           });
}

void HttpSession::next_piece() {
  if (!source_) return;  // stopped
  piece_.clear();
  woken_ = false;
  go_on(source_->produce(piece_));
}

void HttpSession::go_on(BodySource::Turn turn) {
  if (turn == BodySource::Turn::kLast || !piece_.empty())
    return write_piece(turn == BodySource::Turn::kLast);
  if (turn == BodySource::Turn::kWait && !woken_) return wait();
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->next_piece(); });
}

void HttpSession::wait() {
  waiting_ = true;
  timer_.expires_after(shared_->limits.heartbeat);
  timer_.async_wait([self = shared_from_this()](Error error) {
    if (error || !std::exchange(self->waiting_, false)) return;
    self->piece_ = self->heartbeat_;
    if (self->piece_.empty()) return self->wait();
    self->write_piece(false);
  });
}

void HttpSession::wake() {
  woken_ = true;
  if (!std::exchange(waiting_, false)) return;
  timer_.cancel();
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->next_piece(); });
}

void HttpSession::write_piece(bool is_last) {
  stream_.expires_after(shared_->limits.idle);
  auto& body = response_->body();
  body.data = piece_.empty() ? nullptr : piece_.data();
  body.size = piece_.size();
  body.more = !is_last;
  http::async_write(stream_, *serializer_,
                    [self = shared_from_this(), is_last](Error error, size_t) {
                      if (error == http::error::need_buffer) error = {};
                      if (error || is_last) return self->on_answered(error);
                      self->stream_.expires_never();
                      self->next_piece();
                    });
}

void HttpSession::on_answered(Error error) {
  source_.reset();
  serializer_.reset();
  response_.reset();
  if (!error && keep_alive_ && shared_->handler) return read_head();
  Error ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  if (!error) linger();
}

// To close with octets unread would take back the answer to them (TCP resets the connection), so
// the rest of a request that was refused is read, for a moment.
void HttpSession::linger() {
  stream_.expires_after(kLinger);
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(kLingerOctets),
                          [self = shared_from_this()](Error error, size_t) {
                            if (!error && ++self->lingered_ < kLingerReads) self->linger();
                          });
}

}  // namespace godwit
