#include "control/api_routes.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "control/api_error.h"
#include "control/metrics.h"

#include "lib/hints.h"
#include "lib/suggest.h"

namespace godwit {
namespace {

constexpr std::string_view kHints = "/v1/hints/";

// Takes as long whatever is wrong about `given`, but for its length.
bool is_same_secret(std::string_view secret, std::string_view given) {
  if (secret.size() != given.size()) return false;
  unsigned differs = 0;
  for (size_t i = 0; i < secret.size(); ++i)
    differs |= static_cast<unsigned char>(secret[i] ^ given[i]);
  return differs == 0;
}

}  // namespace

struct Api::Route {
  std::string_view method;
  std::string_view path;
  HttpReply (*answer)(Api&, const HttpRequest&);
};

const Api::Route Api::kRoutes[] = {
    {"GET", "/v1/fdb", [](Api& api, const HttpRequest& r) { return api.show_.fdb(r); }},
    {"POST", "/v1/fdb", [](Api& api, const HttpRequest& r) { return api.change_.add_host(r); }},
    {"DELETE", "/v1/fdb",
     [](Api& api, const HttpRequest& r) { return api.change_.remove_host(r); }},
    {"POST", "/v1/fdb/flush",
     [](Api& api, const HttpRequest& r) { return api.change_.flush_fdb(r); }},
    {"GET", "/v1/neighbors", [](Api& api, const HttpRequest& r) { return api.show_.neighbors(r); }},
    {"POST", "/v1/neighbors/flush",
     [](Api& api, const HttpRequest& r) { return api.change_.flush_neighbors(r); }},
    {"GET", "/v1/moves", [](Api& api, const HttpRequest& r) { return api.show_.moves(r); }},
    {"GET", "/v1/alarms", [](Api& api, const HttpRequest& r) { return api.show_.alarms(r); }},
    {"GET", "/v1/ports", [](Api& api, const HttpRequest& r) { return api.show_.ports(r); }},
    {"GET", "/v1/bridges", [](Api& api, const HttpRequest& r) { return api.show_.bridges(r); }},
    {"GET", "/v1/stats", [](Api& api, const HttpRequest& r) { return api.show_.stats(r); }},
    {"GET", "/v1/workers", [](Api& api, const HttpRequest& r) { return api.show_.workers(r); }},
    {"GET", "/v1/version", [](Api& api, const HttpRequest& r) { return api.show_.version(r); }},
    {"GET", "/v1/events", [](Api& api, const HttpRequest& r) { return api.events(r); }},
    {"GET", "/v1/trace", [](Api& api, const HttpRequest& r) { return api.look_.trace(r); }},
    {"POST", "/v1/trace/start",
     [](Api& api, const HttpRequest& r) { return api.look_.start_trace(r); }},
    {"POST", "/v1/trace/stop",
     [](Api& api, const HttpRequest& r) { return api.look_.stop_trace(r); }},
    {"GET", "/v1/pcap", [](Api& api, const HttpRequest& r) { return api.look_.capture(r); }},
    {"POST", "/v1/pcap/start",
     [](Api& api, const HttpRequest& r) { return api.look_.start_capture(r); }},
    {"POST", "/v1/pcap/stop",
     [](Api& api, const HttpRequest& r) { return api.look_.stop_capture(r); }},
    {"POST", "/v1/config/check",
     [](Api& api, const HttpRequest& r) { return api.change_.check_config(r); }},
    {"POST", "/v1/config/reload",
     [](Api& api, const HttpRequest& r) { return api.change_.reload_config(r); }},
    {"GET", "/metrics", [](Api& api, const HttpRequest& r) { return api.metrics(r); }},
    {"GET", "/healthz", [](Api& api, const HttpRequest& r) { return api.health(r); }},
};

Api::Api(ApiSubject subject, std::string token)
    : subject_(std::move(subject)),
      token_(std::move(token)),
      view_(subject_.topology, subject_.tables),
      names_(subject_.topology.config()),
      names_of_(subject_.topology.number()),
      events_(subject_.topology, view_, subject_.control),
      show_(subject_, view_, names_),
      change_(subject_, names_),
      look_(subject_, view_, names_) {}

void Api::handle(const HttpRequest& request, const Answer& answer) {
  HttpReply reply;
  try {
    follow_names();
    require_access(request);
    reply = dispatch(request);
  } catch (const ApiError& error) {
    reply = reply_of(error);
    if (error.status == 405) reply.fields.emplace_back("Allow", error.hint);
  } catch (const std::exception& error) {
    reply = reply_of(ApiError(500, error.what()));
  }
  answer(std::move(reply));
}

void Api::follow_names() {
  if (names_of_ == subject_.topology.number()) return;
  names_ = ApiNames(subject_.topology.config());
  names_of_ = subject_.topology.number();
}

void Api::require_access(const HttpRequest& request) const {
  if (request.door == Door::kMetrics && request.path != "/metrics" && request.path != "/healthz")
    throw ApiError(404, fmt::format("there is no {} here", request.path), "path",
                   "control.metrics serves /metrics and /healthz; the rest is at control.socket");
  if (request.door != Door::kListen || request.is_reading()) return;
  if (token_.empty())
    throw ApiError(403, "this address is for reading only", "method",
                   "use control.socket, or set control.token");
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view given = request.authorization;
  if (!given.starts_with(kBearer) || !is_same_secret(token_, given.substr(kBearer.size())))
    throw ApiError(401, "changes by this address want the token of control.token", "Authorization",
                   "send 'Authorization: Bearer TOKEN'");
}

HttpReply Api::dispatch(const HttpRequest& request) {
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  if (request.path.starts_with(kHints)) {
    if (method != "POST") throw ApiError(405, "hints are told by POST", "method", "POST");
    return hint(request);
  }
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (route.path != request.path) continue;
    if (route.method == method) return route.answer(*this, request);
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", route.method);
  }
  if (!allowed.empty())
    throw ApiError(405, fmt::format("{} takes no {}", request.path, request.method), "method",
                   allowed);
  std::vector<std::string_view> paths;
  for (const Route& route : kRoutes) paths.push_back(route.path);
  const std::string_view near = nearest_word(request.path, paths);
  throw ApiError(
      404, fmt::format("there is no {}", request.path), "path",
      near.empty() ? "docs/api.md lists what there is" : fmt::format("did you mean {}?", near));
}

HttpReply Api::hint(const HttpRequest& request) {
  const std::string_view kind = std::string_view(request.path).substr(kHints.size());
  if (std::find(kHintNames.begin(), kHintNames.end(), kind) == kHintNames.end()) {
    const std::string_view near = nearest_word(kind, kHintNames);
    throw ApiError(
        404, fmt::format("there is no hint '{}'", kind), "path",
        near.empty() ? "there are " + listed(kHintNames) : fmt::format("did you mean '{}'?", near));
  }
  return change_.hint(kind, request);
}

HttpReply Api::events(const HttpRequest& request) {
  ApiFields fields = ApiFields::of_query(request, names_);
  const auto only = fields.word("only", kEventLogNames);
  fields.finish();
  HttpReply reply;
  reply.content_type = "text/event-stream";
  std::vector<EventLog> logs;
  if (only) logs.push_back(static_cast<EventLog>(*only));
  reply.source = events_.subscribe(logs, request.last_event_id);
  reply.heartbeat = ": nothing happened\n\n";
  return reply;
}

HttpReply Api::metrics(const HttpRequest&) {
  HttpReply reply;
  reply.content_type = kMetricsType;
  reply.source = make_metrics(subject_);
  return reply;
}

HttpReply Api::health(const HttpRequest&) {
  HttpReply reply;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = "ok\n";
  return reply;
}

}  // namespace godwit
