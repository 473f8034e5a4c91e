#include "control/summary.h"

#include <string_view>

#include <fmt/core.h>

namespace godwit {
namespace {

constexpr size_t kMostShown = 20;  // of moves, and of alarms

std::string_view plain_words(Evidence evidence) {
  switch (evidence) {
    case Evidence::kData:
      return "a data frame";
    case Evidence::kGarpRequest:
      return "a gratuitous ARP request";
    case Evidence::kGarpReply:
      return "a gratuitous ARP reply";
    case Evidence::kArpRequest:
      return "an ARP request";
    case Evidence::kArpReply:
      return "an ARP reply";
    case Evidence::kArpProbe:
      return "an ARP probe";
    case Evidence::kRarp:
      return "a RARP";
    case Evidence::kNs:
      return "a neighbor solicitation";
    case Evidence::kNa:
      return "a neighbor advertisement";
    case Evidence::kRs:
      return "a router solicitation";
    case Evidence::kDad:
      return "duplicate address detection";
    default:
      return to_string(evidence);
  }
}

std::string plural(uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

std::string port_name(const Topology& topology, Location at) {
  return at < topology.ports().size() ? topology.port(at).name : "godwit";
}

std::string who(const MoveRecord& move) {
  if (move.ips.empty()) return to_string(move.mac);
  std::string ips;
  for (const IpAddress& ip : move.ips) {
    if (!ips.empty()) ips += ", ";
    ips += to_string(ip);
  }
  return fmt::format("{} ({})", to_string(move.mac), ips);
}

std::string cost(const MoveRecord& move) {
  if (move.verdict == MoveVerdict::kRejected) return "not believed: it stays where it is";
  const uint64_t astray = move.misdelivered + move.lost;
  if (!move.blackhole && astray == 0) return "no frame was sent to it afterwards";
  const std::string first = move.blackhole
                                ? fmt::format("first frame to it at its new place after {}",
                                              format_duration(*move.blackhole))
                                : "no frame to it reached its new place";
  if (astray == 0) return first + "; no frame went astray";
  return fmt::format("{}; {} went astray ({} to the old port, {} lost)", first,
                     plural(astray, "frame", "frames"), move.misdelivered, move.lost);
}

std::string describe(const Topology& topology, const MoveRecord& move) {
  return fmt::format("  {:>11}  {} in {}\n               {} -> {}, on {}\n               {}\n",
                     format_duration(move.at), who(move), topology.bridge(move.bridge).name,
                     port_name(topology, move.from), port_name(topology, move.to),
                     plain_words(move.evidence), cost(move));
}

std::string describe(const Topology& topology, const Alarm& alarm) {
  return fmt::format("  {:>11}  {}\n", format_duration(alarm.at), plain_words(topology, alarm));
}

template <class Items>
std::string list(const Topology& topology, const Items& items, std::string_view one,
                 std::string_view many) {
  if (items.empty()) return fmt::format("no {}\n", many);
  std::string text = plural(items.size(), one, many) + "\n";
  for (size_t i = 0; i < items.size() && i < kMostShown; ++i) text += describe(topology, items[i]);
  if (items.size() > kMostShown)
    text += fmt::format("  ... and {} more: see --report\n", items.size() - kMostShown);
  return text;
}

std::string fates(const Worker& worker) {
  PortCounters sum;
  uint64_t dropped = 0;
  std::string reasons;
  for (const PortCounters& port : worker.port_counters) sum += port;
  for (size_t d = 0; d < kDropNames.size(); ++d) {
    if (sum.drops[d] == 0) continue;
    reasons += fmt::format("{}{} {}", dropped == 0 ? ": " : ", ", kDropNames[d], sum.drops[d]);
    dropped += sum.drops[d];
  }
  return fmt::format("{} in, {} forwarded, {} consumed, {} dropped{}\n",
                     plural(sum.rx, "frame", "frames"), sum.forwarded, sum.consumed, dropped,
                     reasons);
}

}  // namespace

std::string plain_words(const Topology& topology, const Alarm& alarm) {
  std::string words(kAlarmNames[static_cast<size_t>(alarm.kind)]);
  if (alarm.bridge != kNoBridge) words += " in " + topology.bridge(alarm.bridge).name;
  words += fmt::format(" at {}:", port_name(topology, alarm.port));
  if (alarm.mac) words += fmt::format(" {}", to_string(*alarm.mac));
  if (alarm.ip) words += fmt::format(" {}", to_string(*alarm.ip));
  return words + " " + alarm.detail;
}

std::string format_duration(Nanos duration) {
  const auto value = static_cast<double>(duration);
  if (duration >= kSecond) return fmt::format("{:.3f} s", value / kSecond);
  if (duration >= kMillisecond) return fmt::format("{:.3f} ms", value / kMillisecond);
  if (duration >= kMicrosecond) return fmt::format("{:.3f} us", value / kMicrosecond);
  return fmt::format("{} ns", duration);
}

std::string summarize(const Replay& replay) {
  const Topology& topology = replay.topology();
  const Control& control = replay.control();
  std::string text = fmt::format("{} of virtual time: ", format_duration(replay.now()));
  text += fates(replay.worker());
  text += list(topology, control.moves().all(), "move", "moves");
  text += list(topology, control.alarms().all(), "alarm", "alarms");
  text +=
      fmt::format("known at the end: {}, {}\n",
                  plural(static_cast<uint64_t>(replay.tables().fdb.quota().total()), "MAC", "MACs"),
                  plural(static_cast<uint64_t>(replay.tables().neighbors.quota().total()),
                         "IP address", "IP addresses"));
  return text;
}

}  // namespace godwit
