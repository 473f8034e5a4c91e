#include "control/control.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "lib/arbiter.h"

namespace godwit {
namespace {

// Why a host may not use an address.
std::string owner_words(const Event& event) {
  if (event.ip.is_unspecified()) return "a message that no host has a reason to send";
  if (event.other_mac.is_zero()) return "nobody is registered for the address";
  return fmt::format("registered for {}", to_string(event.other_mac));
}

std::string storm_words(const Event& event) {
  const Mac dst = event.other_mac;
  return fmt::format("more {} frames than the port may flood, one of them from {}",
                     dst.is_broadcast() ? "broadcast"
                     : dst.is_group()   ? "multicast"
                                        : "unknown unicast",
                     to_string(event.mac));
}

}  // namespace

Control::Control(const Topology& topology, Tables& tables, std::span<Channel* const> channels,
                 GracePeriod& grace)
    : topology_(topology),
      tables_(tables),
      channels_(channels),
      alarms_(topology.ports().size()),
      questions_(topology, channels),
      solicitor_(topology, tables, questions_),
      announcer_(topology, tables, hosts_, questions_),
      watch_(topology, tables, questions_, hosts_),
      hint_desk_(topology, tables, watch_, questions_),
      links_(tables),
      forgetter_(topology, tables, questions_, alarms_),
      leases_(topology, tables),
      fdb_aging_(topology.config(), tables.fdb, grace),
      neighbor_aging_(topology.config(), tables.neighbors, grace),
      fdb_sweep_(fdb_aging_),
      neighbor_sweep_(neighbor_aging_),
      edits_(topology, tables, hosts_, fdb_aging_, neighbor_aging_),
      restorer_(topology, tables, hosts_, leases_, edits_, watch_) {
  connect();
  connect_leases();
  const auto& bridges = topology.config().bridges;
  for (size_t b = 0; b < bridges.size(); ++b)
    for (const StaticHostConfig& host : bridges[b].static_hosts)
      if (host.ip) hosts_.add(static_cast<BridgeIndex>(b), host.mac, *host.ip, 0);
}

// What each part tells the others.
void Control::connect() {
  fdb_aging_.on_unsettled = [this](uint64_t key, FdbEntry entry, Nanos now) {
    watch_.met(key, entry, now);
  };
  fdb_aging_.on_silent = [this](uint64_t key, FdbEntry entry, Nanos now) {
    watch_.keep_alive(key, entry, now);
  };
  fdb_aging_.on_removed = [this](uint64_t key, FdbEntry) { moves_.ended(key); };
  neighbor_aging_.verify = [this](BridgeIndex bridge, const IpAddress& ip, uint32_t slot,
                                  NeighborEntry entry, Nanos now) {
    return solicitor_.verify(bridge, ip, slot, entry, now);
  };
  neighbor_aging_.on_removed = [this](BridgeIndex bridge, Mac, const IpAddress& ip) {
    hosts_.remove(bridge, ip);
    leases_.unmapped(bridge, ip);
  };
  solicitor_.on_silent = [this](uint32_t slot, NeighborEntry entry) {
    neighbor_aging_.expire(slot, entry);
  };
  forgetter_.end_host = [this](uint64_t key, uint32_t slot, FdbEntry entry) {
    return end_host(key, slot, entry);
  };
  solicitor_.on_given_over = [this](const Event& claim, Mac was) { on_given_over(claim, was); };
  watch_.on_outcome = [this](const Outcome& outcome) { on_outcome(outcome); };
  hint_desk_.on_commit = [this](uint64_t key, Location from, Location to, Nanos now) {
    on_committed(key, from, to, Evidence::kHint, now);
  };
  hint_desk_.on_leave = [this](uint64_t key, uint32_t slot, FdbEntry entry, Nanos now) {
    return on_leave(key, slot, entry, now);
  };
  links_.on_host = [this](uint64_t key, FdbEntry was, FdbEntry is, Nanos now) {
    on_host_without_link(key, was, is, now);
  };
}

void Control::connect_leases() {
  leases_.on_bound = [this](const Leases::Grant& grant) { return on_bound(grant); };
  leases_.on_refused = [this](const Leases::Grant& grant, Leases::Refusal refusal) {
    on_refused_grant(grant, refusal);
  };
  leases_.remove = [this](uint32_t slot, NeighborEntry entry) {
    return neighbor_aging_.remove(slot, entry);
  };
  fdb_aging_.is_leased = [this](uint64_t key) { return leases_.holds(key); };
}

Nanos Control::next_due() const {
  return std::min({departures_.empty() ? kNever : departures_.front().due, leases_.next_due(),
                   links_.next_due(), watch_.next_due(), announcer_.next_due(),
                   solicitor_.next_due(), forgetter_.next_due(), fdb_sweep_.next_due(),
                   neighbor_sweep_.next_due(), restorer_.next_due()});
}

void Control::run_due(Nanos now) {
  end_departed(now);
  if (links_.next_due() <= now) links_.run(now);
  if (leases_.next_due() <= now) leases_.run(now);
  if (watch_.next_due() <= now) watch_.run(now);
  if (announcer_.next_due() <= now) announcer_.run(now);
  if (solicitor_.next_due() <= now) solicitor_.run(now);
  if (forgetter_.next_due() <= now) forgetter_.run(now);
  if (restorer_.next_due() <= now) restorer_.run(now);
  if (fdb_sweep_.next_due() <= now) fdb_sweep_.run(now);
  if (neighbor_sweep_.next_due() <= now) {
    neighbor_sweep_.run(now);
    if (neighbor_sweep_.walks() >= repaired_at_) neighbor_aging_.on_met = nullptr;
  }
  fdb_aging_.reclaim();
  neighbor_aging_.reclaim();
}

bool Control::take_events(Nanos now, unsigned most) {
  bool more = false;
  for (Channel* channel : channels_) {
    Event event;
    for (unsigned n = 0; n < most && channel->events.take_question(event); ++n) handle(event, now);
    for (unsigned n = 0; n < most && channel->events.take_other(event); ++n) handle(event, now);
    Punt punt;
    for (unsigned n = 0; n < kPunts && channel->punts.take(punt); ++n) forgetter_.hear(punt, now);
    DhcpEvent dhcp;
    for (unsigned n = 0; n < most && channel->leases.take(dhcp); ++n) leases_.hear(dhcp);
    more |= !channel->events.empty();
  }
  const uint64_t lost = events_lost();
  if (std::exchange(lost_seen_, lost) != lost) repair(now);
  return more;
}

std::string Control::hear(const Hint& hint, Nanos now) {
  if (const auto* what = std::get_if<FlushHint>(&hint.what)) flush(*what, now);
  if (const auto* what = std::get_if<AnnounceHint>(&hint.what))
    announcer_.announce(what->bridge, now);
  if (const auto* what = std::get_if<LinkHint>(&hint.what)) link(what->port, what->up, now);
  const auto* vm = std::get_if<VmHint>(&hint.what);
  if (vm == nullptr) return {};
  std::string refusal = hint_desk_.hear(*vm, now);
  if (refusal.empty()) return refusal;
  const bool goes_somewhere = vm->step == VmStep::kPrepare || vm->step == VmStep::kCommit;
  alarm(fdb_key(vm->bridge, vm->mac.value_or(Mac{})), AlarmKind::kHintRefused,
        goes_somewhere ? vm->to : kNoLocation, now,
        fmt::format("{}: {}", kVmStepNames[static_cast<size_t>(vm->step)], refusal));
  return refusal;
}

// Some of it ends sooner than what is learned now, which the sweeps have to find out.
TakenBack Control::take_back(const State& state, Nanos unix_time, Nanos now) {
  const TakenBack taken = restorer_.take_back(state, unix_time, now);
  fdb_sweep_.hurry();
  neighbor_sweep_.hurry();
  return taken;
}

void Control::link(PortIndex port, bool up, Nanos now) {
  up = up && topology_.port(port).enabled;
  Nanos patience = 0;
  for (const Membership& member : topology_.port(port).memberships)
    patience = std::max(patience, topology_.bridge(member.bridge).config->moves.hold.time);
  if (!links_.set(port, up, patience, now) || up) return;
  Alarm alarm;
  alarm.at = now;
  alarm.kind = AlarmKind::kLinkDown;
  const auto& memberships = topology_.port(port).memberships;
  alarm.bridge = memberships.empty() ? kNoBridge : memberships.front().bridge;
  alarm.port = port;
  alarm.detail = "no link: hosts there are offline";
  alarms_.raise(std::move(alarm));
}

// A lost event may have told of a move, whose entry would stay SETTLING, or of a mapping. The
// tables are right all the same, and walks over them tell again what they hold.
void Control::repair(Nanos now) {
  fdb_sweep_.hurry();
  repaired_at_ = neighbor_sweep_.hurry();
  neighbor_aging_.on_met = [this, now](BridgeIndex bridge, Mac mac, const IpAddress& ip) {
    hosts_.add(bridge, mac, ip, now);
  };
}

uint64_t Control::events_lost() const {
  uint64_t lost = 0;
  for (const Channel* channel : channels_) lost += channel->events.lost();
  return lost;
}

void Control::handle(const Event& event, Nanos now) {
  switch (event.kind) {
    case EventKind::kMoved:
      return on_moved(event);
    case EventKind::kTested:
      moves_.claimed(record_of(event));
      return watch_.tested(event);
    case EventKind::kUpheld:
      return watch_.upheld(event);
    case EventKind::kRevived:
      return;  // the worker did all there is to do
    case EventKind::kAnswered:
      return watch_.answered(event);
    case EventKind::kSought:
      return watch_.sought(event, now);
    case EventKind::kRefused:
      return on_refused(event);
    case EventKind::kGatewayClaim:
      return on_gateway_claim(event, now);
    case EventKind::kMapped:
    case EventKind::kRemapped:
      return on_mapped(event, now);
    case EventKind::kConflict:
      return on_conflict(event, now);
    case EventKind::kUnresolved:
      return solicitor_.resolve(event, now);
    case EventKind::kConfirmed:
      return solicitor_.heard(event.bridge, event.ip, now);
    case EventKind::kProbed:
      return solicitor_.defend(event, now);
    case EventKind::kLearnLimit:
      return alarm(event, AlarmKind::kLearnLimit, false, "no room to learn another MAC");
    case EventKind::kPortQuota:
      return alarm(event, AlarmKind::kPortQuota, false,
                   "the port's share of MACs to learn is used up");
    case EventKind::kNeighborLimit:
      return alarm(event, AlarmKind::kNeighborLimit, false, "no room to learn another IP");
    case EventKind::kLearned:
      return leases_.learned(fdb_key(event.bridge, event.mac));
    case EventKind::kRogueDhcp:
      return alarm(event, AlarmKind::kRogueDhcp, true,
                   "a DHCP message that this port may not send");
    case EventKind::kInspected:
      return alarm(event, AlarmKind::kArpInspection, true, owner_words(event));
    case EventKind::kSourceGuard:
      return alarm(event, AlarmKind::kSourceGuard, true, owner_words(event));
    case EventKind::kStorm:
      return alarm(event, AlarmKind::kStorm, false, storm_words(event));
    case EventKind::kRarpBeyond:
      return follow_rarp_beyond(event, now);
    case EventKind::kForeignPeer:
      return alarm(event, AlarmKind::kForgetRefused, false, "on a port that is not trusted");
  }
}

void Control::on_refused_grant(const Leases::Grant& grant, Leases::Refusal refusal) {
  Event event;
  event.bridge = grant.bridge;
  event.to = grant.port;
  event.at = grant.at;
  event.mac = grant.mac;
  event.ip = grant.ip;
  switch (refusal) {
    case Leases::Refusal::kGatewayIp:
      return alarm(event, AlarmKind::kGatewayClaim, true,
                   "DHCP gives the gateway's own address to a host");
    case Leases::Refusal::kAnothers:
      return alarm(event, AlarmKind::kAddressConflict, true,
                   "given by DHCP, while another host is registered for it");
    case Leases::Refusal::kNoRoom:
      return alarm(event, AlarmKind::kNeighborLimit, false, "no room to register another IP");
  }
}

// As if the host had told it itself.
bool Control::on_bound(const Leases::Grant& grant) {
  solicitor_.heard(grant.bridge, grant.ip, grant.at);
  if (hosts_.add(grant.bridge, grant.mac, grant.ip, grant.at) <=
      topology_.config().neighbors.per_mac)
    return true;
  const auto hit = tables_.neighbors.find(grant.bridge, grant.ip);
  if (hit) neighbor_aging_.remove(hit.slot, hit.entry);
  on_refused_grant(grant, Leases::Refusal::kNoRoom);
  return false;
}

void Control::on_gateway_claim(const Event& event, Nanos now) {
  alarm(event, AlarmKind::kGatewayClaim, true,
        "a frame speaks as the gateway; it was not believed");
  const BridgeContext& bridge = topology_.bridge(event.bridge);
  if (bridge.is_gateway_ip(event.ip))
    announcer_.defend(event.bridge, event.ip, bridge.gateway_mac, kSelf, now);
}

// Whether an address stays its owner's, whoever claims it and whether or not the owner answers.
bool Control::is_kept(const Event& conflict) const {
  const auto hit = tables_.neighbors.find(conflict.bridge, conflict.ip);
  if (hit && is_pinned(hit.entry)) return true;
  const FdbEntry owner = tables_.fdb.find(conflict.bridge, conflict.other_mac).entry;
  if (owner.is_free()) return false;
  // Who is on its way, stands still or is offline cannot answer for itself.
  const bool is_away = owner.state() == FdbState::kMigrating ||
                       owner.state() == FdbState::kOffline || is_held(owner);
  return is_away || owner.host_class() != HostClass::kLearned;
}

void Control::on_conflict(const Event& event, Nanos now) {
  alarm(
      event, AlarmKind::kAddressConflict, true,
      fmt::format("claimed by {}, kept for {}", to_string(event.mac), to_string(event.other_mac)));
  if (!is_kept(event)) return solicitor_.contest(event, now);
  if (!topology_.bridge(event.bridge).has_gateway) return;
  const FdbEntry owner = tables_.fdb.find(event.bridge, event.other_mac).entry;
  announcer_.defend(event.bridge, event.ip, event.other_mac,
                    owner.is_free() ? kNoLocation : owner.location(), now);
}

void Control::on_given_over(const Event& claim, Mac was) {
  alarm(claim, AlarmKind::kAddressTaken, true,
        fmt::format("given over from {}, which does not answer", to_string(was)));
  hosts_.add(claim.bridge, claim.mac, claim.ip, claim.at);
}

void Control::on_mapped(const Event& event, Nanos now) {
  const auto hit = tables_.neighbors.find(event.bridge, event.ip);
  // Else it was removed since, and a packet may wait for it again, whose question came first.
  if (hit) solicitor_.heard(event.bridge, event.ip, now);
  if (event.kind == EventKind::kRemapped)
    alarm(event, AlarmKind::kAddressTaken, true,
          fmt::format("given over from {}, which is gone", to_string(event.other_mac)));
  // The mapping may have changed since, by another worker whose event came first.
  if (!hit || hit.entry.mac() != event.mac) return;
  if (hosts_.add(event.bridge, event.mac, event.ip, event.at) <=
      topology_.config().neighbors.per_mac)
    return moves_.named(fdb_key(event.bridge, event.mac), event.at, event.ip);
  if (!neighbor_aging_.remove(hit.slot, hit.entry)) return;
  alarm(event, AlarmKind::kNeighborLimit, false,
        "the MAC has as many IPs as neighbors.per_mac allows");
}

std::string Control::port_name(Location at) const {
  return at < topology_.ports().size() ? topology_.port(at).name : "no port";
}

void Control::alarm(uint64_t key, AlarmKind kind, Location port, Nanos now, std::string detail) {
  Event event;
  event.bridge = fdb_bridge(key);
  event.to = port;
  event.at = now;
  event.mac = fdb_mac(key);
  alarm(event, kind, !event.mac.is_zero(), std::move(detail));
}

void Control::alarm(const Event& event, AlarmKind kind, bool names_host, std::string detail) {
  Alarm alarm;
  alarm.at = event.at;
  alarm.kind = kind;
  alarm.bridge = event.bridge;
  alarm.port = event.to;
  if (names_host) alarm.mac = event.mac;
  if (names_host && !event.ip.is_unspecified()) alarm.ip = event.ip;
  alarm.detail = std::move(detail);
  alarms_.raise(std::move(alarm));
}

}  // namespace godwit
