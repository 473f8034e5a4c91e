#include "dataplane/classify.h"

#include <catch2/catch.hpp>

#include "test/stage/bench.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kPorts = R"(
ports: {access: {}, trunk: {}, native: {}, wire: {}, mixed: {}, idle: {}}
bridges:
  red: {vlan: 10, ports: [access, {port: trunk, tagged: true}, {port: native, tagged: true}, {port: mixed, tagged: true}]}
  blue: {vlan: 20, ports: [native, {port: trunk, tagged: true}]}
  wire: {ports: [wire, mixed]}
)";

struct Tag {
  uint16_t tpid;
  uint16_t tci;
};

constexpr uint16_t kC = kEtherTypeVlan;
constexpr uint16_t kS = kEtherTypeService;

Octets with_tags(Octets frame, const std::vector<Tag>& tags) {
  for (const Tag& tag : std::vector<Tag>(tags.rbegin(), tags.rend()))
    frame = tagged(std::move(frame), tag.tci, tag.tpid);
  return frame;
}

}  // namespace

TEST_CASE("a frame's port and tag say which bridge takes it", "[classify]") {
  struct Case {
    std::string_view port;
    std::vector<Tag> tags;      // outer first
    std::string_view expected;  // a bridge, or why there is none
  };
  const auto [port, tags, expected] = GENERATE(values<Case>({
      {"access", {}, "red"},
      {"access", {{kC, 0}}, "red"},  // a priority
      {"access", {{kC, 0xe000}}, "red"},
      {"access", {{kC, 0}, {kC, 99}}, "red"},
      {"access", {{kC, 10}}, "vlan-mismatch"},  // even the bridge's own
      {"access", {{kS, 10}}, "vlan-mismatch"},
      {"access", {{kS, 0}}, "vlan-mismatch"},
      {"trunk", {}, "vlan-mismatch"},
      {"trunk", {{kC, 0xe000}}, "vlan-mismatch"},
      {"trunk", {{kC, 10}}, "red"},
      {"trunk", {{kC, 0xf00a}}, "red"},  // with a priority and DEI
      {"trunk", {{kC, 20}}, "blue"},
      {"trunk", {{kC, 30}}, "vlan-mismatch"},
      {"trunk", {{kC, 0xfff}}, "vlan-mismatch"},
      {"trunk", {{kC, 10}, {kC, 20}}, "red"},
      {"trunk", {{kS, 10}}, "vlan-mismatch"},
      {"trunk", {{kS, 10}, {kC, 10}}, "vlan-mismatch"},
      {"native", {}, "blue"},
      {"native", {{kC, 0x2000}}, "blue"},
      {"native", {{kC, 10}}, "red"},
      {"native", {{kC, 20}}, "vlan-mismatch"},
      {"wire", {}, "wire"},
      {"wire", {{kC, 0}}, "wire"},
      {"wire", {{kC, 10}}, "wire"},
      {"wire", {{kS, 10}, {kC, 20}}, "wire"},
      {"mixed", {}, "wire"},
      {"mixed", {{kC, 10}}, "red"},
      {"mixed", {{kC, 11}}, "wire"},
      {"mixed", {{kS, 10}}, "wire"},
      {"idle", {}, "no-bridge"},
      {"idle", {{kC, 10}}, "no-bridge"},
  }));
  Bench bench(kPorts);
  Burst& burst = bench.receive(0, {{port, with_tags(data(kVm, kPeer), tags)}});
  classify(bench.worker, burst);
  INFO(port << ", " << tags.size() << " tags");
  if (burst.fate[0] == Fate::kPending) {
    CHECK(bench.topology.bridge(burst.bridge[0]).name == expected);
    CHECK(burst.src_key[0] == fdb_key(bench.bridge(expected), kVm));
    CHECK(burst.dst_key[0] == fdb_key(bench.bridge(expected), kPeer));
    CHECK(burst.src_home[0] == bench.tables.fdb.home(burst.src_key[0]));
    CHECK(burst.dst_home[0] == bench.tables.fdb.home(burst.dst_key[0]));
  } else {
    CHECK(burst.fate[0] == Fate::kDropped);
    CHECK(to_string(burst.drop[0]) == expected);
    CHECK(burst.bridge[0] == kNoBridge);
    CHECK(burst.src_key[0] == Fdb::kNoKey);
    CHECK(burst.dst_key[0] == Fdb::kNoKey);
  }
}

TEST_CASE("only a station's address is found", "[classify]") {
  constexpr Mac kGroup{0x01005e000001};
  Bench bench(kPorts);
  Burst& burst = bench.receive(0, {{"access", data(kVm, kGroup)},
                                   {"access", data(kGroup, kVm)},
                                   {"access", data(Mac{}, Mac{})}});
  classify(bench.worker, burst);
  const BridgeIndex red = bench.bridge("red");
  CHECK(burst.src_key[0] == fdb_key(red, kVm));
  CHECK(burst.dst_key[1] == fdb_key(red, kVm));
  for (const uint64_t key :
       {burst.dst_key[0], burst.src_key[1], burst.src_key[2], burst.dst_key[2]}) {
    CHECK(key == Fdb::kNoKey);
    CHECK_FALSE(bench.tables.fdb.find(key));
  }
}

TEST_CASE("a frame too short for an Ethernet header is a runt", "[classify]") {
  const size_t size = GENERATE(range(0, 15));
  Bench bench(kPorts);
  const Octets frame = frames::prefix(data(kVm, kPeer), size);
  const bool is_runt = size < kEthernetHeaderSize;
  CHECK(bench.send(0, "access", frame).empty() == is_runt);
  CHECK(bench.drops("access") == (is_runt ? Drops{{"runt", 1}} : Drops{}));
  CHECK(bench.where("red", kVm) == (is_runt ? "" : "access"));
}

TEST_CASE("frames that are more than data are listed in order", "[classify]") {
  Bench bench(kPorts);
  Burst& burst = bench.receive(0, {{"access", data(kVm, kPeer)},
                                   {"access", frames::kLinuxGarp},
                                   {"access", frames::kLinuxMldReport},
                                   {"trunk", frames::kQemuRarp},  // also where no bridge takes it
                                   {"access", frames::prefix(frames::kArpRequest, 41)},
                                   {"access", frames::prefix(frames::kArpRequest, 13)},
                                   {"trunk", tagged(frames::kNs, 20)}});
  classify(bench.worker, burst);
  REQUIRE(burst.speaker_count == 3);
  CHECK(burst.speakers[0] == 1);
  CHECK(burst.speakers[1] == 3);
  CHECK(burst.speakers[2] == 6);
  CHECK(burst.said(1).kind == Evidence::kGarpRequest);
  CHECK(burst.said(3).kind == Evidence::kRarp);
  CHECK(burst.said(6).kind == Evidence::kNs);
  CHECK(burst.bridge[3] == kNoBridge);
  for (const uint16_t i : {0, 2, 4}) CHECK(burst.evidence[i] == Evidence::kData);
}

TEST_CASE("an ordinary ARP request is written out when somebody asks, or looks", "[classify]") {
  const bool watched = GENERATE(false, true);
  Bench bench(kPorts);
  Burst& burst = bench.receive(0, {{"access", frames::kArpRequest}});
  burst.watched = watched;
  classify(bench.worker, burst);
  REQUIRE(burst.speaker_count == 1);
  CHECK(burst.evidence[0] == Evidence::kArpRequest);
  CHECK(burst.unwritten[0] != watched);
  const FrameEvidence read = read_evidence(burst.ethernet(0), frames::kArpRequest);
  CHECK(burst.target(0) == read.target);
  CHECK(burst.said(0).kind == Evidence::kArpRequest);
  CHECK_FALSE(burst.unwritten[0]);
  CHECK(burst.said(0).target == read.target);
  REQUIRE(burst.said(0).mapping);
  CHECK(burst.said(0).mapping->ip == read.mapping->ip);
  CHECK(burst.said(0).mapping->mac == read.mapping->mac);
}

TEST_CASE("nothing of the burst before is left", "[classify]") {
  Bench bench(kPorts);
  classify(bench.worker, bench.receive(0, {{"access", frames::kLinuxGarp}}));
  Burst& burst = bench.receive(0, {{"idle", frames::prefix(frames::kLinuxGarp, 13)}});
  burst.evidence[0] = Evidence::kRarp;
  classify(bench.worker, burst);
  CHECK(burst.speaker_count == 0);
  CHECK(burst.bridge[0] == kNoBridge);
  CHECK(burst.src_key[0] == Fdb::kNoKey);
  CHECK(burst.dst_key[0] == Fdb::kNoKey);
  CHECK(burst.evidence[0] == Evidence::kData);
}

}  // namespace godwit::test
