#include "control/ctl_text.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace godwit {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

constexpr uint64_t kSecond = 1'000'000'000;

std::string word(const Json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// 931us, 3.2s, 4m05s, 2h05m, 3d04h.
std::string duration(uint64_t ns) {
  if (ns < 1'000) return fmt::format("{}ns", ns);
  if (ns < 1'000'000) return fmt::format("{}us", ns / 1'000);
  if (ns < kSecond) return fmt::format("{}ms", ns / 1'000'000);
  const uint64_t s = ns / kSecond;
  if (s < 60 && ns % kSecond == 0) return fmt::format("{}s", s);
  if (s < 60) return fmt::format("{:.1f}s", static_cast<double>(ns) / kSecond);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
  return fmt::format("{}d{:02}h", s / 86400, s / 3600 % 24);
}

std::string duration(const Json& ns) { return ns.is_null() ? "-" : duration(ns.get<uint64_t>()); }

// The wall's time of an instant of godwit's clock, which is at `now_ns` now.
std::string time_of(uint64_t at_ns, uint64_t now_ns) {
  const auto ago = std::chrono::nanoseconds(now_ns - std::min(at_ns, now_ns));
  const auto at = std::chrono::system_clock::now() - ago;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch());
  const std::time_t seconds = ms.count() / 1000;
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}", fmt::localtime(seconds), ms.count() % 1000);
}

std::string joined(const Json& list, const std::function<std::string(const Json&)>& text = word) {
  std::string all;
  for (const Json& one : list) all.append(all.empty() ? "" : ",").append(text(one));
  return all.empty() ? "-" : all;
}

// Columns as wide as what stands in them; numbers to the right.
std::string table(const Row& head, const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  std::vector<bool> numeric(head.size(), !rows.empty());
  for (const std::string& cell : head) widths.push_back(cell.size());
  for (const Row& row : rows)
    for (size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], row[c].size());
      numeric[c] = numeric[c] && row[c].find_first_not_of("0123456789") == std::string::npos;
    }
  std::string text;
  const auto add = [&](const Row& row) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c)
      line += numeric[c] ? fmt::format("{:>{}}  ", row[c], widths[c])
                         : fmt::format("{:<{}}  ", row[c], widths[c]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(head);
  for (const Row& row : rows) add(row);
  return text;
}

// A table of the list of this name, by its first columns, for the API gives no order.
std::string sorted_table(const Row& head, const Json& list,
                         const std::function<Row(const Json&)>& row) {
  std::vector<Row> rows;
  for (const Json& item : list) rows.push_back(row(item));
  std::sort(rows.begin(), rows.end());
  return table(head, rows);
}

std::string table(const Row& head, const Json& list, const std::function<Row(const Json&)>& row) {
  std::vector<Row> rows;
  for (const Json& item : list) rows.push_back(row(item));
  return table(head, rows);
}

std::string fdb(const Json& answer) {
  return sorted_table({"BRIDGE", "MAC", "PORT", "CLASS", "STATE", "OTHER", "AGE", "IPS"},
                      answer["fdb"], [](const Json& e) {
                        return Row{word(e["bridge"]),     word(e["mac"]),   word(e["port"]),
                                   word(e["class"]),      word(e["state"]), word(e["other"]),
                                   duration(e["age_ns"]), joined(e["ips"])};
                      });
}

std::string neighbors(const Json& answer) {
  return sorted_table({"BRIDGE", "IP", "MAC", "PORT", "STATE", "AGE"}, answer["neighbors"],
                      [](const Json& e) {
                        return Row{word(e["bridge"]), word(e["ip"]),    word(e["mac"]),
                                   word(e["port"]),   word(e["state"]), duration(e["age_ns"])};
                      });
}

std::string moves(const Json& answer) {
  const auto now = answer["now_ns"].get<uint64_t>();
  return table({"TIME", "BRIDGE", "MAC", "FROM", "TO", "EVIDENCE", "VERDICT", "IPS"},
               answer["moves"], [&](const Json& m) {
                 return Row{time_of(m["at_ns"].get<uint64_t>(), now),
                            word(m["bridge"]),
                            word(m["mac"]),
                            word(m["from"]),
                            word(m["to"]),
                            word(m["evidence"]),
                            word(m["verdict"]),
                            joined(m["ips"])};
               });
}

std::string alarms(const Json& answer) {
  const auto now = answer["now_ns"].get<uint64_t>();
  return table({"TIME", "KIND", "BRIDGE", "PORT", "MAC", "IP", "DETAIL"}, answer["alarms"],
               [&](const Json& a) {
                 return Row{time_of(a["at_ns"].get<uint64_t>(), now),
                            word(a["kind"]),
                            word(a["bridge"]),
                            word(a["port"]),
                            word(a["mac"]),
                            word(a["ip"]),
                            word(a["detail"])};
               });
}

std::string member(const Json& m, const char* name) {
  return word(m[name]) + (m["tagged"] == true ? "(tagged)" : "") +
         (m["trusted"] == true ? "(trusted)" : "");
}

std::string ports(const Json& answer) {
  return table({"PORT", "LINK", "RX", "TX", "DROPPED", "HELD", "TX-FULL", "BRIDGES", "DEVICE"},
               answer["ports"], [](const Json& p) {
                 const auto bridge = [](const Json& m) { return member(m, "bridge"); };
                 return Row{word(p["name"]),    word(p["link"]),
                            word(p["rx"]),      word(p["tx"]),
                            word(p["dropped"]), word(p["held"]),
                            word(p["tx_full"]), joined(p["bridges"], bridge),
                            word(p["device"])};
               });
}

std::string bridges(const Json& answer) {
  return table({"BRIDGE", "VLAN", "HOSTS", "LIMIT", "AGING", "CLASS", "GATEWAY", "PORTS"},
               answer["bridges"], [](const Json& b) {
                 const auto port = [](const Json& m) { return member(m, "port"); };
                 const Json& gateway = b["gateway"];
                 return Row{word(b["name"]),
                            word(b["vlan"]),
                            word(b["hosts"]),
                            word(b["limit"]),
                            duration(b["aging_ns"]),
                            word(b["class"]),
                            gateway.is_null() ? "-" : joined(gateway["addresses"]),
                            joined(b["ports"], port)};
               });
}

std::string workers(const Json& answer) {
  return table({"WORKER", "LCORE", "FRAMES", "ROUNDS", "IDLE", "BUSY", "LEARNED", "MOVED"},
               answer["workers"], [](const Json& w) {
                 return Row{word(w["worker"]),
                            word(w["lcore"]),
                            word(w["frames"]["in"]),
                            word(w["rounds"]),
                            word(w["idle_rounds"]),
                            duration(w["busy_ns"]),
                            word(w["counters"]["learned"]),
                            word(w["counters"]["moved"])};
               });
}

std::string stats(const Json& answer) {
  std::vector<Row> rows = {{"uptime", duration(answer["uptime_ns"])}};
  for (const char* part : {"frames", "drops", "counters", "fdb", "neighbors"})
    for (const auto& [name, value] : answer[part].items())
      rows.push_back({fmt::format("{}.{}", part, name), word(value)});
  return table({"NAME", "VALUE"}, rows);
}

std::string trace_state(const Json& answer) {
  const Json& trace = answer["trace"];
  std::string host;
  for (const char* by : {"mac", "ip"})
    if (!trace[by].is_null()) host = " of " + word(trace[by]);
  if (!trace["port"].is_null()) host += " on " + word(trace["port"]);
  return fmt::format("{} of {} frames{} seen{}\n", word(trace["seen"]), word(trace["wanted"]), host,
                     trace["running"] == true ? ", waiting for more" : "");
}

std::string trace(const Json& answer) {
  const auto now = answer["now_ns"].get<uint64_t>();
  std::string text;
  for (const Json& f : answer["frames"]) {
    text += fmt::format("#{} {} {}", word(f["number"]), time_of(f["at_ns"].get<uint64_t>(), now),
                        word(f["port"]));
    if (!f["src"].is_null()) text += fmt::format(" {} > {}", word(f["src"]), word(f["dst"]));
    text += fmt::format(": {}, {} octets\n", word(f["kind"]), word(f["octets"]));
    for (const Json& step : f["stages"])
      text += fmt::format("  {:<9} {}\n", word(step["stage"]), word(step["what"]));
  }
  return text + trace_state(answer);
}

std::string capture(const Json& answer) {
  const Json& c = answer["capture"];
  if (c.is_null()) return "no capture\n";
  return table(
      {"FILE", "WHAT", "PORT", "FRAMES", "OCTETS", "LOST", "STATE"},
      {Row{word(c["file"]), word(c["what"]), word(c["port"]), word(c["frames"]), word(c["octets"]),
           word(c["lost"]), c["running"] == true ? "running" : "ended: " + word(c["ended"])}});
}

std::string version(const Json& answer) {
  return fmt::format("godwit {} ({}), process {}, up {}\n", word(answer["version"]),
                     word(answer["dpdk"]), word(answer["pid"]), duration(answer["uptime_ns"]));
}

}  // namespace

std::string ctl_text(CtlLayout layout, const Json& answer) {
  switch (layout) {
    case CtlLayout::kFdb:
      return fdb(answer);
    case CtlLayout::kNeighbors:
      return neighbors(answer);
    case CtlLayout::kMoves:
      return moves(answer);
    case CtlLayout::kAlarms:
      return alarms(answer);
    case CtlLayout::kPorts:
      return ports(answer);
    case CtlLayout::kBridges:
      return bridges(answer);
    case CtlLayout::kWorkers:
      return workers(answer);
    case CtlLayout::kStats:
      return stats(answer);
    case CtlLayout::kTrace:
      return trace(answer);
    case CtlLayout::kTraceState:
      return trace_state(answer);
    case CtlLayout::kCapture:
      return capture(answer);
    case CtlLayout::kVersion:
      return version(answer);
    default:
      return {};
  }
}

std::string ctl_event_text(const std::string& name, const Json& event, uint64_t now_ns) {
  if (name == "missed") return fmt::format("({} events missed)\n", word(event["events"]));
  const std::string time = time_of(event["at_ns"].get<uint64_t>(), now_ns);
  if (name == "link")
    return fmt::format("{} link {} {}\n", time, word(event["port"]), word(event["state"]));
  if (name == "alarm")
    return fmt::format("{} alarm {} {} port {} {} {}: {}\n", time, word(event["kind"]),
                       word(event["bridge"]), word(event["port"]), word(event["mac"]),
                       word(event["ip"]), word(event["detail"]));
  return fmt::format("{} {} {} {} {} -> {} {} {} {}\n", time, name, word(event["bridge"]),
                     word(event["mac"]), word(event["from"]), word(event["to"]),
                     word(event["evidence"]), word(event["verdict"]), joined(event["ips"]));
}

}  // namespace godwit
