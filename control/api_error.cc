#include "control/api_error.h"

#include <string_view>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "control/view.h"

namespace godwit {
namespace {

std::string_view name_of_status(unsigned status) {
  switch (status) {
    case 400:
      return "bad-request";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not-found";
    case 405:
      return "method-not-allowed";
    case 409:
      return "conflict";
    case 413:
      return "too-large";
    case 503:
      return "unavailable";
    default:
      return "failed";
  }
}

// The hint that the reader's message ends with: " (did you mean 'aging'?)".
std::pair<std::string, std::string> split_hint(const std::string& text) {
  const size_t open = text.rfind(" (");
  if (open == std::string::npos || !text.ends_with(')')) return {text, ""};
  return {text.substr(0, open), text.substr(open + 2, text.size() - open - 3)};
}

}  // namespace

ApiError bad_input(std::vector<ConfigMessage> messages, const std::string& where) {
  const ConfigMessage& first = messages.front();
  auto [what, hint] = split_hint(first.text);
  const bool has_place = where == "body";
  ApiError error(400, what, has_place ? fmt::format("body:{}:{}", first.line, first.column) : where,
                 std::move(hint));
  if (has_place) error.messages = std::move(messages);
  return error;
}

HttpReply reply_of(const ApiError& error) {
  Json json = {{"error", name_of_status(error.status)},
               {"what", error.what()},
               {"where", error.where},
               {"hint", error.hint}};
  if (error.messages.size() > 1) {
    Json all = Json::array();
    for (const ConfigMessage& message : error.messages)
      all.push_back({{"line", message.line}, {"column", message.column}, {"text", message.text}});
    json["errors"] = std::move(all);
  }
  HttpReply reply;
  reply.status = error.status;
  // What the caller wrote is part of it, and need not be UTF-8.
  reply.body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (error.status == 401) reply.fields.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

}  // namespace godwit
