// What liars, loops and storms can do to hosts that only want to talk: the attack suite, on virtual
// time, with pass bounds. Prints the second table of docs/moves.md, and fails if a bound is not
// kept.
//   trials [NAME]    one of them alone
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <malloc.h>

#include "control/eal.h"
#include "test/bounds/scene.h"
#include "test/bounds/world.h"

#include "lib/forget.h"
#include "lib/hints.h"
#include "lib/packet_build.h"

namespace godwit::bounds {
namespace {

constexpr Nanos kStart = 12 * kSecond;  // everybody is known, and no address is new any more
constexpr Nanos kAttackFor = 10 * kSecond;
constexpr Nanos kStop = kStart + kAttackFor;
constexpr Nanos kFlowInterval = 2 * kMillisecond;
constexpr Nanos k1kASecond = kSecond / 1'000;
constexpr Nanos k10kASecond = kSecond / 10'000;
constexpr Nanos k50kASecond = kSecond / 50'000;
constexpr Nanos k100kASecond = kSecond / 100'000;
constexpr PortIndex kServer1 = 0;
constexpr PortIndex kServer2 = 1;
constexpr PortIndex kServer3 = 2;  // the attacker's
constexpr Mac kAttacker{0x525400660066};
constexpr IpAddress kAttackerV4 = IpAddress::v4(0x0a090066);

// The traffic for one host, from a peer in its bridge and through the gateway.
class Flow {
 public:
  Flow(World& world, Host& host, unsigned number) : world_(world), host_(host), number_(number) {
    host.on_data = [this](uint64_t n, PortIndex) { received(n); };
    host.on_stray = [this](uint64_t, PortIndex) { ++strayed; };
  }

  void begin() {
    world_.at(kStart, [this] { offer(); });
  }
  // Frames that did not arrive, and the longest time in which none did.
  uint64_t lost() const { return sent_ - arrived_; }

  uint64_t strayed = 0;
  uint64_t doubled = 0;
  Nanos longest_gap = 0;

 private:
  void offer() {
    if (world_.now() >= kStop) return;
    const uint64_t n = uint64_t{number_} << 32 | ++sent_;
    if (n % 2 == 0)
      world_.send(kUplink, data_frame(kPeerMac, host_.mac, kPeerV4, host_.v4, n));
    else
      world_.send(kFar, data_frame(kFarMac, kGatewayMac, kFarV4, host_.v4, n));
    world_.at(world_.now() + kFlowInterval, [this] { offer(); });
  }

  void received(uint64_t n) {
    if (n <= last_) ++doubled;
    last_ = std::max(last_, n);
    ++arrived_;
    if (arrived_ > 1) longest_gap = std::max(longest_gap, world_.now() - last_at_);
    last_at_ = world_.now();
  }

  World& world_;
  Host& host_;
  unsigned number_;
  uint64_t sent_ = 0;
  uint64_t arrived_ = 0;
  uint64_t last_ = 0;
  Nanos last_at_ = 0;
};

constexpr std::string_view kPeers =
    "forget: {switch: leaf1, key: \"000102030405060708090a0b0c0d0e0f\"}\n";

// The scene of every trial: a victim at server1, bystanders at server1 and server2.
struct Trial {
  explicit Trial(std::string_view more)
      : world(scene_config(more) + std::string(kPeers)),
        victim(add_vm(world, 1)),
        flow(world, victim, 1) {
    victim.at = kServer1;
    for (unsigned n = 2; n <= 6; ++n) {
      Host& host = add_vm(world, n);
      host.at = n % 2 == 0 ? kServer1 : kServer2;
      bystanders.push_back(std::make_unique<Flow>(world, host, n));
      settle_in(host);
      bystanders.back()->begin();
    }
    settle_in(victim);
    flow.begin();
  }

  void settle_in(Host& host) {
    world.at(world.some(0, kSecond), [this, &host] { say_hello(host); });
    world.at(kStart - kSecond, [this, &host] { say_hello(host); });
  }
  void say_hello(Host& host) {
    const auto at = static_cast<PortIndex>(host.at);
    world.send(at, arp_frame(host, make_arp_request(host.mac, host.v4, kGatewayV4), kBroadcastMac));
    world.send(at,
               nd_frame(host, make_unsolicited_na(host.v6, host.mac), multicast_mac(kAllNodes)));
  }
  // Again and again, from `start` until `stop`.
  void every(Nanos interval, std::function<void()> what, Nanos start = kStart, Nanos stop = kStop) {
    world.at(start, [this, interval, what = std::move(what), stop] {
      if (world.now() >= stop) return;
      what();
      every(interval, what, world.now() + interval, stop);
    });
  }
  void victim_talks(Nanos interval = 10 * kMillisecond) {
    every(interval, [this] {
      if (victim.at == kNoLocation) return;
      world.send(static_cast<PortIndex>(victim.at),
                 data_frame(victim.mac, kPeerMac, victim.v4, kPeerV4, 0));
    });
  }
  // The fastest, for a second only.
  void attack(Nanos interval, std::function<Octets()> frame) {
    const Nanos stop = interval < k50kASecond ? kStart + kSecond : kStop;
    every(
        interval, [this, frame = std::move(frame)] { world.send(kServer3, frame()); }, kStart,
        stop);
  }
  Octets stolen() const { return data_frame(victim.mac, kPeerMac, victim.v4, kPeerV4, 0); }
  // Of the victim. False: it is refused.
  bool is_heard(VmStep step, PortIndex to, std::optional<uint64_t> generation) {
    VmHint vm;
    vm.step = step;
    vm.bridge = 0;
    vm.mac = victim.mac;
    vm.to = to;
    vm.generation = generation;
    Hint hint;
    hint.what = vm;
    return world.control().hear(hint, world.now()).empty();
  }
  void hint(VmStep step, PortIndex to = 0, std::optional<uint64_t> generation = {}) {
    refusals += is_heard(step, to, generation) ? 0 : 1;
  }
  // To server2, with 40 ms of standing still, at `when`; and a word of its own there.
  void victim_moves(Nanos when, bool hinted) {
    if (hinted) world.at(when - 100 * kMillisecond, [this] { hint(VmStep::kPrepare, kServer2); });
    if (hinted) world.at(when, [this] { hint(VmStep::kSuspend); });
    world.at(when + 1, [this] { victim.at = kNoLocation; });
    world.at(when + 40 * kMillisecond, [this] {
      victim.at = kServer2;
      world.send(kServer2,
                 arp_frame(victim, make_garp_request(victim.mac, victim.v4), kBroadcastMac));
    });
  }

  uint64_t bystanders_lost() const {
    uint64_t lost = 0;
    for (const auto& one : bystanders) lost += one->lost();
    return lost;
  }

  World world;
  Host& victim;
  Flow flow;
  std::vector<std::unique_ptr<Flow>> bystanders;
  unsigned refusals = 0;
  uint64_t broken = 0;  // what a trial counts beside the flows, and must not be
};

struct Case {
  std::string_view name;
  std::string_view what;
  std::string_view config;
  void (*play)(Trial&);
  uint64_t most_lost;  // frames of the victim's
  Nanos longest_gap;   // in its traffic
  size_t most_alarms;
};

// Octets of memory that are in use, of which an attack must not take ever more.
constexpr size_t kMoreMemory = 4 << 20;
size_t memory_in_use() { return mallinfo2().uordblks; }

// ---- The attacks ----

// Nothing of the liar's may leave a port.
void watch_for(Trial& t, std::function<bool(const Octets&)> is_lie) {
  t.world.on_sent = [&t, is_lie = std::move(is_lie)](PortIndex, const Octets& frame) {
    t.broken += is_lie(frame);
  };
}

ArpView lie(const IpAddress& ip) {
  ArpView reply = make_garp_reply(kAttacker, ip);
  reply.tpa = kGatewayV4;
  return reply;
}

Host& add_liar(Trial& t) {
  return t.world.add_host(kAttacker, kAttackerV4, IpAddress::v6(0xfd00000900000000, 0x66));
}

template <Nanos kEvery>
void poison_gateway(Trial& t) {
  Host& liar = add_liar(t);
  t.attack(kEvery, [&liar] {
    return arp_frame(liar, make_garp_request(kAttacker, kGatewayV4), kBroadcastMac);
  });
  watch_for(t, [](const Octets& frame) {
    const auto eth = parse_ethernet(frame);
    const auto arp =
        eth->ether_type == kEtherTypeArp ? parse_arp(l3_of(*eth, frame)) : std::nullopt;
    return arp && arp->spa == kGatewayV4 && arp->sha == kAttacker;
  });
}

// The victim's address stays the victim's.
void watch_mapping(Trial& t, const IpAddress& ip) {
  t.every(100 * kMillisecond, [&t, ip] {
    const auto hit = t.world.tables().neighbors.find(0, ip);
    t.broken += !hit || hit.entry.mac() != t.victim.mac;
  });
}

template <Nanos kEvery>
void poison_victim(Trial& t) {
  Host& liar = add_liar(t);
  liar.at = kServer3;
  t.attack(kEvery, [&liar, &t, n = 0]() mutable {
    return ++n % 2 == 0 ? arp_frame(liar, lie(t.victim.v4), kGatewayMac)
                        : arp_frame(liar, make_garp_request(kAttacker, t.victim.v4), kBroadcastMac);
  });
  watch_mapping(t, t.victim.v4);
}

void poison_victim_v6(Trial& t) {
  Host& liar = add_liar(t);
  liar.at = kServer3;
  t.attack(k10kASecond, [&liar, &t] {
    return nd_frame(liar, make_unsolicited_na(t.victim.v6, kAttacker), multicast_mac(kAllNodes));
  });
  watch_mapping(t, t.victim.v6);
}

template <Nanos kEvery = k10kASecond>
void steal_port(Trial& t) {
  t.attack(kEvery, [&t] { return t.stolen(); });
}
template <Nanos kEvery = k10kASecond>
void steal_from_talker(Trial& t) {
  t.victim_talks();
  steal_port<kEvery>(t);
}
void steal_by_announcement(Trial& t) {
  t.victim_talks();
  t.attack(k10kASecond, [&t] {
    return arp_frame(t.victim, make_garp_request(t.victim.mac, t.victim.v4), kBroadcastMac);
  });
}
// From two ports by turns: who asks for one liar's name must not believe the other.
void steal_in_company(Trial& t) {
  t.victim_talks();
  t.every(30 * kMillisecond, [&t, n = 0]() mutable {
    t.world.send(++n % 2 == 0 ? kServer2 : kServer3,
                 arp_frame(t.victim, make_garp_request(t.victim.mac, t.victim.v4), kBroadcastMac));
  });
}
void steal_from_mover(Trial& t) {
  t.victim_talks();
  steal_port<>(t);
  t.victim_moves(kStart + 5 * kSecond, false);
}
void steal_from_hinted(Trial& t) {
  t.victim_talks();
  steal_port<>(t);
  t.victim_moves(kStart + 5 * kSecond, true);
}

// Answers every question that reaches its port, in everybody's name.
void answer_all(Trial& t) {
  t.victim_talks();
  steal_port<>(t);
  t.world.on_sent = [&t](PortIndex port, const Octets& frame) {
    const auto eth = parse_ethernet(frame);
    if (port != kServer3 || eth->ether_type != kEtherTypeArp) return;
    const auto arp = parse_arp(l3_of(*eth, frame));
    if (!arp || arp->op != kArpRequest) return;
    const bool of_victim = eth->dst == t.victim.mac;
    const Mac mac = of_victim ? t.victim.mac : kAttacker;
    Octets out(64);
    out.resize(build_arp(out, {.dst = arp->sha, .src = mac}, make_arp_reply(*arp, mac)));
    t.world.at(t.world.now() + 50 * kMicrosecond, [&t, out] { t.world.send(kServer3, out); });
  };
}

void invent_hosts(Trial& t) {
  t.attack(k50kASecond, [&t] {
    return data_frame(Mac{uint64_t{0x020000000000} + t.world.random()() % 0xffffffff}, kPeerMac,
                      kAttackerV4, kPeerV4, 0);
  });
}

void play_ping_pong(Trial& t) {
  t.every(k50kASecond, [&t, n = uint64_t{0}]() mutable {
    const Mac mac{uint64_t{0x024400000000} + n % 10'000};
    const PortIndex port = n / 10'000 % 2 == 0 ? kServer2 : kServer3;
    ++n;
    Host nobody;
    nobody.mac = mac;
    t.world.send(port, rarp_frame(nobody));
  });
}

// What the VM manager said is said again, in its name but with a number that was used, and other
// switches are invented that know the victim to be gone. The liar's frames are there to be
// believed.
void speak_for_others(Trial& t) {
  steal_from_talker<>(t);
  t.world.at(kStart - kSecond / 2, [&t] { t.hint(VmStep::kPrepare, kServer2, 5); });
  t.world.at(kStart - kSecond / 4, [&t] { t.hint(VmStep::kCancel, kServer2, 6); });
  t.every(k1kASecond, [&t] {
    for (const VmStep step : {VmStep::kPrepare, VmStep::kSuspend, VmStep::kCommit, VmStep::kLeave})
      t.broken += t.is_heard(step, kServer3, 5);
  });
  t.every(k1kASecond, [&t, n = uint64_t{0}]() mutable {
    Forget forget;
    forget.sender = sender_id("leaf2");
    forget.sequence = ++n;
    forget.mac = t.victim.mac;
    Octets payload(kForgetMaxSize);
    payload.resize(encode_forget(payload, forget, [&t](std::span<const uint8_t>) {
      ForgetTag tag;
      std::generate(tag.begin(), tag.end(),
                    [&t] { return static_cast<uint8_t>(t.world.random()()); });
      return tag;
    }));
    Octets frame(kForgetMaxSize + kEthernetHeaderSize);
    frame.resize(
        build_ethernet(frame, {.dst = kForgetGroup, .src = kAttacker}, kEtherTypeLocal, payload));
    for (const PortIndex from : {kServer3, kUplink}) t.world.send(from, frame);
  });
}

// All of a /16, but for the addresses in which somebody lives.
void scan(Trial& t) {
  t.every(k10kASecond, [&t, n = uint32_t{0}]() mutable {
    const IpAddress to = IpAddress::v4(0x0a090000 + (0x200 + n++ % (0x10000 - 0x200)));
    t.world.send(kFar, data_frame(kFarMac, kGatewayMac, kFarV4, to, 0));
  });
}

// While the victim stands still, another host asks whether its address is free, and then takes it.
void squat(Trial& t) {
  t.victim_talks();
  Host& squatter =
      t.world.add_host(kAttacker, t.victim.v4, IpAddress::v6(0xfd00000900000000, 0x66));
  const Nanos when = kStart + 2 * kSecond;
  t.world.at(when - 100 * kMillisecond, [&t] { t.hint(VmStep::kPrepare, kServer2); });
  t.world.at(when, [&t] { t.hint(VmStep::kSuspend); });
  t.world.at(when + 1, [&t] { t.victim.at = kNoLocation; });
  t.world.at(when + 1900 * kMillisecond, [&t] { t.victim.at = kServer2; });
  for (const Nanos at : {200, 700, 1200})
    t.world.at(when + at * kMillisecond, [&t, &squatter] {
      t.world.send(kServer3,
                   arp_frame(squatter, make_arp_probe(kAttacker, t.victim.v4), kBroadcastMac));
    });
  t.world.at(when + 1500 * kMillisecond, [&t, &squatter] {
    t.world.send(kServer3,
                 arp_frame(squatter, make_garp_request(kAttacker, t.victim.v4), kBroadcastMac));
  });
  // It is told that the address is taken; the victim does not hear of it.
  t.broken = 1;
  t.world.on_sent = [&t](PortIndex port, const Octets& frame) {
    const auto eth = parse_ethernet(frame);
    const auto arp =
        eth->ether_type == kEtherTypeArp ? parse_arp(l3_of(*eth, frame)) : std::nullopt;
    if (!arp || arp->spa != t.victim.v4) return;
    if (port == kServer3 && arp->sha == t.victim.mac && eth->dst == kAttacker && t.broken == 1)
      t.broken = 0;
    if (port == kServer2 && arp->sha == kAttacker) t.broken = 100;
  };
}

// What is sent to all comes back at server3 at once, again and again for each.
void loop(Trial& t) {
  t.victim_talks();
  t.every(500 * kMillisecond, [&t] {
    t.world.send(kServer1,
                 arp_frame(t.victim, make_garp_request(t.victim.mac, t.victim.v4), kBroadcastMac));
  });
  t.world.on_sent = [&t, copies = 0](PortIndex port, const Octets& frame) mutable {
    if (port != kServer3 || !parse_ethernet(frame)->dst.is_group() || ++copies > 20'000) return;
    t.world.at(t.world.now() + 100 * kMicrosecond, [&t, frame] {
      if (t.world.now() < kStop) t.world.send(kServer3, frame);
    });
  };
}

// ---- What is no attack, and must not be taken for one ----

void go(Trial& t, Host& host, PortIndex to) {
  host.at = to;
  t.world.send(to, arp_frame(host, make_garp_request(host.mac, host.v4), kBroadcastMac));
}

// One migration may show a MAC at two places in turns before it is over.
void move_six_times(Trial& t) {
  t.victim_talks();
  for (unsigned n = 0; n < 6; ++n)
    t.world.at(kStart + kSecond + n * 150 * kMillisecond,
               [&t, n] { go(t, t.victim, n % 2 == 0 ? kServer2 : kServer1); });
}

// The target announces the VM, and half a second later it runs at the source again.
void roll_back(Trial& t) {
  t.victim_talks();
  t.world.at(kStart + kSecond, [&t] { go(t, t.victim, kServer2); });
  t.world.at(kStart + kSecond + 500 * kMillisecond, [&t] { go(t, t.victim, kServer1); });
}

// Server1 is emptied: ten thousand VMs in a second, the victim among them.
void evacuate(Trial& t) {
  constexpr unsigned kMany = 10'000;
  for (unsigned n = 0; n < kMany; ++n) {
    Host& host = n == 0 ? t.victim : add_vm(t.world, 1000 + n);
    host.at = kServer1;
    t.world.at(kStart - 2 * kSecond + n * 100 * kMicrosecond, [&t, &host] { t.say_hello(host); });
    t.world.at(kStart + kSecond + n * 100 * kMicrosecond, [&t, &host] { go(t, host, kServer2); });
    t.world.at(kStop - 1, [&t, &host] {
      const FdbEntry entry = t.world.tables().fdb.find(0, host.mac).entry;
      t.broken += entry.location() != kServer2 || entry.state() == FdbState::kFrozen;
    });
  }
}

constexpr std::string_view kLearned = "moves: {class: learned}";
constexpr std::string_view kRegistered = "moves: {class: registered}";
constexpr Nanos kQuiet = kFlowInterval;
constexpr Nanos kProbe = 2 * kMillisecond;  // both ways, and the wait of a frame

const Case kCases[] = {
    {"a1", "gratuitous ARP for the gateway's address, 1k/s", kLearned, poison_gateway<k1kASecond>,
     0, kQuiet, 4},
    {"a2", "the same, 10k/s", kLearned, poison_gateway<k10kASecond>, 0, kQuiet, 4},
    {"a3", "the same, 100k/s for a second", kLearned, poison_gateway<k100kASecond>, 0, kQuiet, 4},
    {"a4", "ARP for the victim's address, 1k/s", kLearned, poison_victim<k1kASecond>, 0, kQuiet, 4},
    {"a5", "the same, 10k/s", kLearned, poison_victim<k10kASecond>, 0, kQuiet, 4},
    {"a6", "the same, 100k/s for a second", kLearned, poison_victim<k100kASecond>, 0, kQuiet, 4},
    {"a7", "NA for the victim's IPv6 address, 10k/s", kLearned, poison_victim_v6, 0, kQuiet, 4},
    {"b1", "frames with a mute victim's MAC, 10k/s, learned", kLearned, steal_port<>, 10,
     kQuiet + kProbe, 12},
    {"b2", "the same, and it talks", kLearned, steal_from_talker<>, 10, kQuiet + kProbe, 12},
    {"b3", "announcements with its MAC, 10k/s", kLearned, steal_by_announcement, 10,
     kQuiet + kProbe, 12},
    {"b4", "b1, registered", kRegistered, steal_port<>, 0, kQuiet, 12},
    {"b5", "b2, registered", kRegistered, steal_from_talker<>, 0, kQuiet, 12},
    {"b6", "b2, and it moves, learned", kLearned, steal_from_mover, 640, 1250 * kMillisecond, 12},
    {"b7", "b2, and it moves, registered", kRegistered, steal_from_mover, 150, 260 * kMillisecond,
     12},
    {"b8", "b2, and it moves as hinted, learned", kLearned, steal_from_hinted, 10,
     42 * kMillisecond, 12},
    {"b9", "b2, and it moves as hinted, registered", kRegistered, steal_from_hinted, 0,
     42 * kMillisecond, 12},
    {"b10", "announcements with its MAC from two ports by turns", kLearned, steal_in_company, 10,
     kQuiet + kProbe, 12},
    {"b11", "b2, at 100k/s for a second", kLearned, steal_from_talker<k100kASecond>, 10,
     kQuiet + kProbe, 12},
    {"b12", "the same, registered", kRegistered, steal_from_talker<k100kASecond>, 0, kQuiet, 12},
    {"c1", "b2, and the liar answers every question, learned", kLearned, answer_all, 10,
     kQuiet + kProbe, 16},
    {"c2", "the same, registered", kRegistered, answer_all, 0, kQuiet, 16},
    {"d", "frames from invented MACs, 50k/s", kLearned, invent_hosts, 0, kQuiet, 4},
    {"e", "10,000 MACs back and forth between two ports, 50k moves/s", kLearned, play_ping_pong, 0,
     kQuiet, 10'000},
    {"f", "b5, with replayed hints and invented FORGETs, 1k/s of each", kRegistered,
     speak_for_others, 0, kQuiet, 12},
    {"g", "a scan of a /16 through the gateway, 10k/s", kLearned, scan, 0, kQuiet, 4},
    {"h", "the victim's address is probed and taken while it stands still", kLearned, squat, 0,
     1902 * kMillisecond, 6},
    {"m1", "six moves in a second, learned", kLearned, move_six_times, 0, kQuiet, 0},
    {"m2", "the same, registered", kRegistered, move_six_times, 450, 950 * kMillisecond, 3},
    {"m3", "a move, taken back after half a second, learned", kLearned, roll_back, 0, kQuiet, 0},
    {"m4", "the same, registered", kRegistered, roll_back, 150, 152 * kMillisecond, 0},
    {"m5", "10,000 VMs evacuated in a second, learned", kLearned, evacuate, 0, kQuiet, 0},
    {"m6", "the same, registered", kRegistered, evacuate, 75, 152 * kMillisecond, 0},
    {"i", "a loop: floods come back at another port", kLearned, loop, 10, kQuiet + kProbe, 12},
};

bool run(const Case& c) {
  Trial trial(c.config);
  c.play(trial);
  size_t early = 0;
  trial.world.at(kStart + 2 * kSecond, [&] { early = memory_in_use(); });
  trial.world.run(kStop + kSecond);
  const size_t late = memory_in_use();
  const size_t alarms = trial.world.control().alarms().all().size();
  const uint64_t others = trial.bystanders_lost();
  const bool kept = others == 0 && trial.broken == 0 && trial.refusals == 0 &&
                    trial.flow.lost() <= c.most_lost && trial.flow.longest_gap <= c.longest_gap &&
                    alarms <= c.most_alarms && late <= early + kMoreMemory;
  fmt::print("| {} | {} | {} | {} of {} | {:.1f} of {:.1f} | {} of {} |{}\n", c.name, c.what,
             others, trial.flow.lost(), c.most_lost,
             static_cast<double>(trial.flow.longest_gap) / 1e6,
             static_cast<double>(c.longest_gap) / 1e6, alarms, c.most_alarms,
             kept ? ""
                  : fmt::format(" **not kept** ({} broken, {} refused, {} octets more)",
                                trial.broken, trial.refusals, late - early));
  std::fflush(stdout);
  return kept;
}

}  // namespace
}  // namespace godwit::bounds

int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  const godwit::Eal eal(godwit::Eal::arguments_without_devices());
  fmt::print(
      "| | attack, for 10 s | others' frames lost | the victim's | longest gap, ms | alarms |\n"
      "|---|---|---:|---:|---:|---:|\n");
  bool all_kept = true;
  for (const auto& c : godwit::bounds::kCases)
    if (only.empty() || only == c.name) all_kept &= godwit::bounds::run(c);
  return all_kept ? 0 : 1;
}
