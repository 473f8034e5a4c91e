#include "dataplane/tx.h"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "test/stage/bench.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

const Octets kBare = data(kVm, kPeer);

constexpr std::string_view kMixed = R"(
ports: {access: {}, access2: {}, trunk: {}, trunk2: {}, native: {}}
bridges:
  red:
    vlan: 10
    ports: [access, access2, {port: trunk, tagged: true}, {port: trunk2, tagged: true}, {port: native, tagged: true}]
  blue: {vlan: 20, ports: [native, {port: trunk, tagged: true}, {port: trunk2, tagged: true}]}
)";

// What is flooded leaves ahead of what is forwarded: no order is promised but a flow's.
std::vector<Octets> by_flow(std::vector<Octets> frames) {
  std::stable_sort(frames.begin(), frames.end(), [](const Octets& a, const Octets& b) {
    return std::lexicographical_compare(a.begin(), a.begin() + 12, b.begin(), b.begin() + 12);
  });
  return frames;
}

}  // namespace

TEST_CASE("a frame leaves in the form of its port", "[tx]") {
  struct Case {
    std::string_view in;
    Octets received;
    std::string_view out;
    Octets sent;
  };
  const Octets with_s_tag = tagged(kBare, 0x6063, kEtherTypeService);
  const auto [in, received, out, sent] = GENERATE_COPY(values<Case>({
      {"access", kBare, "access2", kBare},
      {"access", tagged(kBare, 0xe000), "access2", kBare},  // the priority goes with its tag
      {"access", kBare, "trunk", tagged(kBare, 10)},
      {"access", tagged(kBare, 0xa000), "trunk", tagged(kBare, 0xa00a)},
      {"access", tagged(kBare, 0x1000), "trunk", tagged(kBare, 0x100a)},  // DEI
      {"trunk", tagged(kBare, 10), "access", kBare},
      {"trunk", tagged(kBare, 0xe00a), "access", kBare},
      {"trunk", tagged(kBare, 10), "trunk2", tagged(kBare, 10)},
      {"trunk", tagged(kBare, 0xf00a), "trunk2", tagged(kBare, 0xf00a)},
      {"trunk", tagged(kBare, 0x4014), "native", kBare},
      {"native", kBare, "trunk", tagged(kBare, 20)},
      {"native", tagged(kBare, 0x2000), "trunk2", tagged(kBare, 0x2014)},
      {"native", tagged(kBare, 0x200a), "access", kBare},
      {"trunk", tagged(kBare, 0x200a), "native", tagged(kBare, 0x200a)},
      // A tag inside is the customer's.
      {"trunk", tagged(tagged(kBare, 0x2063), 0x400a), "access", tagged(kBare, 0x2063)},
      {"trunk", tagged(with_s_tag, 10), "access", with_s_tag},
      {"access", tagged(tagged(kBare, 0x2063), 0), "trunk", tagged(tagged(kBare, 0x2063), 10)},
  }));
  Bench bench(kMixed);
  // The receiver is known in both bridges, where it has a place.
  for (const Octets& hello : {data(kPeer, kBroadcastMac), tagged(data(kPeer, kBroadcastMac), 10),
                              tagged(data(kPeer, kBroadcastMac), 20)})
    bench.send(0, out, hello);
  CHECK(bench.send(0, in, received) == Names{std::string(out)});
  CHECK(bench.sent(out) == std::vector<Octets>{sent});
}

TEST_CASE("frames leave a burst as they leave alone", "[tx]") {
  constexpr std::array<std::string_view, 5> kPorts{"access", "access2", "trunk", "trunk2",
                                                   "native"};
  const auto host = [](size_t port) { return Mac{0x020000000010 + port}; };
  Bench together(kMixed), alone(kMixed);
  for (size_t p = 0; p < kPorts.size(); ++p)
    for (const uint16_t vlan : {0, 10, 20})
      for (Bench* bench : {&together, &alone}) {
        const Octets hello = padded(data(host(p), kBroadcastMac), 60);
        bench->send(0, kPorts[p], vlan == 0 ? hello : tagged(hello, vlan));
      }
  std::mt19937 random(1);
  for (unsigned round = 0; round < 200; ++round) {
    std::map<std::string_view, std::vector<Octets>> expected, actual;
    const auto wander = random() % kPorts.size() + 1;  // few targets make long runs
    for (size_t p = 0; p < kPorts.size(); ++p) {
      for (unsigned n = random() % 12; n > 0; --n) {
        Octets frame = data(host(p), host((p + 1 + random() % wander) % kPorts.size()));
        store_be16(&frame[12], kEtherTypeIpv4);
        frame = padded(frame, 60);
        store_be32(&frame[20], static_cast<uint32_t>(random()));  // each is another
        const auto priority = static_cast<uint16_t>(random() % 8 << 13);
        const std::array<Octets, 6> forms{
            frame,
            tagged(frame, priority | 10),
            tagged(frame, priority | 10),
            tagged(frame, priority | 20),
            tagged(frame, priority),
            tagged(tagged(frame, 7), priority | 10),
        };
        const Octets& form = forms[random() % (random() % 4 == 0 ? 6 : 4)];
        const auto headroom = static_cast<uint16_t>(random() % 16 == 0 ? 0 : RTE_PKTMBUF_HEADROOM);
        together.offer(kPorts[p], form, headroom);
        alone.offer(kPorts[p], form, headroom);
        alone.step(0);
        for (const std::string_view out : kPorts)
          for (const Octets& sent : alone.sent(out)) expected[out].push_back(sent);
      }
    }
    while (together.step(0) > 0)  // a burst at a time
      for (const std::string_view out : kPorts)
        for (const Octets& sent : together.sent(out)) actual[out].push_back(sent);
    for (const std::string_view out : kPorts)
      CHECK(by_flow(std::move(actual[out])) == by_flow(std::move(expected[out])));
  }
  CHECK(together.drops("access") == alone.drops("access"));
  CHECK(together.drops("trunk") == alone.drops("trunk"));
}

TEST_CASE("frames routed into a VLAN and bridged in it leave a burst alike", "[tx]") {
  constexpr Mac kGateway{0x02005e100001};
  Bench bench(R"(
ports: {trunk: {}, trunk2: {}}
bridges:
  red:
    vlan: 10
    ports: [{port: trunk, tagged: true}, {port: trunk2, tagged: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
  blue:
    vlan: 20
    ports: [{port: trunk, tagged: true}, {port: trunk2, tagged: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.8.0.254/24]}
)");
  const IpAddress there = IpAddress::v4(0x0a080001);
  const auto packet = [&](Mac dst) {
    Octets frame(100);
    const UdpFlow flow{.src = frames::kVmV4, .dst = there, .src_port = 4000, .dst_port = 53};
    frame.resize(build_udp(frame, {.dst = dst, .src = kVm}, flow, {}));
    return padded(frame, 60);
  };
  bench.send(0, "trunk2", tagged(garp(kPeer, there), 20));
  const Octets routed = tagged(packet(kGateway), 10);
  const Octets bridged = tagged(packet(kPeer), 20);
  bench.send(1, {{"trunk", routed}, {"trunk", bridged}, {"trunk", routed}, {"trunk", bridged}});
  const std::vector<Octets> sent = bench.sent("trunk2");
  REQUIRE(sent.size() == 4);
  for (const Octets& frame : sent) {
    const auto view = parse_ethernet(frame);
    CHECK((view->tags == 1 && view->outer_vid() == 20 && view->ether_type == kEtherTypeIpv4));
    CHECK(view->dst == kPeer);
  }
  CHECK(parse_ethernet(sent[0])->src == kGateway);
  CHECK(sent[1] == bridged);
}

TEST_CASE("a known host behind a tag that means another bridge is not reached", "[tx]") {
  Bench bench(R"(
ports: {wire: {}, mixed: {}, server1: {}}
bridges:
  through: {ports: [wire, mixed]}
  red: {vlan: 10, ports: [server1, {port: mixed, tagged: true}]}
)");
  bench.send(0, "mixed", data(kPeer, kBroadcastMac));
  CHECK(bench.send(0, "wire", tagged(kBare, 11)) == Names{"mixed"});
  CHECK(bench.send(0, "wire", tagged(kBare, 10)).empty());
  CHECK(bench.drops("wire") == Drops{{"vlan-mismatch", 1}});
}

TEST_CASE("a frame without room for its tag ends for want of a buffer", "[tx]") {
  Bench bench(kMixed);
  bench.send(0, "trunk", tagged(data(kPeer, kBroadcastMac), 10));
  bench.offer("access", kBare, kVlanTagSize - 1);
  bench.offer("access", kBare, kVlanTagSize);
  bench.step(0);
  CHECK(bench.sent("trunk") == std::vector<Octets>{tagged(kBare, 10)});
  CHECK(bench.drops("access") == Drops{{"no-mbuf", 1}});
}

TEST_CASE("a flood without room for its tag is lost where it wants one", "[tx]") {
  SECTION("but a copy has room of its own") {
    Bench bench(kMixed);
    bench.offer("access", data(kVm, kBroadcastMac), 0);
    bench.step(0);
    CHECK(bench.reached() == Names{"access2", "trunk", "trunk2", "native"});
    CHECK(bench.sent("trunk") == std::vector<Octets>{tagged(data(kVm, kBroadcastMac), 10)});
  }
  SECTION("and the frame itself has not") {
    Bench bench(R"(
ports: {access: {}, trunk: {}, trunk2: {}}
bridges: {red: {vlan: 10, ports: [access, {port: trunk, tagged: true}, {port: trunk2, tagged: true}]}}
)");
    bench.offer("access", data(kVm, kBroadcastMac), 0);
    bench.step(0);
    CHECK(bench.reached().empty());
    CHECK(bench.worker.counters.copies_lost == 2);
  }
}

TEST_CASE("each way to end is counted once, for the port of entry", "[tx]") {
  Bench bench(R"(
ports: {server1: {}, server2: {}}
bridges:
  tenant:
    ports: [server1, server2]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
)");
  constexpr Mac kGateway{0x02005e100001};
  bench.send(0, "server2", data(kPeer, kVm));
  bench.send(0, {{"server1", kBare},
                 {"server1", data(kVm, kBroadcastMac)},
                 {"server1", data(kVm, kGateway)},
                 {"server1", data(kVm, kVm)},
                 {"server1", data(kGateway, kPeer)},
                 {"server1", Octets(13)}});
  const PortCounters& counters = bench.counters("server1");
  CHECK(counters.rx == 6);
  CHECK(counters.forwarded == 2);
  CHECK(counters.consumed == 1);
  CHECK(bench.drops("server1") == Drops{{"gateway-claim", 1}, {"hairpin", 1}, {"runt", 1}});
  CHECK(bench.counters("server2").tx == 2);
  CHECK(counters.tx == 1);  // the flood of the first frame
}

}  // namespace godwit::test
