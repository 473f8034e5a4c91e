#include "control/view.h"

#include <algorithm>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "lib/arbiter.h"

namespace godwit {
namespace {

// As a list, so that no counter is forgotten here when one is added there.
template <class Counters>
auto list_of(Counters& counters) {
  static_assert(sizeof counters % sizeof(Counter) == 0 && std::is_standard_layout_v<Counters>);
  return std::span(&counters.learned, sizeof counters / sizeof(Counter));
}

WorkerCounters& operator+=(WorkerCounters& sum, const WorkerCounters& more) {
  const auto to = list_of(sum);
  const auto from = list_of(more);
  for (size_t n = 0; n < to.size(); ++n) to[n] += from[n];
  return sum;
}

template <ForgetCount kOf>
uint64_t of_forget(const Control& control) {
  return control.forgetter().count(kOf);
}

using W = WorkerCounters;
using C = const Control&;

constexpr Count kCounts[] = {
    {"learned", "MACs learned", &W::learned},
    {"moved", "Claims to a location that were believed", &W::moved},
    {"aged", "Locations that ended for their age", nullptr, [](C c) { return c.aged_locations(); }},
    {"late_frames", "Frames from a place that a host had just left", &W::late},
    {"refused_claims", "Claims to a location that were refused", &W::refused},
    {"tested_claims", "Claims to a location that were verified before they were believed",
     &W::tested},
    {"probes", "Hosts asked whether they are where they are believed or claimed to be", nullptr,
     [](C c) { return c.watch().probes(); }},
    {"reflections", "Floods of our own that came back", &W::reflected},
    {"not_learned_bridge_full", "Sources not learned, for want of room in the bridge or the FDB",
     &W::limit_bridge},
    {"not_learned_port_full", "Sources not learned, for the port's share was used up",
     &W::limit_port},
    {"neighbors_learned", "Mappings of an IP to a MAC learned", &W::mapped},
    {"neighbors_aged", "Mappings that ended for their age", nullptr,
     [](C c) { return c.aged_neighbors(); }},
    {"neighbors_taken_over", "Mappings that went to another MAC", &W::remapped},
    {"neighbor_conflicts", "Claims to an IP that stayed another MAC's", &W::conflicts},
    {"neighbors_refused", "Mappings not learned, for want of room", &W::limit_neighbors},
    {"flood_copies_lost", "Copies of flooded frames lost for want of a buffer", &W::copies_lost},
    {"routed", "Packets given to their next hop", &W::routed},
    {"answered", "ARP and ND requests answered", &W::answered},
    {"not_answered_limit", "ARP and ND requests not answered, for a limit", &W::unanswered},
    {"solicited", "ARP and ND requests sent", nullptr, [](C c) { return c.solicitor().asked(); }},
    {"solicited_in_vain", "Neighbors that did not answer", nullptr,
     [](C c) { return c.solicitor().given_up(); }},
    {"solicited_not_room", "Neighbors not asked for, for want of room", nullptr,
     [](C c) { return c.solicitor().refused(); }},
    {"forgets_sent", "FORGETs sent to other switches", nullptr, of_forget<ForgetCount::kSent>},
    {"forgets_not_sent", "FORGETs not sent, for want of room", nullptr,
     of_forget<ForgetCount::kNotSent>},
    {"forgets_asked", "Questions after a FORGET, for switches that know none", nullptr,
     of_forget<ForgetCount::kAsked>},
    {"forgets_received", "FORGETs of other switches", nullptr, of_forget<ForgetCount::kReceived>},
    {"forgets_applied", "FORGETs that ended what was known of a host", nullptr,
     of_forget<ForgetCount::kApplied>},
    {"forgets_unknown", "FORGETs of hosts whose place was not known", nullptr,
     of_forget<ForgetCount::kUnknown>},
    {"forgets_elsewhere", "FORGETs of hosts that are elsewhere", nullptr,
     of_forget<ForgetCount::kElsewhere>},
    {"forgets_newer", "FORGETs of hosts that were heard since", nullptr,
     of_forget<ForgetCount::kNewer>},
    {"forgets_own", "FORGETs that were this switch's own, come back", nullptr,
     of_forget<ForgetCount::kOwn>},
    {"forgets_replayed", "FORGETs heard before", nullptr, of_forget<ForgetCount::kReplayed>},
    {"forgets_malformed", "FORGETs that made no sense", nullptr,
     of_forget<ForgetCount::kMalformed>},
    {"forgets_forged", "FORGETs signed with another key", nullptr, of_forget<ForgetCount::kForged>},
    {"forgets_skewed", "FORGETs too old, or of a clock that is wrong", nullptr,
     of_forget<ForgetCount::kSkewed>},
    {"forgets_stale", "FORGETs far behind the newest of their sender", nullptr,
     of_forget<ForgetCount::kStale>},
    {"forgets_wrong_bridge", "FORGETs of another VLAN", nullptr,
     of_forget<ForgetCount::kWrongBridge>},
    {"forgets_no_room", "FORGETs of a switch too many", nullptr, of_forget<ForgetCount::kNoRoom>},
    {"icmp_errors", "ICMP errors sent", &W::errors_sent},
    {"icmp_errors_limited", "ICMP errors not sent, for a limit", &W::errors_limited},
    {"own_frames_lost", "Frames of godwit's own lost for want of a buffer", &W::own_lost},
    {"leases_begun", "Addresses that DHCP gave to hosts", nullptr,
     [](C c) { return c.leases().begun(); }},
    {"leases_ended", "Addresses that DHCP gave to hosts, and that are theirs no longer", nullptr,
     [](C c) { return c.leases().ended(); }},
    {"events_lost", "Events that workers could not post to control", nullptr,
     [](C c) { return c.events_lost(); }},
    {"moves_omitted", "Moves that are not on record", nullptr,
     [](C c) { return c.moves().omitted(); }},
    {"alarms_suppressed", "Alarms not told again", nullptr,
     [](C c) { return c.alarms().suppressed(); }},
};

}  // namespace

std::span<const Count> all_counts() { return kCounts; }

Totals::Totals(std::span<const Worker* const> workers) {
  if (!workers.empty()) ports.resize(workers.front()->port_counters.size());
  for (const Worker* worker : workers) {
    for (size_t p = 0; p < ports.size(); ++p) ports[p] += worker->port_counters[p];
    counters += worker->counters;
  }
  for (const PortCounters& port : ports) all_ports += port;
}

uint64_t dropped(const PortCounters& counters) {
  uint64_t sum = 0;
  for (const uint64_t count : counters.drops) sum += count;
  return sum;
}

Json View::port_name(Location port) const {
  return port < topology_.ports().size() ? Json(topology_.port(port).name) : Json(nullptr);
}

Json View::fdb_entry(uint64_t key, FdbEntry entry, Nanos now) const {
  // A pinned host is never refreshed, so its stamp says nothing of its age.
  const bool is_static = entry.host_class() == HostClass::kStatic;
  const Nanos age = is_static ? 0 : seconds_since_heard(entry, now) * kSecond;
  // Where the port has no link, nobody is, though no walk may have written that down yet.
  const bool is_dead = !is_static && !tables_.ports.is_up(entry.location());
  const FdbState state = is_dead ? FdbState::kOffline : entry.state();
  return {{"bridge", bridge_name(fdb_bridge(key))},
          {"mac", to_string(fdb_mac(key))},
          {"port", port_name(entry.location())},
          {"class", name_of(kClassNames, entry.host_class())},
          {"state", name_of(kFdbStateNames, state)},
          {"age_ns", age}};
}

Json View::neighbor(const NeighborTable::Host& host, uint32_t slot, Nanos now) const {
  const NeighborEntry entry = tables_.neighbors.entry_at(slot);
  const auto now_s = static_cast<uint32_t>(now / kSecond);
  const bool is_static = (entry.flags() & kStaticNeighbor) != 0;
  const Nanos age = is_static ? 0 : Nanos{tables_.neighbors.silent_s(slot, now_s)} * kSecond;
  const auto where = tables_.fdb.find(host.bridge, entry.mac());
  return {{"bridge", bridge_name(host.bridge)},
          {"ip", to_string(host.ip)},
          {"mac", to_string(entry.mac())},
          {"port", port_name(where ? where.entry.location() : kNoLocation)},
          {"state", name_of(kNeighborStateNames, state_at(entry, age / kSecond))},
          {"age_ns", age}};
}

Json View::move(const MoveRecord& record) const {
  return {{"at_ns", record.at},
          {"bridge", bridge_name(record.bridge)},
          {"mac", to_string(record.mac)},
          {"ips", ips(record.ips)},
          {"from", port_name(record.from)},
          {"to", port_name(record.to)},
          {"evidence", to_string(record.evidence)},
          {"verdict", name_of(kMoveVerdictNames, record.verdict)},
          {"blackhole_ns", record.blackhole ? Json(*record.blackhole) : Json(nullptr)},
          {"misdelivered", record.misdelivered},
          {"held", record.held},
          {"lost", record.lost}};
}

Json View::alarm(const Alarm& alarm) const {
  return {{"at_ns", alarm.at},
          {"kind", name_of(kAlarmNames, alarm.kind)},
          {"bridge", alarm.bridge == kNoBridge ? Json(nullptr) : Json(bridge_name(alarm.bridge))},
          {"mac", alarm.mac ? Json(to_string(*alarm.mac)) : Json(nullptr)},
          {"ip", alarm.ip ? Json(to_string(*alarm.ip)) : Json(nullptr)},
          {"port", port_name(alarm.port)},
          {"detail", alarm.detail}};
}

Json View::frames(const PortCounters& of_all_ports) const {
  return {{"in", of_all_ports.rx},
          {"out", of_all_ports.tx},
          {"forwarded", of_all_ports.forwarded},
          {"consumed", of_all_ports.consumed},
          {"dropped", dropped(of_all_ports)},
          {"held", of_all_ports.held}};
}

Json View::port(const PortCounters& counters) const {
  return {{"rx", counters.rx},
          {"tx", counters.tx},
          {"originated", counters.originated},
          {"drops", drops(counters)}};
}

Json View::live_port(const PortCounters& counters) const {
  return {{"rx", counters.rx},
          {"tx", counters.tx},
          {"originated", counters.originated},
          {"forwarded", counters.forwarded},
          {"consumed", counters.consumed},
          {"dropped", dropped(counters)},
          {"held", counters.held},
          {"tx_full", counters.tx_full},
          {"drops", drops(counters)}};
}

Json View::drops(const PortCounters& counters) const {
  Json json = Json::object();
  for (size_t d = 0; d < kDropNames.size(); ++d)
    if (counters.drops[d] != 0) json[std::string(kDropNames[d])] = counters.drops[d];
  return json;
}

Json View::counts(const WorkerCounters& counters, const Control& control) const {
  Json json = Json::object();
  for (const Count& count : kCounts) json[std::string(count.name)] = count.value(counters, control);
  return json;
}

Json View::counts(const WorkerCounters& counters) const {
  Json json = Json::object();
  for (const Count& count : kCounts)
    if (count.of_workers != nullptr) json[std::string(count.name)] = counters.*count.of_workers;
  return json;
}

Json View::ips(const std::vector<IpAddress>& ips) const {
  Json json = Json::array();
  for (const IpAddress& ip : ips) json.push_back(to_string(ip));
  return json;
}

uint64_t View::hosts(BridgeIndex bridge) const {
  const int64_t gateways = topology_.bridge(bridge).has_gateway ? 1 : 0;
  return static_cast<uint64_t>(
      std::max<int64_t>(tables_.fdb.quota().in_bridge(bridge) - gateways, 0));
}

uint64_t View::hosts() const {
  int64_t hosts = tables_.fdb.quota().total();
  for (const BridgeContext& bridge : topology_.bridges()) hosts -= bridge.has_gateway ? 1 : 0;
  return static_cast<uint64_t>(std::max<int64_t>(hosts, 0));
}

}  // namespace godwit
