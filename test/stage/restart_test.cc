// One run of a switch writes down what it knows, and the next takes it back.

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "control/state_saver.h"
#include "test/stage/run.h"
#include "test/unit/temporary_directory.h"

#include "lib/arbiter.h"
#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;
using frames::kVmV4;
using frames::kVmV6;

constexpr std::string_view kBefore = R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bridges:
  tenant:
    aging: 100s
    ports: [server1, server2, server3, {port: uplink, trusted: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}
    static: [{mac: "52:54:00:00:00:09", port: server1, ip: 10.9.0.9}]
)";
// The same, counted otherwise, and without server3.
constexpr std::string_view kAfter = R"(
ports: {uplink: {}, server2: {}, server1: {}, new: {}}
bridges:
  other: {vlan: 7, ports: [{port: uplink, tagged: true}]}
  tenant:
    aging: 100s
    ports: [new, server2, server1, {port: uplink, trusted: true}]
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}
    static: [{mac: "52:54:00:00:00:09", port: server2, ip: 10.9.0.9}]
)";

constexpr Mac kGateway{0x02005e100001};
constexpr Mac kOther{0x525400000003};
constexpr Mac kConfigured{0x525400000009};
constexpr Mac kPinned{0x525400000077};
constexpr IpAddress kPinnedIp = IpAddress::v4(0x0a090077);
constexpr Nanos kUnixTime = 1'700'000'000 * kSecond;  // of the end of the first run

// What `run` knows at `now`.
State state_of(Run& run, Nanos now, Nanos unix_time = kUnixTime) {
  const TemporaryDirectory directory;
  StateSaver saver(directory / "state", run.bench.topology, run.bench.tables, run.control);
  run.until(now);
  saver.save(now, unix_time);
  CHECK(saver.written() == 1);
  return *read_state(directory / "state");
}

// How often `run` asked `mac` at this port.
size_t asked(const Run& run, std::string_view port, Mac mac) {
  size_t count = 0;
  for (const Departure& d : run.departed)
    count += d.port == port && parse_ethernet(d.frame)->dst == mac ? 1 : 0;
  return count;
}

Octets answer(Mac mac, const IpAddress& ip) {
  ArpView arp;
  arp.op = kArpReply;
  arp.sha = mac;
  arp.spa = ip;
  arp.tha = kGateway;
  arp.tpa = IpAddress::v4(0x0a0900fe);
  Octets frame(64);
  frame.resize(build_arp(frame, {.dst = kGateway, .src = mac}, arp));
  return frame;
}

// A run after one in which the VM was heard at server1 ten seconds before the end.
struct Restarted : Run {
  explicit Restarted(Nanos later = kSecond, std::string_view yaml = kAfter) : Run(yaml) {
    Run before(kBefore);
    before.send(20 * kSecond, "server1", frames::kLinuxUnsolicitedNa);
    before.send(20 * kSecond, "server1", garp(kVm, kVmV4));
    taken = control.take_back(state_of(before, 30 * kSecond), kUnixTime + later, 0);
  }
  TakenBack taken;
};

}  // namespace

TEST_CASE("a host that was known is not flooded after a restart", "[restart]") {
  Restarted run;
  CHECK(run.taken.hosts == 1);
  CHECK(run.taken.mappings == 2);
  CHECK(run.taken.elsewhere + run.taken.too_old + run.taken.refused + run.taken.pinned == 0);
  CHECK(run.bench.where("tenant", kVm) == "server1");
  CHECK(seconds_since_heard(run.bench.entry("tenant", kVm), 0) == 11);
  CHECK(run.send(0, "uplink", data(kPeer, kVm)) == Names{"server1"});
  const NeighborEntry mapping =
      run.bench.tables.neighbors.find(run.bench.bridge("tenant"), kVmV6).entry;
  CHECK(mapping.mac() == kVm);
  CHECK(mapping.state() == NeighborState::kStale);
}

TEST_CASE("what was taken back moves at its first frame from elsewhere", "[restart]") {
  Restarted run;
  CHECK(run.send(kMillisecond, "server2", data(kVm, kPeer)).size() == 3);
  CHECK(run.bench.where("tenant", kVm) == "server2");
  CHECK(run.moves().size() == 1);
  // Where it was thought to be, it is asked, and is not there.
  run.until(10 * kSecond);
  CHECK(run.bench.where("tenant", kVm) == "server2");
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kBound);
}

TEST_CASE("who answers where it was is there, and who does not is looked for", "[restart]") {
  Restarted answers;
  answers.until(kMillisecond);
  CHECK(asked(answers, "server1", kVm) == 1);
  CHECK(asked(answers, "server2", kVm) == 0);
  answers.send(kMillisecond, "server1", answer(kVm, kVmV4));
  answers.until(20 * kSecond);
  CHECK(asked(answers, "server1", kVm) == 1);
  CHECK(answers.bench.entry("tenant", kVm).state() == FdbState::kBound);
  CHECK(answers.control.restorer().unverified() == 0);

  Restarted silent;
  silent.until(4 * kSecond);
  CHECK(asked(silent, "server1", kVm) == 3);
  CHECK(silent.bench.entry("tenant", kVm).state() == FdbState::kOffline);
  CHECK(silent.send(4 * kSecond, "uplink", data(kPeer, kVm)).size() == 3);
}

TEST_CASE("who speaks first is not asked", "[restart]") {
  Restarted run;
  run.bench.send(0, "server1", data(kVm, kPeer));  // before control has its turn
  run.until(10 * kSecond);
  CHECK(asked(run, "server1", kVm) == 0);
}

TEST_CASE("hosts are asked at a steady pace", "[restart]") {
  constexpr unsigned kHosts = 200;
  Run before(kBefore);
  for (unsigned n = 0; n < kHosts; ++n)
    before.send(0, "server1", garp(Mac{0x525400010000U + n}, IpAddress::v4(0x0a090010 + n)));
  Run run(kBefore);
  CHECK(run.control.take_back(state_of(before, 0), kUnixTime, 0).hosts == kHosts);
  run.until(10 * kMillisecond);
  CHECK(run.control.restorer().unverified() == kHosts - 101);
  run.until(20 * kMillisecond);
  CHECK(run.control.restorer().unverified() == 0);
}

TEST_CASE("a host whose port has no link yet is asked when it has", "[restart]") {
  Restarted run;
  run.bench.tables.ports.set(run.bench.port("server1"), false);
  run.until(5 * kSecond);
  CHECK(asked(run, "server1", kVm) == 0);
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kBound);
  run.bench.tables.ports.set(run.bench.port("server1"), true);
  run.until(8 * kSecond);
  CHECK(asked(run, "server1", kVm) >= 1);
}

TEST_CASE("what is taken back is as old as it is", "[restart]") {
  Restarted run(80 * kSecond);                                   // 90 s of 100 s are over
  run.bench.tables.ports.set(run.bench.port("server1"), false);  // so that nobody answers
  CHECK(run.taken.hosts == 1);
  run.until(9 * kSecond);
  CHECK(run.bench.where("tenant", kVm) == "server1");
  run.until(12 * kSecond);
  CHECK(run.bench.where("tenant", kVm).empty());

  CHECK(Restarted(91 * kSecond).taken.hosts == 0);
  CHECK(Restarted(91 * kSecond).taken.too_old == 3);
  // Of a clock that was set back nobody knows how long ago it was.
  Run set_back(kBefore);
  Run before(kBefore);
  before.send(0, "server1", garp(kVm, kVmV4));
  CHECK(set_back.control.take_back(state_of(before, 0), kUnixTime - 3600 * kSecond, 0).too_old ==
        2);
}

TEST_CASE("an old age survives what becomes of the host", "[restart]") {
  Restarted run(60 * kSecond);
  const auto is_aged = [&] { return seconds_since_heard(run.bench.entry("tenant", kVm), 0) == 70; };
  CHECK(is_aged());
  CHECK(
      run.hear(0, "prepare", R"({bridge: tenant, mac: "52:54:00:12:34:56", to: server2, ttl: 1s})")
          .find("no such") == std::string::npos);
  CHECK(run.hear(0, "prepare",
                 fmt::format(R"({{bridge: tenant, mac: "{}", to: server2, ttl: 1s}})",
                             to_string(kVm))) == "");
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kMigrating);
  CHECK(is_aged());
}

TEST_CASE("entries of what is not there any more are passed over", "[restart]") {
  Run before(kBefore);
  before.send(0, "server3", garp(kVm, kVmV4));
  before.send(0, "server1", garp(kOther, IpAddress::v4(0x0a090003)));
  Run run(kAfter);
  const TakenBack taken = run.control.take_back(state_of(before, kSecond), kUnixTime, 0);
  CHECK(taken.elsewhere == 2);  // the host, and the mapping that server3's share is charged for
  CHECK(taken.hosts == 1);
  CHECK(run.bench.where("tenant", kVm).empty());
  CHECK(run.bench.where("tenant", kOther) == "server1");
}

TEST_CASE("pinned hosts stay pinned, and the configuration's are its own", "[restart]") {
  Run before(kBefore);
  REQUIRE(before.control.edits().add(before.bench.bridge("tenant"), kPinned,
                                     before.bench.port("server2"), kPinnedIp,
                                     0) == HostEdit::kDone);
  Run run(kAfter);
  const State state = state_of(before, 0);
  CHECK(state.records.size() == 2);
  // They do not age.
  const TakenBack taken = run.control.take_back(state, kUnixTime + 100'000 * kSecond, 0);
  CHECK(taken.pinned == 2);
  CHECK(run.bench.entry("tenant", kPinned).host_class() == HostClass::kStatic);
  CHECK(run.bench.where("tenant", kPinned) == "server2");
  const auto mapping = run.bench.tables.neighbors.find(run.bench.bridge("tenant"), kPinnedIp);
  CHECK(mapping.entry.flags() == kStaticNeighbor);
  CHECK(run.bench.where("tenant", kConfigured) == "server2");
}

TEST_CASE("what a state says of the configuration's hosts is not believed", "[restart]") {
  State state{{"server1"}, {"tenant"}, {}};
  StateRecord host;
  host.port = 0;
  host.when_s = kUnixTime / kSecond;
  for (const Mac mac : {kConfigured, kGateway, kBroadcastMac, Mac{}}) {
    host.mac = mac.bits;
    state.records.push_back(host);
  }
  StateRecord mapping = host;
  mapping.kind = StateRecord::Kind::kMapping;
  mapping.mac = kVm.bits;
  for (const uint32_t ip : {0x0a0900feU, 0x0a090009U, 0xe0000001U, 0U}) {
    mapping.ip_lo = ip;
    state.records.push_back(mapping);
  }
  Run run(kAfter);
  const TakenBack taken = run.control.take_back(state, kUnixTime, 0);
  CHECK(taken.refused == 8);
  CHECK(run.bench.where("tenant", kConfigured) == "server2");
}

TEST_CASE("the state is saved in steps, soon after a change and else later", "[restart]") {
  const TemporaryDirectory directory;
  Run run(kBefore);
  StateSaver saver(directory / "state", run.bench.topology, run.bench.tables, run.control);
  const auto saved_by = [&](Nanos until) {
    for (; run.clock < until; run.until(run.clock + 100 * kMillisecond)) do {
        saver.turn(run.clock, kUnixTime + run.clock);
      } while (saver.is_writing());
    return saver.written();
  };
  saver.save(0, kUnixTime);
  CHECK(saved_by(20 * kSecond) == 1);
  run.send(20 * kSecond, "server1", data(kVm, kPeer));
  CHECK(saved_by(22 * kSecond) == 2);
  CHECK(read_state(directory / "state")->records.size() == 1);
  CHECK(saved_by(40 * kSecond) == 2);
}

}  // namespace godwit::test
