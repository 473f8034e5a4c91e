#include "dataplane/drop.h"

#include <set>

#include <catch2/catch.hpp>

#include "test/stage/bench.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kEverything = R"(
ports: {server1: {}, server2: {}, uplink: {}, lonely: {}, idle: {}}
bridges:
  red:
    vlan: 10
    ports: [server1, server2, {port: uplink, tagged: true, trusted: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
    static: [{mac: "52:54:00:00:00:09", port: server1}]
  island: {ports: [lonely]}
)";

constexpr Mac kPinned{0x525400000009};
constexpr Mac kGateway{0x02005e100001};
constexpr Mac kBpdu{0x0180c2000000};
constexpr uint16_t kNoRoom = kVlanTagSize - 1;

struct Case {
  std::string_view reason;
  std::string_view port;
  Octets frame;
  uint16_t headroom = RTE_PKTMBUF_HEADROOM;
};

// One frame for each; the peer is at the uplink, and the VM at server1, whose last words were
// flooded.
const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"no-bridge", "idle", data(kVm, kPeer)},
      {"vlan-mismatch", "server2", tagged(data(kVm, kPeer), 10)},
      {"runt", "server2", Octets(13)},
      {"reserved-group", "server2", data(kVm, kBpdu)},
      {"hairpin", "server1", data(kVm, kPinned)},
      {"reflection", "uplink", tagged(frames::kQemuRarp, 10)},
      {"mac-violation", "server2", data(kPinned, kPeer)},
      {"gateway-claim", "server2", data(kGateway, kPeer)},
      {"gateway-claim", "server2", garp(kVm, IpAddress::v4(0x0a0900fe))},
      {"no-destination", "lonely", data(kVm, kPeer)},
      {"no-mbuf", "server2", data(kVm, kPeer), kNoRoom},
  };
  return kCases;
}

}  // namespace

TEST_CASE("a dropped frame is counted for its reason, reaches nobody and is freed", "[drop]") {
  const Case c = GENERATE(from_range(cases()));
  INFO(c.reason);
  Bench bench(kEverything);
  bench.send(0, "uplink", tagged(data(kPeer, kBroadcastMac), 10));
  bench.send(0, "server1", frames::kQemuRarp);
  bench.offer(c.port, c.frame, c.headroom);
  bench.step(kMillisecond);
  CHECK(bench.reached().empty());
  CHECK(bench.drops(c.port) == Drops{{c.reason, 1}});
}

TEST_CASE("every reason that the pipeline can have is among them", "[drop]") {
  // Whoever fills the buffers finds a frame too long; what a port does not take is counted for that
  // port; and no port goes down yet.
  std::set<std::string_view> reasons = {"oversize", "tx-full", "port-down"};
  for (const Case& c : cases()) reasons.insert(c.reason);
  CHECK(reasons == std::set<std::string_view>(kDropNames.begin(), kDropNames.end()));
}

}  // namespace godwit::test
