#include "control/control.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/run.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;
using frames::kVmV4;
using frames::kVmV6;

constexpr std::string_view kTenant = R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges:
  tenant:
    ports: [server1, server2, {port: uplink, trusted: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
    static: [{mac: "52:54:00:00:00:09", port: server1, ip: 10.9.0.9}]
)";

constexpr Mac kOther{0x525400000003};
constexpr Mac kPinned{0x525400000009};
constexpr IpAddress kPinnedIp = IpAddress::v4(0x0a090009);

IpAddress ip_of(unsigned n) { return IpAddress::v4(0x0a090010 + n); }

// For the gateway to pass on.
Octets packet_for(const IpAddress& ip) {
  Octets frame(64);
  const LinkHeader link{.dst = Mac{0x02005e100001}, .src = kOther};
  frame.resize(build_udp(frame, link, {ip_of(3), ip, 4000, 53}, {}));
  return frame;
}

}  // namespace

TEST_CASE("a move is on record with the IPs that followed", "[control]") {
  Run run(kTenant);
  run.send(0, "server1", frames::kLinuxUnsolicitedNa);
  run.send(0, "server1", frames::kLinuxGarp);
  run.send(kSecond, "server2", frames::kQemuRarp);
  REQUIRE(run.moves().size() == 1);
  const MoveRecord& move = run.moves()[0];
  CHECK(move.at == kSecond);
  CHECK(move.mac == kVm);
  CHECK(move.ips == std::vector<IpAddress>{kVmV4, kVmV6});
  CHECK(move.from == run.bench.port("server1"));
  CHECK(move.to == run.bench.port("server2"));
  CHECK(move.evidence == Evidence::kRarp);
  CHECK(move.verdict == MoveVerdict::kAccepted);
  CHECK(run.alarms().empty());
}

TEST_CASE("a host that moved settles, and ages from when it was heard", "[control]") {
  Run run(kTenant);
  run.send(0, "server1", data(kVm, kPeer));
  run.send(10 * kSecond, "server2", data(kVm, kPeer));
  run.until(15 * kSecond - 1);
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kSettling);
  run.until(15 * kSecond);
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kBound);
  run.until(310 * kSecond);
  CHECK(run.bench.where("tenant", kVm) == "server2");
  run.until(311 * kSecond);
  CHECK(run.bench.where("tenant", kVm) == "");
  CHECK(run.control.aged_locations() == 1);
  CHECK(run.control.next_due() == kNever);
}

TEST_CASE("a port whose guest has stopped is not down before frames were held long enough",
          "[control]") {
  Run run(kTenant);
  run.send(0, "server1", data(kVm, kPeer));
  const PortIndex port = run.bench.port("server1");
  run.bench.tables.ports.hold(port);
  const auto link_down = [&](Nanos now) {
    run.control.link(port, false, now);
    run.until(now);
    return run.bench.entry("tenant", kVm).state() == FdbState::kOffline;
  };
  CHECK_FALSE(link_down(10 * kSecond));
  CHECK_FALSE(link_down(12 * kSecond - 1));
  CHECK(run.alarms().empty());
  CHECK(link_down(12 * kSecond));
  CHECK(run.alarms() == std::vector{AlarmKind::kLinkDown});
  // The next time is counted anew.
  run.control.link(port, true, 13 * kSecond);
  run.send(13 * kSecond, "server1", data(kVm, kPeer));
  run.bench.tables.ports.hold(port);
  CHECK_FALSE(link_down(14 * kSecond));
  CHECK(link_down(16 * kSecond));
}

TEST_CASE("a mapping goes before its location, and the index with it", "[control]") {
  Run run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  run.send(100 * kSecond, "server1", data(kVm, kPeer));
  run.until(226 * kSecond);
  CHECK(run.control.aged_neighbors() == 0);
  run.until(229 * kSecond);  // three questions later
  CHECK(run.control.aged_neighbors() == 1);
  CHECK(run.bench.where("tenant", kVm) == "server1");
  run.send(230 * kSecond, "server2", data(kVm, kPeer));
  REQUIRE(run.moves().size() == 1);
  CHECK(run.moves()[0].ips.empty());
}

TEST_CASE("control hears first that a packet waits for a MAC", "[control]") {
  Run run(kTenant);
  Event filler;
  filler.kind = EventKind::kConfirmed;
  filler.bridge = 0;
  for (unsigned n = 0; n < 3; ++n) run.bench.channel.events.post(filler);
  Event question;
  question.kind = EventKind::kUnresolved;
  question.bridge = 0;
  question.to = run.bench.port("server1");
  question.ip = IpAddress::v4(0x0a090063);
  run.bench.channel.events.post(question);
  Order order;
  CHECK(run.control.take_events(0, 1));  // there are more
  CHECK(run.bench.channel.orders.take(order));
  CHECK(run.control.take_events(0, 1));
  CHECK_FALSE(run.control.take_events(0, 1));
  CHECK_FALSE(run.bench.channel.orders.take(order));
}

TEST_CASE("a lost event of a move is repaired by a sweep", "[control]") {
  Run run(kTenant);
  run.send(0, "server1", data(kVm, kPeer));
  run.bench.send(kSecond, "server2", data(kVm, kPeer));
  run.bench.events();  // lost
  Event filler;
  filler.kind = EventKind::kConflict;
  for (unsigned n = 0; run.bench.channel.events.lost() == 0; ++n)
    run.bench.channel.events.post(filler);
  run.bench.events();
  run.control.take_events(kSecond);
  CHECK(run.control.events_lost() == 1);
  CHECK(run.control.next_due() == 0);  // at once
  run.clock = kSecond;
  run.until(6 * kSecond);
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kBound);
  CHECK(run.bench.where("tenant", kVm) == "server2");
}

TEST_CASE("a lost event of a mapping is repaired by a sweep", "[control]") {
  Run run(kTenant);
  run.bench.send(0, "server1", frames::kLinuxGarp);
  run.bench.events();  // lost
  Event filler;
  filler.kind = EventKind::kConflict;
  for (unsigned n = 0; run.bench.channel.events.lost() == 0; ++n)
    run.bench.channel.events.post(filler);
  run.bench.events();
  run.control.take_events(0);
  run.until(kSecond);
  run.send(2 * kSecond, "server2", data(kVm, kPeer));
  REQUIRE(run.moves().size() == 1);
  CHECK(run.moves()[0].ips == std::vector<IpAddress>{kVmV4});
}

TEST_CASE("who was forgotten while he was asked is asked for anew", "[control]") {
  Run run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  run.until(227 * kSecond);
  REQUIRE(run.control.solicitor().is_asking(0, kVmV4));  // whether he is still there
  Hint forget;
  forget.what.emplace<FlushHint>().bridge = 0;
  run.control.hear(forget, 227 * kSecond);
  run.bench.step(227 * kSecond);
  run.send(227 * kSecond, "server2", packet_for(kVmV4));
  CHECK(run.bench.worker.hold.held() == 1);
  run.until(232 * kSecond);
  run.bench.step(232 * kSecond);
  CHECK(run.bench.worker.hold.empty());
  CHECK(run.bench.drops("server2") == Drops{{"unresolved", 1}});
}

TEST_CASE("so many addresses are defended at once, and no more", "[control]") {
  Run run(kTenant);
  Questions questions(run.bench.topology, run.channels);
  const HostIndex hosts;
  Announcer announcer(run.bench.topology, run.bench.tables, hosts, questions);
  const auto defended = [&](unsigned n, Nanos now) {
    Order order;
    while (run.bench.channel.orders.take(order)) continue;
    return announcer.defend(0, ip_of(n), kVm, kNoLocation, now);
  };
  unsigned most = 0;
  while (most < 100'000 && defended(most, 0)) ++most;
  CHECK(most == 1024);
  CHECK_FALSE(defended(0, 9 * kSecond));
  CHECK_FALSE(defended(most, 9 * kSecond));
  CHECK(defended(0, 10 * kSecond));
  CHECK(defended(most, 10 * kSecond));
}

TEST_CASE("each lie raises its alarm, and names who tells it", "[control]") {
  Run run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  struct Case {
    Octets frame;
    AlarmKind kind;
    Mac mac;
    std::optional<IpAddress> ip;
  };
  const IpAddress gateway = IpAddress::v4(0x0a0900fe);
  const auto c = GENERATE_COPY(values<Case>({
      {data(kPinned, kPeer), AlarmKind::kMacViolation, kPinned, {}},
      {data(Mac{0x02005e100001}, kPeer), AlarmKind::kGatewayClaim, Mac{0x02005e100001}, {}},
      {garp(kOther, gateway), AlarmKind::kGatewayClaim, kOther, gateway},
      {garp(kOther, kVmV4), AlarmKind::kAddressConflict, kOther, kVmV4},
      {garp(kOther, kPinnedIp), AlarmKind::kAddressConflict, kOther, kPinnedIp},
  }));
  run.send(kSecond, "server2", c.frame);
  run.send(kSecond + kMillisecond, "server2", c.frame);
  REQUIRE(run.alarms() == std::vector{c.kind});
  const Alarm alarm = run.control.alarms().all()[0];
  CHECK(alarm.at == kSecond);
  CHECK(alarm.port == run.bench.port("server2"));
  CHECK(alarm.bridge == run.bench.bridge("tenant"));
  CHECK(alarm.mac == c.mac);
  CHECK(alarm.ip == c.ip);
  CHECK(run.control.alarms().suppressed() == 1);
}

TEST_CASE("a refused claim is one rejected move", "[control]") {
  Run run(kTenant);
  for (Nanos s = 1; s <= 3; ++s) run.send(s * kSecond, "server2", data(kPinned, kPeer));
  REQUIRE(run.moves().size() == 1);
  CHECK(run.moves()[0].verdict == MoveVerdict::kRejected);
  CHECK(run.moves()[0].ips == std::vector<IpAddress>{kPinnedIp});
}

TEST_CASE("spent limits raise an alarm that names no host", "[control]") {
  struct Case {
    std::string_view learning;
    AlarmKind kind;
  };
  const auto [learning, kind] = GENERATE(values<Case>({
      {"{limit: 2}", AlarmKind::kLearnLimit},
      {"{per_port: 2}", AlarmKind::kPortQuota},
  }));
  Run run(
      fmt::format("ports: {{a: {{}}, b: {{}}}}\n"
                  "bridges: {{small: {{ports: [a, b], learning: {}}}}}\n",
                  learning));
  for (uint64_t n = 1; n <= 5; ++n) run.send(0, "a", data(Mac{n}, kPeer));
  CHECK(run.alarms() == std::vector{kind});
  CHECK_FALSE(run.control.alarms().all()[0].mac);
  CHECK(run.control.alarms().suppressed() == 2);
}

TEST_CASE("a MAC has no more IPs than it may have", "[control]") {
  Run run(fmt::format("neighbors: {{per_mac: 3}}\n{}", kTenant));
  for (unsigned n = 0; n < 3; ++n) run.send(0, "server1", garp(kVm, ip_of(n)));
  CHECK(run.alarms().empty());
  for (unsigned n = 3; n < 6; ++n) run.send(0, "server1", garp(kVm, ip_of(n)));
  CHECK(run.bench.tables.neighbors.find(0, ip_of(2)));
  for (unsigned n = 3; n < 6; ++n) CHECK_FALSE(run.bench.tables.neighbors.find(0, ip_of(n)));
  CHECK(run.alarms() == std::vector{AlarmKind::kNeighborLimit});
  run.send(0, "server1", garp(kVm, ip_of(0)));  // what it has, it keeps
  CHECK(run.bench.tables.neighbors.find(0, ip_of(0)));
  run.send(kSecond, "server2", data(kVm, kPeer));
  CHECK(run.moves().at(0).ips == std::vector<IpAddress>{ip_of(0), ip_of(1), ip_of(2)});
}

TEST_CASE("an address that is given over leaves its old host", "[control]") {
  Run run(kTenant);
  run.send(0, "server1", frames::kLinuxGarp);
  auto hit = run.bench.tables.fdb.find(0, kVm);
  REQUIRE(run.bench.tables.fdb.remove(hit.slot, hit.entry));
  run.send(7 * kSecond, "server2", garp(kOther, kVmV4));
  CHECK(run.alarms() == std::vector{AlarmKind::kAddressTaken});
  run.send(8 * kSecond, "server1", data(kOther, kPeer));
  CHECK(run.moves().at(0).ips == std::vector<IpAddress>{kVmV4});
  run.send(9 * kSecond, "server1", data(kVm, kPeer));
  run.send(10 * kSecond, "server2", data(kVm, kPeer));
  CHECK(run.moves().at(1).ips.empty());
}

TEST_CASE("with nothing learned there is nothing to do", "[control]") {
  Run run("ports: {a: {}, b: {}}\nbridges: {tenant: {ports: [a, b]}}\n");
  CHECK(run.control.next_due() == kNever);
  run.control.take_events(0);
  CHECK(run.control.next_due() == kNever);
}

}  // namespace godwit::test
