#include "dataplane/route.h"

#include <string>
#include <tuple>

#include <catch2/catch.hpp>

#include "test/stage/bench.h"
#include "test/unit/small_tables.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kVm;
using frames::kVmV4;

constexpr Mac kGateway{0x02005e100001};
constexpr Mac kFirst{0x020000000001};
constexpr Mac kSecond{0x020000000002};
constexpr IpAddress kFirstIp = IpAddress::v4(0x0a080001);
constexpr IpAddress kSecondIp = IpAddress::v4(0x0a080002);
constexpr IpAddress kFar = IpAddress::v4(0xc0000201);
constexpr uint16_t kDontFragment = 0x4000;

// Routed by way of this router.
std::string config(std::string_view via) {
  return R"(
ports: {inside: {}, outside: {}}
bridges:
  in: {ports: [inside], gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}}
  out: {ports: [outside], mtu: 1000, gateway: {mac: "02:00:5e:10:00:01", addresses: [10.8.0.254/24]}}
routes: [{to: 192.0.2.0/24, via: )" +
         std::string(via) + "}]\n";
}

Octets packet(uint8_t ttl = 64, size_t payload = 0, uint16_t flags = kDontFragment) {
  Octets frame(2048);
  const Octets text(payload);
  const UdpFlow flow{.src = kVmV4, .dst = kFar, .src_port = 4000, .dst_port = 53, .ttl = ttl};
  frame.resize(build_udp(frame, {.dst = kGateway, .src = kVm}, flow, text));
  store_be16(&frame[20], flags);
  store_be16(&frame[24], 0);
  store_be16(&frame[24], internet_checksum({&frame[14], kIpv4HeaderSize}));
  return frame;
}

// The MACs to which packets left by a port.
std::vector<Mac> receivers(const Bench& bench, std::string_view port) {
  std::vector<Mac> all;
  for (const Octets& frame : bench.sent(port)) all.push_back(load_mac(frame.data()));
  return all;
}

}  // namespace

TEST_CASE("a next hop that is remembered is asked no more than its MAC", "[route]") {
  Bench bench(config("10.8.0.1"));
  bench.send(0, "inside", garp(kVm, kVmV4));
  bench.send(0, "outside", garp(kFirst, kFirstIp));
  bench.send(0, "outside", garp(kSecond, kSecondIp));
  for (int n = 0; n < 2; ++n) {
    bench.send(0, "inside", packet());
    CHECK(receivers(bench, "outside") == std::vector<Mac>{kFirst});
  }
  SECTION("not whether the packet has a hop left") {
    CHECK(bench.send(0, "inside", packet(1)) == Names{"inside"});
    CHECK(bench.drops("inside") == Drops{{"ttl-expired", 1}});
  }
  SECTION("not whether the next link takes it whole") {
    CHECK(bench.send(0, "inside", packet(64, 1000)) == Names{"inside"});
    CHECK(bench.drops("inside") == Drops{{"too-big", 1}});
    bench.send(0, "inside", packet(64, 1000, 0));
    CHECK(receivers(bench, "outside") == std::vector<Mac>{kFirst, kFirst});
  }
  SECTION("and other routes have other next hops") {
    const Config other = small_config(config("10.8.0.2"));
    const auto before = bench.fib.replace(std::make_unique<const FibTable>(other));
    bench.send(0, "inside", packet());
    CHECK(receivers(bench, "outside") == std::vector<Mac>{kSecond});
  }
  SECTION("and another MAC of the neighbor's is followed in the same second") {
    auto hit = bench.tables.neighbors.find(1, kFirstIp);
    REQUIRE(
        bench.tables.neighbors.compare_exchange(hit.slot, hit.entry, hit.entry.with_mac(kSecond)));
    bench.send(0, "inside", packet());
    CHECK(receivers(bench, "outside") == std::vector<Mac>{kSecond});
  }
}

TEST_CASE("a burst of both families is routed whole, whichever comes first", "[route]") {
  constexpr IpAddress kVmV6 = IpAddress::v6(0xfd00000900000000, 2);
  constexpr IpAddress kUnknownV6 = IpAddress::v6(0xfd00000800000000, 9);
  Octets v6(2048);
  const UdpFlow flow{.src = kVmV6, .dst = kUnknownV6, .src_port = 4000, .dst_port = 53, .ttl = 64};
  v6.resize(build_udp(v6, {.dst = kGateway, .src = kVm}, flow, Octets(8)));
  const bool v6_first = GENERATE(false, true);
  Bench bench(R"(
ports: {inside: {}, outside: {}}
bridges:
  in: {ports: [inside], gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::ff/64"]}}
  out: {ports: [outside], gateway: {mac: "02:00:5e:10:00:01", addresses: [10.8.0.254/24, "fd00:8::ff/64"]}}
routes: [{to: 192.0.2.0/24, via: 10.8.0.1}]
)");
  bench.send(0, "inside", garp(kVm, kVmV4));
  bench.send(0, "outside", garp(kFirst, kFirstIp));
  // The fourth for an unknown neighbor takes the place of the first, which is gone when the other
  // family's turn comes.
  const Arrival four{"inside", packet()};
  const Arrival six{"inside", v6};
  bench.send(0, v6_first ? std::initializer_list<Arrival>{six, four, six, six, six, four}
                         : std::initializer_list<Arrival>{four, six, six, six, six, four});
  CHECK(receivers(bench, "outside") == std::vector<Mac>{kFirst, kFirst});
  CHECK(bench.drops("inside") == Drops{{"hold-full", 1}});
  CHECK(bench.counters("inside").held == 3);
  give_up(bench.worker, {bench.bridge("out"), kUnknownV6});
  bench.step(0);  // which sends what the senders are told
}

TEST_CASE("what waits by a port or a bridge that is gone is dropped, and nothing else", "[route]") {
  const auto c = GENERATE(values<std::tuple<Location, BridgeIndex, bool>>({
      {0, 0, true},            // the port has left the bridge
      {0, kNoBridge, true},    // the port is gone
      {kNoLocation, 0, true},  // the bridge that it came by is gone
      {kNoLocation, 1, true},  // the bridge that it goes into is gone
      {0, 1, false},
      {1, kNoBridge, false},
      {1, 1, false},
  }));
  Bench bench(config("10.8.0.1"));
  bench.send(0, "inside", garp(kVm, kVmV4));
  bench.send(0, "inside", packet());
  REQUIRE(bench.worker.hold.held() == 1);
  Order order;
  order.kind = OrderKind::kDiscard;
  order.to = std::get<0>(c);
  order.bridge = std::get<1>(c);
  REQUIRE(bench.channel.orders.put(order));
  bench.worker.step(0);
  const bool dropped = std::get<2>(c);
  CHECK(bench.worker.hold.held() == (dropped ? 0 : 1));
  CHECK(bench.counters("inside").held == (dropped ? 0 : 1));
  CHECK(bench.drops("inside") == (dropped ? Drops{{"port-down", 1}} : Drops{}));
  order.to = kNoLocation;
  order.bridge = 0;
  bench.channel.orders.put(order);
  bench.worker.step(0);
  CHECK(bench.worker.hold.empty());
}

}  // namespace godwit::test
