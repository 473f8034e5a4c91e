#include "control/replay.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <fmt/core.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include "dataplane/flood.h"

namespace godwit {
namespace {

// Every frame of a burst, and its copy in the other tag form.
constexpr unsigned kMbufs = 2 * kMaxBurst + 1;
// Most frames fit a buffer of the usual size. As long a frame as one mbuf holds has 65407 octets
// behind the headroom: jumbo and offloaded frames are in captures, too.
constexpr uint16_t kDataRoom = RTE_MBUF_DEFAULT_BUF_SIZE;
constexpr uint16_t kLongDataRoom = UINT16_MAX;
// A burst posts a few events a frame, but for RARPs of a host in many VLANs.
constexpr unsigned kEvents = 1U << 15;
constexpr uint64_t kBurstsPerReport = 4096;
constexpr size_t kMovesOnRecord = 1'000'000;

// Frames that may wait for a neighbor, or for a host that stands still.
unsigned most_held(const Config& config) {
  return static_cast<unsigned>(
      std::min<uint64_t>(config.limits.unresolved, HoldQueues<Neighbor>::kMaxFrames) +
      std::min<uint64_t>(config.limits.held, HoldQueues<uint64_t>::kMaxFrames));
}

// A frame that godwit took to deliver: not one it filtered because its sender, or its way in, was
// wrong.
bool is_offered(const Burst& burst, uint16_t i) {
  if (burst.bridge[i] == kNoBridge) return false;
  if (burst.fate[i] != Fate::kDropped)
    return burst.fate[i] == Fate::kForwarded || burst.fate[i] == Fate::kFlooded;
  const Drop why = burst.drop[i];
  return why == Drop::kNoDestination || why == Drop::kNoMbuf || why == Drop::kTxFull ||
         why == Drop::kPortDown || why == Drop::kVlanMismatch || why == Drop::kStormUnknown;
}

std::vector<std::unique_ptr<ArrayPort>> make_ports(size_t count, ArrayPort::Sink& sink) {
  std::vector<std::unique_ptr<ArrayPort>> ports;
  ports.reserve(count);
  for (size_t p = 0; p < count; ++p)
    ports.push_back(std::make_unique<ArrayPort>(static_cast<PortIndex>(p), sink));
  return ports;
}

std::vector<Port*> pointers(const std::vector<std::unique_ptr<ArrayPort>>& ports) {
  std::vector<Port*> list;
  list.reserve(ports.size());
  for (const auto& port : ports) list.push_back(port.get());
  return list;
}

}  // namespace

void Replay::FreePool::operator()(rte_mempool* pool) const { rte_mempool_free(pool); }

Replay::Pool Replay::make_pool(const char* name, unsigned count, uint16_t data_room) {
  Pool pool(rte_pktmbuf_pool_create(name, count, 0, 0, data_room, SOCKET_ID_ANY));
  if (!pool) throw std::runtime_error(fmt::format("frame buffers: {}", rte_strerror(rte_errno)));
  return pool;
}

Replay::Replay(const Topology& topology, CaptureMerge& captures, CaptureDirectory* outputs)
    : topology_(topology),
      captures_(captures),
      outputs_(outputs),
      pool_(make_pool("replay", 2 * kMbufs + most_held(topology.config()), kDataRoom)),
      long_pool_(make_pool("replay-long", kMbufs, kLongDataRoom)),
      tables_(topology.config(), kFixedSecret),
      fib_(topology.config()),
      channel_("replay", kEvents),
      channels_{&channel_},
      ports_(make_ports(topology.ports().size(), *this)),
      quiescence_(1),  // of no thread: worker and control take turns here
      worker_(topology, tables_, fib_, channel_, pool_.get(), pointers(ports_)),
      control_(topology, tables_, channels_, quiescence_) {
  for (size_t p = 0; p < ports_.size(); ++p)
    tables_.ports.set(static_cast<PortIndex>(p), topology.port(static_cast<PortIndex>(p)).enabled);
  worker_.observer.store(this, std::memory_order_relaxed);  // of this thread
  control_.moves().keep_at_most(kMovesOnRecord);
}

Replay::~Replay() = default;

void Replay::run(std::span<const Hint> hints, std::optional<Nanos> until) {
  hints_ = hints;
  epoch_ = captures_.peek_time().value_or(0);
  control_.set_unix_time(epoch_, 0);
  while (const std::optional<Nanos> instant = captures_.peek_time()) play_instant(*instant);
  work_until(std::max(now_, until.value_or(0)));
}

void Replay::work_until(Nanos instant) {
  const auto next_hint = [&] { return hints_.empty() ? kNever : hints_.front().at; };
  for (Nanos due; (due = std::min(control_.next_due(), next_hint())) <= instant;) {
    now_ = std::max(now_, due);
    if (control_.next_due() <= now_) control_.run_due(now_);
    for (; next_hint() <= now_; hints_ = hints_.subspan(1)) control_.hear(hints_.front(), now_);
    if (worker_.has_work()) step_worker();
  }
  now_ = instant;
}

// A round, and those that it gives rise to at the same instant: what control orders upon its events
// is sent, too.
void Replay::step_worker() {
  do {
    worker_.step(now_);
    control_.take_events(now_);
  } while (worker_.has_work());
}

void Replay::play_instant(Nanos absolute) {
  const size_t burst = topology_.config().workers.burst;
  work_until(absolute - epoch_);
  while (captures_.peek_time() == absolute) {
    playing_.clear();
    MergedFrame frame;
    while (playing_.size() < burst && captures_.peek_time() == absolute) {
      captures_.next(frame);
      offer(frame);
    }
    step_worker();
    if (++bursts_ % kBurstsPerReport == 0) report_progress();
  }
}

void Replay::offer(const MergedFrame& frame) {
  const std::span<const uint8_t> bytes = frame.frame.bytes;
  const uint64_t number = ++frames_;
  const bool is_long = bytes.size() > size_t{kDataRoom} - RTE_PKTMBUF_HEADROOM;
  rte_mbuf* mbuf = rte_pktmbuf_alloc(is_long ? long_pool_.get() : pool_.get());
  char* room = nullptr;
  if (mbuf != nullptr && bytes.size() <= UINT16_MAX)
    room = rte_pktmbuf_append(mbuf, static_cast<uint16_t>(bytes.size()));
  if (room == nullptr) {
    PortCounters& counters = worker_.port_counters[frame.port];
    ++counters.rx;
    ++counters.drops[static_cast<size_t>(mbuf == nullptr ? Drop::kNoMbuf : Drop::kOversize)];
    rte_pktmbuf_free(mbuf);
    return;
  }
  std::memcpy(room, bytes.data(), bytes.size());
  ports_[frame.port]->offer(mbuf);
  playing_.push_back({number, frame.frame});
}

void Replay::seen(const Burst& burst, Nanos now) {
  control_.take_events(now);
  account(burst);
  if (on_burst) on_burst(burst, playing_);
}

void Replay::unparked(const Burst& burst, Nanos now) {
  control_.take_events(now);
  for (uint16_t i = 0; i < burst.count; ++i)
    if (burst.fate[i] == Fate::kForwarded) control_.moves().held(burst.dst_key[i]);
  account(burst);
}

void Replay::lost(uint64_t key, Nanos) { control_.moves().lost(key); }

// What the frames of a burst meant for hosts that have moved.
void Replay::account(const Burst& burst) {
  for (uint16_t i = 0; i < burst.count; ++i) {
    const uint64_t key = burst.dst_key[i];
    if (burst.bridge[i] == kNoBridge || !control_.moves().has_moved(key) || !is_offered(burst, i))
      continue;
    const BridgeContext& bridge = topology_.bridge(burst.bridge[i]);
    delivered_.clear();
    if (burst.fate[i] == Fate::kForwarded) delivered_.push_back(burst.out[i]);
    if (burst.fate[i] == Fate::kFlooded)
      for_each_hearer(topology_, tables_.ports, burst, i,
                      [&](const Membership& member) { delivered_.push_back(member.port); });
    control_.moves().offered(key, now_, delivered_, bridge.config->moves.settle);
  }
}

void Replay::sent(const ArrayPort& port, rte_mbuf* frame) {
  if (outputs_ != nullptr)
    outputs_->port(port.index())
        .write(epoch_ + now_, {rte_pktmbuf_mtod(frame, const uint8_t*), frame->data_len});
  rte_pktmbuf_free(frame);
}

uint64_t Replay::frames_cut() const {
  uint64_t cut = 0;
  for (size_t s = 0; s < captures_.stream_count(); ++s) cut += captures_.stream(s).cut();
  return cut;
}

uint64_t Replay::stamps_clamped() const {
  uint64_t clamped = 0;
  for (size_t s = 0; s < captures_.stream_count(); ++s) clamped += captures_.stream(s).clamped();
  return clamped;
}

void Replay::report_progress() {
  if (!on_progress || captures_.total_bytes() == 0) return;
  on_progress(static_cast<double>(captures_.consumed_bytes()) /
              static_cast<double>(captures_.total_bytes()));
}

}  // namespace godwit
