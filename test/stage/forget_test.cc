#include "control/forget.h"

#include <algorithm>
#include <string_view>

#include <catch2/catch.hpp>

#include "control/hmac.h"
#include "test/stage/bench.h"

#include "dataplane/quiescence.h"

#include "lib/packet_build.h"

namespace godwit::test {
namespace {

using frames::kPeer;
using frames::kVm;

constexpr std::string_view kLeaf = R"(
ports: {server1: {}, server2: {}, uplink: {}}
forget: {switch: leaf1, key: "000102030405060708090a0b0c0d0e0f"}
limits: {punt: 1/s}
bridges:
  tenant:
    ports: [server1, server2, {port: uplink, trusted: true}]
)";

std::span<const uint8_t> octets_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Octets word(std::string_view payload) {
  Octets frame(128);
  const LinkHeader link{.dst = kForgetGroup, .src = kPeer};
  frame.resize(build_ethernet(frame, link, kEtherTypeLocal, octets_of(payload)));
  return frame;
}

}  // namespace

TEST_CASE("HMAC-SHA-256 is that of RFC 4231", "[forget]") {
  HmacSha256 mac(octets_of("Jefe"));  // test case 2
  const std::string_view text = "what do ya want for nothing?";
  const ForgetTag tag = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                         0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7};
  for (int again = 0; again < 2; ++again) {  // it knows the key
    CHECK(mac.tag(octets_of(text)) == tag);
    CHECK(mac.matches(octets_of(text), tag));
  }
  for (size_t bit = 0; bit < 8 * kForgetTagSize; ++bit) {
    ForgetTag wrong = tag;
    wrong[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    CHECK_FALSE(mac.matches(octets_of(text), wrong));
  }
  CHECK_FALSE(mac.matches(octets_of(text.substr(1)), tag));
}

TEST_CASE("a worker gives control what switches say, within the limit", "[peer]") {
  Bench bench(kLeaf);
  for (unsigned n = 0; n < kPunts + 2; ++n) CHECK(bench.send(n, "uplink", word("hello")).empty());
  CHECK(bench.counters("uplink").consumed == kPunts);
  CHECK(bench.drops("uplink") == Drops{{"punt-limit", 2}});
  Punt punt;
  for (unsigned n = 0; n < kPunts; ++n) {
    REQUIRE(bench.channel.punts.take(punt));
    CHECK(punt.at == n);
  }
  CHECK_FALSE(bench.channel.punts.take(punt));
  CHECK(punt.kind == PuntKind::kForget);
  CHECK(punt.port == bench.port("uplink"));
  CHECK(punt.bridge == bench.bridge("tenant"));
  CHECK(Octets(punt.frame().begin(), punt.frame().end()) == word("hello"));
  CHECK(bench.send(kSecond, "uplink", word("hello")).empty());
  CHECK(bench.channel.punts.take(punt));
}

TEST_CASE("a host cannot speak as a switch", "[peer]") {
  Bench bench(kLeaf);
  CHECK(bench.send(0, "server1", word("hello")).empty());
  CHECK(bench.drops("server1") == Drops{{"foreign-peer", 1}});
  const std::vector<Event> events = bench.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == EventKind::kForeignPeer);
  CHECK(events[0].to == bench.port("server1"));
  Punt punt;
  CHECK_FALSE(bench.channel.punts.take(punt));
  // It is where it is all the same, and another protocol of that EtherType is nobody's business.
  CHECK(bench.where("tenant", kPeer) == "server1");
  Octets other = word("hello");
  other[5] ^= 1;
  CHECK(bench.send(1, "server1", other) == Names{"server2", "uplink"});
}

TEST_CASE("more hosts than there is room for are not all told of", "[forget]") {
  Bench bench(kLeaf);
  Channel* channels[] = {&bench.channel};
  Questions questions(bench.topology, channels);
  Alarms alarms(bench.topology.ports().size());
  Forgetter forgetter(bench.topology, bench.tables, questions, alarms);
  const auto forget = [&](PortIndex port, uint64_t host) {
    forgetter.forget(bench.bridge("tenant"), Mac{kVm.bits + host}, {}, port,
                     ForgetReason::kLinkDown, 0);
  };
  forget(bench.port("server1"), 0);  // nobody knows what time it is
  CHECK(forgetter.count(ForgetCount::kNotSent) == 1);
  CHECK(forgetter.next_due() == kNever);
  forgetter.set_unix_time(kSecond, 0);
  forget(bench.port("uplink"), 0);  // not ours to tell
  CHECK(forgetter.next_due() == kNever);
  constexpr unsigned kRoom = 1U << 16;
  for (unsigned n = 0; n < kRoom + 5; ++n) forget(bench.port("server1"), n);
  CHECK(forgetter.count(ForgetCount::kNotSent) == 1 + 5);
  Nanos now = 0;
  while (forgetter.next_due() != kNever) {
    now = std::max(now, forgetter.next_due());
    forgetter.run(now);
    bench.step(now);
  }
  CHECK(forgetter.count(ForgetCount::kSent) == kRoom);
  CHECK(now > 64 * kSecond);  // a thousand a second
  CHECK(now < 65 * kSecond);
}

}  // namespace godwit::test
