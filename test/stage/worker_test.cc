#include "dataplane/worker.h"

#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/bench.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

std::string four_ports(unsigned burst) {
  return fmt::format(
      "workers: {{burst: {}}}\n"
      "ports: {{a: {{}}, b: {{}}, c: {{}}, d: {{}}}}\n"
      "bridges: {{tenant: {{ports: [a, b, c, d]}}}}\n",
      burst);
}

Octets numbered(unsigned n) { return data(kVm, kPeer, fmt::format("{}", n)); }

struct BurstSizes final : BurstObserver {
  void seen(const Burst& burst, Nanos) override { sizes.push_back(burst.count); }
  std::vector<unsigned> sizes;
};

}  // namespace

TEST_CASE("a round takes what a burst holds of each port, and the next the rest", "[worker]") {
  const unsigned limit = GENERATE(1u, 2u, 32u, 255u, 256u);
  const unsigned offered = GENERATE(0u, 1u, 31u, 32u, 33u, 256u, 300u);
  Bench bench(four_ports(limit));
  bench.send(0, "b", data(kPeer, kVm));
  BurstSizes observer;
  bench.worker.observer = &observer;
  for (unsigned n = 0; n < offered; ++n) bench.offer("a", numbered(n));
  unsigned taken = 0;
  while (const uint16_t now_taken = bench.step(kSecond)) {
    CHECK(now_taken == std::min(limit, offered - taken));
    const std::vector<Octets> sent = bench.sent("b");
    REQUIRE(sent.size() == now_taken);
    for (const Octets& frame : sent) CHECK(frame == numbered(taken++));  // in order
  }
  CHECK(taken == offered);
  CHECK(bench.counters("a").rx == offered);
  CHECK(bench.counters("a").forwarded == offered);
  CHECK(observer.sizes.size() == (offered + limit - 1) / limit);
}

TEST_CASE("a burst holds frames of many ports, and is split where it is full", "[worker]") {
  struct Case {
    unsigned limit;
    std::vector<unsigned> bursts;  // of three, four and two frames at a, b and c
  };
  const auto [limit, bursts] = GENERATE(values<Case>({
      {32, {9}},
      {9, {9}},
      {8, {8, 1}},
      {3, {3, 3, 2, 1}},
      {1, {1, 1, 1, 1, 1, 1, 1, 1, 1}},
  }));
  Bench bench(four_ports(limit));
  BurstSizes observer;
  bench.worker.observer = &observer;
  for (unsigned n = 0; n < 3; ++n) bench.offer("a", data(Mac{0x020000000001}, kVm));
  for (unsigned n = 0; n < 4; ++n) bench.offer("b", data(Mac{0x020000000002}, kVm));
  for (unsigned n = 0; n < 2; ++n) bench.offer("c", data(Mac{0x020000000003}, kVm));
  while (bench.step(0) != 0) continue;
  CHECK(observer.sizes == bursts);
  CHECK(bench.counters("a").rx == 3);
  CHECK(bench.counters("b").rx == 4);
  CHECK(bench.counters("c").rx == 2);
  CHECK(bench.counters("d").tx == 9);
}

TEST_CASE("a port that takes only some frames costs the rest, and nobody else", "[worker]") {
  const uint16_t room = GENERATE(uint16_t{0}, uint16_t{1}, uint16_t{9}, uint16_t{10});
  Bench bench(four_ports(32));
  bench.narrow("b", room);
  for (unsigned n = 0; n < 10; ++n)
    bench.offer("a", data(kVm, kBroadcastMac, fmt::format("{}", n)));
  bench.step(0);
  CHECK(bench.sent("b").size() == room);
  CHECK(bench.sent("c").size() == 10);
  CHECK(bench.sent("d").size() == 10);
  CHECK(bench.counters("b").tx == room);
  CHECK(bench.counters("b").tx_full == 10u - room);
  CHECK(bench.counters("c").tx_full == 0);
  CHECK(bench.counters("a").forwarded == 10);
  bench.narrow("b", UINT16_MAX);  // nothing is kept for later
  CHECK(bench.step(0) == 0);
  CHECK(bench.sent("b").empty());
}

TEST_CASE("more frames for a port than its buffer holds", "[worker]") {
  Bench bench(four_ports(256));
  bench.send(0, "d", data(kPeer, kVm));
  for (unsigned n = 0; n < 200; ++n) bench.offer("a", numbered(n));
  for (unsigned n = 200; n < 400; ++n) bench.offer("b", numbered(n));
  for (unsigned n = 400; n < 600; ++n) bench.offer("c", numbered(n));
  bench.step(0);  // 256 frames, and 200 that then had room
  std::vector<Octets> sent = bench.sent("d");
  while (bench.step(0) != 0) {
    const std::vector<Octets> more = bench.sent("d");
    sent.insert(sent.end(), more.begin(), more.end());
  }
  CHECK(sent.size() == 600);
  CHECK(bench.counters("d").tx == 600);
  CHECK(bench.counters("d").tx_full == 0);
}

TEST_CASE("a quiet round sends nothing", "[worker]") {
  Bench bench(four_ports(32));
  CHECK(bench.step(0) == 0);
  CHECK(bench.send(1, "a", data(kVm, kPeer)).size() == 3);
  CHECK(bench.step(2) == 0);
  CHECK(bench.reached().empty());
}

TEST_CASE("complaints are limited, and moves are not", "[worker]") {
  Bench bench(R"(
workers: {burst: 256}
ports: {a: {}, b: {}}
bridges:
  tenant: {ports: [a, b], static: [{mac: "52:54:00:00:00:02", port: a}]}
)");
  bench.events();
  const auto complain = [&](Nanos now) {
    for (unsigned n = 0; n < 250; ++n) bench.offer("b", data(kVm, kPeer));
    bench.step(now);
    return bench.events().size();
  };
  for (int n = 0; n < 4; ++n) CHECK(complain(0) == 250);
  CHECK(complain(0) == 0);
  CHECK(complain(100 * kMillisecond) == 100);
  CHECK(bench.worker.counters.refused == 1500);  // counted all the same

  CHECK(complain(100 * kMillisecond) == 0);
  bench.send(100 * kMillisecond, "a", data(kPeer, kVm));
  bench.send(100 * kMillisecond, "b", data(kPeer, kVm));
  CHECK(bench.events().size() == 1);
}

TEST_CASE("a port that complains without end hides nobody else's complaints, nor its own disputes",
          "[worker]") {
  Bench bench(R"(
workers: {burst: 256}
ports: {a: {}, b: {}, c: {}}
bridges:
  tenant:
    ports: [a, b, c]
    learning: {per_port: 1}
    static: [{mac: "52:54:00:00:00:02", port: a}]
)");
  const auto count = [&](EventKind kind) {
    const std::vector<Event> events = bench.events();
    return std::count_if(events.begin(), events.end(),
                         [&](const Event& event) { return event.kind == kind; });
  };
  for (uint64_t n = 0; n < 250; ++n) bench.offer("b", data(Mac{0x525400000100 + n}, kPeer));
  bench.step(0);
  CHECK(count(EventKind::kPortQuota) == Complaints::kNoticesOfPort);
  for (uint64_t n = 0; n < 10; ++n) bench.offer("c", data(Mac{0x525400000200 + n}, kPeer));
  bench.offer("b", data(kVm, kPeer));
  bench.step(0);
  const std::vector<Event> events = bench.events();
  CHECK(events.size() == 10);  // nine of c's newcomers, and the theft at b
  CHECK(std::count_if(events.begin(), events.end(),
                      [](const Event& event) { return event.kind == EventKind::kRefused; }) == 1);
}

TEST_CASE("a full ring of events loses complaints first, and counts what it loses", "[worker]") {
  constexpr unsigned kSize = 64;
  EventRing ring("worker-test", kSize);
  Event event;
  event.kind = EventKind::kConflict;
  for (unsigned n = 0; n < kSize; ++n) ring.post(event);
  const uint64_t lost = ring.lost();
  CHECK(lost == kSize / 4);
  event.kind = EventKind::kMoved;
  for (unsigned n = 0; n < kSize / 4; ++n) ring.post(event);
  CHECK(ring.lost() == lost);
  ring.post(event);
  CHECK(ring.lost() == lost + 1);
  unsigned moved = 0;
  unsigned taken = 0;
  for (; ring.take_other(event); ++taken) moved += event.kind == EventKind::kMoved ? 1 : 0;
  CHECK(taken == kSize);
  CHECK(moved == kSize / 4);
}

TEST_CASE("a full ring of events has room for a question", "[worker]") {
  constexpr unsigned kSize = 64;
  EventRing ring("worker-questions", kSize);
  CHECK(ring.empty());
  Event event;
  event.kind = EventKind::kMoved;
  for (unsigned n = 0; n <= kSize; ++n) ring.post(event);
  const uint64_t lost = ring.lost();
  CHECK(lost > 0);
  event.kind = EventKind::kUnresolved;
  ring.post(event);
  CHECK(ring.lost() == lost);
  REQUIRE(ring.take_question(event));
  CHECK(event.kind == EventKind::kUnresolved);
  CHECK_FALSE(ring.take_question(event));
  while (ring.take_other(event)) CHECK(event.kind == EventKind::kMoved);
  CHECK(ring.empty());
}

}  // namespace godwit::test
