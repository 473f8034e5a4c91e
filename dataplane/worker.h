// A worker: one lcore's loop over its ports, and everything the pipeline reaches from there.
//
// A worker shares the tables and the topology with the others and owns the rest. Counters are plain
// words that only it writes; readers sum them over the workers and may see them a moment old.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/drop.h"
#include "dataplane/events.h"
#include "dataplane/port.h"
#include "dataplane/stage_stats.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/token_bucket.h"
#include "lib/units.h"

namespace godwit {

// Of one port, as one worker saw it. Each frame received is counted as exactly one of forwarded (to
// one port or to many), consumed and dropped.
struct PortCounters {
  uint64_t rx = 0;
  uint64_t tx = 0;
  uint64_t forwarded = 0;
  uint64_t consumed = 0;
  uint64_t tx_full = 0;  // copies that the port did not take
  std::array<uint64_t, kDropNames.size()> drops{};

  PortCounters& operator+=(const PortCounters& o) {
    rx += o.rx;
    tx += o.tx;
    forwarded += o.forwarded;
    consumed += o.consumed;
    tx_full += o.tx_full;
    for (size_t d = 0; d < drops.size(); ++d) drops[d] += o.drops[d];
    return *this;
  }
};

// What the stages did, whatever became of the frames.
struct WorkerCounters {
  uint64_t learned = 0;          // new FDB entries
  uint64_t moved = 0;            // claims believed
  uint64_t late = 0;             // frames from a place left behind, no evidence
  uint64_t refused = 0;          // claims refused
  uint64_t reflected = 0;        // our own floods, come back
  uint64_t limit_bridge = 0;     // not learned: the bridge, or the whole FDB, is full
  uint64_t limit_port = 0;       // not learned: the port's share is used up
  uint64_t mapped = 0;           // new neighbor entries
  uint64_t remapped = 0;         // an IP that went to another MAC
  uint64_t conflicts = 0;        // an IP claimed by another MAC, kept
  uint64_t limit_neighbors = 0;  // not mapped: the table, or the port's share, is full
  uint64_t copies_lost = 0;      // of flooded frames, for want of a buffer
};

// Frames on their way out of one port, sent as a burst.
struct TxBuffer {
  std::array<rte_mbuf*, kMaxBurst> frames;
  uint16_t count = 0;
};

// Sees every burst behind the pipeline: its arrays as they were left; its mbufs may be gone.
class BurstObserver {
 public:
  virtual ~BurstObserver() = default;
  virtual void seen(const Burst& burst, Nanos now) = 0;
};

class Worker {
 public:
  // `ports` by PortIndex; the worker keeps the references and owns none of what they refer to.
  Worker(const Topology& topology, Tables& tables, EventRing& events, std::span<Port* const> ports);

  // One round: takes what each port has, runs the pipeline over it, and sends. Returns how many
  // frames came in.
  uint16_t step(Nanos now);

  // Queues frames, at most kMaxBurst, for a port; sends what is queued when they do not fit. Takes
  // ownership.
  void send(PortIndex port, rte_mbuf* const* frames, uint16_t count) {
    TxBuffer& buffer = tx_[port];
    if (buffer.count + count > kMaxBurst) [[unlikely]]
      flush_early(port);
    if (buffer.count == 0) tx_pending_.push_back(port);  // reserved: never allocates
    std::copy_n(frames, count, &buffer.frames[buffer.count]);
    buffer.count += count;
  }
  void send(PortIndex port, rte_mbuf* frame) { send(port, &frame, 1); }

  const Topology& topology;
  Tables& tables;
  EventRing& events;

  Nanos now = 0;  // of this round
  Burst burst;
  std::vector<PortCounters> port_counters;
  WorkerCounters counters;
  bool timed = false;  // fill stage_stats
  StageStats stage_stats{};
  // What a burst of lies may post to control; moves are not limited.
  TokenBucket complaints;
  TokenBucket far_rarps;  // posts of RARPs for control to follow further

  BurstObserver* observer = nullptr;  // replay's; nobody watches live traffic

 private:
  void process();
  void flush(PortIndex port);
  void flush_early(PortIndex port);

  std::span<Port* const> ports_;
  uint16_t burst_limit_;
  std::vector<TxBuffer> tx_;
  std::vector<PortIndex> tx_pending_;  // ports whose buffer holds something
};

}  // namespace godwit
