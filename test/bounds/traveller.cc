#include "test/bounds/traveller.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "test/bounds/scene.h"

#include "lib/packet_build.h"

namespace godwit::bounds {
namespace {

constexpr Nanos kBefore = 50 * kMillisecond;  // traffic ahead of a move
constexpr Nanos kTalk = 20 * kMillisecond;  // between two frames of a VM that has something to say

constexpr std::array<std::string_view, 15> kNames = {"GARP request",
                                                     "GARP reply",
                                                     "RARP",
                                                     "ARP request for the gateway",
                                                     "ARP request for another",
                                                     "ARP reply to the gateway",
                                                     "ARP reply to another",
                                                     "NS",
                                                     "unsolicited NA",
                                                     "data",
                                                     "prepare, then data",
                                                     "commit of a mute VM",
                                                     "prepare, suspend, then data",
                                                     "link down, mute VM",
                                                     "keepalive, mute VM"};

bool is_mute(Sign sign) { return sign == Sign::kCommit || sign >= Sign::kLink; }

}  // namespace

std::string_view to_string(Sign sign) { return kNames[static_cast<size_t>(sign)]; }

Traveller::Traveller(World& world, Host& host, unsigned number, const Plan& plan, Tally& tally)
    : world_(world), host_(host), number_(number), plan_(plan), tally_(tally), left_(plan.moves) {
  host_.answers = plan.answers;
  host_.at = static_cast<Location>(number % plan.places);
  host_.on_data = [this](uint64_t n, PortIndex) { received(n); };
  host_.on_stray = [this](uint64_t n, PortIndex) {
    if (const auto sent = sent_.find(n); sent != sent_.end()) sent->second.strayed = true;
  };
}

Nanos Traveller::begin(Nanos start) {
  world_.at(start, [this] { hello(); });
  plan_move(start + 11 * kSecond);
  return start + 11 * kSecond + plan_.moves * (2 * plan_.pause + 2 * plan_.watched);
}

// It makes its addresses known where it is.
void Traveller::hello() {
  world_.send(static_cast<PortIndex>(host_.at),
              arp_frame(host_, make_arp_request(host_.mac, host_.v4, kGatewayV4), kBroadcastMac));
  world_.send(static_cast<PortIndex>(host_.at),
              nd_frame(host_, make_unsolicited_na(host_.v6, host_.mac), multicast_mac(kAllNodes)));
}

void Traveller::plan_move(Nanos when) {
  const auto from = static_cast<PortIndex>(host_.at);
  const auto to =
      static_cast<PortIndex>((from + 1 + world_.random()() % (plan_.places - 1)) % plan_.places);
  const Nanos gone = when + world_.some(0, 20 * kMillisecond);
  const Nanos there = gone + world_.some(100 * kMicrosecond, 80 * kMillisecond);
  const Nanos sign = there + world_.some(0, 30 * kMillisecond);
  if (!is_mute(plan_.sign) || plan_.sign == Sign::kLink)

    for (const Nanos before : {20 * kBefore, 3 * kBefore})
      world_.at(when - before, [this] { hello(); });
  world_.at(when - kBefore, [this, sign] { offer_until(sign + plan_.watched); });
  if (plan_.sign == Sign::kPrepared || plan_.sign == Sign::kSuspend)
    world_.at(when - kBefore, [this, to] { hint(VmStep::kPrepare, to); });
  if (plan_.sign == Sign::kSuspend) world_.at(gone, [this] { hint(VmStep::kSuspend, 0); });
  world_.at(gone, [this, from] {
    leave();
    if (plan_.sign == Sign::kLink) world_.control().link(from, false, world_.now());
  });
  world_.at(there, [this, to] { arrive(to); });
  world_.at(sign, [this, to] {
    sign_at_ = world_.now();
    if (plan_.sign == Sign::kCommit) return hint(VmStep::kCommit, to);
    if (!is_mute(plan_.sign)) show(plan_.sign);
  });
  const Nanos end = sign + plan_.watched + 400 * kMillisecond;
  // A VM has more to say than its first word.
  if (!is_mute(plan_.sign))
    for (Nanos t = sign + kTalk; t < end; t += kTalk) world_.at(t, [this] { show(Sign::kData); });
  world_.at(end, [this, from] {
    judge(sign_at_);
    if (plan_.sign == Sign::kLink) world_.control().link(from, true, world_.now());
    if (--left_ > 0) plan_move(world_.now() + world_.some(plan_.pause, 2 * plan_.pause));
  });
}

void Traveller::leave() { host_.at = kNoLocation; }
void Traveller::arrive(PortIndex to) { host_.at = to; }

void Traveller::hint(VmStep step, PortIndex to) {
  VmHint vm;
  vm.step = step;
  vm.bridge = 0;
  vm.mac = host_.mac;
  vm.to = to;
  Hint hint;
  hint.what = vm;
  if (const std::string refusal = world_.control().hear(hint, world_.now()); !refusal.empty())
    throw std::runtime_error("a hint was refused: " + refusal);
}

void Traveller::show(Sign sign) {
  const auto from_here = [this](const Octets& frame) {
    world_.send(static_cast<PortIndex>(host_.at), frame);
  };
  const auto arp = [&](const ArpView& view, Mac dst) { from_here(arp_frame(host_, view, dst)); };
  ArpView reply = make_garp_reply(host_.mac, host_.v4);
  switch (sign) {
    case Sign::kGarpRequest:
      return arp(make_garp_request(host_.mac, host_.v4), kBroadcastMac);
    case Sign::kGarpReply:
      return arp(reply, kBroadcastMac);
    case Sign::kRarp:
      return from_here(rarp_frame(host_));
    case Sign::kArpGateway:
      return arp(make_arp_request(host_.mac, host_.v4, kGatewayV4), kBroadcastMac);
    case Sign::kArpOther:
      return arp(make_arp_request(host_.mac, host_.v4, kPeerV4), kBroadcastMac);
    case Sign::kReplyGateway:
      reply.tpa = kGatewayV4, reply.tha = kGatewayMac;
      return arp(reply, kGatewayMac);
    case Sign::kReplyOther:
      reply.tpa = kPeerV4, reply.tha = kPeerMac;
      return arp(reply, kPeerMac);
    case Sign::kNs:
      return from_here(nd_frame(host_, make_ns(host_.v6, host_.mac, kPeerV6),
                                multicast_mac(solicited_node(kPeerV6))));
    case Sign::kNa:
      return from_here(
          nd_frame(host_, make_unsolicited_na(host_.v6, host_.mac), multicast_mac(kAllNodes)));
    default:
      return from_here(data_frame(host_.mac, kPeerMac, plan_.v6 ? host_.v6 : host_.v4,
                                  plan_.v6 ? kPeerV6 : kPeerV4, 0));
  }
}

void Traveller::offer_until(Nanos end) {
  if (world_.now() >= end) return;
  offer();
  const Nanos wait = world_.some(plan_.interval / 2, plan_.interval * 3 / 2);
  world_.at(world_.now() + wait, [this, end] { offer_until(end); });
}

// In turns from a peer in the same bridge, and through the gateway. The lowest bit of a number
// tells which.
void Traveller::offer() {
  const uint64_t n = uint64_t{number_} << 32 | ++count_;
  sent_[n].at = world_.now();
  const IpAddress to = plan_.v6 ? host_.v6 : host_.v4;
  if (n % 2 == 0)
    world_.send(kUplink, data_frame(kPeerMac, host_.mac, plan_.v6 ? kPeerV6 : kPeerV4, to, n));
  else
    world_.send(kFar, data_frame(kFarMac, kGatewayMac, plan_.v6 ? kFarV6 : kFarV4, to, n));
}

void Traveller::received(uint64_t n) {
  if (const auto sent = sent_.find(n); sent != sent_.end()) {
    tally_.doubled += sent->second.arrived;
    sent->second.arrived = true;
  }
  tally_.reordered += n < last_[n % 2];
  last_[n % 2] = std::max(last_[n % 2], n);
}

void Traveller::judge(Nanos sign_at) {
  ++tally_.moves;
  for (const auto& [n, sent] : sent_) {
    // Held frames are sent before the VM is there, and are to arrive all the same.
    if (sent.at < sign_at && plan_.sign != Sign::kSuspend) continue;
    ++tally_.offered;
    if (sent.arrived) continue;
    ++(sent.strayed ? tally_.misdelivered : tally_.lost);
    tally_.longest = std::max(tally_.longest, sent.at - std::min(sign_at, sent.at));
  }
  sent_.clear();
}

}  // namespace godwit::bounds
