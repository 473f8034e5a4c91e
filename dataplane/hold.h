// Frames that wait: until their neighbor's MAC is known (RFC 1122 §2.3.2.2, RFC 1812 §3.3.2), or
// until a VM that stands still runs again. They wait in the order in which they came, so many for
// each target and so many in all. When room is short for neighbors the oldest give way, so that a
// scan of addresses that nobody has does not keep a live host's first packet out; for hosts that
// stand still whoever has the most gives way, so that one of them does not take all from the
// others.
//
// A worker's own; all memory is taken at the start.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include <rte_mbuf.h>

#include "dataplane/routed.h"

#include "lib/address.h"
#include "lib/hash.h"
#include "lib/units.h"

namespace godwit {

struct Neighbor {
  BridgeIndex bridge = kNoBridge;
  IpAddress ip;
  bool operator==(const Neighbor&) const = default;
};

inline uint64_t hash_of(const Neighbor& target, HashSecret secret) {
  const uint64_t h = keyed_hash(target.ip.hi ^ target.bridge, secret);
  return keyed_hash(h ^ target.ip.lo, secret);
}
inline uint64_t hash_of(uint64_t key, HashSecret secret) { return keyed_hash(key, secret); }

struct HeldFrame {
  rte_mbuf* mbuf = nullptr;
  PortIndex in_port = 0;
  BridgeIndex bridge = kNoBridge;  // it came in by, or was routed into
  Routed routed = Routed::kNo;
};

// What one target may have waiting, or all of them.
struct HoldShare {
  uint32_t frames = 0;
  uint64_t bytes = UINT64_MAX;
};

enum class Yield : uint8_t { kOldest, kLargest };

// Target is a Neighbor, or a host as its key in the FDB.
template <class Target>
class HoldQueues {
 public:
  static constexpr uint32_t kMaxFrames = UINT16_MAX - 1;

  // `all.frames` is 1 .. kMaxFrames.
  HoldQueues(HoldShare all, HashSecret secret, Yield yield = Yield::kOldest);
  ~HoldQueues();
  HoldQueues(const HoldQueues&) = delete;
  HoldQueues& operator=(const HoldQueues&) = delete;

  bool empty() const { return held_ == 0; }
  uint32_t held() const { return held_; }
  bool holds(const Target& target) const { return find(target) != kNone; }

  // Takes the frame; for a new target, `now` is when its neighbor is asked for first. What gives
  // way to it is the caller's again: dropped(HeldFrame). It may be the frame itself, if it is too
  // long.
  template <class Dropped>
  void push(const Target& target, HoldShare share, const HeldFrame& frame, Nanos now,
            Dropped dropped);

  // Of the target's frames the oldest, at most `most` of them, are the caller's again:
  // each(HeldFrame). Returns how many.
  template <class Each>
  uint32_t take(const Target& target, uint32_t most, Each each) {
    const uint16_t at = find(target);
    if (at == kNone) return 0;
    const uint32_t count = std::min<uint32_t>(most, queues_[at].count);
    for (uint32_t n = 0; n < count; ++n) each(pop(at));  // the last one frees the target
    return count;
  }

  // The frames for which is_meant(Target, HeldFrame) are the caller's again: dropped(HeldFrame).
  // The rest stays in its order.
  template <class IsMeant, class Dropped>
  void drop_if(IsMeant is_meant, Dropped dropped);

  // Calls each(Target, PortIndex, Nanos& asked) for at most `most` targets, others in each call:
  // the port by which its oldest frame came, and when control was last told to ask.
  template <class Each>
  void look_at_some(unsigned most, Each each) {
    for (unsigned n = 0; n < most && held_ > 0; ++n) {
      next_look_ = next_look_ == kNone ? oldest_ : next_look_;
      const uint16_t at = next_look_;
      next_look_ = queues_[at].newer;
      each(queues_[at].target, entries_[queues_[at].first].frame.in_port, queues_[at].asked);
    }
  }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;

  struct Entry {
    HeldFrame frame;
    uint16_t next = kNone;  // younger of the same target; or the next free one
  };
  struct Queue {
    Target target{};
    Nanos asked = 0;
    uint64_t bytes = 0;
    uint16_t first = kNone;  // entries, oldest and youngest
    uint16_t last = kNone;
    uint16_t count = 0;
    uint16_t chain = kNone;  // next in the same bucket; or the next free one
    uint16_t older = kNone;  // in the order in which the targets came
    uint16_t newer = kNone;
  };

  uint32_t bucket_of(const Target& target) const {
    return static_cast<uint32_t>(hash_of(target, secret_) & (buckets_.size() - 1));
  }
  uint16_t find(const Target& target) const {
    uint16_t at = buckets_[bucket_of(target)];
    while (at != kNone && !(queues_[at].target == target)) at = queues_[at].chain;
    return at;
  }
  uint16_t gives_way(const Target& target) const;
  bool is_over(const Target& target, HoldShare share, uint64_t size) const;
  uint16_t add_target(const Target& target, Nanos now);
  void remove_target(uint16_t at);
  HeldFrame pop(uint16_t at);

  HashSecret secret_;
  HoldShare all_;
  Yield yield_;
  uint32_t held_ = 0;
  uint64_t bytes_ = 0;
  std::vector<Entry> entries_;
  std::vector<Queue> queues_;
  std::vector<uint16_t> buckets_;
  uint16_t free_entry_ = 0;
  uint16_t free_queue_ = 0;
  uint16_t oldest_ = kNone;
  uint16_t newest_ = kNone;
  uint16_t next_look_ = kNone;
};

}  // namespace godwit

#include "dataplane/hold_impl.h"
