// A RARP without a tag, followed in every bridge of its port.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "control/control.h"
#include "test/stage/bench.h"

#include "dataplane/quiescence.h"
#include "dataplane/resolve.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

// Two trunks that carry VLANs 1 .. `bridges`, untagged the first if it is `native`.
std::string trunks(unsigned bridges, bool native) {
  std::string yaml = "ports: {old: {}, new: {}}\nbridges:\n";
  for (unsigned b = 1; b <= bridges; ++b) {
    const std::string tag = b == 1 && native ? "false" : "true";
    yaml += fmt::format(
        "  b{}: {{vlan: {}, ports: [{{port: old, tagged: {}}}, {{port: new, tagged: {}}}]}}\n", b,
        b, tag, tag);
  }
  return yaml;
}

void say_hello(Bench& bench, unsigned first, unsigned last) {
  for (unsigned b = first; b <= last; ++b)
    bench.send(0, "old", tagged(data(kVm, kPeer), static_cast<uint16_t>(b)));
}

unsigned known_at(const Bench& bench, std::string_view port) {
  unsigned count = 0;
  for (const BridgeContext& bridge : bench.topology.bridges())
    count += bench.where(bridge.name, kVm) == port ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("an untagged RARP moves the host in every bridge where it is known", "[rarp]") {
  const bool native = GENERATE(false, true);
  const Octets frame = GENERATE(as<Octets>{}, frames::kQemuRarp, tagged(frames::kQemuRarp, 0xe000));
  Bench bench(trunks(5, native));
  say_hello(bench, 2, 4);
  bench.send(kSecond, "new", frame);
  CHECK(known_at(bench, "new") == (native ? 4 : 3));
  CHECK(bench.where("b5", kVm) == "");                     // it makes no entry there,
  CHECK(bench.where("b1", kVm) == (native ? "new" : ""));  // only in its own bridge
  CHECK(bench.worker.counters.moved == 3);
  CHECK(bench.drops("new") == (native ? Drops{} : Drops{{"vlan-mismatch", 1}}));
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 3);
  for (unsigned e = 0; e < 3; ++e) {
    CHECK(events[e].kind == EventKind::kMoved);
    CHECK(events[e].evidence == Evidence::kRarp);
    CHECK(events[e].bridge == bench.bridge(fmt::format("b{}", e + 2)));
    CHECK(events[e].from == bench.port("old"));
    CHECK(events[e].to == bench.port("new"));
    CHECK(events[e].mac == kVm);
  }
  bench.send(2 * kSecond, "new", frame);
  CHECK(bench.events().empty());
}

TEST_CASE("what is no untagged RARP of a station tells of its own bridge only", "[rarp]") {
  Bench bench(trunks(3, true));
  say_hello(bench, 2, 3);
  SECTION("a tagged one") { bench.send(kSecond, "new", tagged(frames::kQemuRarp, 2)); }
  SECTION("a service tag") {
    bench.send(kSecond, "new", tagged(frames::kQemuRarp, 2, kEtherTypeService));
  }
  SECTION("another announcement") { bench.send(kSecond, "new", frames::kLinuxGarp); }
  SECTION("one cut short") { bench.send(kSecond, "new", frames::prefix(frames::kQemuRarp, 41)); }
  CHECK(bench.where("b3", kVm) == "old");
}

TEST_CASE("a RARP brings a host back at once, in every bridge", "[rarp]") {
  Bench bench(trunks(3, true));
  say_hello(bench, 2, 3);
  bench.send(kSecond, "new", frames::kQemuRarp);
  bench.send(kSecond + kMillisecond, "old", frames::kQemuRarp);
  CHECK(known_at(bench, "old") == 3);
}

TEST_CASE("a RARP that is refused in its own bridge is believed in no other", "[rarp]") {
  Bench bench(R"(
ports: {old: {}, new: {}}
bridges:
  pinned: {vlan: 1, ports: [old, new], static: [{mac: "52:54:00:00:00:02", port: old}]}
  red: {vlan: 10, ports: [{port: old, tagged: true}, {port: new, tagged: true}]}
)");
  bench.send(0, "old", tagged(data(kVm, kPeer), 10));
  bench.send(kSecond, "new", frames::kQemuRarp);
  CHECK(bench.where("red", kVm) == "old");
}

TEST_CASE("a RARP that is refused in another bridge is told of there", "[rarp]") {
  Bench bench(R"(
ports: {old: {}, new: {}}
bridges:
  native: {vlan: 1, ports: [old, new]}
  pinned:
    vlan: 10
    ports: [{port: old, tagged: true}, {port: new, tagged: true}]
    static: [{mac: "52:54:00:00:00:02", port: old}]
)");
  bench.send(kSecond, "new", frames::kQemuRarp);
  CHECK(bench.where("native", kVm) == "new");
  CHECK(bench.where("pinned", kVm) == "old");
  CHECK(bench.worker.counters.refused == 1);
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kRefused);
  CHECK(events[0].bridge == bench.bridge("pinned"));
  CHECK(events[0].from == bench.port("old"));
}

TEST_CASE("our own RARP come back without its tag moves nobody", "[rarp]") {
  Bench bench(R"(
ports: {server1: {}, uplink: {}}
bridges:
  red: {vlan: 10, ports: [server1, {port: uplink, tagged: true, trusted: true}]}
)");
  bench.send(0, "server1", frames::kQemuRarp);
  bench.send(kMillisecond, "uplink", frames::kQemuRarp);
  CHECK(bench.where("red", kVm) == "server1");
  CHECK(bench.events().empty());
  bench.send(kSecond, "uplink", frames::kQemuRarp);  // a later one is the host's own
  CHECK(bench.where("red", kVm) == "uplink");
}

TEST_CASE("a worker follows 64 further bridges, and control the rest", "[rarp]") {
  const bool native = GENERATE(false, true);
  const unsigned further = GENERATE(64u, 65u, 70u);
  const unsigned bridges = native ? further + 1 : further;
  Bench bench(trunks(bridges, native));
  say_hello(bench, native ? 2 : 1, bridges);
  if (native) bench.send(0, "old", data(kVm, kPeer));
  bench.send(kSecond, "new", frames::kQemuRarp);
  CHECK(known_at(bench, "new") == (native ? 1 : 0) + kRarpBridges);
  CHECK(bench.worker.counters.moved == (native ? 1 : 0) + kRarpBridges);

  const std::vector<Event> events = bench.events();
  const bool beyond = further > kRarpBridges;
  REQUIRE(events.size() == bench.worker.counters.moved + (beyond ? 1 : 0));
  if (!beyond) return;
  CHECK(events.back().kind == EventKind::kRarpBeyond);
  CHECK(events.back().mac == kVm);
  CHECK(events.back().to == bench.port("new"));
  CHECK(events.back().bridge == bridges - (further - kRarpBridges));

  Channel* channels[] = {&bench.channel};
  Quiescence grace(1);
  Control control(bench.topology, bench.tables, channels, grace);
  bench.channel.events.post(events.back());
  control.take_events(kSecond);
  CHECK(known_at(bench, "new") == bridges);
  CHECK(control.moves().all().size() == further - kRarpBridges);
}

}  // namespace godwit::test
