// The member functions of HoldQueues; included by dataplane/hold.h.
#pragma once

#include "dataplane/hold.h"

namespace godwit {

template <class Target>
HoldQueues<Target>::HoldQueues(HoldShare all, HashSecret secret, Yield yield)
    : secret_(secret),
      all_(all),
      yield_(yield),
      entries_(all.frames),
      queues_(all.frames),
      buckets_(std::bit_ceil(all.frames), kNone) {
  for (uint32_t i = 0; i + 1 < all.frames; ++i)
    entries_[i].next = queues_[i].chain = static_cast<uint16_t>(i + 1);
}

template <class Target>
HoldQueues<Target>::~HoldQueues() {
  while (held_ > 0) rte_pktmbuf_free(pop(oldest_).mbuf);
}

// Whether the target has no share left for a frame of so many octets.
template <class Target>
bool HoldQueues<Target>::is_over(const Target& target, HoldShare share, uint64_t size) const {
  const uint16_t at = find(target);
  return at != kNone &&
         (queues_[at].count >= share.frames || queues_[at].bytes + size > share.bytes);
}

// Of the newcomer's own queue and the first few, so that it costs the same however many there are.
template <class Target>
uint16_t HoldQueues<Target>::gives_way(const Target& target) const {
  constexpr unsigned kLooks = 8;
  if (yield_ == Yield::kOldest) return oldest_;
  const bool by_frames = held_ == entries_.size();
  const auto share = [&](uint16_t at) { return by_frames ? queues_[at].count : queues_[at].bytes; };
  const uint16_t own = find(target);
  uint16_t largest = own == kNone ? oldest_ : own;
  uint16_t at = oldest_;
  for (unsigned n = 0; n < kLooks && at != kNone; ++n, at = queues_[at].newer)
    if (share(at) > share(largest)) largest = at;
  return largest;
}

template <class Target>
template <class Dropped>
void HoldQueues<Target>::push(const Target& target, HoldShare share, const HeldFrame& frame,
                              Nanos now, Dropped dropped) {
  const uint64_t size = frame.mbuf->pkt_len;
  if (share.frames == 0 || size > share.bytes || size > all_.bytes) return dropped(frame);
  while (is_over(target, share, size)) dropped(pop(find(target)));
  while (held_ == entries_.size() || bytes_ + size > all_.bytes) dropped(pop(gives_way(target)));
  uint16_t at = find(target);
  if (at == kNone) at = add_target(target, now);
  const uint16_t e = free_entry_;
  free_entry_ = entries_[e].next;
  entries_[e] = {frame, kNone};
  Queue& queue = queues_[at];
  (queue.last == kNone ? queue.first : entries_[queue.last].next) = e;
  queue.last = e;
  queue.bytes += size;
  bytes_ += size;
  ++queue.count;
  ++held_;
}

// Each queue is turned round once: what stays goes from its head to its end.
template <class Target>
template <class IsMeant, class Dropped>
void HoldQueues<Target>::drop_if(IsMeant is_meant, Dropped dropped) {
  for (uint16_t at = oldest_, next; at != kNone; at = next) {
    Queue& queue = queues_[at];
    next = queue.newer;
    for (uint16_t left = queue.count; left > 0; --left) {
      const uint16_t e = queue.first;
      if (is_meant(queue.target, entries_[e].frame)) {
        dropped(pop(at));
      } else if (e != queue.last) {
        queue.first = entries_[e].next;
        entries_[e].next = kNone;
        entries_[queue.last].next = e;
        queue.last = e;
      }
    }
  }
}

template <class Target>
uint16_t HoldQueues<Target>::add_target(const Target& target, Nanos now) {
  const uint16_t at = free_queue_;
  free_queue_ = queues_[at].chain;
  uint16_t& bucket = buckets_[bucket_of(target)];
  queues_[at] = Queue{.target = target, .asked = now, .chain = bucket, .older = newest_};
  bucket = at;
  (newest_ == kNone ? oldest_ : queues_[newest_].newer) = at;
  newest_ = at;
  return at;
}

template <class Target>
void HoldQueues<Target>::remove_target(uint16_t at) {
  Queue& gone = queues_[at];
  uint16_t* link = &buckets_[bucket_of(gone.target)];
  while (*link != at) link = &queues_[*link].chain;
  *link = gone.chain;
  (gone.older == kNone ? oldest_ : queues_[gone.older].newer) = gone.newer;
  (gone.newer == kNone ? newest_ : queues_[gone.newer].older) = gone.older;
  if (next_look_ == at) next_look_ = gone.newer;
  gone.chain = free_queue_;
  free_queue_ = at;
}

template <class Target>
HeldFrame HoldQueues<Target>::pop(uint16_t at) {
  Queue& queue = queues_[at];
  const uint16_t e = queue.first;
  const HeldFrame frame = entries_[e].frame;
  queue.first = entries_[e].next;
  if (queue.first == kNone) queue.last = kNone;
  --queue.count;
  --held_;
  queue.bytes -= frame.mbuf->pkt_len;
  bytes_ -= frame.mbuf->pkt_len;
  entries_[e].next = free_entry_;
  free_entry_ = e;
  if (queue.count == 0) remove_target(at);
  return frame;
}

}  // namespace godwit
