#include "dataplane/hold.h"

#include <algorithm>
#include <bit>

namespace godwit {

HoldQueues::HoldQueues(uint32_t frames, uint32_t per_target, HashSecret secret)
    : secret_(secret),
      per_target_(per_target),
      entries_(frames),
      targets_(frames),
      buckets_(std::bit_ceil(frames), kNone) {
  for (uint32_t i = 0; i + 1 < frames; ++i)
    entries_[i].next = targets_[i].chain = static_cast<uint16_t>(i + 1);
}

HoldQueues::~HoldQueues() {
  while (held_ > 0) rte_pktmbuf_free(pop(oldest_).mbuf);
}

uint32_t HoldQueues::bucket_of(const Neighbor& target) const {
  uint64_t h = keyed_hash(target.ip.hi ^ target.bridge, secret_);
  h = keyed_hash(h ^ target.ip.lo, secret_);
  return static_cast<uint32_t>(h & (buckets_.size() - 1));
}

uint16_t HoldQueues::find(const Neighbor& target) const {
  uint16_t at = buckets_[bucket_of(target)];
  while (at != kNone && !(targets_[at].target == target)) at = targets_[at].chain;
  return at;
}

HeldFrame HoldQueues::push(const Neighbor& target, const HeldFrame& frame, Nanos now) {
  HeldFrame evicted;
  uint16_t at = find(target);
  if (at != kNone && targets_[at].count == per_target_)
    evicted = pop(at);
  else if (held_ == entries_.size())
    evicted = pop(oldest_);
  at = find(target);
  if (at == kNone) at = add_target(target, now);
  const uint16_t e = free_entry_;
  free_entry_ = entries_[e].next;
  entries_[e] = {frame, kNone};
  Target& queue = targets_[at];
  (queue.last == kNone ? queue.first : entries_[queue.last].next) = e;
  queue.last = e;
  ++queue.count;
  ++held_;
  return evicted;
}

uint16_t HoldQueues::add_target(const Neighbor& target, Nanos now) {
  const uint16_t at = free_target_;
  free_target_ = targets_[at].chain;
  uint16_t& bucket = buckets_[bucket_of(target)];
  targets_[at] = {.target = target, .asked = now, .chain = bucket, .older = newest_};
  bucket = at;
  (newest_ == kNone ? oldest_ : targets_[newest_].newer) = at;
  newest_ = at;
  return at;
}

void HoldQueues::remove_target(uint16_t at) {
  Target& gone = targets_[at];
  uint16_t* link = &buckets_[bucket_of(gone.target)];
  while (*link != at) link = &targets_[*link].chain;
  *link = gone.chain;
  (gone.older == kNone ? oldest_ : targets_[gone.older].newer) = gone.newer;
  (gone.newer == kNone ? newest_ : targets_[gone.newer].older) = gone.older;
  if (next_look_ == at) next_look_ = gone.newer;
  gone.chain = free_target_;
  free_target_ = at;
}

HeldFrame HoldQueues::pop(uint16_t at) {
  Target& queue = targets_[at];
  const uint16_t e = queue.first;
  const HeldFrame frame = entries_[e].frame;
  queue.first = entries_[e].next;
  if (queue.first == kNone) queue.last = kNone;
  --queue.count;
  --held_;
  entries_[e].next = free_entry_;
  free_entry_ = e;
  if (queue.count == 0) remove_target(at);
  return frame;
}

}  // namespace godwit
