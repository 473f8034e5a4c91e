#include "control/aging.h"

#include <algorithm>

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr uint32_t kReachableSeconds = 30;
// Three questions, a second apart, have been asked by then.
constexpr Nanos kAnswerTime = 4 * kSecond;

std::vector<uint32_t> ages(const Config& config, unsigned quarters) {
  std::vector<uint32_t> age_s;
  for (const BridgeConfig& bridge : config.bridges)
    age_s.push_back(
        std::max<uint32_t>(1, static_cast<uint32_t>(bridge.aging / kSecond * quarters / 4)));
  return age_s;
}

// Stamps are whole seconds: what is heard late in one second is no older than what is heard early.
Nanos shortest(const std::vector<uint32_t>& age_s) {
  if (age_s.empty()) return kNever / 2;
  return Nanos{*std::min_element(age_s.begin(), age_s.end())} * kSecond;
}

// A silent host is asked when a quarter of `aging` has passed: a third of what a mapping lives.
uint32_t keepalive_s(uint32_t age_s) { return std::max<uint32_t>(1, age_s / 4); }

Nanos expiry(Nanos now, uint32_t silent_s, uint32_t age_s) {
  return (now / kSecond - silent_s + age_s + 1) * kSecond;
}

}  // namespace

NeighborState state_at(NeighborEntry entry, uint64_t silent_s) {
  const bool proven = silent_s <= kReachableSeconds || (entry.flags() & kStaticNeighbor) != 0;
  return entry.state() == NeighborState::kReachable && !proven ? NeighborState::kStale
                                                               : entry.state();
}

FdbAging::FdbAging(const Config& config, Fdb& fdb, GracePeriod& grace) : fdb_(fdb), limbo_(grace) {
  follow(config);
}

void FdbAging::follow(const Config& config) {
  config_ = &config;
  age_s_ = ages(config, 4);
  shortest_life_ = shortest(age_s_);
  for (size_t b = 0; b < age_s_.size(); ++b)
    if (config.bridges[b].moves.keepalive)
      shortest_life_ = std::min(shortest_life_, keepalive_s(age_s_[b]) * kSecond);
}

std::optional<Nanos> FdbAging::visit(uint32_t slot, Nanos now) {
  const uint64_t key = fdb_.key_at(slot);
  if (key == 0) return std::nullopt;
  const FdbEntry entry = fdb_.entry_at(slot);
  if (entry.is_free() || entry.host_class() == HostClass::kStatic) return std::nullopt;
  const bool offline = entry.state() == FdbState::kOffline;
  if ((entry.state() != FdbState::kBound || entry.aside()) && !offline && on_unsettled)
    on_unsettled(key, entry, now);
  // That ends by itself, and then it may be old: nobody tells of it, so it is looked at again.
  if (entry.state() == FdbState::kMigrating) return now + kOfflineLife;
  const uint32_t age_s = offline ? kOfflineLife / kSecond : age_s_[fdb_bridge(key)];
  const uint32_t silent_s = seconds_since_heard(entry, now);
  if (silent_s <= age_s) {
    const Nanos end = expiry(now, silent_s, age_s);
    return std::min(end, keep_alive(key, entry, silent_s, now).value_or(end));
  }
  if (!offline && is_leased && is_leased(key)) return now + Nanos{age_s} * kSecond;
  // A frame may be refreshing it this very moment: then it is heard, and lives.
  if (!remove(slot, entry)) return now + kSecond;
  ++aged_;
  return std::nullopt;
}

// When the host is to be asked whether it is there; asks it if that is now.
std::optional<Nanos> FdbAging::keep_alive(uint64_t key, FdbEntry entry, uint32_t silent_s,
                                          Nanos now) {
  const BridgeIndex bridge = fdb_bridge(key);
  if (!config_->bridges[bridge].moves.keepalive || entry.state() != FdbState::kBound)
    return std::nullopt;
  const uint32_t wait_s = keepalive_s(age_s_[bridge]);
  if (silent_s < wait_s) return (now / kSecond - silent_s + wait_s) * kSecond;
  if (on_silent) on_silent(key, entry, now);
  return (now / kSecond + wait_s) * kSecond;
}

bool FdbAging::remove(uint32_t slot, FdbEntry entry) {
  const uint64_t key = fdb_.key_at(slot);
  FdbEntry expected = entry;
  if (!fdb_.remove(slot, expected)) return false;
  limbo_.push(slot);
  if (on_removed) on_removed(key, entry);
  return true;
}

NeighborAging::NeighborAging(const Config& config, NeighborTable& neighbors, GracePeriod& grace)
    : neighbors_(neighbors), limbo_(grace) {
  follow(config);
}

void NeighborAging::follow(const Config& config) {
  age_s_ = ages(config, 3);
  shortest_life_ = shortest(age_s_);
}

std::optional<Nanos> NeighborAging::visit(uint32_t slot, Nanos now) {
  const auto host = neighbors_.host_at(slot);
  if (!host) return std::nullopt;
  const NeighborEntry entry = neighbors_.entry_at(slot);
  if (entry.is_free()) return std::nullopt;
  if (on_met) on_met(host->bridge, entry.mac(), host->ip);
  if (is_pinned(entry)) return std::nullopt;
  const uint32_t age_s = age_s_[host->bridge];
  const uint32_t silent_s = neighbors_.silent_s(slot, static_cast<uint32_t>(now / kSecond));
  if (silent_s <= age_s)
    return grown_stale(slot, entry, silent_s, now, expiry(now, silent_s, age_s));
  if (verify && verify(host->bridge, host->ip, slot, entry, now)) return now + kAnswerTime;
  if (!remove(slot, entry)) return now + kSecond;
  ++aged_;
  return std::nullopt;
}

// The next instant at which time changes anything about the entry.
Nanos NeighborAging::grown_stale(uint32_t slot, NeighborEntry entry, uint32_t silent_s, Nanos now,
                                 Nanos expires) {
  if (entry.state() != NeighborState::kReachable) return expires;
  if (state_at(entry, silent_s) == NeighborState::kReachable)
    return std::min(expires, expiry(now, silent_s, kReachableSeconds));
  NeighborEntry expected = entry;
  neighbors_.compare_exchange(slot, expected, entry.with_state(NeighborState::kStale));
  return expires;
}

bool NeighborAging::remove(uint32_t slot, NeighborEntry entry) {
  const auto host = neighbors_.host_at(slot);
  NeighborEntry expected = entry;
  if (!host || !neighbors_.remove(slot, expected)) return false;
  limbo_.push(slot);
  if (on_removed) on_removed(host->bridge, entry.mac(), host->ip);
  return true;
}

}  // namespace godwit
