// A worker: one lcore's loop over its ports, and everything the pipeline reaches from there.
//
// A worker shares the tables and the topology with the others and owns the rest. Counters are plain
// words that only it writes; readers sum them over the workers and may see them a moment old.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/burst_observer.h"
#include "dataplane/complaints.h"
#include "dataplane/drop.h"
#include "dataplane/fib.h"
#include "dataplane/hold.h"
#include "dataplane/orders.h"
#include "dataplane/port_list.h"
#include "dataplane/stage_stats.h"
#include "dataplane/storm.h"
#include "dataplane/table_memory.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/confirmed_claims.h"
#include "lib/counter.h"
#include "lib/next_hop_cache.h"
#include "lib/rate_sketch.h"
#include "lib/token_bucket.h"
#include "lib/units.h"

namespace godwit {

// Of one port, as one worker saw it. Each frame received is counted as exactly one of forwarded (to
// one port or to many), consumed, dropped and held; a frame that is held no longer is counted as
// what became of it. On lines of its own: another worker's are not to share one.
struct alignas(RTE_CACHE_LINE_SIZE) PortCounters {
  Counter rx;
  Counter tx;
  Counter forwarded;
  Counter consumed;
  Counter held;        // now: see Fate
  Counter originated;  // frames of godwit's own, a part of tx
  Counter tx_full;     // copies that the port did not take
  std::array<Counter, kDropNames.size()> drops{};

  PortCounters& operator+=(const PortCounters& o) {
    rx += o.rx;
    tx += o.tx;
    forwarded += o.forwarded;
    consumed += o.consumed;
    held += o.held;
    originated += o.originated;
    tx_full += o.tx_full;
    for (size_t d = 0; d < drops.size(); ++d) drops[d] += o.drops[d];
    return *this;
  }
  PortCounters& operator-=(const PortCounters& o) {
    rx -= o.rx;
    tx -= o.tx;
    forwarded -= o.forwarded;
    consumed -= o.consumed;
    held -= o.held;
    originated -= o.originated;
    tx_full -= o.tx_full;
    for (size_t d = 0; d < drops.size(); ++d) drops[d] -= o.drops[d];
    return *this;
  }
};

// What the stages did, whatever became of the frames.
struct WorkerCounters {
  Counter learned;          // new FDB entries
  Counter moved;            // claims believed
  Counter late;             // frames from a place left behind, no evidence
  Counter refused;          // claims refused
  Counter tested;           // claims put to the test
  Counter reflected;        // our own floods, come back
  Counter limit_bridge;     // not learned: the bridge, or the whole FDB, is full
  Counter limit_port;       // not learned: the port's share is used up
  Counter mapped;           // new neighbor entries
  Counter remapped;         // an IP that went to another MAC
  Counter conflicts;        // an IP claimed by another MAC, kept
  Counter limit_neighbors;  // not mapped: the table, or the port's share, is full
  Counter copies_lost;      // of flooded frames, for want of a buffer
  Counter routed;           // packets given to their next hop
  Counter answered;         // ARP and ND requests answered
  Counter unanswered;       // ... not answered, for a limit; some of these are refused as well
  Counter errors_sent;      // ICMP errors
  Counter errors_limited;   // ... not sent, for a limit
  Counter own_lost;         // frames of godwit's own, not sent for want of a buffer
};

// Frames on their way out of one port, sent as a burst.
struct TxBuffer {
  std::array<rte_mbuf*, kMaxBurst> frames;
  uint16_t count = 0;
};

// Starts a line and ends one, so that nobody else's data shares a line with what it writes.
class alignas(RTE_CACHE_LINE_SIZE) Worker {
 public:
  // `ports` by PortIndex, nullptr where there is none; `pool` is where frames of the worker's own
  // come from. The worker keeps the references and owns none of what they refer to.
  Worker(const Topology& topology, Tables& tables, const Fib& fib, Channel& channel,
         rte_mempool* pool, std::span<Port* const> ports);

  // One round: does what control ordered, takes what each port has, runs the pipeline over it, and
  // sends. Returns how many frames came in.
  uint16_t step(Nanos now);
  // The same with frames that the caller has received at a port, in place of what the ports have.
  void step(Nanos now, PortIndex port, std::span<rte_mbuf* const> frames);
  // Control's: from the next round on these are its ports, as many numbers as before. What was
  // before is the caller's, to keep until a grace period is over.
  std::unique_ptr<const PortList> use(std::unique_ptr<const PortList> ports);
  // Whether a round is worth while though no frame came in.
  bool has_work() const { return !channel_.orders.empty(); }

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

  // Tells control, if the limits of the port that the event is about allow it.
  void complain(const Event& event) {
    if (complaints.take(event.kind, event.to, now)) events.post(event);
  }

  // Sends a frame of godwit's own. As it is, taking ownership:
  void originate(PortIndex port, rte_mbuf* frame) {
    ++port_counters[port].originated;
    send(port, frame);
  }
  // A copy of these octets, which have no VLAN tag, as the port wants it that is a member of the
  // bridge:
  void originate(const BridgeContext& bridge, PortIndex port, std::span<const uint8_t> frame);

  const Topology& topology;
  Tables& tables;
  const Fib& fib;
  EventRing& events;
  ElementRing<Punt>& punts;
  ElementRing<DhcpEvent>& leases;
  rte_mempool* const pool;

  Nanos now = 0;  // of this round
  Burst burst;
  HoldQueues<Neighbor> hold;    // for want of a neighbor's MAC
  const HoldShare hold_share;   // of one neighbor
  HoldQueues<uint64_t> parked;  // for hosts that stand still, by their keys in the FDB
  Burst released;               // of `hold`, on its way
  Burst unparked;               // of `parked`
  std::vector<PortCounters> port_counters;
  WorkerCounters counters;
  bool timed = false;  // fill stage_stats
  StageStats stage_stats{};
  Complaints complaints;  // posted to control; moves are not limited
  TokenBucket far_rarps;  // posts of RARPs for control to follow further
  TokenBucket seeks;      // posts of frames for hosts that are OFFLINE
  TokenBucket punt_rate;  // frames given to control: this worker's share of limits.punt
  // Of each port: answers to ARP and ND, requests for unknown next hops, ICMP errors.
  std::vector<TokenBucket> answers;
  std::vector<TokenBucket> resolutions;
  std::vector<TokenBucket> testimonies;  // posts of answers by hosts whose place is in doubt
  std::vector<TokenBucket> icmp_errors;
  RateSketch answers_per_source;
  StormLimits storm;
  // DHCP messages that control hears of: of one port that is not trusted, and of all.
  std::vector<TokenBucket> dhcp_of_port;
  TokenBucket dhcp;
  ConfirmedClaims confirmed_claims;
  TableMemory next_hops_memory;
  NextHopCache next_hops;

  std::vector<const Membership*> hearers;  // scratch of `flood`; reserved

  // Usually nobody. Whoever sets it publishes with release, and keeps what was there until the
  // worker has passed a quiescent state.
  std::atomic<BurstObserver*> observer{nullptr};
  BurstObserver* observed() const { return observer.load(std::memory_order_acquire); }

 private:
  void begin(Nanos at);
  void process();
  void send_queued();
  void received(PortIndex port, rte_mbuf* const* frames, uint16_t count);
  void mirror(Location to, rte_mbuf* const* frames, uint16_t count);
  void obey(const Order& order);
  void discard(const Order& order);
  void look_at_held();
  void flush(PortIndex port);
  void flush_early(PortIndex port);

  Channel& channel_;
  std::unique_ptr<const PortList> owned_ports_;  // control's
  // Release and acquire: who sees the pointer sees the list.
  std::atomic<const PortList*> published_ports_;
  const PortList* ports_;  // of this round
  uint16_t burst_limit_;
  std::vector<TxBuffer> tx_;
  std::vector<PortIndex> tx_pending_;  // ports whose buffer holds something
};

static_assert(sizeof(PortCounters) % RTE_CACHE_LINE_SIZE == 0);
static_assert(sizeof(Worker) % RTE_CACHE_LINE_SIZE == 0);

}  // namespace godwit
