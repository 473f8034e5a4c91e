// Frames that wait until their neighbor's MAC is known (RFC 1122 §2.3.2.2, RFC 1812 §3.3.2): a few
// for each target, in the order in which they came, and so many in all. When room is short the
// oldest give way, so that a scan of addresses that nobody has does not keep a live host's first
// packet out.
//
// A worker's own; all memory is taken at the start.
#pragma once

#include <cstdint>
#include <vector>

#include <rte_mbuf.h>

#include "lib/address.h"
#include "lib/hash.h"
#include "lib/units.h"

namespace godwit {

struct Neighbor {
  BridgeIndex bridge = kNoBridge;
  IpAddress ip;
  bool operator==(const Neighbor&) const = default;
};

struct HeldFrame {
  rte_mbuf* mbuf = nullptr;  // as it was received
  PortIndex in_port = 0;
  BridgeIndex bridge = kNoBridge;  // it came in by
};

class HoldQueues {
 public:
  static constexpr uint32_t kMaxFrames = UINT16_MAX - 1;

  // At most so many frames, and so many of one target: 1 .. kMaxFrames.
  HoldQueues(uint32_t frames, uint32_t per_target, HashSecret secret);
  ~HoldQueues();
  HoldQueues(const HoldQueues&) = delete;
  HoldQueues& operator=(const HoldQueues&) = delete;

  bool empty() const { return held_ == 0; }
  uint32_t held() const { return held_; }
  bool holds(const Neighbor& target) const { return find(target) != kNone; }

  // Takes the frame; for a new target, `now` is when its neighbor is asked for first. What gives
  // way to it, at most one frame, is the caller's again: its mbuf is null if none had to.
  HeldFrame push(const Neighbor& target, const HeldFrame& frame, Nanos now);

  // The target's frames, oldest first, are the caller's again: each(HeldFrame).
  template <class Each>
  void take(const Neighbor& target, Each each) {
    const uint16_t at = find(target);
    if (at == kNone) return;
    while (targets_[at].count > 1) each(pop(at));
    each(pop(at));  // the last one frees the target
  }

  // Calls each(Neighbor, PortIndex, Nanos& asked) for at most `most` targets, others in each call:
  // the port by which its oldest frame came, and when control was last told to ask.
  template <class Each>
  void look_at_some(unsigned most, Each each) {
    for (unsigned n = 0; n < most && held_ > 0; ++n) {
      next_look_ = next_look_ == kNone ? oldest_ : next_look_;
      const uint16_t at = next_look_;
      next_look_ = targets_[at].newer;
      each(targets_[at].target, entries_[targets_[at].first].frame.in_port, targets_[at].asked);
    }
  }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;

  struct Entry {
    HeldFrame frame;
    uint16_t next = kNone;  // younger of the same target; or the next free one
  };
  struct Target {
    Neighbor target;
    Nanos asked = 0;
    uint16_t first = kNone;  // entries, oldest and youngest
    uint16_t last = kNone;
    uint16_t count = 0;
    uint16_t chain = kNone;  // next in the same bucket; or the next free one
    uint16_t older = kNone;  // in the order in which the targets came
    uint16_t newer = kNone;
  };

  uint32_t bucket_of(const Neighbor& target) const;
  uint16_t find(const Neighbor& target) const;
  uint16_t add_target(const Neighbor& target, Nanos now);
  void remove_target(uint16_t at);
  HeldFrame pop(uint16_t at);

  HashSecret secret_;
  uint32_t per_target_;
  uint32_t held_ = 0;
  std::vector<Entry> entries_;
  std::vector<Target> targets_;
  std::vector<uint16_t> buckets_;
  uint16_t free_entry_ = 0;
  uint16_t free_target_ = 0;
  uint16_t oldest_ = kNone;
  uint16_t newest_ = kNone;
  uint16_t next_look_ = kNone;
};

}  // namespace godwit
