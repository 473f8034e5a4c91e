// godwitctl(1): shows and rules a godwit that runs, through its API.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "control/ctl_client.h"
#include "control/ctl_command.h"
#include "control/ctl_text.h"

namespace {

using namespace godwit;
using Json = nlohmann::ordered_json;

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

// What the API says against a request.
int report_error(const CtlReply& reply) {
  const Json error = Json::parse(reply.body, nullptr, false);
  if (!error.is_object() || !error.contains("what")) {
    fmt::print(stderr, "godwitctl: godwit answers {}\n", reply.status);
    return kFailed;
  }
  const std::string hint = error.value("hint", "");
  fmt::print(stderr, "godwitctl: {}{}\n", error.value("what", ""),
             hint.empty() ? hint : fmt::format(" ({})", hint));
  return reply.status == 400 || reply.status == 413 ? kBadInput : kFailed;
}

// Told as compilers tell theirs, and as `godwit check` does.
int report_check(const CtlCommand& command, const Json& answer) {
  const std::string& file = command.values.at("file");
  for (const auto& [list, kind] : {std::pair{"errors", "error"}, std::pair{"warnings", "warning"}})
    for (const Json& message : answer[list])
      fmt::print(stderr, "{}:{}:{}: {}: {}\n", file, message["line"].dump(),
                 message["column"].dump(), kind, message["text"].get<std::string>());
  if (answer["ok"] != true) return kBadInput;
  if (!command.json) fmt::print("{}: no error\n", file);
  return 0;
}

// The lines of a stream of events, put together to events.
class EventReader {
 public:
  EventReader(bool json, uint64_t now_ns) : json_(json), now_ns_(now_ns) {}

  void read(std::string_view piece) {
    for (const char c : piece) {
      if (c != '\n') {
        line_ += c;
        continue;
      }
      end_line();
      line_.clear();
    }
    std::fflush(stdout);
  }

 private:
  void end_line() {
    if (line_.starts_with("event: ")) name_ = line_.substr(7);
    if (line_.starts_with("data: ")) data_ = line_.substr(6);
    if (!line_.empty() || data_.empty()) return;
    if (json_)
      fmt::print("{{\"event\":\"{}\",\"data\":{}}}\n", name_, data_);
    else
      fmt::print("{}", ctl_event_text(name_, Json::parse(data_), now()));
    data_.clear();
  }
  uint64_t now() const {
    return now_ns_ + static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start_).count());
  }

  using Clock = std::chrono::steady_clock;
  bool json_;
  uint64_t now_ns_;  // godwit's clock at start_
  Clock::time_point start_ = Clock::now();
  std::string line_;
  std::string name_;
  std::string data_;
};

int follow(const CtlCommand& command) {
  const CtlReply version = ctl_request(command.socket, "GET", "/v1/version", "");
  if (version.status != 200) return report_error(version);
  EventReader reader(command.json, Json::parse(version.body)["uptime_ns"].get<uint64_t>());
  const CtlReply reply = ctl_stream(command.socket, command.target(), [&](std::string_view piece) {
    reader.read(piece);
    return std::ferror(stdout) == 0;
  });
  return reply.status == 200 ? kFailed : report_error(reply);  // it has no end of its own
}

int run(const CtlCommand& command) {
  if (!command.text.empty()) {
    fmt::print("{}", command.text);
    return 0;
  }
  if (command.verb->layout == CtlLayout::kFollow) return follow(command);
  const CtlReply reply =
      ctl_request(command.socket, command.verb->method, command.target(), command.body());
  if (reply.status != 200) {
    if (command.json) fmt::print("{}", reply.body);
    return report_error(reply);
  }
  if (command.json) fmt::print("{}", reply.body);
  if (command.verb->layout == CtlLayout::kCheck)
    return report_check(command, Json::parse(reply.body));
  if (!command.json) fmt::print("{}", ctl_text(command.verb->layout, Json::parse(reply.body)));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const char* socket = std::getenv("GODWIT_SOCKET");
    const std::string usual = socket != nullptr ? socket : "/run/godwit/godwit.sock";
    const int status = run(parse_ctl({argv + 1, argv + argc}, usual));
    if (std::fflush(stdout) == 0) return status;
    fmt::print(stderr, "godwitctl: standard output cannot be written\n");
  } catch (const CtlUsageError& error) {
    fmt::print(stderr, "godwitctl: {}\n", error.what());
    return kBadInput;
  } catch (const std::exception& error) {
    fmt::print(stderr, "godwitctl: {}\n", error.what());
  }
  return kFailed;
}
