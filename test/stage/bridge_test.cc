#include "dataplane/bridge.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/bench.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kTenant = R"(
ports: {server1: {}, server2: {}, server3: {}}
bridges:
  tenant:
    ports: [server1, server2, server3]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
)";

constexpr Mac kGateway{0x02005e100001};

}  // namespace

TEST_CASE("a frame goes where its destination is", "[bridge]") {
  Bench bench(kTenant);
  bench.send(0, "server2", data(kVm, kPeer));
  CHECK(bench.send(0, "server1", data(kPeer, kVm)) == Names{"server2"});
  CHECK(bench.worker.burst.fate[0] == Fate::kForwarded);
  CHECK(bench.worker.burst.out[0] == bench.port("server2"));
  CHECK(bench.counters("server1").forwarded == 1);
  CHECK(bench.counters("server2").tx == 1);
}

TEST_CASE("and nowhere when it is there already", "[bridge]") {
  Bench bench(kTenant);
  bench.send(0, "server2", data(kVm, kPeer));
  CHECK(bench.send(0, "server2", data(kPeer, kVm)).empty());
  CHECK(bench.drops("server2") == Drops{{"hairpin", 1}});
}

TEST_CASE("who is unknown, and a group, is at every other port", "[bridge]") {
  const Mac dst =
      GENERATE(as<Mac>{}, kPeer, kBroadcastMac, Mac{0x01005e000001}, Mac{0x333300000001}, Mac{});
  Bench bench(kTenant);
  CHECK(bench.send(0, "server2", data(kVm, dst)) == Names{"server1", "server3"});
  CHECK(bench.worker.burst.fate[0] == Fate::kFlooded);
  CHECK(bench.counters("server2").forwarded == 1);
}

TEST_CASE("what is for a guest that has stopped waits until it is seen", "[bridge]") {
  Bench bench(kTenant);
  bench.send(0, "server2", data(kVm, kPeer));
  PortStates& ports = bench.tables.ports;
  ports.hold(bench.port("server2"));
  CHECK(ports.any_down());
  CHECK(bench.send(0, "server1", data(kPeer, kVm)).empty());
  CHECK(bench.counters("server1").held == 1);
  SECTION("at another port") {
    CHECK(bench.send(kSecond, "server3", data(kVm, kPeer)) == Names{"server1"});
    bench.step(kSecond);
    CHECK(bench.sent("server3") == std::vector<Octets>{data(kPeer, kVm)});
  }
  SECTION("where it was") {
    ports.set(bench.port("server2"), true);
    bench.step(kSecond);
    CHECK(bench.reached() == Names{"server2"});
    CHECK_FALSE(ports.any_down());
  }
  SECTION("or may be anywhere") {
    CHECK(ports.set(bench.port("server2"), false));
    CHECK_FALSE(ports.set(bench.port("server2"), false));
    ports.hold(bench.port("server2"));  // it does not come to life by that
    bench.step(kSecond);
    CHECK(bench.reached() == Names{"server3"});
    CHECK(ports.any_down());
  }
  CHECK(bench.counters("server1").held == 0);
}

TEST_CASE("a gateway's MAC is godwit itself", "[bridge]") {
  Bench bench(kTenant);
  CHECK(bench.send(0, "server1", data(kVm, kGateway)).empty());
  CHECK(bench.counters("server1").consumed == 1);
  CHECK(bench.drops("server1").empty());
}

TEST_CASE("reserved groups are not relayed, but teach", "[bridge]") {
  const uint64_t last = GENERATE(range(0x00, 0x12));
  const bool forward_bpdu = GENERATE(false, true);
  const bool is_reserved = last < 0x10 && !(last == 0 && forward_bpdu);
  Bench bench(fmt::format("bpdu: {}\n{}", forward_bpdu ? "forward" : "drop", kTenant));
  const Names reached = bench.send(0, "server1", data(kVm, Mac{0x0180c2000000 | last}));
  CHECK(reached.empty() == is_reserved);
  CHECK(bench.drops("server1") == (is_reserved ? Drops{{"reserved-group", 1}} : Drops{}));
  CHECK(bench.where("tenant", kVm) == "server1");
}

TEST_CASE("bridges do not mix", "[bridge]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}, trunk: {}}
bridges:
  red: {vlan: 10, ports: [server1, {port: trunk, tagged: true}]}
  blue: {vlan: 20, ports: [server2, {port: trunk, tagged: true}]}
)");
  bench.send(0, "server1", data(kVm, kPeer));
  CHECK(bench.where("blue", kVm) == "");
  CHECK(bench.send(0, "trunk", tagged(data(kPeer, kVm), 20)) == Names{"server2"});
  CHECK(bench.send(0, "trunk", tagged(data(kPeer, kVm), 10)) == Names{"server1"});
  bench.send(0, "server2", data(kVm, kPeer));  // the same MAC, another host
  CHECK(bench.where("red", kVm) == "server1");
  CHECK(bench.where("blue", kVm) == "server2");
  CHECK(bench.events().empty());
}

TEST_CASE("a frame that is dropped already stays dropped", "[bridge]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}, server3: {}}
bridges:
  tenant:
    ports: [server1, server2, server3]
    static: [{mac: "52:54:00:00:00:02", port: server1}]
)");
  bench.send(0, "server3", data(kPeer, kBroadcastMac));
  CHECK(bench.send(0, "server2", data(kVm, kPeer)).empty());
  CHECK(bench.send(0, "server2", data(kVm, Mac{0x0180c2000000})).empty());
  CHECK(bench.drops("server2") == Drops{{"mac-violation", 2}});
}

}  // namespace godwit::test
