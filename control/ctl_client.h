// HTTP to a godwit that runs, over its UNIX socket: one request, and its answer.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace godwit {

// Nobody answers. The program exits with 1.
class CtlUnreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct CtlReply {
  unsigned status = 0;
  std::string body;
};

// Throws CtlUnreachable.
CtlReply ctl_request(const std::string& socket, std::string_view method, const std::string& target,
                     const std::string& body);

// The same for an answer without an end: hands it over as it comes, for as long as on_piece returns
// true. Returns an answer that is none of those, for it has another status than 200.
CtlReply ctl_stream(const std::string& socket, const std::string& target,
                    const std::function<bool(std::string_view)>& on_piece);

}  // namespace godwit
