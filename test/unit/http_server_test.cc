#include "control/http_server.h"

#include <cstring>
#include <optional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/unit/temporary_directory.h"

namespace godwit::test {
namespace {

using namespace std::chrono_literals;

// A body of so many pieces, told apart by their numbers.
class Counting final : public BodySource {
 public:
  explicit Counting(unsigned pieces) : pieces_(pieces) {}
  Turn produce(std::string& piece) override {
    piece += std::to_string(at_) + "\n";
    return ++at_ == pieces_ ? Turn::kLast : Turn::kMore;
  }

 private:
  unsigned pieces_;
  unsigned at_ = 0;
};

// A body that has nothing to say until somebody speaks.
class Patient final : public BodySource {
 public:
  Patient(std::string& words, std::function<void()>& speak) : words_(words) {
    speak = [this] { wake(); };
  }
  Turn produce(std::string& piece) override {
    piece += std::exchange(words_, "");
    return piece == "end" ? Turn::kLast : Turn::kWait;
  }

 private:
  std::string& words_;
};

// A server on a thread of its own, which echoes what it is asked.
class Served {
 public:
  explicit Served(HttpLimits limits = {}) {
    server_.emplace(context_, limits, [this](const HttpRequest& request, const Answer& answer) {
      answer(reply_to(request));
    });
    server_->listen_unix(path());
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Served() {
    boost::asio::post(context_, [this] { end(); });
    work_.reset();
    thread_.join();
  }
  void end() { server_.reset(); }

  std::string path() const { return directory_ / "godwit.sock"; }
  void say(const std::string& words) {
    boost::asio::post(context_, [this, words] {
      words_ = words;
      speak_();
    });
  }
  uint16_t listen_tcp() {
    uint16_t port = 0;
    std::atomic<bool> done{false};
    boost::asio::post(context_, [&] {
      port = server_->listen_tcp("127.0.0.1:0", Door::kListen);
      done = true;
    });
    while (!done) std::this_thread::sleep_for(1ms);
    return port;
  }

 private:
  HttpReply reply_to(const HttpRequest& request) {
    HttpReply reply;
    if (request.path == "/count") {
      reply.source = std::make_unique<Counting>(20'000);
    } else if (request.path == "/wait") {
      reply.source = std::make_unique<Patient>(words_, speak_);
      reply.heartbeat = ":\n";
    } else {
      reply.body = request.method + " " + request.path;
      for (const auto& [name, value] : request.query)
        reply.body.append(" ").append(name).append("=").append(value);
      reply.body += " " + request.body;
      if (request.door == Door::kListen) reply.body += " by tcp";
    }
    return reply;
  }

  TemporaryDirectory directory_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  std::optional<HttpServer> server_;
  std::string words_;
  std::function<void()> speak_;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(const std::string& path) : socket_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    join(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  explicit Client(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    join(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& text) {
    for (size_t at = 0; at < text.size();) {
      const ssize_t n = ::send(socket_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (n <= 0) return;
      at += static_cast<size_t>(n);
    }
  }
  // Until this text comes, or the end.
  std::string receive(const std::string& until = "\xff") {
    std::string text;
    char octets[4096];
    for (ssize_t n; text.find(until) == std::string::npos &&
                    (n = ::recv(socket_, octets, sizeof octets, 0)) > 0;)
      text.append(octets, static_cast<size_t>(n));
    return text;
  }

 private:
  void join(const sockaddr* address, socklen_t size) {
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(connect(socket_, address, size) == 0);
  }

  int socket_;
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}
const std::string kClose = "Connection: close\r\n";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A chunked body put together.
std::string body_of(const std::string& answer) {
  std::string_view rest = answer;
  rest.remove_prefix(std::min(rest.find("\r\n\r\n") + 4, rest.size()));
  std::string body;
  while (!rest.empty()) {
    const size_t line = rest.find("\r\n");
    const size_t size = std::stoul(std::string(rest.substr(0, line)), nullptr, 16);
    if (size == 0) break;
    body += rest.substr(line + 2, size);
    rest.remove_prefix(line + 2 + size + 2);
  }
  return body;
}

}  // namespace

TEST_CASE("requests on one connection are answered one after the other", "[http]") {
  Served served;
  Client client(served.path());
  client.send(get("/one?a=1&b=%20x+y") + get("/two", kClose));
  const std::string answers = client.receive();
  CHECK(has(answers, "HTTP/1.1 200 OK\r\n"));
  CHECK(has(answers, "GET /one a=1 b= x y"));
  CHECK(has(answers, "GET /two"));
}

TEST_CASE("a body is taken whole, asked for first or not", "[http]") {
  Served served;
  Client client(served.path());
  client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  CHECK(has(client.receive("\r\n\r\n"), "HTTP/1.1 100 Continue"));
  client.send("hello");
  CHECK(has(client.receive("hello"), "POST /p hello"));
}

TEST_CASE("what is no HTTP is refused with a word", "[http]") {
  Served served;
  for (const std::string& text :
       {std::string("hello godwit\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"), get("/%zz"),
        get("/%"), get("nothing")}) {
    INFO(text);
    Client client(served.path());
    client.send(text);
    const std::string answer = client.receive("}\n");
    CHECK(has(answer, "HTTP/1.1 400 Bad Request"));
    CHECK(has(answer, R"({"error":"bad-request","what":)"));
  }
}

TEST_CASE("what is too large is refused before it is there", "[http]") {
  Served served({.head_octets = 1024, .body_octets = 100});
  Client body(served.path());
  body.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n");
  CHECK(has(body.receive(), "413 Payload Too Large"));
  Client head(served.path());
  head.send(get("/" + std::string(2000, 'x')));
  CHECK(has(head.receive(), "431 "));
  // One that sends on all the same gets the word, too.
  Client late(served.path());
  late.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" +
            std::string(100'000, 'x'));
  CHECK(has(late.receive(), "413 "));
}

TEST_CASE("a long body comes in pieces, and others are served between them", "[http]") {
  Served served;
  Client slow(served.path());
  slow.send(get("/count", kClose));
  Client quick(served.path());
  quick.send(get("/quick", kClose));
  CHECK(has(quick.receive(), "GET /quick"));
  const std::string body = body_of(slow.receive());
  CHECK(body.starts_with("0\n1\n2\n"));
  CHECK(body.ends_with("19998\n19999\n"));
  // Who speaks no chunks knows the end by the connection's.
  Client old(served.path());
  old.send("GET /count HTTP/1.0\r\n\r\n");
  CHECK(old.receive().ends_with("\n19998\n19999\n"));
}

TEST_CASE("a body that waits goes on when it is woken, and its heart beats", "[http]") {
  Served served({.heartbeat = 50ms});
  Client client(served.path());
  client.send(get("/wait", kClose));
  CHECK(has(client.receive(":\n"), "Transfer-Encoding: chunked"));
  served.say("hello");
  CHECK(has(client.receive("hello"), "hello"));
  served.say("end");
  CHECK(has(client.receive(), "end"));
}

TEST_CASE("the method HEAD gets the header alone", "[http]") {
  Served served;
  Client client(served.path());
  client.send("HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.receive().ends_with("\r\n\r\n"));
}

TEST_CASE("too many connections are turned away", "[http]") {
  Served served({.connections = 2});
  Client first(served.path());
  Client second(served.path());
  second.send(get("/"));
  CHECK(has(second.receive("GET /"), "200 OK"));
  Client third(served.path());
  CHECK(has(third.receive(), "503 Service Unavailable"));
}

TEST_CASE("who says nothing for too long is hung up on", "[http]") {
  Served served({.idle = 50ms, .request = 50ms});
  Client silent(served.path());
  CHECK(silent.receive().empty());
  Client halfway(served.path());
  halfway.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  CHECK(halfway.receive().empty());
}

TEST_CASE("it ends with clients still there", "[http]") {
  std::optional<Served> served(std::in_place);
  const std::string path = served->path();
  Client idle(path);
  Client waiting(path);
  waiting.send(get("/wait"));
  idle.send(get("/"));
  CHECK(has(idle.receive("GET /"), "200 OK"));
  served.reset();
  CHECK(idle.receive().empty());
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a TCP address is served as its own door", "[http]") {
  Served served;
  Client client(served.listen_tcp());
  client.send(get("/t", kClose));
  CHECK(has(client.receive(), "GET /t  by tcp"));
}

TEST_CASE("the socket's path is taken over from the dead and from nobody else", "[http]") {
  TemporaryDirectory directory;
  const std::string path = directory / "made/godwit.sock";
  boost::asio::io_context context;
  const auto serve = [&] {
    auto server = std::make_unique<HttpServer>(context, HttpLimits{}, HttpHandler{});
    server->listen_unix(path);
    return server;
  };
  auto server = serve();
  struct stat made {};
  REQUIRE(stat(path.c_str(), &made) == 0);
  CHECK((made.st_mode & 0777) == 0660);
  CHECK_THROWS_WITH(serve(), Catch::Contains("another godwit listens here"));
  CHECK(access(path.c_str(), F_OK) == 0);
  server.reset();
  CHECK(access(path.c_str(), F_OK) != 0);

  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  REQUIRE(bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  close(left);
  CHECK_NOTHROW(serve());

  write_file(path, "precious");
  CHECK_THROWS_WITH(serve(), Catch::Contains("no socket"));
  CHECK(read_file(path) == "precious");
}

TEST_CASE("an address that cannot be listened on is told", "[http]") {
  boost::asio::io_context context;
  HttpServer server(context, {}, {});
  CHECK_THROWS_WITH(server.listen_tcp("192.0.2.1:1", Door::kMetrics),
                    Catch::StartsWith("192.0.2.1:1: "));
  CHECK_THROWS_WITH(server.listen_tcp("nonsense", Door::kMetrics), Catch::Contains("ADDRESS:PORT"));
  CHECK(server.listen_tcp("127.0.0.1:0", Door::kMetrics) != 0);
}

}  // namespace godwit::test
