#include "control/announcer.h"

#include <array>

namespace godwit {
namespace {

// From the beginning to each round.
constexpr std::array<Nanos, 6> kRounds = {0,           1 * kSecond,  3 * kSecond,
                                          7 * kSecond, 15 * kSecond, 31 * kSecond};
constexpr Nanos kDefendInterval = 10 * kSecond;  // RFC 5227 §1.1
constexpr size_t kMostDefended = 1024;           // addresses, in that time
constexpr size_t kMostAnnounced = 1U << 17;      // hosts, at once

}  // namespace

Announcer::Announcer(const Topology& topology, const Tables& tables, const HostIndex& hosts,
                     Questions& questions)
    : topology_(topology), tables_(tables), hosts_(hosts), questions_(questions) {
  for (const BridgeContext& bridge : topology.bridges())
    if (bridge.has_gateway) announce(bridge.index, 0);
}

void Announcer::begin(BridgeIndex bridge, Mac host, Nanos now) {
  if (begun_.size() >= kMostAnnounced && !begun_.contains({bridge, host})) return;
  const auto [begun, is_new] = begun_.try_emplace({bridge, host}, now);
  for (unsigned n = 0; !is_new && n < kRounds.size(); ++n)
    for (auto at = due_.lower_bound({begun->second + kRounds[n], bridge, host, n, 0});
         at != due_.end() && at->at == begun->second + kRounds[n] && at->bridge == bridge &&
         at->host == host;)
      at = due_.erase(at);
  begun->second = now;
  for (unsigned n = 0; n < kRounds.size(); ++n) due_.insert({now + kRounds[n], bridge, host, n, 0});
}

void Announcer::run(Nanos now) {
  while (next_due() <= now) {
    Round round = *due_.begin();
    due_.erase(due_.begin());
    if (!(round.host.is_zero() ? speak(round) : speak_for_host(round))) {
      due_.insert(round);
      return;
    }
    if (round.number + 1 == kRounds.size()) begun_.erase({round.bridge, round.host});
  }
}

// False when the worker has no room for an order now: the rest remains to be said.
bool Announcer::speak(Round& round) {
  const BridgeContext& bridge = topology_.bridge(round.bridge);
  if (!bridge.has_gateway) return true;  // any more
  const auto& own = bridge.config->gateway->addresses;
  const size_t count = own.size() + (bridge.has_gateway_v6 ? 1 : 0);
  for (; round.said < count; ++round.said) {
    const IpAddress& ip = round.said < own.size() ? own[round.said].address : bridge.link_local;
    if (!questions_.announce(round.bridge, ip, bridge.gateway_mac, kSelf)) return false;
  }
  return true;
}

// To all ports but the one where the host is by now. A host that is gone says nothing any more.
bool Announcer::speak_for_host(Round& round) {
  const FdbEntry at = tables_.fdb.find(round.bridge, round.host).entry;
  if (at.is_free() || at.state() == FdbState::kOffline) return true;
  const auto& ips = hosts_.ips(round.bridge, round.host);
  if (ips.empty()) return questions_.announce_host(round.bridge, round.host, at.location());
  for (; round.said < ips.size(); ++round.said)
    if (!questions_.announce_host(round.bridge, ips[round.said], round.host, at.location()))
      return false;
  return true;
}

bool Announcer::defend(BridgeIndex bridge, const IpAddress& ip, Mac mac, Location except,
                       Nanos now) {
  const auto is_over = [&](const auto& it) { return now - it.second >= kDefendInterval; };
  if (defended_.size() >= kMostDefended) std::erase_if(defended_, is_over);
  if (defended_.size() >= kMostDefended && !defended_.contains({bridge, ip})) return false;
  const auto [last, first_time] = defended_.try_emplace({bridge, ip}, now);
  if (!first_time && now - last->second < kDefendInterval) return false;
  last->second = now;
  return questions_.announce(bridge, ip, mac, except);
}

}  // namespace godwit
