#include "test/fuzz/pipeline_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <utility>

#include <sanitizer/asan_interface.h>

#include "test/fuzz/poisoned_pool.h"

#include "lib/hash.h"

namespace godwit::test {
namespace {

constexpr unsigned kBuffers = 2047;
constexpr unsigned kLongBuffers = 255;
constexpr uint16_t kLongRoom = UINT16_MAX;
constexpr unsigned kMostTurns = 4096;  // of one instant: more is a circle
constexpr size_t kSentKept = 8;
constexpr size_t kLongestKept = 512;  // octets
constexpr size_t kMostJobs = 256;     // of control: more than the entries of the tables
constexpr unsigned kMostWait = 60;    // seconds
// Longer than any entry, question, announcement or sentence lasts.
constexpr Nanos kToTheEnd = 1000 * kSecond;

// The caller's line tells which promise it was.
void require(bool promise, int line = __builtin_LINE()) {
  if (promise) return;
  std::fprintf(stderr, "pipeline_world.cc:%d: not as promised\n", line);
  std::abort();
}

rte_mempool* pool() {
  static rte_mempool* const made = make_poisoned_pool("fuzz", kBuffers, RTE_MBUF_DEFAULT_BUF_SIZE);
  return made;
}

rte_mempool* long_pool() {
  static rte_mempool* const made = make_poisoned_pool("fuzz-long", kLongBuffers, kLongRoom);
  return made;
}

}  // namespace

World::World(Scene& scene)
    : scene_(scene),
      channels_{&scene.fresh_channel()},
      tables_(scene.config, kFixedSecret),
      port_list_(scene.config.ports.size()),
      quiescence_(1) {
  for (Port*& port : port_list_) port = ports_.emplace_back(new FramePort(*this)).get();
  worker_ = std::make_unique<Worker>(scene.topology, tables_, scene.fib, *channels_[0], pool(),
                                     port_list_);
  worker_->observer = this;
  control_ = std::make_unique<Control>(scene.topology, tables_, channels_, quiescence_);
}

World::~World() {
  control_.reset();
  worker_.reset();
  ports_.clear();
  require(in_use(pool()) == 0 && in_use(long_pool()) == 0);
  Order order;
  require(!channels_[0]->orders.take(order) && channels_[0]->events.empty());
}

World::FramePort::~FramePort() {
  for (rte_mbuf* frame : waiting) rte_pktmbuf_free(frame);
}

uint16_t World::FramePort::rx(rte_mbuf** frames, uint16_t count) {
  const auto n = static_cast<uint16_t>(std::min<size_t>(count, waiting.size()));
  std::copy_n(waiting.begin(), n, frames);
  waiting.erase(waiting.begin(), waiting.begin() + n);
  return n;
}

uint16_t World::FramePort::tx(rte_mbuf** frames, uint16_t count) {
  const uint16_t n = std::min(count, room);
  for (uint16_t i = 0; i < n; ++i) world_.sent(frames[i]);
  return n;
}

void World::offer(PortIndex port, const Octets& frame, bool no_headroom) {
  const bool is_long = frame.size() > RTE_MBUF_DEFAULT_DATAROOM;
  const uint16_t headroom = no_headroom ? 0 : RTE_PKTMBUF_HEADROOM;
  rte_mbuf* buffer = make_received(is_long ? long_pool() : pool(), frame, headroom);
  if (buffer != nullptr) ports_[port]->waiting.push_back(buffer);
  if (waiting() >= scene_.config.workers.burst) play();
}

Octets World::sent(size_t back) const {
  return back < sent_.size() ? sent_[sent_.size() - 1 - back] : Octets{};
}

void World::sent(rte_mbuf* frame) {
  const char* flaw = "";
  require(rte_mbuf_check(frame, 1, &flaw) == 0 && frame->nb_segs == 1);
  auto* octets = rte_pktmbuf_mtod(frame, uint8_t*);
  require(__asan_region_is_poisoned(octets, frame->data_len) == nullptr);
  if (sent_.size() == kSentKept) sent_.pop_front();
  sent_.emplace_back(octets, octets + std::min<size_t>(frame->data_len, kLongestKept));
  rte_pktmbuf_free(frame);
}

// As Replay does: control hears of a burst before the next one comes.
void World::seen(const Burst& burst, Nanos now) {
  for (uint16_t i = 0; i < burst.count; ++i) require(burst.fate[i] != Fate::kPending);
  control_->take_events(now);
}

void World::starve_round(std::vector<rte_mbuf*>& buffers, rte_mempool* of) {
  buffers.resize(rte_mempool_avail_count(of));
  require(rte_pktmbuf_alloc_bulk(of, buffers.data(), static_cast<unsigned>(buffers.size())) == 0);
}

void World::play() {
  std::vector<rte_mbuf*> taken;
  std::vector<rte_mbuf*> taken_long;
  if (starved_) {
    starve_round(taken, pool());
    starve_round(taken_long, long_pool());
  }
  rounds();
  for (rte_mbuf* buffer : taken) rte_pktmbuf_free(buffer);
  for (rte_mbuf* buffer : taken_long) rte_pktmbuf_free(buffer);
  if (starved_) check_buffers();
  starved_ = false;
  for (auto& port : ports_) port->room = UINT16_MAX;
}

void World::rounds() {
  do {
    require(++turns_ <= kMostTurns);
    worker_->step(now_);
    control_->take_events(now_);
    check_counters();
    if (!starved_) check_buffers();
  } while (worker_->has_work() || waiting() > 0);
}

void World::work_until(Nanos instant) {
  while (control_->next_due() <= instant) {
    const Nanos due = std::max(now_, control_->next_due());
    if (due > now_) turns_ = 0;
    now_ = due;
    require(++turns_ <= kMostTurns);
    control_->run_due(now_);
    require(control_->solicitor().jobs() <= kMostJobs);
    require(control_->watch().jobs() <= kMostJobs);
    if (worker_->has_work()) rounds();
  }
  if (instant > now_) turns_ = 0;
  now_ = instant;
}

void World::hear(const Hint& hint) {
  run_for(0);
  control_->hear(hint, now_);
  if (worker_->has_work()) rounds();
}

void World::run_for(Nanos time) {
  if (waiting() > 0) play();
  work_until(now_ + time);
}

// What waits is seen to by the worker, too, which goes round all the time where it is live.
void World::wait_for_held() {
  for (unsigned n = 0; n < kMostWait && !(worker_->hold.empty() && worker_->parked.empty()); ++n) {
    run_for(kSecond);
    rounds();
  }
}

void World::settle() {
  run_for(0);
  check_fdb();
  check_neighbors();
  wait_for_held();
  run_for(kToTheEnd);
  check_fdb();
  check_neighbors();
  int64_t macs = 0;
  int64_t ips = 0;
  for (const BridgeConfig& bridge : scene_.config.bridges) {
    macs += bridge.gateway ? 1 : 0;
    for (const StaticHostConfig& host : bridge.static_hosts) {
      ++macs;
      ips += host.ip ? 1 : 0;
    }
  }
  require(tables_.fdb.quota().total() == macs && tables_.neighbors.quota().total() == ips);
  require(worker_->hold.empty() && worker_->parked.empty());
  require(control_->solicitor().jobs() == 0 && control_->watch().jobs() == 0);
  require(control_->next_due() == kNever);
}

void World::check_counters() const {
  uint64_t held = 0;
  for (const PortCounters& c : worker_->port_counters) {
    held += c.held;
    require(c.rx ==
            std::accumulate(c.drops.begin(), c.drops.end(), c.forwarded + c.consumed + c.held));
  }
  require(held == worker_->hold.held() + worker_->parked.held());
  require(worker_->hold.held() <= scene_.config.limits.unresolved);
  require(worker_->parked.held() <= scene_.config.limits.held);
}

void World::check_buffers() const {
  const uint32_t held = worker_->hold.held() + worker_->parked.held();
  require(in_use(pool()) + in_use(long_pool()) == held + waiting());
}

void World::check_fdb() const {
  const Fdb& fdb = tables_.fdb;
  int64_t total = 0;
  std::map<BridgeIndex, int64_t> in_bridge;
  std::map<std::pair<BridgeIndex, Location>, int64_t> on_port;
  fdb.walk(0, fdb.slot_count(), [&](uint32_t slot) {
    const uint64_t key = fdb.key_at(slot);
    if (key == 0 || fdb.entry_at(slot).is_free()) return;
    const BridgeIndex bridge = fdb_bridge(key);
    const Location at = fdb.entry_at(slot).location();
    require(bridge < scene_.topology.bridges().size() && fdb_mac(key).is_station());
    require(at == kSelf || scene_.topology.bridge(bridge).member(at) != nullptr);
    const Location other = fdb.entry_at(slot).other();
    require(other == kNoLocation || scene_.topology.bridge(bridge).member(other) != nullptr);
    require(other != at);
    ++total;
    ++in_bridge[bridge];
    ++on_port[{bridge, at}];
  });
  require(fdb.quota().total() == total);
  for (BridgeIndex b = 0; b < scene_.topology.bridges().size(); ++b) {
    require(fdb.quota().in_bridge(b) == in_bridge[b]);
    for (const Membership& member : scene_.topology.bridge(b).members)
      if (!member.trusted)
        require(fdb.quota().on_port(b, member.port) == on_port[{b, member.port}]);
  }
}

void World::check_neighbors() const {
  const NeighborTable& table = tables_.neighbors;
  int64_t total = 0;
  std::map<Location, int64_t> on_port;
  table.walk(0, table.slot_count(), [&](uint32_t slot) {
    const auto host = table.host_at(slot);
    if (!host || table.entry_at(slot).is_free()) return;
    require(host->ip.is_host() && table.entry_at(slot).mac().is_station());
    ++total;
    ++on_port[table.port(slot)];
  });
  require(table.quota().total() == total);
  for (PortIndex p = 0; p < ports_.size(); ++p)
    require(table.quota().on_port(kNoBridge, p) == on_port[p]);
}

size_t World::waiting() const {
  size_t count = 0;
  for (const auto& port : ports_) count += port->waiting.size();
  return count;
}

uint64_t World::received() const {
  uint64_t rx = 0;
  for (const PortCounters& c : worker_->port_counters) rx += c.rx;
  return rx;
}

}  // namespace godwit::test
