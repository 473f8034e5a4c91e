#include "control/daemon.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include "control/environment.h"
#include "control/log.h"
#include "control/secret.h"
#include "control/state_file.h"
#include "control/summary.h"
#include "control/wall_clock.h"

#include "lib/config_change.h"

namespace godwit {
namespace {

constexpr Nanos kTurn = 1 * kMillisecond;
constexpr Nanos kLookAtLinks = 100 * kMillisecond;
// Of a worker that has no CPU for itself and nothing to do.
constexpr Nanos kNapOnSharedCpu = 50 * kMicrosecond;

Nanos nap(const Config& config) {
  return config.workers.nap.value_or(has_cpu_for_each(config.workers.count) ? 0 : kNapOnSharedCpu);
}

std::string names_of(const std::vector<LaneView>& workers) {
  std::string names;
  for (const LaneView& worker : workers) {
    if (!names.empty()) names += ", ";
    names += worker.lcore == LCORE_ID_ANY ? "a thread" : fmt::format("lcore {}", worker.lcore);
  }
  return names;
}

// Where the state is kept; empty: nowhere. What is not named and is not to be had, as for an
// ordinary user, is done without.
std::string state_path(const ControlConfig& config, const std::string& config_path) {
  if (!config.keeps_state) return {};
  const bool named = !config.state.empty();
  std::string path = named ? config.state : default_state_path(config_path);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  std::filesystem::create_directory(folder, ignored);
  if (access(folder.c_str(), W_OK) == 0) return path;
  const std::string fault = fmt::format("{}: {}", folder.string(), std::strerror(errno));
  if (named) throw std::runtime_error(fmt::format("control.state: {}", fault));
  log("warning: nothing is kept over a restart: {} (name a file as control.state, or none)", fault);
  return {};
}

}  // namespace

Every::Every(boost::asio::io_context& loop, Nanos period, std::function<void()> work)
    : timer_(loop, std::chrono::nanoseconds(period)), period_(period), work_(std::move(work)) {
  wait();
}

void Every::wait() {
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    work_();
    // What was missed is not made up for.
    const auto now = std::chrono::steady_clock::now();
    timer_.expires_at(std::max(timer_.expiry() + period_, now));
    wait();
  });
}

Daemon::Daemon(Config config, const std::string& config_path)
    : config_(std::move(config)),
      config_path_(config_path),
      devices_(config_),
      switch_(config_,
              {.workers = config_.workers.count, .secret = random_secret(), .nap = nap(config_)},
              devices_.list(), devices_.pool()),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      management_(loop_, switch_, config_, [this] { return reload(); }),
      link_told_(config_.ports.size()),
      rounds_seen_(config_.workers.count) {
  if (!has_cpu_for_each(config_.workers.count))
    log("warning: {} workers and control share {} CPUs: workers rest when they have nothing to do",
        config_.workers.count, cpu_count());
  keep_state(state_path(config_.control, config_path));
}

void Daemon::keep_state(const std::string& path) {
  if (path.empty()) return;
  try {
    if (const auto state = read_state(path))
      log("state of {}: {}", path,
          to_string(switch_.control().take_back(*state, unix_time(), switch_.now())));
  } catch (const StateError& error) {
    log("warning: {} {}: nothing of it is used", path, error.what());
  }
  saver_.emplace(path, switch_.topology(), switch_.tables(), switch_.control());
}

Reloaded Daemon::reload() {
  service_.tell("RELOADING=1");
  Reloaded result = godwit::reload(switch_, devices_, config_path_);
  const std::string_view what = result.is_done() ? "warning" : "not reloaded";
  for (const std::string& line : result.lines(config_path_)) log("{}: {}", what, line);
  if (result.is_done()) {
    const Config& now = switch_.topology().config();
    log("reloaded {}: {} ports, {} bridges", config_path_, count_present(now.ports),
        count_present(now.bridges));
  }
  watch_links();
  service_.tell("READY=1");
  return result;
}

void Daemon::run() {
  switch_.start();
  log("started: {} ports, {} bridges, {} workers ({})", count_present(config_.ports),
      count_present(config_.bridges), config_.workers.count, names_of(switch_.workers()));
  await_signal();
  const Every turn(loop_, kTurn, [this] {
    switch_.turn();
    management_.events().poll();
    if (saver_) saver_->turn(switch_.now(), unix_time());
  });
  const Every links(loop_, kLookAtLinks, [this] { watch_links(); });
  std::optional<Every> watchdog;
  if (const auto interval = service_.watchdog())
    watchdog.emplace(loop_, *interval / 2, [this] { feed_watchdog(); });
  watch_links();
  service_.tell("READY=1");
  loop_.run();
  service_.tell("STOPPING=1");
  switch_.stop();
  while (switch_.turn()) {
  }
  if (saver_) saver_->save(switch_.now(), unix_time());
  tell_totals();
}

void Daemon::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      reload();
      return await_signal();
    }
    log("{}: stopping", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    loop_.stop();
  });
}

void Daemon::watch_links() {
  for (size_t p = 0; p < link_told_.size(); ++p) {
    const auto port = static_cast<PortIndex>(p);
    const PortContext& context = switch_.topology().port(port);
    if (context.absent) {
      link_told_[p].reset();
      continue;
    }
    const PortState state = switch_.port_state(port);
    switch_.control().link(port, state.up, switch_.now());
    if (std::exchange(link_told_[p], state.up) == state.up) continue;
    management_.events().link_changed(switch_.now(), port, state.up);
    log("port {} is {} ({})", context.name, state.up ? "up" : "down", state.device);
  }
}

// A worker that has stood still since the last time is as bad as none: the service manager then
// hears nothing, and acts.
void Daemon::feed_watchdog() {
  bool all_move = true;
  const std::vector<LaneView> workers = switch_.workers();
  for (size_t w = 0; w < workers.size(); ++w)
    all_move &=
        std::exchange(rounds_seen_[w], workers[w].counters.rounds) != workers[w].counters.rounds;
  if (all_move) service_.tell("WATCHDOG=1");
}

void Daemon::tell_totals() const {
  const PortCounters all = switch_.totals().all_ports;
  std::string reasons;
  for (size_t d = 0; d < kDropNames.size(); ++d)
    if (all.drops[d] != 0)
      reasons += fmt::format("{}{} {}", reasons.empty() ? ": " : ", ", kDropNames[d], all.drops[d]);
  log("stopped: {} frames in, {} out, {} dropped{}; {} copies that no port took", all.rx, all.tx,
      dropped(all), reasons, all.tx_full);
}

}  // namespace godwit
