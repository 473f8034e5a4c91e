// libgodwit, from its public header to the parts of a switch. What control/switch.h does with
// threads and devices of its own, the caller does here.
#include "godwit/gateway.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>

#include <fmt/core.h>

#include "control/control.h"
#include "control/secret.h"
#include "control/view.h"

#include "dataplane/fib.h"
#include "dataplane/orders.h"
#include "dataplane/quiescence.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"
#include "dataplane/worker.h"

#include "lib/config_parse.h"
#include "lib/hints.h"

namespace godwit {
namespace {

constexpr unsigned kEvents = 1U << 16;
constexpr uint16_t kMostWorkers = 64;

std::string as_lines(const std::vector<ConfigMessage>& messages) {
  std::string lines;
  for (const ConfigMessage& message : messages)
    lines += fmt::format("{}{}:{}: {}", lines.empty() ? "" : "\n", message.line, message.column,
                         message.text);
  return lines;
}

Config read_config(std::string_view text, const GatewayOptions& options) {
  ConfigResult result = parse_config(text);
  if (!result.ok()) throw std::invalid_argument(as_lines(result.errors));
  if (!result.config.forget.key_file.empty())
    throw std::invalid_argument(
        "forget.key_file: no file is read here; write the key in forget.key");
  if (options.workers < 1 || options.workers > kMostWorkers)
    throw std::invalid_argument(
        fmt::format("workers: {} is not 1 to {}", options.workers, kMostWorkers));
  if (options.mbufs == nullptr) throw std::invalid_argument("mbufs: there is no pool");
  result.config.workers.count = options.workers;
  return std::move(result.config);
}

// DPDK's rings have names, of which no two may be alike.
std::string new_name() {
  static std::atomic<unsigned> made{0};
  return fmt::format("gateway{}", made.fetch_add(1, std::memory_order_relaxed));
}

// What a worker sends at one port in one call.
class Outlet final : public Port {
 public:
  Outlet(PortIndex index, std::vector<PortIndex>& used) : index_(index), used_(used) {
    frames_.reserve(kMaxBurst);
  }

  uint16_t rx(rte_mbuf**, uint16_t) override { return 0; }
  uint16_t tx(rte_mbuf** frames, uint16_t count) override {
    if (frames_.empty()) used_.push_back(index_);  // reserved: never allocates
    frames_.insert(frames_.end(), frames, frames + count);
    return count;
  }
  std::span<rte_mbuf*> frames() { return frames_; }
  void clear() { frames_.clear(); }

 private:
  PortIndex index_;
  std::vector<PortIndex>& used_;
  std::vector<rte_mbuf*> frames_;
};

// One worker with what is its own.
struct Lane {
  Lane(const Topology& topology, Tables& tables, const Fib& fib, rte_mempool* mbufs)
      : channel(new_name().c_str(), kEvents) {
    const size_t count = topology.ports().size();
    used.reserve(count);
    bursts.reserve(count);
    outlets.reserve(count);
    for (size_t p = 0; p < count; ++p) outlets.emplace_back(static_cast<PortIndex>(p), used);
    for (Outlet& outlet : outlets) ports.push_back(&outlet);
    worker = std::make_unique<Worker>(topology, tables, fib, channel, mbufs, ports);
  }

  // The worker's last call is over, and what came of it is the caller's.
  void clear() {
    for (const PortIndex port : used) outlets[port].clear();
    used.clear();
    bursts.clear();
  }

  Channel channel;
  std::vector<PortIndex> used;  // in this call
  std::vector<Outlet> outlets;  // by PortIndex
  std::vector<Port*> ports;
  std::unique_ptr<Worker> worker;
  std::vector<PortBurst> bursts;
  Nanos now = 0;
};

}  // namespace

struct GatewayParts {
  GatewayParts(std::string_view text, const GatewayOptions& options)
      : began_ns(options.now_ns),
        config(read_config(text, options)),
        topology(config),
        tables(config, random_secret()),
        fib(config),
        quiescence(options.workers),
        channels(make_lanes(options)),
        control(topology, tables, channels, quiescence) {}

  std::vector<Channel*> make_lanes(const GatewayOptions& options) {
    std::vector<Channel*> made;
    for (uint16_t w = 0; w < options.workers; ++w) {
      lanes.push_back(std::make_unique<Lane>(topology, tables, fib, options.mbufs));
      made.push_back(&lanes.back()->channel);
      quiescence.online(w);
      quiescence.rest(w);
    }
    return made;
  }

  // Since the gateway was made.
  Nanos since_began(uint64_t now_ns) const { return now_ns - std::min(now_ns, began_ns); }
  std::optional<BridgeIndex> bridge(std::string_view name) const;
  PortCounters counters(PortIndex port) const;  // of all workers

  const uint64_t began_ns;
  const Config config;
  const Topology topology;
  Tables tables;
  Fib fib;
  Quiescence quiescence;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<Channel*> channels;
  Control control;
};

std::optional<BridgeIndex> GatewayParts::bridge(std::string_view name) const {
  for (size_t b = 0; b < config.bridges.size(); ++b)
    if (config.bridges[b].name == name) return static_cast<BridgeIndex>(b);
  return std::nullopt;
}

PortCounters GatewayParts::counters(PortIndex port) const {
  PortCounters sum;
  for (const auto& lane : lanes) sum += lane->worker->port_counters[port];
  return sum;
}

Gateway::Gateway(std::string_view config, const GatewayOptions& options)
    : parts_(std::make_unique<GatewayParts>(config, options)) {
  for (uint16_t port = 0; port < port_count(); ++port)
    parts_->tables.ports.set(port, parts_->config.ports[port].enabled);
}

Gateway::~Gateway() = default;

uint16_t Gateway::port_count() const { return static_cast<uint16_t>(parts_->config.ports.size()); }

std::optional<uint16_t> Gateway::port(std::string_view name) const {
  for (uint16_t port = 0; port < port_count(); ++port)
    if (port_name(port) == name) return port;
  return std::nullopt;
}

const std::string& Gateway::port_name(uint16_t port) const {
  return parts_->config.ports[port].name;
}

// Between calls a worker holds no slot of a table, and nobody waits for it.
std::span<const PortBurst> Gateway::process(uint16_t worker, uint16_t port,
                                            std::span<rte_mbuf* const> frames, uint64_t now_ns) {
  Lane& lane = *parts_->lanes[worker];
  lane.clear();
  lane.now = std::max(lane.now, parts_->since_began(now_ns));
  parts_->quiescence.resume(worker);
  lane.worker->step(lane.now, port, frames);
  parts_->quiescence.rest(worker);
  for (const PortIndex used : lane.used) lane.bursts.push_back({used, lane.outlets[used].frames()});
  return lane.bursts;
}

void Gateway::run_due(uint64_t now_ns) {
  const Nanos now = parts_->since_began(now_ns);
  Control& control = parts_->control;
  // Each time, because the two clocks drift apart and somebody may set one.
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  control.set_unix_time(
      static_cast<Nanos>(std::chrono::duration_cast<std::chrono::nanoseconds>(unix_time).count()),
      now);
  control.take_events(now);
  if (control.next_due() <= now) control.run_due(now);
}

std::string Gateway::hint(std::string_view kind, std::string_view body, uint64_t now_ns) {
  if (std::find(kHintNames.begin(), kHintNames.end(), kind) == kHintNames.end())
    return fmt::format("there is no hint '{}'", kind);
  const HintsResult result = parse_hint(kind, body, parts_->config);
  if (!result.errors.empty()) return as_lines(result.errors);
  return parts_->control.hear(result.hints.front(), parts_->since_began(now_ns));
}

void Gateway::set_link(uint16_t port, bool up, uint64_t now_ns) {
  parts_->control.link(port, up, parts_->since_began(now_ns));
}

std::optional<Gateway::Host> Gateway::find(std::string_view bridge_name,
                                           std::string_view address) const {
  const auto bridge = parts_->bridge(bridge_name);
  if (!bridge) return std::nullopt;
  std::optional<Mac> mac = parse_mac(address);
  if (const auto ip = parse_ip(address)) {
    const auto mapping = parts_->tables.neighbors.find(*bridge, *ip);
    if (mapping) mac = mapping.entry.mac();
  }
  if (!mac) return std::nullopt;
  const auto place = parts_->tables.fdb.find(fdb_key(*bridge, *mac));
  if (!place) return std::nullopt;
  Host host;
  for (size_t i = 0; i < host.mac.size(); ++i)
    host.mac[i] = static_cast<uint8_t>(mac->bits >> (40 - 8 * i));
  if (place.entry.location() != kSelf) host.port = place.entry.location();
  host.state = name_of(kFdbStateNames, place.entry.state());
  for (const IpAddress& ip : parts_->control.hosts().ips(*bridge, *mac))
    host.ips.push_back(to_string(ip));
  return host;
}

Gateway::Counters Gateway::counters(uint16_t port) const {
  const PortCounters sum = parts_->counters(port);
  return {.received = sum.rx,
          .forwarded = sum.forwarded,
          .consumed = sum.consumed,
          .held = sum.held,
          .dropped = std::accumulate(sum.drops.begin(), sum.drops.end(), uint64_t{0}),
          .sent = sum.tx,
          .originated = sum.originated};
}

std::vector<std::pair<std::string_view, uint64_t>> Gateway::drops(uint16_t port) const {
  const PortCounters sum = parts_->counters(port);
  std::vector<std::pair<std::string_view, uint64_t>> reasons;
  for (size_t d = 0; d < kDropNames.size(); ++d)
    if (sum.drops[d] != 0) reasons.emplace_back(kDropNames[d], sum.drops[d]);
  return reasons;
}

}  // namespace godwit
