#include "dataplane/learn.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/bench.h"

#include "lib/arbiter.h"
#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;
using frames::kVmV4;

// The peer comes first in every round, and the other peer last.
constexpr std::string_view kTenant = R"(
ports: {peer: {}, server1: {}, server2: {}, server3: {}, other: {}}
bridges: {tenant: {ports: [peer, server1, server2, server3, other]}}
)";

constexpr Mac kOther{0x525400000003};

Mac host(unsigned n) { return Mac{0x020000000000 + uint64_t{n}}; }

}  // namespace

TEST_CASE("a first frame makes an entry, whatever it is", "[learn]") {
  const Octets frame =
      GENERATE(as<Octets>{}, data(kVm, kPeer), frames::kQemuRarp, frames::kLinuxGarp,
               frames::kArpProbe, frames::kLinuxDad, frames::kLinuxMldReport);
  Bench bench(kTenant);
  bench.send(7 * kSecond, "server1", frame);
  CHECK(bench.entry("tenant", kVm) ==
        first_heard(bench.port("server1"), HostClass::kLearned, 7 * kSecond));
  CHECK(bench.worker.burst.learned[0] == Learned::kNew);
  CHECK(bench.worker.counters.learned == 1);
}

TEST_CASE("a group or the zero address teaches nothing", "[learn]") {
  const Mac source = GENERATE(Mac{}, Mac{0x01005e000001}, Mac{0xffffffffffff});
  Bench bench(kTenant);
  CHECK(bench.send(0, "server1", data(source, kVm)).size() == 4);  // but it is relayed
  CHECK(bench.worker.burst.learned[0] == Learned::kNothing);
  CHECK(bench.tables.fdb.quota().total() == 0);
}

TEST_CASE("an entry's age is written once a second and no more often", "[learn]") {
  Bench bench(kTenant);
  bench.send(7 * kSecond, "server1", data(kVm, kPeer));
  const FdbEntry first = bench.entry("tenant", kVm);
  bench.send(8 * kSecond - 1, "server1", data(kVm, kPeer));
  CHECK(bench.entry("tenant", kVm) == first);
  bench.send(8 * kSecond, "server1", data(kVm, kPeer));
  CHECK(bench.entry("tenant", kVm) == first.with_stamp(8));
  CHECK(bench.worker.burst.learned[0] == Learned::kKnown);
  CHECK(bench.events().empty());
}

TEST_CASE("a frame from another port moves the host, and says so once", "[learn]") {
  struct Case {
    Octets frame;
    Evidence evidence;
  };
  const auto [frame, evidence] = GENERATE(values<Case>({
      {data(kVm, kPeer), Evidence::kData},
      {frames::kQemuRarp, Evidence::kRarp},
      {frames::kArpProbe, Evidence::kArpProbe},
      {frames::kLinuxDad, Evidence::kDad},
      {frames::kLinuxUnsolicitedNa, Evidence::kNa},
  }));
  Bench bench(kTenant);
  bench.send(0, "server1", data(kVm, kPeer));
  bench.send(kSecond, "server2", frame);
  CHECK(bench.where("tenant", kVm) == "server2");
  CHECK(bench.worker.burst.was_at[0] == bench.port("server1"));
  std::vector<Event> events = bench.events();
  std::erase_if(events, [](const Event& e) { return e.kind == EventKind::kMapped; });
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kMoved);
  CHECK(events[0].evidence == evidence);
  CHECK(events[0].bridge == bench.bridge("tenant"));
  CHECK(events[0].from == bench.port("server1"));
  CHECK(events[0].to == bench.port("server2"));
  CHECK(events[0].at == kSecond);
  CHECK(events[0].mac == kVm);

  bench.send(kSecond, "server2", data(kVm, kPeer));
  CHECK(bench.events().empty());
  CHECK(bench.worker.counters.moved == 1);
}

TEST_CASE("evidence counts for its whole burst, whichever frame comes first", "[learn]") {
  const Octets to_vm = data(kPeer, kVm);
  const Octets also_to_vm = data(kOther, kVm);
  const Octets from_vm = data(kVm, kPeer);
  const Octets announcement = garp(kVm, kVmV4);
  Bench bench(kTenant);
  bench.send(0, {{"peer", data(kPeer, kVm)}, {"other", data(kOther, kVm)}});
  bench.send(0, "server1", from_vm);
  REQUIRE(bench.where("tenant", kVm) == "server1");

  SECTION("by the rounds of the worker") {
    bench.offer("peer", to_vm);
    bench.offer("server2", from_vm);
    bench.offer("other", also_to_vm);
    bench.step(kSecond);
    CHECK(bench.sent("server2") == std::vector<Octets>{to_vm, also_to_vm});
    CHECK(bench.sent("server1").empty());
  }
  SECTION("old place, then new place") {
    bench.send(kSecond, {{"peer", to_vm}, {"server1", from_vm}, {"server2", from_vm}});
    CHECK(bench.sent("server2") == std::vector<Octets>{to_vm});
    CHECK(bench.where("tenant", kVm) == "server2");
  }
  SECTION("new place, then a late frame from the old one") {
    bench.send(kSecond, {{"server2", from_vm}, {"peer", to_vm}, {"server1", from_vm}});
    CHECK(bench.sent("server2") == std::vector<Octets>{to_vm});
    CHECK(bench.where("tenant", kVm) == "server2");
    CHECK(bench.worker.counters.late == 1);
  }
  SECTION("away, and back with an announcement") {
    bench.send(kSecond, {{"peer", to_vm},
                         {"server1", from_vm},
                         {"server2", from_vm},
                         {"server1", announcement},
                         {"other", also_to_vm}});
    // The announcement itself is flooded.
    CHECK(bench.sent("server1") == std::vector<Octets>{to_vm, also_to_vm});
    CHECK(bench.sent("server2") == std::vector<Octets>{announcement});
    CHECK(bench.worker.counters.moved == 2);
  }
  SECTION("through three places, the third announced") {
    bench.send(kSecond, {{"peer", to_vm}, {"server2", from_vm}, {"server3", announcement}});
    CHECK(bench.sent("server3") == std::vector<Octets>{to_vm});
    CHECK(bench.worker.counters.moved == 2);
  }
  SECTION("in two new places at once, the second is late") {
    bench.send(kSecond, {{"peer", to_vm}, {"server2", from_vm}, {"server3", from_vm}});
    CHECK(bench.sent("server2") == std::vector<Octets>{to_vm});
    CHECK(bench.worker.counters.moved == 1);
    CHECK(bench.worker.counters.late == 1);
  }
  SECTION("learned in the burst that first asks for it") {
    constexpr Mac kNew{0x525400000009};
    bench.send(kSecond, {{"peer", data(kPeer, kNew)}, {"server3", data(kNew, kPeer)}});
    CHECK(bench.sent("server3") == std::vector<Octets>{data(kPeer, kNew)});
    CHECK(bench.reached().size() == 2);
  }
}

TEST_CASE("a place left behind is heard, but not believed at once", "[learn]") {
  Bench bench(kTenant);
  bench.send(0, "server1", data(kVm, kPeer));
  bench.send(kSecond, "server2", data(kVm, kPeer));
  const auto from_old = [&](Nanos at) {
    const Names reached = bench.send(kSecond + at * kMillisecond, "server1", data(kVm, kPeer));
    CHECK(reached.size() == 4);  // forwarded in any case
    return bench.worker.burst.learned[0];
  };
  CHECK(from_old(59) == Learned::kLate);
  CHECK(from_old(60) == Learned::kDoubted);
  CHECK(from_old(119) == Learned::kLate);
  CHECK(from_old(120) == Learned::kDoubted);
  CHECK(bench.where("tenant", kVm) == "server2");
  CHECK(from_old(180) == Learned::kMoved);
  CHECK(bench.where("tenant", kVm) == "server1");
  CHECK(bench.worker.counters.late == 4);
}

TEST_CASE("the bridge's limit refuses the newcomer, who is heard all the same", "[learn]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges:
  small: {ports: [server1, server2, {port: uplink, trusted: true}], learning: {limit: 2}}
)");
  bench.send(0, "server1", data(host(1), host(9)));
  bench.send(0, "server2", data(host(2), host(9)));
  const std::string_view port = GENERATE(as<std::string_view>{}, "server1", "uplink");
  CHECK(bench.send(0, port, data(host(3), host(2))).size() == 1);
  CHECK(bench.where("small", host(3)) == "");
  CHECK(bench.worker.counters.limit_bridge == 1);
  CHECK(bench.worker.burst.learned[0] == Learned::kBridgeLimit);
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kLearnLimit);
  CHECK(events[0].mac == host(3));
  CHECK(events[0].to == bench.port(port));

  bench.send(0, "server2", data(host(1), host(9)));  // who is known may move
  CHECK(bench.where("small", host(1)) == "server2");
}

TEST_CASE("a port's share limits what it brings, not what moves to it", "[learn]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges:
  small: {ports: [server1, server2, {port: uplink, trusted: true}], learning: {per_port: 2}}
)");
  for (const unsigned n : {1, 2, 3}) bench.send(0, "server1", data(host(n), host(9)));
  CHECK(bench.where("small", host(2)) == "server1");
  CHECK(bench.where("small", host(3)) == "");
  CHECK(bench.worker.counters.limit_port == 1);
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kPortQuota);
  CHECK(events[0].mac == host(3));

  for (const unsigned n : {4, 5, 6, 7}) bench.send(0, "uplink", data(host(n), host(9)));
  CHECK(bench.worker.counters.limit_port == 1);  // a trusted port has no limit

  for (const unsigned n : {4, 5}) bench.send(0, "server1", data(host(n), host(9)));
  CHECK(bench.where("small", host(5)) == "server1");
  CHECK(bench.tables.fdb.quota().on_port(0, bench.port("server1")) == 4);

  // Room comes with those who leave.
  for (const unsigned n : {1, 2, 4}) bench.send(kSecond, "server2", data(host(n), host(9)));
  bench.send(kSecond, "server1", data(host(3), host(9)));
  CHECK(bench.where("small", host(3)) == "server1");
}

TEST_CASE("who is pinned does not follow a frame", "[learn]") {
  struct Case {
    std::string_view bridge;  // of what kind
    std::string_view policy;
  };
  const auto [kind, policy] = GENERATE(values<Case>({
      {"locked", "moves: {class: locked}"},
      {"static", "static: [{mac: '52:54:00:00:00:02', port: server1}]"},
  }));
  Bench bench(
      fmt::format("ports: {{server1: {{}}, server2: {{}}}}\n"
                  "bridges: {{pinned: {{ports: [server1, server2], {}}}}}\n",
                  policy));
  INFO(kind);
  CHECK(bench.send(0, "server1", data(kVm, kPeer)).size() == 1);
  for (const Octets& frame : {data(kVm, kPeer), frames::kLinuxGarp, frames::kQemuRarp})
    CHECK(bench.send(kSecond, "server2", frame).empty());
  CHECK(bench.where("pinned", kVm) == "server1");
  CHECK(bench.drops("server2") == Drops{{"mac-violation", 3}});
  CHECK(bench.worker.counters.refused == 3);
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 3);
  CHECK(events[2].kind == EventKind::kRefused);
  CHECK(events[2].evidence == Evidence::kRarp);
  CHECK(events[2].from == bench.port("server1"));
  CHECK(events[2].to == bench.port("server2"));
}

TEST_CASE("nobody else may use a gateway's MAC", "[learn]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}}
bridges:
  tenant:
    ports: [server1, server2]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
)");
  constexpr Mac kGateway{0x02005e100001};
  CHECK(bench.send(0, "server1", data(kGateway, kBroadcastMac)).empty());
  CHECK(bench.drops("server1") == Drops{{"gateway-claim", 1}});
  CHECK(bench.where("tenant", kGateway) == "self");
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kGatewayClaim);
  CHECK(events[0].to == bench.port("server1"));
}

TEST_CASE("a sighting that may not create looks, and moves", "[learn]") {
  Bench bench(kTenant);
  const BridgeContext& tenant = bench.topology.bridge(0);
  const Sighting seen{
      .bridge = 0, .mac = kVm, .port = 1, .announcement = true, .may_create = false};
  CHECK(locate(bench.tables, tenant, seen, 0).what == Learned::kNothing);
  CHECK(bench.where("tenant", kVm) == "");
  bench.send(0, "server2", data(kVm, kPeer));
  const Located located = locate(bench.tables, tenant, seen, kSecond);
  CHECK(located.what == Learned::kMoved);
  CHECK(located.was() == bench.port("server2"));
  CHECK(locate(bench.tables, tenant, seen, kSecond).what == Learned::kKnown);
  CHECK(bench.events().empty());
}

TEST_CASE("a station is learned whatever octets of its address are zero", "[learn]") {
  const Mac mac{
      GENERATE(as<uint64_t>{}, 0x020000000000, 0x520000000000, 0xfe0000000000, 0x000000000001)};
  Bench bench(R"(
ports: {a: {}, b: {}}
bridges: {first: {ports: []}, lan: {ports: [a, b]}}
)");
  bench.send(0, "a", data(mac, frames::kPeer));
  CHECK(bench.where("lan", mac) == "a");
  CHECK(bench.send(0, "b", data(frames::kPeer, mac)) == Names{"a"});
  bench.send(0, "a", data(Mac{}, frames::kPeer));
  CHECK(bench.where("lan", Mac{}).empty());
}

}  // namespace godwit::test
