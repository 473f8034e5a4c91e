#include "control/commands.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <unistd.h>

#include "control/bench.h"
#include "control/bench_report.h"
#include "control/config_file.h"
#include "control/daemon.h"
#include "control/devices.h"
#include "control/eal.h"
#include "control/explain.h"
#include "control/log.h"
#include "control/output_file.h"
#include "control/progress.h"
#include "control/report.h"
#include "control/summary.h"

#include "dataplane/flood.h"

#include "lib/config_change.h"
#include "lib/suggest.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

constexpr int kBadInput = 2;

std::vector<std::string> port_names(const Config& config) {
  std::vector<std::string> names;
  for (const PortConfig& port : config.ports) names.push_back(port.name);
  return names;
}

PortIndex find_port(const std::vector<std::string>& names, const std::string& name,
                    const std::string& where) {
  const auto at = std::find(names.begin(), names.end(), name);
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (at == names.end())
    throw UsageError(fmt::format("{}: '{}' is not a port of the configuration{}", where, name,
                                 did_you_mean(name, known)));
  return static_cast<PortIndex>(at - names.begin());
}

CaptureMerge open_captures(const ReplayOptions& options, const Config& config) {
  const std::vector<std::string> names = port_names(config);
  CaptureMerge captures;
  for (const PortCapture& input : options.inputs) {
    const PortIndex port = find_port(names, input.port, fmt::format("--in {}", input.path));
    captures.add(port, CaptureStream(CaptureFile::open(input.path)));
  }
  if (options.capture.empty()) return captures;
  const auto file = CaptureFile::open(options.capture);
  for (const CaptureInterface& interface : file->named_interfaces()) {
    const std::string where = fmt::format("{}: offset {}", file->path(), interface.offset);
    captures.add(find_port(names, interface.name, where), CaptureStream(file, interface.name));
  }
  return captures;
}

// Where words go: standard output belongs to the report when it is written there.
std::FILE* words_to(const ReplayOptions& options) {
  return options.reports_to_stdout() ? stderr : stdout;
}

std::vector<Hearer> hearers_of(const Replay& replay, const Burst& burst, uint16_t i) {
  std::vector<Hearer> hearers;
  if (burst.fate[i] == Fate::kFlooded)
    for_each_hearer(replay.topology(), replay.tables().ports, burst, i,
                    [&](const Membership& member) {
                      hearers.push_back({member.port, member.tagged});
                    });
  return hearers;
}

void explain_as_it_plays(Replay& replay, const ReplayOptions& options) {
  replay.on_burst = [&replay, &options](const Burst& burst, std::span<const PlayedFrame> frames) {
    for (uint16_t i = 0; i < burst.count; ++i) {
      const CapturedFrame& captured = frames[i].captured;
      if (!options.explain->wants(frames[i].number, captured.bytes)) continue;
      const Passage passage(burst, i, arrived(captured.bytes, captured.original_length));
      fmt::print(words_to(options), "{}",
                 explain_text(replay.topology(), passage, hearers_of(replay, burst, i),
                              frames[i].number, replay.now()));
    }
  };
}

void warn(const Replay& replay) {
  if (const uint64_t cut = replay.frames_cut())
    fmt::print(
        stderr,
        "godwit: warning: {} of the frames were captured short (capture with a larger snaplen): "
        "only what is there is forwarded\n",
        cut);
  if (const uint64_t clamped = replay.stamps_clamped())
    fmt::print(
        stderr,
        "godwit: warning: {} of the frames are stamped earlier than the frame before them, and "
        "were played with its stamp\n",
        clamped);
}

// The report must not take the place of a capture of the same replay.
void require_distinct_outputs(const ReplayOptions& options, std::span<const std::string> ports) {
  if (options.out.empty() || options.report.empty() || options.reports_to_stdout()) return;
  const fs::path report = fs::weakly_canonical(options.report);
  for (const std::string& port : ports)
    if (fs::weakly_canonical(fs::path(options.out) / (port + ".pcap")) == report)
      throw UsageError(
          fmt::format("--report {}: --out writes what {} sent to that file", options.report, port));
}

// What a replay writes. All of it is opened before the replay runs, and appears when all of it is
// there; what goes to a pipe or to standard output is written just before.
class Outputs {
 public:
  Outputs(const ReplayOptions& options, std::span<const std::string> ports)
      : report_to_stdout_(options.reports_to_stdout()) {
    require_distinct_outputs(options, ports);
    if (!options.out.empty()) captures_.emplace(options.out, ports);
    if (!options.report.empty() && !report_to_stdout_) report_.emplace(options.report);
  }

  CaptureDirectory* captures() { return captures_ ? &*captures_ : nullptr; }

  void commit(const Replay& replay) {
    if (report_to_stdout_) {
      write_report(replay, [](std::string_view text) { fmt::print("{}", text); });
      if (std::fflush(stdout) != 0)
        throw WriteError("standard output",
                         fmt::format("cannot be written: {}", std::strerror(errno)));
    }
    if (report_) {
      write_report(replay, [&](std::string_view text) { report_->write(text); });
      report_->finish();
    }
    AtomicFile* const report = report_ ? report_->file() : nullptr;
    if (captures_)
      captures_->commit(report);
    else if (report != nullptr)
      report->commit();
  }

 private:
  bool report_to_stdout_;
  std::optional<CaptureDirectory>
      captures_;  // its directory outlives the report, which may be in it
  std::optional<OutputFile> report_;
};

}  // namespace

int check(const std::string& config_path) {
  const auto config = load_config(config_path);
  if (!config) return kBadInput;
  fmt::print("{}: {} ports, {} bridges, no error\n", config_path, config->ports.size(),
             config->bridges.size());
  return 0;
}

int replay(const ReplayOptions& options) {
  const auto config = load_config(options.config);
  if (!config) return kBadInput;
  std::optional<std::vector<Hint>> hints(std::in_place);
  if (!options.hints.empty()) hints = load_hints(options.hints, *config);
  if (!hints) return kBadInput;
  CaptureMerge captures = open_captures(options, *config);
  Outputs outputs(options, port_names(*config));
  const Eal eal(Eal::arguments_without_devices());
  const Topology topology(*config);
  Replay replay(topology, captures, outputs.captures());
  if (options.explain) explain_as_it_plays(replay, options);
  Progress progress(stderr);
  replay.on_progress = [&](double done) { progress.show(done); };
  replay.run(*hints, options.until);
  progress.clear();
  warn(replay);
  outputs.commit(replay);
  fmt::print(words_to(options), "{}", summarize(replay));
  return 0;
}

int bench(const BenchOptions& options) {
  const auto config = load_config(options.config);
  if (!config) return kBadInput;
  for (const PortCapture& input : options.inputs)
    find_port(port_names(*config), input.port, fmt::format("--in {}", input.path));
  BenchOptions complete = options;
  if (complete.workers == 0) complete.workers = config->workers.count;
  const BenchResult result = run_bench(*config, complete);
  fmt::print("{}", options.json ? bench_json(result, *config) : bench_text(result));
  return 0;
}

int run(const RunOptions& options) {
  auto config = load_config(options.config);
  if (!config) return kBadInput;
  if (const std::string lack = lack_of_devices(*config); !lack.empty())
    throw UsageError(fmt::format("{}: {}", options.config, lack));
  take_dpdk_log();
  make_room(*config);
  const Eal eal(daemon_arguments(*config, options.eal));
  Daemon(std::move(*config), options.config).run();
  return 0;
}

}  // namespace godwit
