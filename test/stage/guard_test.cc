#include "dataplane/guard.h"

#include <algorithm>
#include <utility>

#include <catch2/catch.hpp>

#include "test/stage/run.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kVm;
using frames::kVmV4;

constexpr std::string_view kGuarded = R"(
ports: {server1: {}, server2: {}, uplink: {}}
limits: {arp_per_port: 10/s}
bridges:
  tenant:
    ports: [server1, server2, {port: uplink, trusted: true}]
    inspect: {arp: true, dhcp: true, source: true}
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
    static: [{mac: "52:54:00:00:00:09", port: server1, ip: 10.9.0.9}]
)";

constexpr Mac kServer{0x5254000000fd};
constexpr Mac kThief{0x525400000066};
constexpr IpAddress kServerIp = IpAddress::v4(0x0a0900fd);
constexpr IpAddress kGatewayIp = IpAddress::v4(0x0a0900fe);
constexpr IpAddress kPinnedIp = IpAddress::v4(0x0a090009);
constexpr uint8_t kRequest = 3;
constexpr uint8_t kAck = 5;
constexpr uint8_t kRelease = 7;

// A DHCPv4 message; `address` is what is given, or given up.
Octets dhcp(uint8_t type, uint32_t xid, Mac client, const IpAddress& address, uint32_t seconds) {
  const bool ack = type == kAck;
  Octets m(240);
  m[0] = ack ? 2 : 1;
  m[1] = 1;
  m[2] = 6;
  store_be32(&m[4], xid);
  store_be32(&m[ack ? 16 : 12], static_cast<uint32_t>(address.lo));
  store_mac(&m[28], client);
  store_be32(&m[236], 0x63825363);
  m.insert(m.end(), {53, 1, type, 51, 4, 0, 0, 0, 0, 255});
  store_be32(&m[m.size() - 5], seconds);
  Octets frame(2048);
  const LinkHeader link{.dst = ack ? client : kBroadcastMac, .src = ack ? kServer : client};
  const UdpFlow flow{.src = ack ? kServerIp : IpAddress::v4(0),
                     .dst = IpAddress::v4(0xffffffff),
                     .src_port = static_cast<uint16_t>(ack ? 67 : 68),
                     .dst_port = static_cast<uint16_t>(ack ? 68 : 67)};
  frame.resize(build_udp(frame, link, flow, m));
  return frame;
}

// With leases.
struct GuardRun : Run {
  explicit GuardRun(std::string_view yaml = kGuarded) : Run(yaml) {}

  void lease(Nanos now, std::string_view port, Mac client, const IpAddress& ip,
             uint32_t seconds = 3600) {
    send(now, port, dhcp(kRequest, ++xid, client, IpAddress::v4(0), 0));
    send(now, "uplink", dhcp(kAck, xid, client, ip, seconds));
  }
  NeighborEntry owner(const IpAddress& ip) const {
    return bench.tables.neighbors.find(0, ip).entry;
  }
  HostClass class_of(Mac mac) const { return bench.entry("tenant", mac).host_class(); }
  size_t count(AlarmKind kind) const {
    const std::vector<AlarmKind> all = alarms();
    return static_cast<size_t>(std::count(all.begin(), all.end(), kind));
  }

  uint32_t xid = 0;
};

}  // namespace

TEST_CASE("a grant that was asked for registers the host, and nothing else does", "[guard]") {
  GuardRun run;
  const Octets ask = dhcp(kRequest, 1, kVm, IpAddress::v4(0), 0);
  const Octets ack = dhcp(kAck, 1, kVm, kVmV4, 3600);
  const auto is_bound = [&] {
    CHECK(is_pinned(run.owner(kVmV4)) == (run.class_of(kVm) == HostClass::kRegistered));
    return is_pinned(run.owner(kVmV4));
  };
  run.send(0, "uplink", ack);  // nobody asked
  CHECK_FALSE(is_bound());
  run.send(0, "server1", ask);
  run.send(0, "server2", ack);  // no server is there
  CHECK(run.bench.drops("server2") == Drops{{"rogue-dhcp", 1}});
  run.send(0, "uplink", dhcp(kAck, 2, kVm, kVmV4, 3600));  // to another question
  run.send(121 * kSecond, "uplink", ack);                  // too late
  CHECK_FALSE(is_bound());
  run.send(122 * kSecond, "server1", ask);
  run.send(122 * kSecond, "uplink", ack);
  CHECK(is_bound());
  CHECK(run.owner(kVmV4).mac() == kVm);
}

TEST_CASE("a binding outlives the silence of its host, and goes where its host goes", "[guard]") {
  GuardRun run;
  run.lease(0, "server1", kVm, kVmV4);
  run.until(1000 * kSecond);
  CHECK(run.bench.where("tenant", kVm) == "server1");
  FdbEntry entry = run.bench.entry("tenant", kVm);
  const auto slot = run.bench.tables.fdb.find(0, kVm).slot;
  REQUIRE(run.bench.tables.fdb.compare_exchange(
      slot, entry, entry.with_location(run.bench.port("server2"))));  // however it came there
  run.send(1001 * kSecond, "server2", garp(kVm, kVmV4));
  CHECK(run.bench.drops("server2").empty());
  CHECK(run.class_of(kVm) == HostClass::kRegistered);
  CHECK(run.owner(kVmV4).mac() == kVm);
}

TEST_CASE("a host that was forgotten is registered again when it is heard", "[guard]") {
  GuardRun run;
  run.lease(0, "server1", kVm, kVmV4);
  run.control.hear({.at = 0, .what = FlushHint{.port = {}, .bridge = {}, .mac = kVm, .ipv6 = {}}},
                   0);
  CHECK(run.bench.where("tenant", kVm).empty());
  CHECK(is_pinned(run.owner(kVmV4)));
  run.send(kSecond, "server2", garp(kVm, kVmV4));
  CHECK(run.bench.where("tenant", kVm) == "server2");
  CHECK(run.class_of(kVm) == HostClass::kRegistered);
}

TEST_CASE("a host is registered as long as it has one lease", "[guard]") {
  GuardRun run;
  run.lease(0, "server1", kVm, kVmV4, 100);
  run.lease(0, "server1", kVm, IpAddress::v4(0x0a090008), 200);
  run.until(150 * kSecond);
  CHECK(run.owner(kVmV4).is_free());
  CHECK(run.class_of(kVm) == HostClass::kRegistered);
  run.until(201 * kSecond);
  CHECK(run.class_of(kVm) == HostClass::kLearned);
  CHECK(run.control.leases().count() == 0);
  run.lease(300 * kSecond, "server1", kVm, kVmV4, DhcpLease::kForever);
  run.until(1'000'000 * kSecond);
  CHECK(is_pinned(run.owner(kVmV4)));
}

TEST_CASE("what DHCP may not give away", "[guard]") {
  GuardRun run;
  run.lease(0, "server1", kVm, kVmV4);
  run.lease(1, "server2", kThief, kGatewayIp);
  CHECK(run.count(AlarmKind::kGatewayClaim) == 1);
  run.lease(2, "server2", kThief, kPinnedIp);
  CHECK(run.count(AlarmKind::kAddressConflict) == 1);
  run.lease(3, "server2", kThief, kVmV4);
  CHECK(run.count(AlarmKind::kAddressConflict) == 2);
  CHECK(run.owner(kVmV4).mac() == kVm);
  CHECK(run.owner(kPinnedIp).mac() == Mac{0x525400000009});
  CHECK(run.owner(kGatewayIp).is_free());
  CHECK(run.class_of(kThief) == HostClass::kLearned);
}

TEST_CASE("who overhears a request does not get its answer", "[guard]") {
  GuardRun run;
  run.send(0, "server1", dhcp(kRequest, 7, kVm, IpAddress::v4(0), 0));
  Octets stolen = dhcp(kRequest, 7, kVm, IpAddress::v4(0), 0);
  store_mac(&stolen[6], kThief);
  run.send(1, "server2", stolen);
  CHECK(run.bench.drops("server2") == Drops{{"rogue-dhcp", 1}});
  run.send(2, "uplink", dhcp(kAck, 7, kVm, kVmV4, 3600));
  CHECK(run.owner(kVmV4).mac() == kVm);
}

TEST_CASE("DHCP of a port is limited, and that of another is heard", "[guard]") {
  GuardRun run;
  unsigned through = 0;
  for (uint64_t n = 0; n < 100; ++n)
    through +=
        run.send(0, "server1", dhcp(kRequest, 1, Mac{0x525400000100 + n}, IpAddress::v4(0), 0))
                .empty()
            ? 0
            : 1;
  CHECK(through == 20);  // of ten a second, two seconds' worth at once
  CHECK(run.bench.drops("server1") == Drops{{"dhcp-limit", 80}});
  CHECK(run.send(0, "server2", dhcp(kRequest, 2, kVm, IpAddress::v4(0), 0)).size() == 2);
}

TEST_CASE("a claim is held against whose the address is, and never against where", "[guard]") {
  GuardRun run;
  run.lease(0, "server1", kVm, kVmV4);
  CHECK(run.send(1, "server2", garp(kThief, kVmV4)).empty());
  CHECK(run.send(2, "server2", garp(kThief, IpAddress::v4(0x0a090066))).empty());
  CHECK(run.bench.drops("server2") == Drops{{"arp-inspection", 2}});
  CHECK(run.bench.where("tenant", kThief) == "server2");
  CHECK(run.count(AlarmKind::kArpInspection) == 2);
  // The VM's own claim from another port: the arbiter tests it, the inspection has nothing to say.
  CHECK(run.send(3, "server2", garp(kVm, kVmV4)).empty());
  CHECK(run.bench.drops("server2") == Drops{{"arp-inspection", 2}, {"unverified", 1}});
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kTesting);
}

TEST_CASE("a bridge without guards, beside one that has them, is not looked at", "[guard]") {
  GuardRun run(R"(
ports: {a: {}, b: {}, c: {}, d: {}}
bridges:
  tenant: {ports: [a, b], inspect: {arp: true, dhcp: true, source: true}}
  open: {ports: [c, d]}
)");
  CHECK(run.send(0, "c", dhcp(kAck, 1, kVm, kVmV4, 3600)) == Names{"d"});
  CHECK(run.send(0, "c", garp(kVm, kVmV4)) == Names{"d"});
  CHECK(run.send(0, "a", garp(kVm, kVmV4)).empty());
}

TEST_CASE("the guards look behind the tag of a trunk", "[guard]") {
  GuardRun run(R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges:
  tenant:
    vlan: 10
    ports: [{port: server1, tagged: true}, {port: server2, tagged: true}, {port: uplink, trusted: true}]
    inspect: {arp: true, dhcp: true, source: true}
)");
  run.send(0, "server1", tagged(dhcp(kRequest, 1, kVm, IpAddress::v4(0), 0), 10));
  run.send(0, "uplink", dhcp(kAck, 1, kVm, kVmV4, 3600));
  CHECK(run.class_of(kVm) == HostClass::kRegistered);
  const auto packet = [](const IpAddress& src) {
    Octets frame(100);
    const UdpFlow flow{.src = src, .dst = kServerIp, .src_port = 4000, .dst_port = 53};
    frame.resize(build_udp(frame, {.dst = kServer, .src = kVm}, flow, {}));
    return tagged(padded(frame, 60), 10);
  };
  CHECK(run.send(1, "server1", packet(kVmV4)) == Names{"uplink"});
  CHECK(run.send(1, "server1", packet(kPinnedIp)).empty());
  CHECK(run.send(1, "server1", tagged(garp(kVm, kVmV4), 10)) == Names{"server2", "uplink"});
  CHECK(run.send(1, "server1", tagged(garp(kVm, kPinnedIp), 10)).empty());
  CHECK(run.send(1, "server1", tagged(dhcp(kAck, 2, kThief, kPinnedIp, 3600), 10)).empty());
  CHECK(run.bench.drops("server1") ==
        Drops{{"source-guard", 1}, {"arp-inspection", 1}, {"rogue-dhcp", 1}});
}

TEST_CASE("a claim does not pass behind tags or headers that only some read", "[guard]") {
  GuardRun run(R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges:
  through: {ports: [server1, server2, {port: uplink, trusted: true}], inspect: {arp: true}}
)");
  Octets claim = garp(kThief, kVmV4);
  Octets deep = tagged(tagged(tagged(claim, 0), 0), 0);
  Octets snap = claim;
  const Octets header{0, 36, 0xaa, 0xaa, 3, 0, 0, 0};
  snap.insert(snap.begin() + 12, header.begin(), header.end());
  const auto [frame, passes] = GENERATE_COPY(values<std::pair<Octets, bool>>({
      {claim, false},
      {tagged(claim, 0), false},
      {tagged(tagged(claim, 0), 0), false},
      {deep, false},
      {padded(deep, 64), false},
      {snap, false},
      {padded(snap, 64), false},
      {tagged(snap, 0), false},
      {padded(tagged(tagged(data(kThief, kVm), 7), 7), 64), true},
  }));
  CHECK(run.send(0, "server1", frame).empty() != passes);
  CHECK(run.bench.drops("server1").contains("arp-inspection") != passes);
  CHECK(run.count(AlarmKind::kArpInspection) == (passes ? 0 : 1));
  if (!passes) CHECK(run.send(0, "uplink", frame).size() == 2);  // which is trusted
}

TEST_CASE("a release by its owner alone ends a binding", "[guard]") {
  GuardRun run;
  run.lease(0, "server1", kVm, kVmV4);
  run.send(1, "server2", dhcp(kRelease, 9, kThief, kVmV4, 0));
  CHECK(run.bench.drops("server2") == Drops{{"rogue-dhcp", 1}});
  CHECK(is_pinned(run.owner(kVmV4)));
  run.send(2, "server1", dhcp(kRelease, 9, kVm, kVmV4, 0));
  CHECK(run.owner(kVmV4).is_free());
  CHECK(run.class_of(kVm) == HostClass::kLearned);
}

}  // namespace godwit::test
