#include "dataplane/flood.h"

#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/bench.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

// Three ports without a tag and three with one.
constexpr std::string_view kMixed = R"(
ports: {a1: {}, a2: {}, a3: {}, t1: {}, t2: {}, t3: {}}
bridges:
  red:
    vlan: 10
    ports: [a1, a2, a3, {port: t1, tagged: true}, {port: t2, tagged: true}, {port: t3, tagged: true}]
)";

const Octets kBare = data(kVm, kBroadcastMac);

uint64_t print_of(const Octets& frame) { return fingerprint(*parse_ethernet(frame), frame); }

}  // namespace

TEST_CASE("one buffer serves all ports that want the same octets", "[flood]") {
  Bench bench(kMixed);
  SECTION("from a port without a tag") {
    CHECK(bench.send(0, "a1", kBare) == Names{"a2", "a3", "t1", "t2", "t3"});
  }
  SECTION("from a port with a tag") {
    CHECK(bench.send(0, "t1", tagged(kBare, 10)) == Names{"a1", "a2", "a3", "t2", "t3"});
  }
  rte_mbuf* bare = bench.buffers("a2").at(0);
  rte_mbuf* with_tag = bench.buffers("t2").at(0);
  CHECK(bare != with_tag);
  for (const std::string_view port : {"a1", "a2", "a3"})
    for (const rte_mbuf* buffer : bench.buffers(port)) CHECK(buffer == bare);
  for (const std::string_view port : {"t1", "t2", "t3"})
    for (const rte_mbuf* buffer : bench.buffers(port)) CHECK(buffer == with_tag);
  const auto count = [&](std::string_view kind) {
    const Names reached = bench.reached();
    return std::count_if(reached.begin(), reached.end(),
                         [&](const std::string& name) { return name.starts_with(kind); });
  };
  CHECK(rte_mbuf_refcnt_read(bare) == count("a"));
  CHECK(rte_mbuf_refcnt_read(with_tag) == count("t"));
  CHECK(bench.sent("a2") == std::vector<Octets>{kBare});
  CHECK(bench.sent("t2") == std::vector<Octets>{tagged(kBare, 10)});
}

TEST_CASE("without another tag form there is no copy", "[flood]") {
  const auto [yaml, frame] = GENERATE(table<std::string_view, Octets>({
      {"ports: {a: {}, b: {}, c: {}}\nbridges: {wire: {ports: [a, b, c]}}\n", kBare},
      {"ports: {a: {}, b: {}, c: {}}\nbridges: {wire: {ports: [a, b, c]}}\n",
       tagged(tagged(kBare, 0xe00a), 20, kEtherTypeService)},
      {"ports: {a: {}, b: {}, c: {}}\nbridges: {red: {vlan: 10, ports: [a, b, c]}}\n", kBare},
  }));
  Bench bench(yaml, 1);  // where a copy would have no buffer
  CHECK(bench.send(0, "a", frame) == Names{"b", "c"});
  CHECK(bench.sent("b") == std::vector<Octets>{frame});
  CHECK(bench.sent("c") == std::vector<Octets>{frame});
  CHECK(bench.worker.counters.copies_lost == 0);
}

TEST_CASE("only a tag form: the frame itself is changed", "[flood]") {
  Bench bench(R"(
ports: {a: {}, t1: {}, t2: {}}
bridges: {red: {vlan: 10, ports: [a, {port: t1, tagged: true}, {port: t2, tagged: true}]}}
)",
              1);
  CHECK(bench.send(0, "a", kBare) == Names{"t1", "t2"});
  CHECK(bench.sent("t1") == std::vector<Octets>{tagged(kBare, 10)});
  CHECK(bench.buffers("t1") == bench.buffers("t2"));
}

TEST_CASE("without a buffer for the copy, the frame still reaches the others", "[flood]") {
  struct Case {
    std::string_view from;
    Octets frame;
    Names reached;
    uint64_t lost;
  };
  const auto [from, frame, reached, lost] = GENERATE(values<Case>({
      {"a1", kBare, {"a2", "a3"}, 3},
      {"t1", tagged(kBare, 10), {"a1", "a2", "a3"}, 2},
  }));
  Bench bench(kMixed);
  bench.offer(from, frame);
  bench.step_starved(0);
  CHECK(bench.reached() == reached);
  CHECK(bench.sent("a2") == std::vector<Octets>{kBare});
  CHECK(bench.worker.counters.copies_lost == lost);
  CHECK(bench.counters(from).forwarded == 1);
  CHECK(bench.send(1, from, frame).size() == 5);  // and the next has all
}

TEST_CASE("a port floods so much, and what its frames tell is heard all the same", "[flood]") {
  Bench bench(R"(
ports: {loud: {storm: {broadcast: 2/s, unknown_unicast: 3/s}}, b: {}, c: {}}
bridges: {wire: {ports: [loud, b, c]}}
)");
  const auto flooded = [&](Nanos now, std::string_view port, Mac dst) {
    unsigned through = 0;
    for (uint64_t n = 0; n < 10; ++n)
      through += bench.send(now, port, data(Mac{0x525400000100 + n}, dst)).empty() ? 0 : 1;
    return through;
  };
  CHECK(flooded(0, "loud", kBroadcastMac) == 2);
  CHECK(flooded(0, "loud", Mac{0x01005e000001}) == 10);
  CHECK(flooded(0, "loud", kPeer) == 3);
  CHECK(bench.drops("loud") == Drops{{"storm-broadcast", 8}, {"storm-unknown", 7}});
  CHECK(flooded(kSecond / 2, "loud", kBroadcastMac) == 1);
  for (uint64_t n = 0; n < 10; ++n) CHECK(bench.where("wire", Mac{0x525400000100 + n}) == "loud");

  CHECK(flooded(kSecond / 2, "b", kBroadcastMac) == 10);  // and so are moves
  CHECK(bench.where("wire", Mac{0x525400000100}) == "b");
  CHECK(flooded(kSecond / 2 + kMillisecond * 100, "loud", kBroadcastMac) == 0);
  CHECK(flooded(kSecond / 2 + kMillisecond * 100, "c", kVm) == 10);
  bench.send(kSecond, "b", data(kPeer, kVm));
  CHECK(flooded(kSecond, "loud", kPeer) == 10);  // known: no flood
}

TEST_CASE("a flood with nobody to hear it", "[flood]") {
  constexpr std::string_view kAlone = R"(
ports: {server1: {}, server2: {}}
bridges:
  bare: {ports: [server1]}
  routed: {ports: [server2], gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}}
)";
  Bench bench(kAlone);
  CHECK(bench.send(0, "server1", kBare).empty());
  CHECK(bench.send(0, "server1", data(kVm, kPeer)).empty());
  CHECK(bench.drops("server1") == Drops{{"no-destination", 2}});
  bench.send(0, "server2", kBare);  // what is for all is for the gateway too
  CHECK(bench.counters("server2").consumed == 1);
  bench.send(0, "server2", data(kVm, kPeer));
  CHECK(bench.drops("server2") == Drops{{"no-destination", 1}});
}

TEST_CASE("a transparent bridge floods no tag that means another bridge", "[flood]") {
  Bench bench(R"(
ports: {wire: {}, mixed: {}, other: {}, server1: {}}
bridges:
  through: {ports: [wire, mixed, other]}
  red: {vlan: 10, ports: [server1, {port: mixed, tagged: true}]}
)");
  CHECK(bench.send(0, "wire", kBare) == Names{"mixed", "other"});
  CHECK(bench.send(0, "wire", tagged(kBare, 11)) == Names{"mixed", "other"});
  CHECK(bench.send(0, "wire", tagged(kBare, 10)) == Names{"other"});
  CHECK(bench.sent("other") == std::vector<Octets>{tagged(kBare, 10)});
  CHECK(bench.send(0, "wire", tagged(kBare, 10, kEtherTypeService)) == Names{"mixed", "other"});
}

TEST_CASE("many floods in a burst, and every buffer comes back", "[flood]") {
  Bench bench(fmt::format("workers: {{burst: 256}}\n{}", kMixed));
  for (int i = 0; i < 200; ++i) bench.offer("a1", data(kVm, kBroadcastMac, fmt::format("{}", i)));
  bench.step(0);
  CHECK(bench.reached().size() == size_t{200} * 5);
  const std::vector<Octets> seen = bench.sent("t3");
  REQUIRE(seen.size() == 200);
  for (int i = 0; i < 200; ++i)
    CHECK(seen[i] == tagged(data(kVm, kBroadcastMac, fmt::format("{}", i)), 10));
}

TEST_CASE("floods that are alike leave together, each to those who are to hear it", "[flood]") {
  Bench bench(R"(
ports: {a: {}, b: {}, c: {}, w1: {}, w2: {}}
bridges:
  lan:
    ports: [a, b, c]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
  wire: {ports: [w1, w2]}
)");
  bench.send(0, "c", frames::kLinuxGarp);  // of kVm
  const Octets first = data(kPeer, kBroadcastMac, "first");
  const Octets claim = garp(kPeer, frames::kVmV4);  // which its owner is spared
  const Octets last = data(kPeer, kBroadcastMac, "last");
  bench.send(1, {{"a", first},
                 {"a", first},
                 {"a", claim},
                 {"a", last},
                 {"w1", first},
                 {"a", data(kPeer, kVm)},
                 {"b", tagged(last, 0)}});
  CHECK(bench.sent("b") == std::vector<Octets>{first, first, claim, last});
  CHECK(bench.sent("c") ==
        std::vector<Octets>{first, first, last, tagged(last, 0), data(kPeer, kVm)});
  CHECK(bench.sent("a") == std::vector<Octets>{tagged(last, 0)});
  CHECK(bench.sent("w2") == std::vector<Octets>{first});
  const auto& heard_by_two = bench.buffers("b");
  CHECK(rte_mbuf_refcnt_read(heard_by_two.at(0)) == 2);
  CHECK(rte_mbuf_refcnt_read(heard_by_two.at(2)) == 1);
}

TEST_CASE("a fingerprint tells a frame again in the forms it may come back in", "[flood]") {
  const Octets frame = frames::kLinuxGarp;
  const uint64_t print = print_of(frame);
  CHECK(print == print_of(tagged(frame, 10)));
  CHECK(print == print_of(tagged(frame, 0xe000)));
  CHECK(print == print_of(padded(frame, 60)));
  CHECK(print == print_of(padded(tagged(frame, 10), 60)));
  CHECK(print == print_of(padded(tagged(frame, 10), 64)));
}

TEST_CASE("and does not take another frame for it", "[flood]") {
  const Octets frame = data(kVm, kBroadcastMac, std::string(200, 'x'));
  const uint64_t print = print_of(frame);
  CHECK(print != print_of(tagged(frame, 10, kEtherTypeService)));
  CHECK(print != print_of(tagged(tagged(frame, 20), 10)));
  CHECK(print != print_of(padded(frame, frame.size() + 1)));
  for (size_t octet = 0; octet < 12 + 96; ++octet) {
    Octets other = frame;
    other[octet] ^= 0x02;
    INFO("octet " << octet);
    CHECK(print != print_of(other));
  }
  for (size_t size = 61; size < 100; ++size)
    CHECK(print_of(padded(kBare, size)) != print_of(padded(kBare, size + 1)));
}

}  // namespace godwit::test
