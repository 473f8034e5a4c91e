// What control does about where hosts are: it tells the log, the alarms and the other switches.

#include <utility>

#include <fmt/core.h>

#include "control/control.h"

#include "dataplane/learn.h"
#include "dataplane/resolve.h"

#include "lib/arbiter.h"

namespace godwit {

// Its addresses first: they are found by it.
bool Control::end_host(uint64_t key, uint32_t slot, FdbEntry entry) {
  const std::vector<IpAddress> ips = hosts_.ips(fdb_bridge(key), fdb_mac(key));
  if (!fdb_aging_.remove(slot, entry)) return false;
  if (entry.aside()) questions_.unpark(key);
  for (const IpAddress& ip : ips) {
    const auto hit = tables_.neighbors.find(fdb_bridge(key), ip);
    if (hit && hit.entry.mac() == fdb_mac(key) && !is_pinned(hit.entry))
      neighbor_aging_.remove(hit.slot, hit.entry);
  }
  return true;
}

MoveRecord Control::record_of(const Event& event) const {
  MoveRecord record;
  record.at = event.at;
  record.bridge = event.bridge;
  record.mac = event.mac;
  record.ips = hosts_.ips(event.bridge, event.mac);
  record.from = event.from;
  record.to = event.to;
  record.evidence = event.evidence;
  return record;
}

MoveRecord Control::record_of(uint64_t key, Location from, Location to, Evidence evidence,
                              Nanos now) const {
  Event event;
  event.bridge = fdb_bridge(key);
  event.mac = fdb_mac(key);
  event.from = from;
  event.to = to;
  event.evidence = evidence;
  event.at = now;
  return record_of(event);
}

void Control::on_moved(const Event& event) {
  if (watch_.took_back(event)) return;
  moves_.accepted(record_of(event));
  watch_.moved(event);
}

void Control::on_refused(const Event& event) {
  moves_.rejected(record_of(event));
  alarm(event, AlarmKind::kMacViolation, true,
        fmt::format("pinned to port {}", port_name(event.from)));
  watch_.refused(event);
}

void Control::on_outcome(const Outcome& o) {
  const auto told = [&](AlarmKind kind, Location port, std::string detail) {
    alarm(o.key, kind, port, o.at, std::move(detail));
  };
  switch (o.kind) {
    case Outcome::Kind::kAccepted:
      if (!moves_.decided(o.key, MoveVerdict::kAccepted))
        moves_.accepted(record_of(o.key, o.other, o.place, Evidence::kProbeReply, o.at));
      // What it said itself was kept back.
      return announcer_.announce_host(fdb_bridge(o.key), fdb_mac(o.key), o.at);
    case Outcome::Kind::kReverted:
      moves_.reverted(o.key);
      return told(AlarmKind::kMoveContested, o.other,
                  fmt::format("it answers at {}: it is there again", port_name(o.place)));
    case Outcome::Kind::kRejected:
      moves_.decided(o.key, MoveVerdict::kRejected);
      return told(AlarmKind::kMoveContested, o.other,
                  fmt::format("not believed: it stays at {}", port_name(o.place)));
    case Outcome::Kind::kFrozen:
      moves_.frozen(o.key, o.place);
      return told(AlarmKind::kFrozen, o.other,
                  fmt::format("claimed falsely too often: held at {}", port_name(o.place)));
    case Outcome::Kind::kStillAtSource:
      return told(
          AlarmKind::kStillAtSource, o.other,
          fmt::format("moved to {} by a hint, and answers where it was", port_name(o.place)));
    case Outcome::Kind::kHintExpired:
      return told(AlarmKind::kHintExpired, o.other,
                  fmt::format("was to move, and stays at {}", port_name(o.place)));
    case Outcome::Kind::kReleased:
      return told(AlarmKind::kHoldExpired, o.place, "stood still for longer than frames are held");
    case Outcome::Kind::kWentOffline:
      told(AlarmKind::kHostOffline, o.place, "does not answer, and is silent");
      return on_offline(o.key, o.place, ForgetReason::kSilent, o.began, o.at);
  }
}

// A host was moved without a frame of its own, so nobody else knows: it is announced in its name.
void Control::on_committed(uint64_t key, Location from, Location to, Evidence evidence, Nanos now) {
  std::erase_if(departures_, [&](const Departure& gone) { return gone.key == key; });  // it is back
  if (from != kNoLocation) moves_.accepted(record_of(key, from, to, evidence, now));
  announcer_.announce_host(fdb_bridge(key), fdb_mac(key), now);
}

bool Control::on_leave(uint64_t key, uint32_t slot, FdbEntry entry, Nanos now) {
  const std::vector<IpAddress> ips = hosts_.ips(fdb_bridge(key), fdb_mac(key));
  leases_.left(key, ips);
  if (!end_host(key, slot, entry)) return false;
  departures_.push_back(
      {now + topology_.bridge(fdb_bridge(key)).config->moves.probe_wait, key, entry.location()});
  forgetter_.forget(fdb_bridge(key), fdb_mac(key), ips, entry.location(), ForgetReason::kLeft, now);
  return true;
}

// Frames of a host that has left may have been under way, and have taught its place once more.
void Control::end_departed(Nanos now) {
  for (; !departures_.empty() && departures_.front().due <= now; departures_.pop_front()) {
    const Departure& gone = departures_.front();
    const Fdb::Hit hit = tables_.fdb.find(gone.key);
    if (hit && hit.entry.location() == gone.from) end_host(gone.key, hit.slot, hit.entry);
  }
}

void Control::on_host_without_link(uint64_t key, FdbEntry was, FdbEntry is, Nanos now) {
  if (was.aside()) questions_.unpark(key);
  if (is.state() == FdbState::kOffline)
    return on_offline(key, was.location(), ForgetReason::kLinkDown, now, now);
  // What is claimed keeps its record; what it said itself was kept back.
  on_committed(key, was.location(), is.location(), Evidence::kLink, now);
  watch_.committed(key, now);
}

// It was at that place when last known to be anywhere. The walk that ends it must come in time.
void Control::on_offline(uint64_t key, Location place, ForgetReason why, Nanos known, Nanos now) {
  const BridgeIndex bridge = fdb_bridge(key);
  forgetter_.forget(bridge, fdb_mac(key), hosts_.ips(bridge, fdb_mac(key)), place, why, known);
  fdb_sweep_.expect((now / kSecond + 1) * kSecond + FdbAging::kOfflineLife);
}

void Control::follow_rarp_beyond(const Event& event, Nanos now) {
  const auto& memberships = topology_.port(static_cast<PortIndex>(event.to)).memberships;
  for (const Membership& member : memberships) {
    if (member.bridge < event.bridge) continue;
    const Sighting seen{.bridge = member.bridge,
                        .mac = event.mac,
                        .port = member.port,
                        .announcement = true,
                        .may_create = false};
    const Located located = locate(tables_, topology_.bridge(member.bridge), seen, now);
    Event here = event;
    here.bridge = member.bridge;
    if (const auto news = news_of(here, located)) handle(*news, now);
  }
}

}  // namespace godwit
