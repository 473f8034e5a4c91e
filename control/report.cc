#include "control/report.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "control/view.h"

namespace godwit {
namespace {

using Write = std::function<void(std::string_view)>;

class Report {
 public:
  Report(const Replay& replay, const Write& write)
      : replay_(replay),
        view_(replay.topology(), replay.tables()),
        totals_(std::array{&replay.worker()}),
        write_(write) {}

  void write() {
    write_("{\"schema\": \"godwit-report/1\"");
    section("frames", view_.frames(totals_.all_ports));
    section("duration_ns", replay_.now());
    section("ports", ports());
    section("drops", view_.drops(totals_.all_ports));
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

  Json ports() const;
  Json counters() const;
  void fdb();
  void neighbors();
  void moves();
  void alarms();

  const Replay& replay_;
  const View view_;
  const Totals totals_;
  const Write& write_;
};

Json Report::ports() const {
  Json json = Json::object();
  for (size_t p = 0; p < totals_.ports.size(); ++p)
    json[replay_.topology().port(static_cast<PortIndex>(p)).name] = view_.port(totals_.ports[p]);
  return json;
}

Json Report::counters() const {
  Json json = view_.counts(totals_.counters, replay_.control());
  json["frames_cut"] = replay_.frames_cut();
  json["stamps_clamped"] = replay_.stamps_clamped();
  return json;
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
    const auto& bx = view_.bridge_name(fdb_bridge(x.first));
    const auto& by = view_.bridge_name(fdb_bridge(y.first));
    return std::tie(bx, x.first) < std::tie(by, y.first);
  });
  list("fdb", [&](auto item) {
    for (const auto& [key, entry] : entries) item(view_.fdb_entry(key, entry, replay_.now()));
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
    return std::tie(view_.bridge_name(x.first.bridge), x.first.ip) <
           std::tie(view_.bridge_name(y.first.bridge), y.first.ip);
  });
  list("neighbors", [&](auto item) {
    for (const auto& [host, slot] : entries) item(view_.neighbor(host, slot, replay_.now()));
  });
}

void Report::moves() {
  std::vector<const MoveRecord*> records;
  for (const MoveRecord& record : replay_.control().moves().all()) records.push_back(&record);
  std::stable_sort(records.begin(), records.end(), [](const auto* x, const auto* y) {
    return std::tie(x->at, x->bridge, x->mac) < std::tie(y->at, y->bridge, y->mac);
  });
  list("moves", [&](auto item) {
    for (const MoveRecord* record : records) item(view_.move(*record));
  });
}

void Report::alarms() {
  list("alarms", [&](auto item) {
    for (const Alarm& alarm : replay_.control().alarms().all()) item(view_.alarm(alarm));
  });
}

}  // namespace

void write_report(const Replay& replay, const std::function<void(std::string_view)>& write) {
  Report(replay, write).write();
}

}  // namespace godwit
