#include "dataplane/drop.h"

#include <set>

#include <catch2/catch.hpp>

#include "test/stage/bench.h"

#include "lib/forget.h"
#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kEverything = R"(
ports:
  server1: {}
  server2: {}
  uplink: {}
  lonely: {}
  idle: {}
  vault1: {}
  vault2: {}
  loud: {storm: {broadcast: 1/s, multicast: 1/s, unknown_unicast: 1/s}}
  quiet: {}
  cell1: {}
  cell2: {}
  lone1: {isolated: true}
  lone2: {isolated: true}
bridges:
  red:
    vlan: 10
    ports: [server1, server2, {port: uplink, tagged: true, trusted: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
    static: [{mac: "52:54:00:00:00:09", port: server1, ip: 10.9.0.9}]
  island: {ports: [lonely]}
  hall: {ports: [loud, quiet]}
  cell: {ports: [cell1, cell2], inspect: {arp: true, dhcp: true, source: true}}
  apart: {ports: [lone1, lone2]}
  vault:
    ports: [vault1, vault2]
    moves: {class: registered}
    static: [{mac: "52:54:00:00:00:08", port: vault2}]
routes: [{to: 192.0.2.0/24, via: 10.9.0.9}]
forget: {switch: leaf1, key: "000102030405060708090a0b0c0d0e0f"}
)";

constexpr Mac kPinned{0x525400000009};
constexpr Mac kGateway{0x02005e100001};
constexpr Mac kBpdu{0x0180c2000000};
constexpr Mac kGroup{0x01005e000001};
constexpr uint16_t kNoRoom = kVlanTagSize - 1;

constexpr IpAddress kHost = IpAddress::v4(0x0a090002);
constexpr IpAddress kFar = IpAddress::v4(0xc0000201);

// From the VM to the gateway.
Octets packet(const IpAddress& src, const IpAddress& dst, uint8_t ttl = 64, size_t payload = 0) {
  Octets frame(2048);
  const Octets text(payload);
  frame.resize(build_udp(frame, {.dst = kGateway, .src = kVm},
                         {.src = src, .dst = dst, .src_port = 1, .dst_port = 2, .ttl = ttl}, text));
  return frame;
}

// Longer than the MTU, and not to be fragmented.
Octets long_packet() {
  Octets frame = packet(kHost, kFar, 64, 1500);
  frame[20] |= 0x40;
  store_be16(&frame[24], 0);
  store_be16(&frame[24], internet_checksum({&frame[14], kIpv4HeaderSize}));
  return frame;
}

// Of another switch, it says.
Octets word(size_t payload) {
  Octets frame(2048);
  frame.resize(
      build_ethernet(frame, {.dst = kForgetGroup, .src = kVm}, kEtherTypeLocal, Octets(payload)));
  return frame;
}

// As a DHCP server sends them; there is no message in it.
Octets to_dhcp_client() {
  Octets frame(64);
  const UdpFlow flow{.src = kFar, .dst = kHost, .src_port = 67, .dst_port = 68};
  frame.resize(build_udp(frame, {.dst = kPeer, .src = kVm}, flow, {}));
  return frame;
}

Octets spoiled(Octets frame, size_t at) {
  frame[at] ^= 0xff;
  return frame;
}

struct Case {
  std::string_view reason;
  std::string_view port;
  Octets frame;
  uint16_t headroom = RTE_PKTMBUF_HEADROOM;
};

// One frame for each; the peer is at the uplink, and the VM at server1, whose last words were
// flooded.
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"no-bridge", "idle", data(kVm, kPeer)},
      {"vlan-mismatch", "server2", tagged(data(kVm, kPeer), 10)},
      {"runt", "server2", Octets(13)},
      {"reserved-group", "server2", data(kVm, kBpdu)},
      {"hairpin", "server1", data(kVm, kPinned)},
      {"unverified", "vault2", data(kVm, kPeer)},
      {"port-down", "vault1", data(kVm, Mac{0x525400000008})},
      {"reflection", "uplink", tagged(frames::kQemuRarp, 10)},
      {"mac-violation", "server2", data(kPinned, kPeer)},
      {"gateway-claim", "server2", data(kGateway, kPeer)},
      {"gateway-claim", "server2", garp(kVm, IpAddress::v4(0x0a0900fe))},
      {"no-destination", "lonely", data(kVm, kPeer)},
      {"no-mbuf", "server2", data(kVm, kPeer), kNoRoom},
      {"bad-ip-header", "server2", spoiled(packet(kHost, kFar), 14)},
      {"martian", "server2", packet(IpAddress::v4(0x7f000001), kFar)},
      {"ttl-expired", "server2", packet(kHost, kFar, 1)},
      {"no-route", "server2", packet(kHost, IpAddress::v4(0xc6336401))},
      {"subnet-address", "server2", packet(kHost, IpAddress::v4(0x0a0900ff))},
      {"too-big", "server2", long_packet()},
      {"rogue-dhcp", "cell1", to_dhcp_client()},
      {"arp-inspection", "cell1", garp(kVm, kHost)},
      {"source-guard", "cell1", packet(kHost, kFar)},
      {"storm-broadcast", "loud", data(kVm, kBroadcastMac)},
      {"storm-multicast", "loud", data(kVm, kGroup)},
      {"storm-unknown", "loud", data(kVm, kPeer)},
      {"isolated", "lone1", data(kVm, kPeer)},
      {"foreign-peer", "server2", word(100)},
      {"punt-limit", "uplink", tagged(word(1600), 10)},
  };
  return all;
}

}  // namespace

TEST_CASE("a dropped frame is counted for its reason, reaches nobody and is freed", "[drop]") {
  const Case c = GENERATE(from_range(cases()));
  INFO(c.reason);
  Bench bench(kEverything);
  bench.send(0, "uplink", tagged(data(kPeer, kBroadcastMac), 10));
  bench.send(0, "server1", frames::kQemuRarp);
  bench.send(0, "vault1", frames::kQemuRarp);
  bench.send(0, "lone2", data(kPeer, kBroadcastMac));
  for (const Mac dst : {kBroadcastMac, kGroup, kPeer}) bench.send(0, "loud", data(kVm, dst));
  bench.tables.ports.set(bench.port("vault2"), c.reason != "port-down");
  bench.offer(c.port, c.frame, c.headroom);
  bench.step(kMillisecond);
  const bool answered = bench.counters(c.port).originated != 0;  // by an ICMP error
  CHECK(bench.reached() == (answered ? Names{std::string(c.port)} : Names{}));
  CHECK(bench.drops(c.port) == Drops{{c.reason, 1}});
}

TEST_CASE("every reason that the pipeline can have is among them", "[drop]") {
  // Whoever fills the buffers finds a frame too long; what a port does not take is counted for that
  // port. A packet that waits is dropped later than others.
  std::set<std::string_view> reasons = {"oversize",  "tx-full",    "resolve-limit",
                                        "hold-full", "dhcp-limit", "unresolved"};
  for (const Case& c : cases()) reasons.insert(c.reason);
  CHECK(reasons == std::set<std::string_view>(kDropNames.begin(), kDropNames.end()));
}

}  // namespace godwit::test
