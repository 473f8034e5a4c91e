#include "dataplane/tx.h"

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
