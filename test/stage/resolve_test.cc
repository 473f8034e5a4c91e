#include "dataplane/resolve.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "control/control.h"
#include "test/stage/bench.h"

#include "dataplane/classify.h"
#include "dataplane/learn.h"
#include "dataplane/quiescence.h"

#include "lib/arbiter.h"
#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kPeerV4;
using frames::kVm;
using frames::kVmV4;
using frames::kVmV6;

constexpr std::string_view kTenant = R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges:
  tenant:
    ports: [server1, server2, {port: uplink, trusted: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
)";

constexpr IpAddress kGatewayIp = IpAddress::v4(0x0a0900fe);  // 10.9.0.254
constexpr Mac kOther{0x525400000003};

Octets arp_of(Mac src, Mac sha, const IpAddress& spa, const IpAddress& tpa) {
  return arp(src, make_arp_request(sha, spa, tpa));
}

NeighborEntry mapping(const Bench& bench, const IpAddress& ip) {
  return bench.tables.neighbors.find(0, ip).entry;
}

// The events that are about mappings.
std::vector<Event> mapping_events(Bench& bench) {
  std::vector<Event> events = bench.events();
  std::erase_if(events, [](const Event& e) { return e.kind == EventKind::kMoved; });
  return events;
}

}  // namespace

TEST_CASE("what a frame teaches about an address", "[resolve]") {
  struct Case {
    std::string_view port;
    Octets frame;
    Mapped mapped;
    std::optional<EventKind> event;
    Drops drops;
  };
  const IpAddress off_link = IpAddress::v4(0x0a0a0002);
  const auto c = GENERATE_COPY(values<Case>({
      {"server1", frames::kLinuxGarp, Mapped::kNew, EventKind::kMapped, {}},
      {"server1", frames::kArpReply, Mapped::kNew, EventKind::kMapped, {}},
      {"server1", frames::kLinuxUnsolicitedNa, Mapped::kNew, EventKind::kMapped, {}},
      {"server1", frames::kLinuxRs, Mapped::kNew, EventKind::kMapped, {}},
      {"server1", data(kVm, kPeer), Mapped::kNothing, {}, {}},
      {"server1", frames::kQemuRarp, Mapped::kNothing, {}, {}},
      {"server1", frames::kArpProbe, Mapped::kNothing, {}, {}},
      {"server1", frames::kLinuxDad, Mapped::kNothing, {}, {}},
      {"server1", arp_of(kVm, kPeer, kPeerV4, kVmV4), Mapped::kForeignSender, {}, {}},
      {"uplink", arp_of(kVm, kPeer, kPeerV4, kVmV4), Mapped::kNew, EventKind::kMapped, {}},
      {"server1", arp_of(kVm, kVm, off_link, kVmV4), Mapped::kOffLink, {}, {}},
      {"server1",
       garp(kVm, kGatewayIp),
       Mapped::kGatewayIp,
       EventKind::kGatewayClaim,
       {{"gateway-claim", 1}}},
      {"uplink", garp(kVm, kGatewayIp), Mapped::kGatewayIp, EventKind::kGatewayClaim, {}},
  }));
  Bench bench(kTenant);
  bench.send(5 * kSecond, c.port, c.frame);
  const Burst& burst = bench.worker.burst;
  CHECK((burst.speaker_count == 0 ? Mapped::kNothing : burst.mapped[0]) == c.mapped);
  CHECK(bench.drops(c.port) == c.drops);
  CHECK(bench.worker.counters.mapped == (c.mapped == Mapped::kNew ? 1 : 0));
  CHECK(bench.tables.neighbors.quota().total() == (c.mapped == Mapped::kNew ? 1 : 0));
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == (c.event ? 1 : 0));
  if (!c.event) return;
  CHECK(events[0].kind == *c.event);
  CHECK(events[0].at == 5 * kSecond);
  CHECK(events[0].to == bench.port(c.port));
  CHECK_FALSE(events[0].ip.is_unspecified());
}

TEST_CASE("what godwit did not ask for proves nobody reachable", "[resolve]") {
  const auto [frame, ip] = GENERATE(table<Octets, IpAddress>({
      {frames::kArpReply, kVmV4},
      {frames::kSolicitedNa, kVmV6},
      {frames::kArpRequest, kVmV4},
      {frames::kLinuxGarp, kVmV4},
      {frames::kLinuxUnsolicitedNa, kVmV6},
  }));
  Bench bench(kTenant);
  bench.send(0, "server1", frame);
  CHECK(mapping(bench, ip).mac() == kVm);
  CHECK(mapping(bench, ip).state() == NeighborState::kStale);
}

TEST_CASE("a mapping that is known is heard again, and told once", "[resolve]") {
  Bench bench(kTenant);
  bench.send(0, "server1", frames::kLinuxGarp);
  bench.events();
  bench.send(9 * kSecond, "server1", frames::kLinuxGarp);
  CHECK(bench.worker.burst.mapped[0] == Mapped::kSame);
  const auto hit = bench.tables.neighbors.find(0, kVmV4);
  CHECK(bench.tables.neighbors.heard_s(hit.slot) == 9);
  CHECK(hit.entry.state() == NeighborState::kStale);
  bench.send(9 * kSecond, "server1", frames::kArpReply);
  CHECK(mapping(bench, kVmV4).state() == NeighborState::kStale);
  CHECK(bench.events().empty());
}

TEST_CASE("data and a move leave the mapping as it was", "[resolve]") {
  Bench bench(kTenant);
  bench.send(0, "server1", frames::kLinuxGarp);
  const NeighborEntry before = mapping(bench, kVmV4);
  bench.send(9 * kSecond, "server2", data(kVm, kPeer));
  CHECK(mapping(bench, kVmV4) == before);
  CHECK(bench.tables.neighbors.heard_s(bench.tables.neighbors.find(0, kVmV4).slot) == 0);
  CHECK(bench.where("tenant", kVm) == "server2");
}

TEST_CASE("an answer without the option confirms its sender, and nothing else", "[resolve]") {
  Bench bench(kTenant);
  const IpAddress gateway = IpAddress::v6(0xfd00000900000000, 0xfe);
  const auto bare = [&](Mac src) {
    NdView na = make_unsolicited_na(kVmV6, src);
    na.solicited = true;
    na.override_cached = false;
    na.tllao.reset();
    na.dst = gateway;
    Octets frame(128);
    frame.resize(build_nd(frame, {.dst = Mac{0x02005e100001}, .src = src}, na));
    return frame;
  };
  bench.send(0, "server2", bare(kOther));
  CHECK(mapping(bench, kVmV6).is_free());

  bench.send(0, "server1", frames::kLinuxUnsolicitedNa);
  const auto hit = bench.tables.neighbors.find(0, kVmV6);
  REQUIRE(hit);
  NeighborEntry expected = hit.entry;
  const NeighborEntry asked = hit.entry.with_state(NeighborState::kProbe);
  REQUIRE(bench.tables.neighbors.compare_exchange(hit.slot, expected, asked));
  bench.send(kSecond, "server2", bare(kOther));
  CHECK(mapping(bench, kVmV6) == asked);
  CHECK(bench.worker.counters.conflicts == 0);
  bench.events();
  bench.send(2 * kSecond, "server1", bare(kVm));
  CHECK(mapping(bench, kVmV6) == asked.with_state(NeighborState::kReachable));
  const std::vector<Event> events = mapping_events(bench);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kConfirmed);
}

TEST_CASE("an address stays with a host that is there", "[resolve]") {
  Bench bench(kTenant);
  bench.send(0, "server1", frames::kLinuxGarp);
  bench.events();
  // Others may decide; the owner is not to hear it.
  CHECK(bench.send(kSecond, "server2", garp(kOther, kVmV4)) == Names{"uplink"});
  CHECK(bench.worker.burst.mapped[0] == Mapped::kConflict);
  CHECK(bench.worker.counters.conflicts == 1);
  CHECK(mapping(bench, kVmV4).mac() == kVm);
  const std::vector<Event> events = mapping_events(bench);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kConflict);
  CHECK(events[0].mac == kOther);
  CHECK(events[0].other_mac == kVm);
  CHECK(events[0].ip == kVmV4);
}

TEST_CASE("and goes to the next when its host is gone, and was silent for 5 s", "[resolve]") {
  const Nanos later = GENERATE(as<Nanos>{}, kSecond, 5 * kSecond, 6 * kSecond);
  const bool is_gone = GENERATE(false, true);
  const bool is_given_over = is_gone && later > 5 * kSecond;
  Bench bench(kTenant);
  bench.send(0, "server1", frames::kLinuxGarp);
  const NeighborEntry before = mapping(bench, kVmV4);
  auto hit = bench.tables.fdb.find(0, kVm);
  if (is_gone) REQUIRE(bench.tables.fdb.remove(hit.slot, hit.entry));
  bench.events();
  bench.send(later, "server2", garp(kOther, kVmV4));
  CHECK(bench.worker.burst.mapped[0] == (is_given_over ? Mapped::kTakenOver : Mapped::kConflict));
  CHECK(bench.worker.counters.remapped == (is_given_over ? 1 : 0));
  CHECK(mapping(bench, kVmV4).mac() == (is_given_over ? kOther : kVm));
  CHECK(mapping(bench, kVmV4).seq() == before.seq() + (is_given_over ? 1 : 0));
  const std::vector<Event> events = mapping_events(bench);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == (is_given_over ? EventKind::kRemapped : EventKind::kConflict));
  CHECK(events[0].mac == kOther);
  CHECK(events[0].other_mac == kVm);
}

TEST_CASE("a refused frame, and our own flood, teach no mapping", "[resolve]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges:
  tenant:
    ports: [server1, server2, {port: uplink, trusted: true}]
    static: [{mac: "52:54:00:00:00:02", port: server1}]
)");
  bench.send(0, "server2", frames::kLinuxGarp);
  CHECK(bench.drops("server2") == Drops{{"mac-violation", 1}});
  CHECK(mapping(bench, kVmV4).is_free());

  const Octets flooded = arp_of(kOther, kOther, kPeerV4, kVmV4);
  bench.send(0, "server2", flooded);
  auto hit = bench.tables.neighbors.find(0, kPeerV4);
  REQUIRE(bench.tables.neighbors.remove(hit.slot, hit.entry));
  bench.send(0, "uplink", flooded);
  CHECK(bench.drops("uplink") == Drops{{"reflection", 1}});
  CHECK(mapping(bench, kPeerV4).is_free());
}

TEST_CASE("what was confirmed in this second hides nothing that comes after it", "[resolve]") {
  Bench bench(kTenant);
  const auto claim = [&](Nanos now) {
    bench.send(now, "server1", frames::kLinuxGarp);
    return bench.worker.burst.mapped[0];
  };
  const auto change = [&](auto next) {
    const auto hit = bench.tables.neighbors.find(0, kVmV4);
    NeighborEntry expected = hit.entry;
    REQUIRE(bench.tables.neighbors.compare_exchange(hit.slot, expected, next(hit.entry)));
  };
  const auto is_known = [&](uint32_t second) {
    const uint64_t key = bench.tables.neighbors.key(0, kVmV4);
    const ConfirmedClaims& claims = bench.worker.confirmed_claims;
    return claims.has(claims.print(fdb_key(0, kVm), key),
                      {second, bench.tables.neighbors.epoch(key)});
  };
  REQUIRE(claim(0) == Mapped::kNew);
  REQUIRE_FALSE(is_known(0));
  REQUIRE(claim(1) == Mapped::kSame);
  REQUIRE(is_known(0));
  REQUIRE(claim(2) == Mapped::kSame);
  bench.events();

  SECTION("it is in doubt") {
    change([](NeighborEntry e) { return e.with_state(NeighborState::kProbe); });
    CHECK(claim(3) == Mapped::kConfirmed);
    CHECK(mapping(bench, kVmV4).state() == NeighborState::kStale);
  }
  SECTION("it was given to another") {
    change([](NeighborEntry e) { return e.with_mac(kOther); });
    CHECK(claim(3) == Mapped::kConflict);
    CHECK(mapping_events(bench).size() == 1);
  }
  SECTION("it was removed") {
    auto hit = bench.tables.neighbors.find(0, kVmV4);
    REQUIRE(bench.tables.neighbors.remove(hit.slot, hit.entry));
    CHECK(claim(3) == Mapped::kNew);
  }
  SECTION("another claims it") {
    bench.send(3, "server2", garp(kOther, kVmV4));
    CHECK(bench.worker.burst.mapped[0] == Mapped::kConflict);
    bench.send(3, "server2", arp_of(kOther, kVm, kVmV4, kPeerV4));
    CHECK(bench.worker.burst.mapped[0] == Mapped::kForeignSender);
    CHECK(claim(4) == Mapped::kSame);
  }
  SECTION("it answers the gateway") {
    const ArpView question = make_arp_request(Mac{0x02005e100001}, kGatewayIp, kVmV4);
    const Octets answer = arp(kVm, make_arp_reply(question, kVm));
    bench.send(3, "server1", answer);
    CHECK(mapping(bench, kVmV4).state() == NeighborState::kReachable);
    change([](NeighborEntry e) { return e.with_state(NeighborState::kStale); });
    bench.send(3, "server1", answer);
    CHECK(mapping(bench, kVmV4).state() == NeighborState::kReachable);
  }
  SECTION("it is heard in another second") {
    CHECK(claim(9 * kSecond) == Mapped::kSame);
    CHECK(bench.tables.neighbors.heard_s(bench.tables.neighbors.find(0, kVmV4).slot) == 9);
  }
  SECTION("others speak beside it, and somebody looks") {
    Burst& burst = bench.receive(3, {{"server1", frames::kLinuxGarp},
                                     {"server2", garp(kOther, kPeerV4)},
                                     {"server2", garp(kOther, kVmV4)}});
    burst.watched = true;
    for (const auto stage : {classify, learn, resolve}) stage(bench.worker, burst);
    CHECK(burst.mapped[0] == Mapped::kSame);
    CHECK(burst.mapped[1] == Mapped::kNew);
    CHECK(burst.mapped[2] == Mapped::kConflict);
  }
  SECTION("others ask beside it") {
    bench.send(3, "server1", arp_of(kPeer, kPeer, kPeerV4, kGatewayIp));
    bench.events();
    Burst& burst = bench.receive(4, {{"server1", arp_of(kVm, kVm, kVmV4, kPeerV4)},
                                     {"server1", arp_of(kOther, kOther, kVmV4, kPeerV4)},
                                     {"server1", arp_of(kVm, kVm, kVmV4, kGatewayIp)}});
    classify(bench.worker, burst);
    REQUIRE(burst.speaker_count == 2);  // the first says nothing new, and asks nobody here
    CHECK(burst.speakers[0] == 1);
    CHECK(burst.speakers[1] == 2);
    CHECK(burst.mapped[1] == Mapped::kNothing);  // to be weighed
    CHECK(burst.mapped[2] == Mapped::kSame);
  }
  SECTION("its frame is refused") {
    auto hit = bench.tables.fdb.find(0, kVm);
    const FdbEntry pinned = first_heard(bench.port("server2"), HostClass::kStatic, 0);
    REQUIRE(bench.tables.fdb.compare_exchange(hit.slot, hit.entry, pinned));
    CHECK(claim(3) == Mapped::kSame);  // no news, and no reason to let it pass
    CHECK(bench.drops("server1") == Drops{{"mac-violation", 1}});
    // Who looks is told that it was not looked at.
    Burst& burst = bench.receive(4, {{"server1", frames::kLinuxGarp}});
    burst.watched = true;
    for (const auto stage : {classify, learn, resolve}) stage(bench.worker, burst);
    CHECK(burst.mapped[0] == Mapped::kNothing);
  }
}

TEST_CASE("a known host asks more than its port is answered", "[resolve]") {
  const bool suppress = GENERATE(false, true);
  Bench bench(
      fmt::format("{}    suppress: {}\nlimits: {{arp_per_port: 1/s}}\n", kTenant, suppress));
  const Octets question = arp_of(kVm, kVm, kVmV4, kGatewayIp);
  for (Nanos now = 0; now < 4; ++now) bench.send(now, "server1", question);
  CHECK(bench.worker.counters.answered == 2);  // twice the rate at once
  CHECK(bench.worker.counters.unanswered == 2);
  CHECK(bench.send(4, "server1", question) == Names{"server2", "uplink"});
  CHECK(bench.worker.counters.unanswered == 3);
  // Others are asked: nothing that the gateway would answer.
  CHECK(bench.send(5, "server1", arp_of(kVm, kVm, kVmV4, kPeerV4)) == Names{"server2", "uplink"});
  CHECK(bench.worker.counters.unanswered == 3);
  // On its way to another station it is no question to the gateway, whatever its target.
  Octets in_transit = question;
  store_mac(in_transit.data(), kPeer);
  bench.send(6, "server1", in_transit);
  CHECK(bench.worker.counters.unanswered == 3);
}

TEST_CASE("a static mapping is never taken over", "[resolve]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}}
bridges:
  tenant:
    ports: [server1, server2]
    static: [{mac: "52:54:00:00:00:02", port: server1, ip: 10.9.0.2}]
)");
  bench.send(0, "server2", garp(kOther, kVmV4));
  CHECK(bench.worker.burst.mapped[0] == Mapped::kConflict);
  CHECK(mapping(bench, kVmV4).mac() == kVm);
  CHECK(mapping(bench, kVmV4).flags() == kStaticNeighbor);
}

TEST_CASE("where overheard mappings are not wanted", "[resolve]") {
  Bench bench(fmt::format("neighbors: {{learn: false}}\n{}", kTenant));
  bench.send(0, "server1", frames::kLinuxGarp);
  CHECK(bench.worker.burst.mapped[0] == Mapped::kOverheard);
  bench.send(0, "server1", arp_of(kVm, kVm, kVmV4, kGatewayIp));  // spoken to the gateway
  CHECK(bench.worker.burst.mapped[0] == Mapped::kNew);
  bench.send(kSecond, "server1", frames::kLinuxGarp);
  CHECK(bench.worker.burst.mapped[0] == Mapped::kSame);
  CHECK(bench.tables.neighbors.quota().total() == 1);
}

TEST_CASE("the neighbor table has limits", "[resolve]") {
  const auto [limits, trusted_is_limited] = GENERATE(table<std::string_view, bool>({
      {"{limit: 3}", true},
      {"{per_port: 3}", false},
  }));
  Bench bench(fmt::format("neighbors: {}\n{}", limits, kTenant));
  const auto ip = [](unsigned n) { return IpAddress::v4(0x0a090010 + n); };
  for (unsigned n = 0; n < 3; ++n) bench.send(0, "server1", garp(kVm, ip(n)));
  bench.events();
  bench.send(0, "server1", garp(kVm, ip(3)));
  CHECK(bench.worker.burst.mapped[0] == Mapped::kLimit);
  CHECK(bench.worker.counters.limit_neighbors == 1);
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kNeighborLimit);
  CHECK(events[0].ip == ip(3));
  bench.send(0, "uplink", garp(kPeer, ip(4)));
  CHECK(mapping(bench, ip(4)).is_free() == trusted_is_limited);
}

TEST_CASE("what is inside a customer's tag is not of this bridge", "[resolve]") {
  Bench bench(R"(
ports: {trunk: {}, server1: {}, wire: {}, wire2: {}}
bridges:
  red: {vlan: 10, ports: [server1, {port: trunk, tagged: true}]}
  through: {ports: [wire, wire2]}
)");
  bench.send(0, "trunk", tagged(tagged(frames::kLinuxGarp, 7), 10));
  CHECK(bench.where("red", kVm) == "trunk");
  CHECK(mapping(bench, kVmV4).is_free());
  bench.send(0, "trunk", tagged(frames::kLinuxGarp, 10));
  CHECK(mapping(bench, kVmV4).mac() == kVm);
  bench.send(0, "wire", tagged(tagged(frames::kLinuxGarp, 7), 10));
  CHECK(bench.tables.neighbors.find(1, kVmV4).entry.mac() == kVm);
}

}  // namespace godwit::test
