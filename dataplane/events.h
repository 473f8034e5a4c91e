// What workers tell control. One single-producer, single-consumer ring a worker; a full ring loses
// the event and counts it, and control's sweeps repair what the event would have told.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <rte_ring_elem.h>

#include "lib/address.h"
#include "lib/evidence.h"
#include "lib/units.h"

namespace godwit {

enum class EventKind : uint8_t {
  kMoved,          // `mac` was at `from` and is at `to`
  kRefused,        // a frame at `to` claimed `mac`, which is pinned to `from`
  kGatewayClaim,   // a frame at `to` used a gateway's MAC as its source, or its address as sender
  kMapped,         // `ip` is `mac`'s
  kRemapped,       // `ip` was `other_mac`'s and is `mac`'s
  kConflict,       // `mac` claims `ip`, which stays `other_mac`'s
  kLearnLimit,     // the bridge has no room for `mac`
  kPortQuota,      // port `to` has no room for `mac`
  kNeighborLimit,  // the neighbor table, or the share of port `to`, has no room for `ip`
  kRarpBeyond,     // an untagged RARP of `mac` at `to` that control follows in its further bridges
};

struct Event {
  EventKind kind = EventKind::kMoved;
  Evidence evidence = Evidence::kData;
  BridgeIndex bridge = kNoBridge;
  Location from = kNoLocation;
  Location to = kNoLocation;
  Nanos at = 0;
  Mac mac;
  Mac other_mac;
  IpAddress ip;
};

class EventRing {
 public:
  // Holds at least `size` events, a power of two. Throws std::runtime_error when memory is short.
  EventRing(const char* name, unsigned size);

  // The worker's side. Moves are what users wait for, so the last quarter of the ring is theirs.
  void post(Event event) {
    const bool reserved = rte_ring_free_count(ring_.get()) <= reserve_;
    if ((reserved && event.kind != EventKind::kMoved) ||
        rte_ring_sp_enqueue_elem(ring_.get(), &event, sizeof event) != 0)
      lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  // Control's side.
  bool take(Event& event) {
    return rte_ring_sc_dequeue_elem(ring_.get(), &event, sizeof event) == 0;
  }
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  struct Free {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  std::unique_ptr<rte_ring, Free> ring_;
  unsigned reserve_;
  std::atomic<uint64_t> lost_{0};  // written by the worker only
};

}  // namespace godwit
