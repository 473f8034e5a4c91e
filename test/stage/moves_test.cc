// Verification, hints and links on real frame buffers, where the cases of pcaps/ cannot look: at
// limits, at what is out at the same time, and at two workers.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/stage/run.h"

#include "lib/arbiter.h"
#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;
using frames::kVmV4;

constexpr Mac kGateway{0x02005e100001};
constexpr IpAddress kGatewayIp = IpAddress::v4(0x0a0900fe);

std::string tenant(std::string_view moves, std::string_view more = "") {
  return fmt::format(R"(
ports: {{server1: {{}}, server2: {{}}, server3: {{}}, uplink: {{}}}}
{}
bridges:
  tenant:
    ports: [server1, server2, server3, {{port: uplink, trusted: true}}]
    aging: 40s
    moves: {}
    gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}}
)",
                     more, moves);
}

constexpr std::string_view kHost = R"(bridge: tenant, mac: "52:54:00:00:00:02")";

std::string vm(std::string_view more = "") {
  return fmt::format("{{{}{}{}}}", kHost, more.empty() ? "" : ", ", more);
}

Mac mac_of(unsigned n) { return Mac{0x525400010000U + n}; }
IpAddress ip_of(unsigned n) { return IpAddress::v4(0x0a090000 + n); }

// `mac` at `ip` answers the gateway.
Octets answer(Mac mac, const IpAddress& ip) {
  Octets frame(64);
  const ArpView question = make_arp_request(kGateway, kGatewayIp, ip);
  frame.resize(build_arp(frame, {.dst = kGateway, .src = mac}, make_arp_reply(question, mac)));
  return frame;
}

// Questions to one host by unicast that left by the port since then.
size_t asked(const Run& run, std::string_view port, Mac mac, Nanos since) {
  return static_cast<size_t>(
      std::count_if(run.departed.begin(), run.departed.end(), [&](const Departure& left) {
        const auto view = parse_ethernet(left.frame);
        return left.at >= since && left.port == port && view && view->dst == mac &&
               view->ether_type == kEtherTypeArp;
      }));
}

// How often a frame with this text left by the port.
size_t left_by(const Run& run, std::string_view port, std::string_view text) {
  return static_cast<size_t>(
      std::count_if(run.departed.begin(), run.departed.end(), [&](const Departure& left) {
        return left.port == port && std::search(left.frame.begin(), left.frame.end(), text.begin(),
                                                text.end()) != left.frame.end();
      }));
}

}  // namespace

TEST_CASE("who was never asked for want of `limits.probes` is not offline", "[moves]") {
  Run run(tenant("{keepalive: on}", "limits: {probes: 2/s}"));
  constexpr unsigned kHosts = 20;
  for (unsigned n = 1; n <= kHosts; ++n) run.send(0, "server1", garp(mac_of(n), ip_of(n)));
  size_t seen = 0;
  for (Nanos now = 10 * kSecond; now < 26 * kSecond; now += 100 * kMillisecond) {
    run.until(now);
    for (; seen < run.departed.size(); ++seen)
      for (unsigned n = 1; n <= kHosts; ++n) {
        const auto view = parse_ethernet(run.departed[seen].frame);
        if (view->dst == mac_of(n)) run.send(now, "server1", answer(mac_of(n), ip_of(n)));
      }
  }
  for (unsigned n = 1; n <= kHosts; ++n) {
    INFO("host " << n);
    CHECK(run.bench.entry("tenant", mac_of(n)).state() == FdbState::kBound);
  }
  for (const AlarmKind kind : run.alarms()) CHECK(kind != AlarmKind::kHostOffline);
}

TEST_CASE("a keepalive under way ends when the host stands still", "[moves]") {
  Run run(tenant("{keepalive: on}"));
  run.send(0, "server1", garp(kVm, kVmV4));
  run.send(0, "uplink", data(kPeer, kVm));
  run.until(10 * kSecond);
  REQUIRE(asked(run, "server1", kVm, 1) == 1);
  CHECK(run.hear(11 * kSecond, "suspend", vm()).empty());
  run.send(11 * kSecond, "uplink", data(kPeer, kVm, "held 1"));
  run.send(12'900 * kMillisecond, "uplink", data(kPeer, kVm, "held 2"));
  run.until(12'999 * kMillisecond);
  CHECK(asked(run, "server1", kVm, 10'001 * kMillisecond) == 1);  // at 11 s, and no more
  CHECK(run.bench.worker.parked.held() == 2);
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kBound);
  CHECK(run.hear(12'999 * kMillisecond, "commit", vm("to: server2")).empty());
  run.until(13 * kSecond);
  CHECK(left_by(run, "server2", "held 1") == 1);
  CHECK(left_by(run, "server2", "held 2") == 1);
  CHECK(left_by(run, "server3", "held") == 0);
}

TEST_CASE("who stands still when he is asked is not offline", "[moves]") {
  Run run(tenant("{keepalive: on, hold: {time: 10s}}"));
  run.send(0, "server1", garp(kVm, kVmV4));
  run.until(10 * kSecond);
  run.hear(11 * kSecond, "suspend", vm());
  run.send(12 * kSecond, "server1", data(kVm, kPeer));  // late
  run.until(20 * kSecond);
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kBound);
  CHECK(run.hear(20 * kSecond, "resume", vm()).empty());
  run.until(21'500 * kMillisecond);
  CHECK(run.control.watch().jobs() == 0);
  CHECK(run.alarms().empty());
}

TEST_CASE("when the link of one that stands still goes down, what is held is flooded", "[moves]") {
  Run run(tenant("{}"));
  run.send(0, "server1", garp(kVm, kVmV4));
  run.hear(kSecond, "suspend", vm());
  run.send(kSecond, "uplink", data(kPeer, kVm, "held"));
  run.hear(1200 * kMillisecond, "link", "{port: server1, state: down}");
  run.until(1200 * kMillisecond);
  CHECK(run.bench.worker.parked.empty());
  CHECK(left_by(run, "server1", "held") == 0);
  CHECK(left_by(run, "server2", "held") == 1);
  CHECK(left_by(run, "server3", "held") == 1);
  CHECK(run.bench.entry("tenant", kVm).state() == FdbState::kOffline);
  run.until(40 * kSecond);
  CHECK(run.bench.where("tenant", kVm).empty());
  CHECK(run.control.watch().jobs() == 0);
}

TEST_CASE("all hosts of a dead link are offline in the burst of its instant", "[moves]") {
  Run run(tenant("{}"));
  constexpr unsigned kHosts = 500;
  for (unsigned n = 1; n <= kHosts; ++n) run.send(0, "server1", data(mac_of(n), kPeer));
  run.send(0, "uplink", data(kPeer, mac_of(1)));
  run.bench.tables.ports.set(run.bench.port("server1"), false);  // before control's walk
  for (unsigned n = 1; n <= kHosts; n += 7)
    CHECK(run.bench.send(kSecond, "uplink", data(kPeer, mac_of(n))) == Names{"server2", "server3"});
  // A frame that comes in there shows that it is up, for its own burst too.
  CHECK(run.bench.send(2 * kSecond, {{"uplink", data(kPeer, mac_of(9))}}) ==
        Names{"server2", "server3"});
  run.bench.offer("server1", data(mac_of(9), kPeer));
  run.bench.offer("uplink", data(kPeer, mac_of(9), "hello"));
  run.bench.step(3 * kSecond);
  CHECK(run.bench.sent("server1").size() == 1);
  CHECK(run.bench.sent("server2").empty());
}

TEST_CASE("a commit to a place without a link is no end", "[moves]") {
  Run run(tenant("{}"));
  run.send(0, "server1", garp(kVm, kVmV4));
  run.hear(kSecond, "link", "{port: server2, state: down}");
  run.hear(2 * kSecond, "commit", vm("to: server2"));
  CHECK(run.send(3 * kSecond, "uplink", data(kPeer, kVm)) == Names{"server1", "server3"});
  run.send(4 * kSecond, "server2", rarp(kVm));
  CHECK(run.send(5 * kSecond, "uplink", data(kPeer, kVm)) == Names{"server2"});
}

TEST_CASE("three frames of one burst are three", "[moves]") {
  Run run(tenant("{class: registered}"));
  run.send(0, "server1", garp(kVm, kVmV4));
  run.send(kSecond, "server2", data(kVm, kPeer));
  run.until(kSecond + 300 * kMillisecond);
  CHECK(run.bench.entry("tenant", kVm).marked());
  const Octets frame = data(kVm, kPeer);
  run.bench.send(kSecond + 301 * kMillisecond,
                 {{"server2", frame}, {"server2", frame}, {"server2", frame}});
  CHECK(run.bench.where("tenant", kVm) == "server2");
}

TEST_CASE("what one worker holds goes with the move that another sees", "[moves]") {
  Bench bench(tenant("{}"));
  Channel second_channel("second-worker", Bench::kEvents);
  struct Sink final : ArrayPort::Sink {
    void sent(const ArrayPort& port, rte_mbuf* frame) override {
      ++count[port.index()];
      rte_pktmbuf_free(frame);
    }
    std::array<unsigned, 4> count{};
  } sink;
  std::vector<std::unique_ptr<ArrayPort>> ports;
  std::vector<Port*> port_list;
  for (PortIndex p = 0; p < 4; ++p)
    port_list.push_back(ports.emplace_back(std::make_unique<ArrayPort>(p, sink)).get());
  Worker second(bench.topology, bench.tables, bench.fib, second_channel, bench.worker.pool,
                port_list);
  Channel* channels[] = {&bench.channel, &second_channel};
  Quiescence grace{2};
  Control control(bench.topology, bench.tables, channels, grace);

  bench.send(0, "server1", garp(kVm, kVmV4));
  const auto hear = [&](Nanos now, std::string_view kind, std::string_view body) {
    CHECK(control.hear(parse_hint(kind, body, bench.topology.config()).hints.at(0), now).empty());
  };
  hear(0, "prepare", vm("to: server2"));
  hear(0, "suspend", vm());
  const auto to_second = [&](unsigned count) {
    for (unsigned n = 0; n < count; ++n) {
      const Octets frame = data(kPeer, kVm);
      rte_mbuf* mbuf = rte_pktmbuf_alloc(bench.worker.pool);
      std::copy(frame.begin(), frame.end(),
                reinterpret_cast<uint8_t*>(
                    rte_pktmbuf_append(mbuf, static_cast<uint16_t>(frame.size()))));
      ports[bench.port("uplink")]->offer(mbuf);
    }
  };
  to_second(40);
  second.step(kMillisecond);
  CHECK(bench.send(kMillisecond, "uplink", data(kPeer, kVm)).empty());
  CHECK(second.parked.held() == 32);  // a burst
  second.step(2 * kMillisecond);
  CHECK(second.parked.held() == 40);
  // The first worker sees it elsewhere. The second one's next round sends what it holds, first.
  CHECK(bench.send(3 * kMillisecond, "server2", data(kVm, kPeer)) == Names{"uplink"});
  second.step(4 * kMillisecond);
  CHECK(second.parked.empty());
  CHECK(sink.count == std::array<unsigned, 4>{0, 40, 0, 0});
  bench.step(5 * kMillisecond);
  CHECK(bench.worker.parked.empty());
  CHECK(bench.sent("server2").size() == 1);
  for (const PortCounters& counters : second.port_counters) CHECK(counters.held == 0);
}

TEST_CASE("a liar's questions cost no more than `limits.probes`", "[moves]") {
  Run run(tenant("{class: registered}", "limits: {probes: 10/s}"));
  constexpr unsigned kHosts = 200;
  for (unsigned n = 1; n <= kHosts; ++n) run.send(0, "server1", garp(mac_of(n), ip_of(n)));
  for (unsigned n = 1; n <= kHosts; ++n) run.send(kSecond, "server2", data(mac_of(n), kPeer));
  run.until(2 * kSecond);
  size_t questions = 0;
  for (unsigned n = 1; n <= kHosts; ++n)
    questions +=
        asked(run, "server1", mac_of(n), kSecond) + asked(run, "server2", mac_of(n), kSecond);
  CHECK(questions <= 2 * 20);
  // Who could not be asked stays where it is: closed for each host, open for the port.
  for (unsigned n = 1; n <= kHosts; ++n) CHECK(run.bench.where("tenant", mac_of(n)) == "server1");
  run.until(5 * kSecond);
  for (unsigned n = 1; n <= kHosts; ++n)
    CHECK(run.bench.entry("tenant", mac_of(n)).state() == FdbState::kBound);
}

}  // namespace godwit::test
