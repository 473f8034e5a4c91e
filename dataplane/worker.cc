#include "dataplane/worker.h"

#include "dataplane/pipeline.h"

namespace godwit {
namespace {

// Complaints (refusals, conflicts, spent limits) that one worker posts to control.
constexpr uint32_t kComplaints = 1000;  // a second
// RARPs of hosts in more bridges than a worker looks at: each costs control some 100 us.
constexpr uint32_t kFarRarps = 1000;  // a second

}  // namespace

Worker::Worker(const Topology& topology_in, Tables& tables_in, EventRing& events_in,
               std::span<Port* const> ports)
    : topology(topology_in),
      tables(tables_in),
      events(events_in),
      port_counters(ports.size()),
      complaints(kComplaints, kComplaints),
      far_rarps(kFarRarps, kFarRarps),
      ports_(ports),
      burst_limit_(topology_in.config().workers.burst),
      tx_(ports.size()) {
  tx_pending_.reserve(ports.size());
}

uint16_t Worker::step(Nanos at) {
  now = at;
  burst.count = 0;
  uint16_t taken = 0;
  const auto port_count = static_cast<PortIndex>(ports_.size());
  for (PortIndex p = 0; p < port_count; ++p) {
    const auto room = static_cast<uint16_t>(burst_limit_ - burst.count);
    const uint16_t n = ports_[p]->rx(&burst.mbuf[burst.count], room);
    std::fill_n(&burst.in_port[burst.count], n, p);
    port_counters[p].rx += n;
    burst.count += n;
    taken += n;
    if (burst.count == burst_limit_) process();
  }
  if (burst.count > 0) process();
  for (const PortIndex p : tx_pending_) flush(p);
  tx_pending_.clear();
  return taken;
}

void Worker::process() {
  if (timed)
    run_pipeline<true>(*this, burst);
  else
    run_pipeline<false>(*this, burst);
  if (observer != nullptr) observer->seen(burst, now);
  burst.count = 0;
}

void Worker::flush_early(PortIndex port) {
  flush(port);
  std::erase(tx_pending_, port);
}

void Worker::flush(PortIndex port) {
  TxBuffer& buffer = tx_[port];
  const uint16_t sent = ports_[port]->tx(buffer.frames.data(), buffer.count);
  port_counters[port].tx += sent;
  port_counters[port].tx_full += buffer.count - sent;
  for (uint16_t i = sent; i < buffer.count; ++i) rte_pktmbuf_free(buffer.frames[i]);
  buffer.count = 0;
}

}  // namespace godwit
