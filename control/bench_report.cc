#include "control/bench_report.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace godwit {
namespace {

using Json = nlohmann::ordered_json;

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

double seconds(const BenchPhase& phase, const BenchResult& result) {
  return ratio(static_cast<double>(phase.cycles), static_cast<double>(result.tsc_hz));
}

PortCounters total(const BenchPhase& phase) {
  PortCounters sum;
  for (const PortCounters& port : phase.ports) sum += port;
  return sum;
}

// Frames that were neither forwarded nor consumed, and copies that no port took.
uint64_t dropped(const PortCounters& counters) {
  uint64_t sum = counters.tx_full;
  for (const uint64_t count : counters.drops) sum += count;
  return sum;
}

double mpps(const BenchResult& result) {
  const auto rx = static_cast<double>(total(result.measured).rx);
  return ratio(rx, seconds(result.measured, result)) / 1e6;
}

double cycles_per_packet(const BenchResult& result) {
  return ratio(static_cast<double>(result.measured.cycles) * result.workers,
               static_cast<double>(total(result.measured).rx));
}

double cycles_per_packet(const StageCount& count) {
  return ratio(static_cast<double>(count.cycles), static_cast<double>(count.packets));
}

Json ports(const BenchPhase& phase, const Config& config) {
  Json json = Json::object();
  for (size_t p = 0; p < phase.ports.size(); ++p) {
    const PortCounters& counters = phase.ports[p];
    Json drops = Json::object();
    for (size_t d = 0; d < kDropNames.size(); ++d)
      if (counters.drops[d] != 0) drops[std::string(kDropNames[d])] = counters.drops[d];
    json[config.ports[p].name] = {{"rx", counters.rx},
                                  {"tx", counters.tx},
                                  {"tx_full", counters.tx_full},
                                  {"drops", std::move(drops)}};
  }
  return json;
}

Json stages(const StageStats& stats) {
  Json json = Json::array();
  for (size_t s = 0; s < kStageNames.size(); ++s)
    json.push_back({{"name", kStageNames[s]},
                    {"packets", stats[s].packets},
                    {"cycles_per_packet", cycles_per_packet(stats[s])}});
  return json;
}

}  // namespace

std::string bench_text(const BenchResult& result) {
  const PortCounters all = total(result.measured);
  std::string text = fmt::format(
      "{:.2f} Mpps in, {:.1f} cycles a packet ({} workers, {:.1f} s; {} in, {} out, {} dropped)\n",
      mpps(result), cycles_per_packet(result), result.workers, seconds(result.measured, result),
      all.rx.value(), all.tx.value(), dropped(all));
  text += "stage        packets  cycles/packet\n";
  for (size_t s = 0; s < kStageNames.size(); ++s)
    text += fmt::format("{:<8} {:>11}  {:13.1f}\n", kStageNames[s],
                        result.stages[s].packets.value(), cycles_per_packet(result.stages[s]));
  return text +
         fmt::format("FDB lookups, in bulk: {:.1f} M/s\n", result.fdb_lookups_per_second / 1e6);
}

std::string bench_json(const BenchResult& result, const Config& config) {
  const PortCounters all = total(result.measured);
  const Json json = {{"schema", "godwit-bench/1"},
                     {"seconds", seconds(result.measured, result)},
                     {"workers", result.workers},
                     {"rx", all.rx},
                     {"tx", all.tx},
                     {"dropped", dropped(all)},
                     {"mpps", mpps(result)},
                     {"cycles_per_packet", cycles_per_packet(result)},
                     {"tsc_hz", result.tsc_hz},
                     {"learned", result.measured.learned},
                     {"moved", result.measured.moved},
                     {"ports", ports(result.measured, config)},
                     {"stages", stages(result.stages)},
                     {"fdb_lookups_per_second", result.fdb_lookups_per_second},
                     {"resolution_waits",
                      {{"count", result.resolution_waits.count()},
                       {"p99_ns", result.resolution_waits.within(990)},
                       {"max_ns", result.resolution_waits.longest()}}},
                     {"learning",
                      {{"seconds", seconds(result.learning, result)},
                       {"learned", result.learning.learned},
                       {"moved", result.learning.moved},
                       {"ports", ports(result.learning, config)}}}};
  return json.dump(2) + "\n";
}

}  // namespace godwit
