// Whatever liars, a VM manager and dead links have made of a host: once they are quiet, and it
// talks and answers at one place, it is BOUND there in the time that the documents allow, and gets
// what is sent to it. The same promise as that of test/unit/arbiter_trap_test.cc, of the whole
// switch.
#include <array>
#include <random>

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

constexpr std::string_view kHost = R"(bridge: tenant, mac: "52:54:00:00:00:02")";
constexpr Mac kGateway{0x02005e100001};
constexpr IpAddress kGatewayIp = IpAddress::v4(0x0a0900fe);
constexpr std::array<std::string_view, 3> kServers = {"server1", "server2", "server3"};
constexpr Nanos kAging = 40 * kSecond;
constexpr Nanos kTtl = 9 * kSecond;

Octets answer_frame() {
  Octets frame(64);
  const ArpView question = make_arp_request(kGateway, kGatewayIp, kVmV4);
  frame.resize(build_arp(frame, {.dst = kGateway, .src = kVm}, make_arp_reply(question, kVm)));
  return frame;
}

bool is_question(const Departure& left, std::string_view port) {
  if (left.port != port) return false;
  const auto view = parse_ethernet(left.frame);
  if (!view || view->ether_type != kEtherTypeArp) return false;
  const auto arp = parse_arp(l3_of(*view, left.frame));
  return arp && arp->op == 1 && arp->tpa == kVmV4 && arp->spa != kVmV4;
}

class Story {
 public:
  // A host whose address is not known cannot be asked.
  Story(std::string_view host_class, bool has_address, unsigned seed)
      : random_(seed),
        introduction_(has_address ? garp(kVm, kVmV4) : rarp(kVm)),
        answer_(has_address ? answer_frame() : data(kVm, kPeer)),
        run_(fmt::format(R"(
ports: {{server1: {{}}, server2: {{}}, server3: {{}}, uplink: {{}}}}
bridges:
  tenant:
    ports: [server1, server2, server3, {{port: uplink, trusted: true}}]
    aging: 40s
    moves: {{class: {}}}
    gateway: {{mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}}
)",
                         host_class)) {}

  void play_chaos(unsigned steps) {
    hear("server1", introduction_);
    for (unsigned n = 0; n < steps; ++n) {
      constexpr std::array<Nanos, 9> kGaps = {0, 1, 30, 61, 160, 400, 1000, 6000, 12'000};
      now_ += kGaps[random_() % kGaps.size()] * kMillisecond;
      disturb();
      const FdbEntry entry = run_.bench.entry("tenant", kVm);
      if (!entry.is_free()) REQUIRE(entry.location() < 4);
      REQUIRE(run_.control.watch().jobs() <= 2);
    }
  }

  // Nobody else lies any more, and the links are up.
  void play_honest() {
    now_ += 61 * kMillisecond;  // what comes sooner after it left may have been under way
    for (const std::string_view server : kServers) set_link(server, true);
    const std::string_view home = any_server();
    const FdbEntry from = run_.bench.entry("tenant", kVm);
    const Nanos limit = now_ + longest(from, home);
    INFO("honest at " << home << " from " << now_ << ", state " << static_cast<int>(from.state())
                      << ", at " << from.location() << ", other " << from.other()
                      << (from.marked() ? ", marked" : "") << (from.aside() ? ", aside" : ""));
    while (!is_home(home)) {
      REQUIRE(now_ <= limit);
      answered_ = run_.departed.size();
      hear(home, data(kVm, kPeer));
      run_.until(now_);
      answer(home);
      now_ += 100 * kMillisecond;
    }
    hear("uplink", data(kPeer, kVm));
    hear("uplink", data(kPeer, kVm));
    CHECK(last_reached_ == Names{std::string(home)});
  }

  Nanos now() const { return now_; }

 private:
  std::string_view any_server() { return kServers[random_() % kServers.size()]; }

  void hear(std::string_view port, const Octets& frame) {
    last_reached_ = run_.send(now_, port, frame);
  }

  void set_link(std::string_view server, bool up) {
    run_.hear(now_, "link", fmt::format("{{port: {}, state: {}}}", server, up ? "up" : "down"));
  }

  void answer(std::string_view home) {
    for (; answered_ < run_.departed.size(); ++answered_) {
      if (!is_question(run_.departed[answered_], home)) continue;
      now_ += 300 * kMicrosecond;
      hear(home, answer_);
    }
  }

  void disturb() {
    switch (random_() % 16) {
      case 0:
        return manage("prepare", fmt::format(", to: {}, ttl: 9s", any_server()));
      case 1:
        return manage("commit", fmt::format(", to: {}", any_server()));
      case 2:
        return manage("suspend", "");
      case 3:
        return manage(random_() % 2 == 0 ? "cancel" : "resume", "");
      case 4:
        return random_() % 4 == 0 ? manage("leave", "") : hear("uplink", data(kPeer, kVm));
      case 5:
        return set_link(any_server(), random_() % 2 == 0);
      case 6:
      case 7:
        return hear("uplink", data(kPeer, kVm));
      case 8:
        return hear(any_server(), introduction_);
      case 9:
        return hear(any_server(), rarp(kVm));
      case 10:
      case 11:
      case 12:
        return hear(any_server(), answer_);
      default:
        return hear(any_server(), data(kVm, kPeer));
    }
  }

  void manage(std::string_view step, std::string_view more) {
    run_.hear(now_, step, fmt::format("{{{}{}}}", kHost, more));
  }

  bool is_home(std::string_view home) const {
    const FdbEntry entry = run_.bench.entry("tenant", kVm);
    const bool is_steady =  // FROZEN there is as good: the last lie may have been one too many
        entry.state() == FdbState::kBound || entry.state() == FdbState::kFrozen;
    return is_steady && entry.location() == run_.bench.port(home) && !entry.aside();
  }

  Nanos longest(FdbEntry from, std::string_view home) const {
    // A claim under way that nobody answers, the next one, two times `settle`, a penalty.
    constexpr Nanos kAtMost = 25 * kSecond;
    if (from.state() == FdbState::kFrozen) return 540 * kSecond + kAtMost;
    const Nanos ttl = from.state() == FdbState::kMigrating ? kTtl : 0;
    const bool stuck =
        from.host_class() == HostClass::kLocked && from.location() != run_.bench.port(home);
    return kAtMost + ttl + (stuck ? kAging + 30 * kSecond : 0);
  }

  std::mt19937 random_;
  const Octets introduction_;
  const Octets answer_;
  Run run_;
  Nanos now_ = 0;
  size_t answered_ = 0;
  Names last_reached_;
};

}  // namespace

TEST_CASE("an honest host is where it is, whatever happened before", "[control]") {
  constexpr unsigned kRounds = 400;
  const std::string_view host_class = GENERATE("learned", "registered", "locked");
  const bool has_address = GENERATE(true, false);
  Story story(host_class, has_address, 4711);
  for (unsigned n = 0; n < kRounds; ++n) {
    INFO(host_class << (has_address ? "" : " without an address") << ", round " << n);
    story.play_chaos(30);
    story.play_honest();
  }
}

}  // namespace godwit::test
