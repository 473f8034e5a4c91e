// A bench with control beside its worker, on virtual time: control stops at every instant at which
// it has something to do, and what it orders is sent at that instant.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "control/control.h"
#include "test/stage/bench.h"

#include "dataplane/quiescence.h"

#include "lib/hints.h"

namespace godwit::test {

// A frame that left.
struct Departure {
  Nanos at;
  std::string port;
  Octets frame;
};

struct Run {
  explicit Run(std::string_view yaml) : bench(yaml) {}

  // The ports that the frame left by. What control makes of it is done afterwards.
  Names send(Nanos now, std::string_view port, const Octets& frame) {
    until(now);
    Names reached = bench.send(now, port, frame);
    log(now);
    control.take_events(now);
    settle(now);
    return reached;
  }
  void until(Nanos now) {
    while (control.next_due() <= now) {
      control.run_due(clock = std::max(clock, control.next_due()));
      settle(clock);
    }
    clock = now;
  }
  // Empty when it is done; else why not.
  std::string hear(Nanos now, std::string_view kind, std::string_view body);

  const std::deque<MoveRecord>& moves() const { return control.moves().all(); }
  std::vector<AlarmKind> alarms() const {
    std::vector<AlarmKind> kinds;
    for (const Alarm& alarm : control.alarms().all()) kinds.push_back(alarm.kind);
    return kinds;
  }

  Bench bench;
  Channel* channels[1] = {&bench.channel};
  Quiescence grace{1};
  Control control{bench.topology, bench.tables, channels, grace};
  Nanos clock = 0;
  std::vector<Departure> departed;  // all of it

 private:
  // What control ordered, and what that gives rise to.
  void settle(Nanos now) {
    while (bench.worker.has_work()) {
      bench.step(now);
      log(now);
      control.take_events(now);
    }
  }
  void log(Nanos now);
};

}  // namespace godwit::test
