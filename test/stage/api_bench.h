// A bench with control and an API beside its worker.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "control/api_routes.h"
#include "control/capture.h"
#include "control/control.h"
#include "control/taps.h"
#include "control/trace.h"
#include "test/stage/bench.h"

#include "dataplane/quiescence.h"

namespace godwit::test {

struct ApiBench {
  explicit ApiBench(std::string_view yaml, std::string token = {})
      : bench(yaml), api(subject(), std::move(token)) {}

  Names send(Nanos now, std::string_view port, const Octets& frame) {
    until(now);
    Names reached = bench.send(now, port, frame);
    control.take_events(now);
    taps.poll();
    capture.turn(now, now);
    trace.turn(now);
    api.events().poll();
    return reached;
  }
  void until(Nanos now) {
    while (control.next_due() <= now) control.run_due(clock = std::max(clock, control.next_due()));
    clock = now;
  }

  struct Answered {
    unsigned status = 0;
    std::string body;
    Json json() const { return Json::parse(body); }
  };
  Answered ask(const HttpRequest& request) {
    Answered answered;
    api.handle(request, [&](HttpReply reply) {
      answered.status = reply.status;
      answered.body = std::move(reply.body);
      if (!reply.source) return;
      while (reply.source->produce(answered.body) == BodySource::Turn::kMore) {
      }
    });
    return answered;
  }
  Answered ask(std::string method, std::string_view target, std::string body = {},
               Door door = Door::kSocket) {
    HttpRequest request;
    request.door = door;
    request.method = std::move(method);
    request.body = std::move(body);
    if (!split_target(target, request)) return {};
    return ask(request);
  }
  Json get(std::string_view target) {
    const Answered answered = ask("GET", target);
    return answered.status == 200 ? answered.json() : Json(answered.status);
  }

  Bench bench;
  Channel* channels[1] = {&bench.channel};
  Quiescence grace{1};
  Control control{bench.topology, bench.tables, channels, grace};
  Taps taps{bench.topology, bench.tables.ports, {&bench.worker}, grace};
  Capture capture{bench.topology, taps};
  Trace trace{taps};
  Nanos clock = 0;
  Api api;

 private:
  ApiSubject subject() {
    return {.topology = bench.topology,
            .tables = bench.tables,
            .control = control,
            .capture = capture,
            .trace = trace,
            .now = [this] { return clock; },
            .workers =
                [this] {
                  return std::vector{LaneView{&bench.worker, 7, {}}};
                },
            .port_state =
                [this](PortIndex port) {
                  PortState state;
                  state.up = port == 0;
                  state.device = bench.topology.config().ports[port].device;
                  return state;
                },
            .port_counters = [this](PortIndex port) { return bench.worker.port_counters[port]; },
            .reload = [] { return Reloaded{}; }};
  }
};

}  // namespace godwit::test
