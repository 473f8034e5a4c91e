// What a request for the API is made of, and an answer: plain values between the HTTP server, which
// knows nothing of switches, and the routes, which know nothing of sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit {

// Where a request came in, and so what it may ask for.
enum class Door : uint8_t {
  kSocket,   // control.socket: everything; who may open the socket may rule the switch
  kListen,   // control.listen: reading, and everything with the token
  kMetrics,  // control.metrics: /metrics and /healthz
};

struct HttpRequest {
  Door door = Door::kSocket;
  std::string method{};                                      // as it was written
  std::string path{};                                        // decoded, without the query
  std::vector<std::pair<std::string, std::string>> query{};  // decoded, in order
  std::string body{};
  std::string authorization{};  // the field of that name
  std::string last_event_id{};

  bool is_reading() const { return method == "GET" || method == "HEAD"; }
};

// A body that is made piece by piece, a turn of about a millisecond at most for each, so that
// control does other work in between however long it is.
class BodySource {
 public:
  enum class Turn : uint8_t {
    kMore,  // call again
    kWait,  // there is nothing more at the moment: call again upon `wake`
    kLast,
  };

  virtual ~BodySource() = default;
  // Appends the next piece, which may be empty.
  virtual Turn produce(std::string& piece) = 0;

  std::function<void()> wake = [] {};  // of whoever waits; for the source to call
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::unique_ptr<BodySource> source;  // if set, it makes the body, and `body` is not used
  std::string heartbeat;               // sent when the source has been waiting for long
  std::vector<std::pair<std::string, std::string>> fields;  // of the header, further ones
};

// Takes one answer to one request, on control's thread; now or later.
using Answer = std::function<void(HttpReply)>;
using HttpHandler = std::function<void(const HttpRequest&, Answer)>;

// Decodes %xx, and in a query + as a space; std::nullopt if what follows a % is no octet, or is
// the octet 0.
std::optional<std::string> decode_url(std::string_view text, bool is_query);

// Takes "/path?name=value&…" apart into path and query; false when it is none.
bool split_target(std::string_view target, HttpRequest& request);

}  // namespace godwit
