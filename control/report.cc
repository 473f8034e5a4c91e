#include "control/report.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lib/arbiter.h"

namespace godwit {
namespace {

using Json = nlohmann::ordered_json;
using Write = std::function<void(std::string_view)>;

constexpr std::array<std::string_view, 7> kFdbStateNames = {
    "free", "bound", "testing", "settling", "migrating", "offline", "frozen"};
constexpr std::array<std::string_view, 4> kClassNames = {"learned", "registered", "locked",
                                                         "static"};
constexpr std::array<std::string_view, 7> kNeighborStateNames = {
    "free", "incomplete", "reachable", "stale", "delay", "probe", "failed"};

template <class Names, class Value>
std::string_view name_of(const Names& names, Value value) {
  return names[static_cast<size_t>(value)];
}

class Report {
 public:
  Report(const Replay& replay, const Write& write)
      : replay_(replay), topology_(replay.topology()), write_(write) {}

  void write() {
    write_("{\"schema\": \"godwit-report/1\"");
    section("frames", frames());
    section("duration_ns", replay_.now());
    section("ports", ports());
    section("drops", drops());
    section("counters", counters());
    fdb();
    neighbors();
    moves();
    alarms();
    write_("\n}\n");
  }

 private:
  void section(std::string_view name, const Json& value) {
    write_(fmt::format(",\n \"{}\": {}", name, value.dump()));
  }
  // One line for each item; `each` calls its argument with every item.
  template <class Each>
  void list(std::string_view name, Each each) {
    write_(fmt::format(",\n \"{}\": [", name));
    bool first = true;
    each([&](const Json& item) {
      write_(std::exchange(first, false) ? "\n  " : ",\n  ");
      write_(item.dump());
    });
    write_(first ? "]" : "\n ]");
  }

  const std::string& bridge_name(BridgeIndex bridge) const { return topology_.bridge(bridge).name; }
  Json port_name(Location port) const {
    return port < topology_.ports().size() ? Json(topology_.port(port).name) : Json(nullptr);
  }

  Json frames() const;
  Json ports() const;
  Json drops() const;
  Json counters() const;
  void fdb();
  void neighbors();
  void moves();
  void alarms();
  Json move(const MoveRecord& record) const;

  const Replay& replay_;
  const Topology& topology_;
  const Write& write_;
};

Json drop_counts(const PortCounters& counters) {
  Json json = Json::object();
  for (size_t d = 0; d < kDropNames.size(); ++d)
    if (counters.drops[d] != 0) json[std::string(kDropNames[d])] = counters.drops[d];
  return json;
}

PortCounters total(const Worker& worker) {
  PortCounters sum;
  for (const PortCounters& port : worker.port_counters) sum += port;
  return sum;
}

Json Report::frames() const {
  const PortCounters sum = total(replay_.worker());
  uint64_t dropped = 0;
  for (const uint64_t count : sum.drops) dropped += count;
  return {{"in", sum.rx},
          {"out", sum.tx},
          {"forwarded", sum.forwarded},
          {"consumed", sum.consumed},
          {"dropped", dropped},
          {"held", sum.held}};
}

Json Report::ports() const {
  Json json = Json::object();
  for (size_t p = 0; p < topology_.ports().size(); ++p) {
    const PortCounters& counters = replay_.worker().port_counters[p];
    json[topology_.port(static_cast<PortIndex>(p)).name] = {{"rx", counters.rx},
                                                            {"tx", counters.tx},
                                                            {"originated", counters.originated},
                                                            {"drops", drop_counts(counters)}};
  }
  return json;
}

Json Report::drops() const { return drop_counts(total(replay_.worker())); }

Json Report::counters() const {
  const WorkerCounters& worker = replay_.worker().counters;
  const Control& control = replay_.control();
  return {{"learned", worker.learned},
          {"moved", worker.moved},
          {"aged", control.aged_locations()},
          {"late_frames", worker.late},
          {"refused_claims", worker.refused},
          {"reflections", worker.reflected},
          {"not_learned_bridge_full", worker.limit_bridge},
          {"not_learned_port_full", worker.limit_port},
          {"neighbors_learned", worker.mapped},
          {"neighbors_aged", control.aged_neighbors()},
          {"neighbors_taken_over", worker.remapped},
          {"neighbor_conflicts", worker.conflicts},
          {"neighbors_refused", worker.limit_neighbors},
          {"flood_copies_lost", worker.copies_lost},
          {"routed", worker.routed},
          {"answered", worker.answered},
          {"not_answered_limit", worker.unanswered},
          {"solicited", control.solicitor().asked()},
          {"solicited_in_vain", control.solicitor().given_up()},
          {"solicited_not_room", control.solicitor().refused()},
          {"icmp_errors", worker.errors_sent},
          {"icmp_errors_limited", worker.errors_limited},
          {"own_frames_lost", worker.own_lost},
          {"frames_cut", replay_.frames_cut()},
          {"stamps_clamped", replay_.stamps_clamped()},
          {"events_lost", control.events_lost()},
          {"moves_omitted", control.moves().omitted()},
          {"alarms_suppressed", control.alarms().suppressed()}};
}

void Report::fdb() {
  const Fdb& table = replay_.tables().fdb;
  std::vector<std::pair<uint64_t, FdbEntry>> entries;
  table.walk(0, table.slot_count(), [&](uint32_t slot) {
    const FdbEntry entry = table.entry_at(slot);
    if (table.key_at(slot) != 0 && !entry.is_free() && entry.location() != kSelf)
      entries.emplace_back(table.key_at(slot), entry);
  });
  std::sort(entries.begin(), entries.end(), [&](const auto& x, const auto& y) {
    const auto& bx = bridge_name(fdb_bridge(x.first));
    const auto& by = bridge_name(fdb_bridge(y.first));
    return std::tie(bx, x.first) < std::tie(by, y.first);
  });
  list("fdb", [&](auto item) {
    for (const auto& [key, entry] : entries) {
      // A pinned host is never refreshed, so its stamp says nothing of its age.
      const bool is_static = entry.host_class() == HostClass::kStatic;
      const Nanos age = is_static ? 0 : seconds_since_heard(entry, replay_.now()) * kSecond;
      item({{"bridge", bridge_name(fdb_bridge(key))},
            {"mac", to_string(fdb_mac(key))},
            {"port", port_name(entry.location())},
            {"class", name_of(kClassNames, entry.host_class())},
            {"state", name_of(kFdbStateNames, entry.state())},
            {"age_ns", age}});
    }
  });
}

void Report::neighbors() {
  const NeighborTable& table = replay_.tables().neighbors;
  std::vector<std::pair<NeighborTable::Host, uint32_t>> entries;
  table.walk(0, table.slot_count(), [&](uint32_t slot) {
    if (const auto host = table.host_at(slot); host && !table.entry_at(slot).is_free())
      entries.emplace_back(*host, slot);
  });
  std::sort(entries.begin(), entries.end(), [&](const auto& x, const auto& y) {
    return std::tie(bridge_name(x.first.bridge), x.first.ip) <
           std::tie(bridge_name(y.first.bridge), y.first.ip);
  });
  list("neighbors", [&](auto item) {
    for (const auto& [host, slot] : entries) {
      const NeighborEntry entry = table.entry_at(slot);
      const auto now_s = static_cast<uint32_t>(replay_.now() / kSecond);
      const bool is_static = (entry.flags() & kStaticNeighbor) != 0;
      const Nanos age = is_static ? 0 : Nanos{now_s - table.heard_s(slot)} * kSecond;
      const auto where = replay_.tables().fdb.find(host.bridge, entry.mac());
      item({{"bridge", bridge_name(host.bridge)},
            {"ip", to_string(host.ip)},
            {"mac", to_string(entry.mac())},
            {"port", port_name(where ? where.entry.location() : kNoLocation)},
            {"state", name_of(kNeighborStateNames, state_at(entry, age / kSecond))},
            {"age_ns", age}});
    }
  });
}

Json Report::move(const MoveRecord& record) const {
  Json ips = Json::array();
  for (const IpAddress& ip : record.ips) ips.push_back(to_string(ip));
  return {{"at_ns", record.at},
          {"bridge", bridge_name(record.bridge)},
          {"mac", to_string(record.mac)},
          {"ips", std::move(ips)},
          {"from", port_name(record.from)},
          {"to", port_name(record.to)},
          {"evidence", to_string(record.evidence)},
          {"verdict", name_of(kMoveVerdictNames, record.verdict)},
          {"blackhole_ns", record.blackhole ? Json(*record.blackhole) : Json(nullptr)},
          {"misdelivered", record.misdelivered},
          {"held", record.held},
          {"lost", record.lost}};
}

void Report::moves() {
  std::vector<const MoveRecord*> records;
  for (const MoveRecord& record : replay_.control().moves().all()) records.push_back(&record);
  std::stable_sort(records.begin(), records.end(), [](const auto* x, const auto* y) {
    return std::tie(x->at, x->bridge, x->mac) < std::tie(y->at, y->bridge, y->mac);
  });
  list("moves", [&](auto item) {
    for (const MoveRecord* record : records) item(move(*record));
  });
}

void Report::alarms() {
  list("alarms", [&](auto item) {
    for (const Alarm& alarm : replay_.control().alarms().all())
      item({{"at_ns", alarm.at},
            {"kind", name_of(kAlarmNames, alarm.kind)},
            {"bridge", bridge_name(alarm.bridge)},
            {"mac", alarm.mac ? Json(to_string(*alarm.mac)) : Json(nullptr)},
            {"ip", alarm.ip ? Json(to_string(*alarm.ip)) : Json(nullptr)},
            {"port", port_name(alarm.port)},
            {"detail", alarm.detail}});
  });
}

}  // namespace

void write_report(const Replay& replay, const std::function<void(std::string_view)>& write) {
  Report(replay, write).write();
}

}  // namespace godwit
