#include "control/announcer.h"

#include <array>

namespace godwit {
namespace {

// From the beginning to each round.
constexpr std::array<Nanos, 6> kRounds = {0,           1 * kSecond,  3 * kSecond,
                                          7 * kSecond, 15 * kSecond, 31 * kSecond};
constexpr Nanos kDefendInterval = 10 * kSecond;  // RFC 5227 §1.1
constexpr size_t kMostDefended = 1024;           // addresses, in that time

}  // namespace

Announcer::Announcer(const Topology& topology, Questions& questions)
    : topology_(topology), questions_(questions) {
  for (const BridgeContext& bridge : topology.bridges())
    if (bridge.has_gateway) announce(bridge.index, 0);
}

void Announcer::announce(BridgeIndex bridge, Nanos now) {
  std::erase_if(due_, [&](const Round& round) { return round.bridge == bridge; });
  for (unsigned n = 0; n < kRounds.size(); ++n) due_.insert({now + kRounds[n], bridge, n, 0});
}

void Announcer::run(Nanos now) {
  while (next_due() <= now) {
    Round round = *due_.begin();
    due_.erase(due_.begin());
    if (speak(round)) continue;
    due_.insert(round);
    return;
  }
}

// False when the worker has no room for an order now: the rest remains to be said.
bool Announcer::speak(Round& round) {
  const BridgeContext& bridge = topology_.bridge(round.bridge);
  const auto& own = bridge.config->gateway->addresses;
  const size_t count = own.size() + (bridge.has_gateway_v6 ? 1 : 0);
  for (; round.said < count; ++round.said) {
    const IpAddress& ip = round.said < own.size() ? own[round.said].address : bridge.link_local;
    if (!questions_.announce(round.bridge, ip, bridge.gateway_mac, kSelf)) return false;
  }
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
