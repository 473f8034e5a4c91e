#include "control/metrics.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "control/view.h"

namespace godwit {
namespace {

constexpr size_t kLinesAPiece = 512;

// A metric of every port.
struct PortMetric {
  std::string_view name;
  std::string_view help;
  Counter PortCounters::*count;
  bool is_gauge = false;
};

constexpr PortMetric kPortMetrics[] = {
    {"port_received_frames_total", "Frames received", &PortCounters::rx},
    {"port_sent_frames_total", "Frames sent, copies of floods and godwit's own included",
     &PortCounters::tx},
    {"port_originated_frames_total", "Frames of godwit's own, a part of those sent",
     &PortCounters::originated},
    {"port_forwarded_frames_total", "Received frames that went to one port or to many",
     &PortCounters::forwarded},
    {"port_consumed_frames_total", "Received frames that were for godwit itself",
     &PortCounters::consumed},
    {"port_refused_frames_total", "Copies that the port did not take", &PortCounters::tx_full},
    {"port_held_frames", "Received frames that wait now", &PortCounters::held, true},
};

// A metric of every worker.
struct WorkerMetric {
  std::string_view name;
  std::string_view help;
  double (*value)(const LaneCounters&);
};

constexpr WorkerMetric kWorkerMetrics[] = {
    {"worker_received_frames_total", "Frames that the worker received",
     [](const LaneCounters& c) { return static_cast<double>(c.frames); }},
    {"worker_rounds_total", "Rounds over the ports",
     [](const LaneCounters& c) { return static_cast<double>(c.rounds); }},
    {"worker_idle_rounds_total", "Rounds by which no frame came in",
     [](const LaneCounters& c) { return static_cast<double>(c.idle_rounds); }},
    {"worker_busy_seconds_total", "Time of the rounds by which frames came in",
     [](const LaneCounters& c) { return static_cast<double>(c.busy) / kSecond; }},
};

void declare(std::string& text, std::string_view name, std::string_view help,
             std::string_view type) {
  text += fmt::format("# HELP godwit_{0} {1}\n# TYPE godwit_{0} {2}\n", name, help, type);
}

void single(std::string& text, std::string_view name, std::string_view help, std::string_view type,
            auto value) {
  declare(text, name, help, type);
  text += fmt::format("godwit_{} {}\n", name, value);
}

// Family after family, since the lines of one must stand together, and port after port within.
// Names of ports need no quoting: they are letters, digits, '_', '.' and '-'.
class Metrics final : public BodySource {
 public:
  explicit Metrics(const ApiSubject& subject)
      : subject_(subject), view_(subject.topology, subject.tables), lanes_(subject.workers()) {}

  Turn produce(std::string& piece) override {
    for (size_t lines = 0; lines < kLinesAPiece;) {
      if (family_ == kFamilies) return Turn::kLast;
      if (at_ == 0) begin(piece);
      if (at_ < length()) lines += add(piece, at_++);
      if (at_ < length()) continue;
      at_ = 0;
      ++family_;
    }
    return Turn::kMore;
  }

 private:
  static constexpr size_t kDrops = std::size(kPortMetrics);
  static constexpr size_t kLinks = kDrops + 1;
  static constexpr size_t kHosts = kLinks + 1;
  static constexpr size_t kWorkers = kHosts + 1;
  static constexpr size_t kTheRest = kWorkers + std::size(kWorkerMetrics);
  static constexpr size_t kFamilies = kTheRest + 1;

  size_t length() const {
    if (family_ < kHosts) return subject_.topology.ports().size();
    if (family_ == kHosts) return subject_.topology.bridges().size();
    return family_ < kTheRest ? lanes_.size() : 1;
  }

  void begin(std::string& piece) const {
    if (family_ < kDrops) {
      const PortMetric& metric = kPortMetrics[family_];
      declare(piece, metric.name, metric.help, metric.is_gauge ? "gauge" : "counter");
    } else if (family_ == kDrops) {
      declare(piece, "drops_total", "Received frames that were dropped, by reason", "counter");
    } else if (family_ == kLinks) {
      declare(piece, "port_up", "Whether the link is up", "gauge");
    } else if (family_ == kHosts) {
      declare(piece, "bridge_hosts", "MACs known in the bridge", "gauge");
    } else if (family_ < kTheRest) {
      const WorkerMetric& metric = kWorkerMetrics[family_ - kWorkers];
      declare(piece, metric.name, metric.help, "counter");
    }
  }

  size_t add(std::string& piece, size_t index) const {
    if (family_ < kHosts) return add_port(piece, static_cast<PortIndex>(index));
    if (family_ == kHosts) {
      const auto bridge = static_cast<BridgeIndex>(index);
      if (subject_.topology.bridge(bridge).absent) return 0;
      piece += fmt::format("godwit_bridge_hosts{{bridge=\"{}\"}} {}\n",
                           subject_.topology.bridge(bridge).name, view_.hosts(bridge));
    } else if (family_ < kTheRest) {
      const WorkerMetric& metric = kWorkerMetrics[family_ - kWorkers];
      piece += fmt::format("godwit_{}{{worker=\"{}\"}} {}\n", metric.name, index,
                           metric.value(lanes_[index].counters));
    } else {
      add_the_rest(piece);
    }
    return 1;
  }

  size_t add_port(std::string& piece, PortIndex index) const {
    if (subject_.topology.port(index).absent) return 0;
    const std::string& name = subject_.topology.port(index).name;
    if (family_ == kLinks) {
      const bool up = subject_.port_state(index).up;
      piece += fmt::format("godwit_port_up{{port=\"{}\"}} {}\n", name, up ? 1 : 0);
      return 1;
    }
    const PortCounters sum = subject_.port_counters(index);
    if (family_ < kDrops) {
      const PortMetric& metric = kPortMetrics[family_];
      piece += fmt::format("godwit_{}{{port=\"{}\"}} {}\n", metric.name, name,
                           (sum.*metric.count).value());
      return 1;
    }
    // All of them, also those that are 0: what appears only when it happens is hard to watch.
    for (size_t d = 0; d < kDropNames.size(); ++d)
      piece += fmt::format("godwit_drops_total{{port=\"{}\",reason=\"{}\"}} {}\n", name,
                           kDropNames[d], sum.drops[d].value());
    return kDropNames.size();
  }

  void add_the_rest(std::string& piece) const {
    const Totals totals = totals_of(lanes_);
    const Control& control = subject_.control;
    for (const Count& count : all_counts())
      single(piece, fmt::format("{}_total", count.name), count.help, "counter",
             count.value(totals.counters, control));
    add_verdicts(piece, control);
    const Config& config = subject_.topology.config();
    single(piece, "fdb_entries", "MACs known", "gauge", view_.hosts());
    single(piece, "fdb_entries_limit", "MACs that may be known", "gauge", config.fdb_limit);
    single(piece, "neighbor_entries", "IP addresses known", "gauge",
           subject_.tables.neighbors.quota().total());
    single(piece, "neighbor_entries_limit", "IP addresses that may be known", "gauge",
           config.neighbors.limit);
    single(piece, "uptime_seconds", "Time since godwit started", "gauge",
           static_cast<double>(subject_.now()) / kSecond);
    declare(piece, "build_info", "Always 1; the label tells the version", "gauge");
    piece += "godwit_build_info{version=\"" GODWIT_VERSION "\"} 1\n";
  }

  static void add_verdicts(std::string& piece, const Control& control) {
    declare(piece, "moves_total", "Claims to a location on record, by what became of them",
            "counter");
    for (size_t v = 0; v < kMoveVerdictNames.size(); ++v)
      piece += fmt::format("godwit_moves_total{{verdict=\"{}\"}} {}\n", kMoveVerdictNames[v],
                           control.moves().count(static_cast<MoveVerdict>(v)));
    declare(piece, "alarms_total", "Alarms raised, by kind", "counter");
    for (size_t k = 0; k < kAlarmNames.size(); ++k)
      piece += fmt::format("godwit_alarms_total{{kind=\"{}\"}} {}\n", kAlarmNames[k],
                           control.alarms().count(static_cast<AlarmKind>(k)));
  }

  const ApiSubject& subject_;
  const View view_;
  const std::vector<LaneView> lanes_;
  size_t family_ = 0;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<BodySource> make_metrics(const ApiSubject& subject) {
  return std::make_unique<Metrics>(subject);
}

}  // namespace godwit
