#include "control/api_look.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "control/api_error.h"
#include "control/api_show.h"
#include "control/explain.h"
#include "control/json_list.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

constexpr CountRange kTracedFrames = {1, 1000};
constexpr CountRange kTimes = {1 * kMillisecond, 24 * 3600 * kSecond};
constexpr CountRange kSnaplens = {14, 65535};
constexpr uint64_t kFileOctets = uint64_t{1} << 30;
constexpr std::array<std::string_view, 4> kWhats = {"in", "out", "both", "drops"};
constexpr std::array<std::string_view, 6> kFateNames = {"pending",  "forwarded", "flooded",
                                                        "consumed", "held",      "dropped"};

// The frames of one host, or all.
FrameFilter filter_of(ApiFields& fields) {
  const auto mac = fields.mac("mac");
  const auto ip = fields.ip("ip");
  if (mac && ip)
    throw ApiError(400, "mac and ip: name a host by one of the two", "body",
                   "frames that name an IP address are found whatever its MAC");
  if (mac) return {*mac};
  if (ip) return {*ip};
  return {};
}

Json wish_json(const std::optional<PortIndex>& port, const FrameFilter& filter, const View& view) {
  const auto* mac = std::get_if<Mac>(&filter.only);
  const auto* ip = std::get_if<IpAddress>(&filter.only);
  return {{"port", port ? view.port_name(*port) : Json(nullptr)},
          {"mac", mac != nullptr ? Json(to_string(*mac)) : Json(nullptr)},
          {"ip", ip != nullptr ? Json(to_string(*ip)) : Json(nullptr)}};
}

std::string_view what_of(const CaptureWish& wish) {
  if (wish.drops) return "drops";
  if (wish.in && wish.out) return "both";
  return wish.in ? "in" : "out";
}

}  // namespace

HttpReply ApiLook::start_trace(const HttpRequest& request) const {
  ApiFields fields = ApiFields::of_body(request, names_);
  Trace::Order order;
  order.wish.frames = filter_of(fields);
  order.wish.port = fields.port("port");
  order.frames = fields.count("frames", 10, kTracedFrames);
  order.time = fields.duration("time", 60 * kSecond, kTimes);
  fields.finish();
  subject_.trace.start(order, subject_.now());
  return json_reply({{"trace", trace_state()}});
}

HttpReply ApiLook::stop_trace(const HttpRequest& request) const {
  ApiFields::of_body(request, names_).finish();
  subject_.trace.stop();
  return json_reply({{"trace", trace_state()}});
}

HttpReply ApiLook::trace(const HttpRequest& request) const {
  ApiFields::of_query(request, names_).finish();
  HttpReply reply;
  reply.source = std::make_unique<JsonList>(
      "frames", subject_.now(), JsonList::Range{.end = subject_.trace.frames().size()},
      [this](uint64_t place) { return frame(place); }, std::identity(),
      Json{{"trace", trace_state()}});
  return reply;
}

Json ApiLook::trace_state() const {
  const Trace& trace = subject_.trace;
  Json json = {{"running", trace.is_running()}};
  json.update(wish_json(trace.order().wish.port, trace.order().wish.frames, view_));
  json["seen"] = trace.frames().size();
  json["wanted"] = trace.order().frames;
  return json;
}

// Nothing, if another trace has begun while the answer is made.
std::optional<Json> ApiLook::frame(size_t place) const {
  if (place >= subject_.trace.frames().size()) return std::nullopt;
  const TracedFrame& frame = subject_.trace.frames()[place];
  const Passage& passage = frame.passage;
  const EthernetView came = passage.came.ethernet();
  const bool is_runt = passage.came.head_size < kEthernetHeaderSize;
  const bool is_dropped = passage.fate == Fate::kDropped;
  const Explained explained = explain(subject_.topology, passage, frame.hearers);
  Json stages = Json::array();
  for (const Explained::Step& step : explained.steps)
    stages.push_back({{"stage", step.stage}, {"what", step.what}});
  Json out = Json::array();
  if (passage.fate == Fate::kForwarded) out.push_back(view_.port_name(passage.out));
  for (const Hearer& hearer : frame.hearers) out.push_back(view_.port_name(hearer.port));
  const bool has_bridge = !is_runt && passage.bridge != kNoBridge;
  return Json{{"number", place + 1},
              {"at_ns", frame.at},
              {"worker", frame.worker},
              {"port", view_.port_name(passage.in_port)},
              {"bridge", has_bridge ? Json(view_.bridge_name(passage.bridge)) : Json(nullptr)},
              {"src", is_runt ? Json(nullptr) : Json(to_string(came.src))},
              {"dst", is_runt ? Json(nullptr) : Json(to_string(came.dst))},
              {"kind", explained.kind},
              {"octets", passage.came.length},
              {"fate", name_of(kFateNames, passage.fate)},
              {"drop", is_dropped ? Json(to_string(passage.drop)) : Json(nullptr)},
              {"out", std::move(out)},
              {"stages", std::move(stages)}};
}

HttpReply ApiLook::start_capture(const HttpRequest& request) const {
  ApiFields fields = ApiFields::of_body(request, names_);
  Capture::Order order;
  const auto file = fields.text("file");
  const size_t what = fields.word("what", kWhats).value_or(2);
  order.wish.in = what == 0 || what == 2;
  order.wish.out = what == 1 || what == 2;
  order.wish.drops = what == 3;
  order.wish.port = fields.port("port");
  order.wish.frames = filter_of(fields);
  order.wish.snaplen = static_cast<uint32_t>(fields.count("snaplen", UINT32_MAX, kSnaplens));
  order.frames = fields.count("frames", UINT64_MAX, {1, INT64_MAX});
  order.octets = fields.count("octets", kFileOctets, {1, INT64_MAX});
  order.time = fields.duration("time", kNever, kTimes);
  fields.require({"file"});
  fields.finish();
  if (subject_.capture.is_running())
    throw ApiError(409, fmt::format("a capture to {} runs already", subject_.capture.order().path),
                   "", "stop it first");
  order.path = capture_path(*file);
  try {
    subject_.capture.start(std::move(order), subject_.now());
  } catch (const WriteError& error) {
    throw ApiError(409, error.what(), "file", "control.captures names the directory");
  }
  return json_reply({{"capture", capture_state()}});
}

// In the directory of captures, and nowhere else.
std::string ApiLook::capture_path(const std::string& name) const {
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
    throw ApiError(400, fmt::format("'{}' is no plain name of a file", name), "file",
                   "captures go into the directory that control.captures names");
  const std::string& directory = subject_.topology.config().control.captures;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    throw ApiError(409, fmt::format("{}: cannot be made: {}", directory, error.message()), "file",
                   "control.captures names the directory");
  return (fs::path(directory) / name).string();
}

HttpReply ApiLook::stop_capture(const HttpRequest& request) const {
  ApiFields::of_body(request, names_).finish();
  if (!subject_.capture.is_running()) throw ApiError(409, "no capture runs");
  subject_.capture.stop();
  return json_reply({{"capture", capture_state()}});
}

HttpReply ApiLook::capture(const HttpRequest& request) const {
  ApiFields::of_query(request, names_).finish();
  return json_reply({{"capture", capture_state()}});
}

// Null as long as there has been none.
Json ApiLook::capture_state() const {
  const Capture& capture = subject_.capture;
  if (capture.order().path.empty()) return nullptr;
  const CaptureWish& wish = capture.order().wish;
  Json json = {
      {"running", capture.is_running()}, {"file", capture.order().path}, {"what", what_of(wish)}};
  json.update(wish_json(wish.port, wish.frames, view_));
  json["frames"] = capture.frames();
  json["octets"] = capture.octets();
  json["lost"] = capture.lost();
  json["ended"] = capture.is_running() ? Json(nullptr) : Json(capture.ended());
  return json;
}

}  // namespace godwit
