#include "control/restorer.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/core.h>

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr Nanos kPace = 100 * kMicrosecond;  // of questions
constexpr unsigned kHostsATurn = 64;
// Who cannot be asked now, because its port has no link yet or its address may be new, is asked
// when so much time has passed, and after so much no more.
constexpr Nanos kAgain = 2 * kSecond;
constexpr Nanos kPatience = 60 * kSecond;

// The index of each of `names` among what there is now; `none` for those that are not there.
template <class Index, class Contexts>
std::vector<Index> indices(const std::vector<std::string>& names, const Contexts& contexts,
                           Index none) {
  std::unordered_map<std::string_view, Index> here;
  for (size_t i = 0; i < contexts.size(); ++i)
    if (!contexts[i].absent) here[contexts[i].name] = static_cast<Index>(i);
  std::vector<Index> of_names;
  for (const std::string& name : names) {
    const auto at = here.find(name);
    of_names.push_back(at != here.end() ? at->second : none);
  }
  return of_names;
}

}  // namespace

std::string to_string(const TakenBack& taken) {
  std::string text = fmt::format("{} hosts, {} mappings, {} leases and {} pinned taken back",
                                 taken.hosts, taken.mappings, taken.leases, taken.pinned);
  if (taken.too_old != 0) text += fmt::format("; {} too old", taken.too_old);
  if (taken.elsewhere != 0)
    text += fmt::format("; {} of ports or bridges that are not there any more", taken.elsewhere);
  if (taken.refused != 0) text += fmt::format("; {} not wanted", taken.refused);
  return text;
}

TakenBack Restorer::take_back(const State& state, Nanos unix_time, Nanos now) {
  began_ = now;
  ports_ = indices<Location>(state.ports, topology_.ports(), kNoLocation);
  bridges_ = indices<BridgeIndex>(state.bridges, topology_.bridges(), kNoBridge);
  TakenBack taken;
  for (const StateRecord& record : state.records) {
    switch (take(state, record, unix_time / kSecond, now)) {
      case Fate::kTaken:
        ++(record.kind == StateRecord::Kind::kHost      ? taken.hosts
           : record.kind == StateRecord::Kind::kMapping ? taken.mappings
           : record.kind == StateRecord::Kind::kLease   ? taken.leases
                                                        : taken.pinned);
        break;
      case Fate::kTooOld:
        ++taken.too_old;
        break;
      case Fate::kElsewhere:
        ++taken.elsewhere;
        break;
      case Fate::kRefused:
        ++taken.refused;
    }
  }
  return taken;
}

Restorer::Fate Restorer::take(const State& state, const StateRecord& record, uint64_t unix_s,
                              Nanos now) {
  const BridgeIndex bridge = bridges_[record.bridge];
  if (bridge == kNoBridge) return Fate::kElsewhere;
  const bool has_port = record.port < state.ports.size();
  const Location port = has_port ? ports_[record.port] : kNoLocation;
  if (has_port && topology_.bridge(bridge).member(port) == nullptr) return Fate::kElsewhere;
  const Mac mac{record.mac};
  // What was heard in this very second was heard before the start all the same; and what was heard
  // tomorrow, by a clock that was set back since, may be of any age.
  const uint64_t age_s = std::max<uint64_t>(unix_s - record.when_s, 1);
  const Entry entry{
      record, topology_.bridge(bridge), port, mac, {record.ip_hi, record.ip_lo, record.is_v6 != 0},
      age_s};
  if (!mac.is_station() || mac == entry.bridge.gateway_mac) return Fate::kRefused;
  switch (record.kind) {
    case StateRecord::Kind::kHost:
      return take_host(entry, now);
    case StateRecord::Kind::kMapping:
      return take_mapping(entry, now);
    case StateRecord::Kind::kLease:
      return take_lease(entry, unix_s, now);
    default:
      return pin(entry, now);
  }
}

Restorer::Fate Restorer::take_host(const Entry& entry, Nanos now) {
  const HostClass host_class = entry.bridge.config->moves.host_class;
  if (entry.port == kNoLocation || host_class == HostClass::kLocked) return Fate::kRefused;
  if (entry.age_s > entry.bridge.config->aging / kSecond) return Fate::kTooOld;
  const auto stamp = static_cast<uint16_t>(now / kSecond - entry.age_s);
  const FdbEntry host = first_heard(entry.port, host_class, now).with_stamp(stamp);
  if (tables_.fdb.insert(entry.bridge.index, entry.mac, host).status != InsertStatus::kInserted)
    return Fate::kRefused;
  ask_later(fdb_key(entry.bridge.index, entry.mac), now + unverified_.size() * kPace);
  return Fate::kTaken;
}

Restorer::Fate Restorer::take_mapping(const Entry& entry, Nanos now) {
  const BridgeIndex bridge = entry.bridge.index;
  if (!entry.ip.is_host() || entry.bridge.is_gateway_ip(entry.ip) ||
      hosts_.ips(bridge, entry.mac).size() >= topology_.config().neighbors.per_mac)
    return Fate::kRefused;
  if (entry.age_s > entry.bridge.config->aging / kSecond) return Fate::kTooOld;
  const NeighborEntry mapping =
      NeighborEntry{}.with_mac(entry.mac).with_state(NeighborState::kStale);
  const auto heard_s = static_cast<uint32_t>(now / kSecond - entry.age_s);
  const auto inserted = tables_.neighbors.insert(bridge, entry.ip, mapping, entry.port, heard_s);
  if (inserted.status != InsertStatus::kInserted) return Fate::kRefused;
  hosts_.add(bridge, entry.mac, entry.ip, now);
  return Fate::kTaken;
}

Restorer::Fate Restorer::take_lease(const Entry& entry, uint64_t unix_s, Nanos now) {
  if (!entry.bridge.config->inspect_dhcp || !entry.ip.is_host()) return Fate::kRefused;
  const uint64_t ends_s = entry.record.when_s;
  if (ends_s <= unix_s) return Fate::kTooOld;
  const Nanos ends =
      ends_s == StateRecord::kForever ? kNever : now + Nanos{ends_s - unix_s} * kSecond;
  const Leases::Grant grant{entry.bridge.index, entry.port, entry.mac, entry.ip, now};
  return leases_.take_back(grant, ends) ? Fate::kTaken : Fate::kRefused;
}

// A pinned mapping comes after its host, whose port is that of both.
Restorer::Fate Restorer::pin(const Entry& entry, Nanos now) {
  const bool is_mapping = entry.record.kind == StateRecord::Kind::kPinnedMapping;
  const FdbEntry host = tables_.fdb.find(entry.bridge.index, entry.mac).entry;
  const Location port = is_mapping && !host.is_free() ? host.location() : entry.port;
  if (port >= topology_.ports().size()) return Fate::kElsewhere;
  const auto ip = is_mapping ? std::optional(entry.ip) : std::nullopt;
  const HostEdit done = edits_.add(entry.bridge.index, entry.mac, port, ip, now);
  return done == HostEdit::kDone || done == HostEdit::kAlready ? Fate::kTaken : Fate::kRefused;
}

void Restorer::ask_later(uint64_t key, Nanos due) {
  unverified_.push_back({unverified_.empty() ? due : std::max(due, unverified_.back().due), key});
}

void Restorer::run(Nanos now) {
  for (unsigned n = 0; n < kHostsATurn && next_due() <= now; ++n) {
    const uint64_t key = unverified_.front().key;
    unverified_.pop_front();
    if (!is_settled(key, now) && now < began_ + kPatience) ask_later(key, now + kAgain);
  }
}

// Whether nothing is left to do: it was heard, or it is asked now, or it has moved or ended.
bool Restorer::is_settled(uint64_t key, Nanos now) {
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (entry.state() != FdbState::kBound || entry.host_class() == HostClass::kStatic) return true;
  if (seconds_since_heard(entry, now) <= now / kSecond - began_ / kSecond) return true;
  return tables_.ports.is_up(entry.location()) && watch_.keep_alive(key, entry, now);
}

}  // namespace godwit
