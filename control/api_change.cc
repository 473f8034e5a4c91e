#include "control/api_change.h"

#include <string>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "control/api_error.h"
#include "control/api_show.h"

#include "lib/hints.h"

namespace godwit {
namespace {

Json messages_json(const std::vector<ConfigMessage>& messages) {
  Json list = Json::array();
  for (const ConfigMessage& message : messages)
    list.push_back({{"line", message.line}, {"column", message.column}, {"text", message.text}});
  return list;
}

// What an edit came to, of the host that the request names.
HttpReply reply_of(HostEdit edit, Mac mac, const BridgeContext& bridge) {
  const std::string host = fmt::format("{} in bridge '{}'", to_string(mac), bridge.name);
  switch (edit) {
    case HostEdit::kDone:
      return json_reply({{"changed", true}});
    case HostEdit::kAlready:
      return json_reply({{"changed", false}});
    case HostEdit::kUnknown:
      throw ApiError(404, host + " is not known", "mac", "GET /v1/fdb shows what is");
    case HostEdit::kConfigured:
      throw ApiError(409, host + " is in the configuration", "mac",
                     "change it there and reload, or restart");
    case HostEdit::kGateway:
      throw ApiError(409, host + ": that MAC, or that address, is the gateway's", "mac",
                     "it is godwit's own and cannot be a host's");
    case HostEdit::kNoMember:
      throw ApiError(409, fmt::format("the port is not in bridge '{}'", bridge.name), "port",
                     "GET /v1/bridges shows the members");
    case HostEdit::kTaken:
      throw ApiError(409, host + ": the address is another static host's", "ip",
                     "remove that one first");
    case HostEdit::kFull:
      throw ApiError(409, host + ": there is no room for it", "", "raise the limits, or flush");
  }
  throw ApiError(500, "no such outcome");
}

}  // namespace

HttpReply ApiChange::add_host(const HttpRequest& request) const {
  ApiFields fields = ApiFields::of_body(request, names_);
  const auto bridge = fields.bridge("bridge");
  const auto mac = fields.mac("mac");
  const auto port = fields.port("port");
  const auto ip = fields.ip("ip");
  fields.require({"bridge", "mac", "port"});
  fields.finish();
  return reply_of(subject_.control.edits().add(*bridge, *mac, *port, ip, subject_.now()), *mac,
                  subject_.topology.bridge(*bridge));
}

// A DELETE names the host in its query, as few clients send a body with one; or in its body.
HttpReply ApiChange::remove_host(const HttpRequest& request) const {
  ApiFields fields = request.body.empty() ? ApiFields::of_query(request, names_)
                                          : ApiFields::of_body(request, names_);
  const auto bridge = fields.bridge("bridge");
  const auto mac = fields.mac("mac");
  fields.require({"bridge", "mac"});
  fields.finish();
  return reply_of(subject_.control.edits().remove(*bridge, *mac), *mac,
                  subject_.topology.bridge(*bridge));
}

// Of whatever is named; of everything, if nothing is.
HttpReply ApiChange::flush_fdb(const HttpRequest& request) const {
  ApiFields fields = ApiFields::of_body(request, names_);
  FlushHint flush;
  flush.bridge = fields.bridge("bridge");
  flush.port = fields.port("port");
  flush.mac = fields.mac("mac");
  fields.finish();
  subject_.control.hear({.what = flush}, subject_.now());
  return json_reply({{"flushed", true}});
}

HttpReply ApiChange::flush_neighbors(const HttpRequest& request) const {
  ApiFields fields = ApiFields::of_body(request, names_);
  constexpr std::array<std::string_view, 2> kFamilies = {"ipv4", "ipv6"};
  FlushHint flush;
  flush.bridge = fields.bridge("bridge");
  flush.port = fields.port("port");
  flush.mac = fields.mac("mac");
  const auto family = fields.word("family", kFamilies);
  fields.finish();
  for (const bool ipv6 : {false, true}) {
    if (family && (*family == 1) != ipv6) continue;
    flush.ipv6 = ipv6;
    subject_.control.hear({.what = flush}, subject_.now());
  }
  return json_reply({{"flushed", true}});
}

HttpReply ApiChange::hint(std::string_view kind, const HttpRequest& request) const {
  HintsResult result = parse_hint(kind, request.body, subject_.topology.config());
  if (!result.errors.empty()) throw bad_input(std::move(result.errors), "body");
  for (const Hint& hint : result.hints)
    if (const std::string why_not = subject_.control.hear(hint, subject_.now()); !why_not.empty())
      throw ApiError(409, fmt::format("{} is refused: {}", kind, why_not), "body");
  return json_reply({{"hint", kind}, {"accepted", true}});
}

HttpReply ApiChange::check_config(const HttpRequest& request) const {
  const ConfigResult result = parse_config(request.body);
  return json_reply({{"ok", result.ok()},
                     {"errors", messages_json(result.errors)},
                     {"warnings", messages_json(result.warnings)}});
}

HttpReply ApiChange::reload_config(const HttpRequest& request) const {
  ApiFields::of_body(request, names_).finish();
  const Reloaded result = subject_.reload();
  if (result.ok()) return json_reply({{"reloaded", true}});
  const std::vector<std::string> lines = result.lines("config");
  ApiError error(409, lines.front(), "config",
                 result.is_done() ? "all the rest of it is done: reload again when that is mended"
                 : result.need_restart.empty() ? "nothing has changed"
                                               : "nothing has changed: restart");
  for (const std::string& line : lines) error.messages.push_back({1, 1, line});
  throw error;
}

}  // namespace godwit
