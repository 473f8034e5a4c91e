// Our own floods, come back through an uplink: learn and flood together.
#include <catch2/catch.hpp>

#include "test/stage/bench.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kUplink = R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges: {tenant: {ports: [server1, server2, {port: uplink, trusted: true}]}}
)";

}  // namespace

TEST_CASE("our own flood is no evidence when an uplink sends it back", "[learn]") {
  struct Case {
    Nanos after;
    bool is_reflection;
  };
  const auto [after, is_reflection] = GENERATE(values<Case>({
      {0, true},
      {kMicrosecond, true},
      {50 * kMillisecond, true},
      {51 * kMillisecond, false},
      {10 * kSecond, false},
  }));
  const Octets frame = GENERATE(as<Octets>{}, data(kVm, kBroadcastMac), frames::kQemuRarp,
                                frames::kLinuxGarp, data(kVm, kPeer, "to nobody that is known"));
  const size_t padding = GENERATE(0, 60);
  Bench bench(kUplink);
  bench.send(kSecond, "server1", frame);
  bench.events();
  CAPTURE(after, frame.size(), padding);
  const Names reached = bench.send(kSecond + after, "uplink", padded(frame, padding));
  CHECK(reached.empty() == is_reflection);
  CHECK(bench.where("tenant", kVm) == (is_reflection ? "server1" : "uplink"));
  CHECK(bench.drops("uplink") == (is_reflection ? Drops{{"reflection", 1}} : Drops{}));
  CHECK(bench.worker.counters.reflected == (is_reflection ? 1 : 0));
  CHECK(bench.events().empty() == is_reflection);
}

TEST_CASE("a reflection is known by the frame, not by its sender or its port", "[learn]") {
  Bench bench(kUplink);
  const Octets frame = data(kVm, kBroadcastMac, "one");
  bench.send(kSecond, "server1", frame);
  SECTION("other octets are evidence") {
    bench.send(kSecond, "uplink", data(kVm, kBroadcastMac, "two"));
    CHECK(bench.where("tenant", kVm) == "uplink");
  }
  SECTION("so are the same octets from an untrusted port") {
    bench.send(kSecond, "server2", frame);
    CHECK(bench.where("tenant", kVm) == "server2");
  }
  SECTION("what was not flooded does not come back") {
    bench.send(kSecond, "server2", data(kPeer, kVm));
    bench.send(kSecond, "server1", data(kVm, kPeer));
    bench.send(kSecond, "uplink", data(kVm, kPeer));
    CHECK(bench.where("tenant", kVm) == "uplink");
  }
  SECTION("a host behind the uplink repeats itself as it likes") {
    bench.send(kSecond, "uplink", data(kPeer, kBroadcastMac));
    CHECK(bench.send(kSecond, "uplink", data(kPeer, kBroadcastMac)).size() == 2);
  }
  SECTION("also who could not be learned is not flooded again") {
    Bench full(R"(
ports: {server1: {}, server2: {}, uplink: {}}
bridges: {full: {ports: [server1, server2, {port: uplink, trusted: true}], learning: {limit: 1}}}
)");
    full.send(kSecond, "server2", data(kPeer, kBroadcastMac));
    full.send(kSecond, "server1", frame);
    CHECK(full.send(kSecond, "uplink", frame).empty());
  }
}

TEST_CASE("a reflection is known in the uplink's own tags", "[learn]") {
  Bench bench(R"(
ports: {server1: {}, uplink: {}, other: {}}
bridges:
  red: {vlan: 10, ports: [server1, {port: uplink, tagged: true, trusted: true}]}
  blue: {vlan: 20, ports: [{port: uplink, tagged: true, trusted: true}, {port: other, tagged: true}]}
)");
  const Octets frame = frames::kLinuxGarp;
  bench.send(0, "server1", frame);
  SECTION("as it left") { CHECK(bench.send(0, "uplink", tagged(frame, 10)).empty()); }
  SECTION("with a priority") { CHECK(bench.send(0, "uplink", tagged(frame, 0xe00a)).empty()); }
  SECTION("padded") { CHECK(bench.send(0, "uplink", padded(tagged(frame, 10), 64)).empty()); }
  SECTION("in whatever bridge it comes back to") {
    CHECK(bench.send(0, "uplink", tagged(frame, 20)).empty());
    CHECK(bench.where("blue", kVm) == "");
  }
  CHECK(bench.where("red", kVm) == "server1");
}

}  // namespace godwit::test
