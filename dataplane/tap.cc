#include "dataplane/tap.h"

#include <algorithm>
#include <cstring>

#include <rte_mbuf.h>

#include "dataplane/burst.h"
#include "dataplane/flood.h"

namespace godwit {
namespace {

std::span<const uint8_t> first_segment(const rte_mbuf* frame) {
  return {rte_pktmbuf_mtod(frame, const uint8_t*), frame->data_len};
}

bool wants(const CaptureWish& wish, const rte_mbuf* frame, PortIndex port) {
  return wish.port.value_or(port) == port && wish.frames.wants(first_segment(frame));
}

void copy_octets(const rte_mbuf* segment, uint8_t* to, uint32_t count) {
  for (; count > 0 && segment != nullptr; segment = segment->next) {
    const uint32_t here = std::min<uint32_t>(count, segment->data_len);
    std::memcpy(to, rte_pktmbuf_mtod(segment, const uint8_t*), here);
    to += here;
    count -= here;
  }
}

template <class Line>
uint8_t* reserve(Line& line, size_t octets) {
  uint8_t* const room = line.ring.reserve(octets);
  if (room == nullptr) ++line.lost;
  return room;
}

}  // namespace

Tap::Tap(const Topology& topology, const PortStates& ports, std::shared_ptr<CaptureLine> capture,
         std::shared_ptr<TraceLine> trace)
    : topology_(topology), ports_(ports), capture_(std::move(capture)), trace_(std::move(trace)) {}

void Tap::arrived(const Burst& burst, Nanos now) {
  if (capture_ && capture_->wish.in) {
    for (uint16_t i = 0; i < burst.count; ++i)
      if (wants(capture_->wish, burst.mbuf[i], burst.in_port[i]))
        copy(burst.mbuf[i], {.at = now, .port = burst.in_port[i], .way = Way::kIn});
    capture_->ring.publish();
  }
  marked_ = 0;
  if (!trace_) return;
  const TraceWish& wish = trace_->wish;
  for (uint16_t i = 0; i < burst.count; ++i)
    if (wish.port.value_or(burst.in_port[i]) == burst.in_port[i] &&
        wish.frames.wants(burst.bytes(i)))
      marks_[marked_++] = {i, godwit::arrived(burst.bytes(i), burst.mbuf[i]->pkt_len)};
}

void Tap::seen(const Burst& burst, Nanos now) {
  if (marked_ == 0) return;
  for (uint16_t m = 0; m < marked_; ++m) follow(burst, marks_[m], now);
  trace_->ring.publish();
}

void Tap::follow(const Burst& burst, const Mark& mark, Nanos now) {
  std::array<Hearer, kMostHearers> hearers;
  TraceRecord record{.at = now, .passage = Passage(burst, mark.i, mark.came)};
  if (record.passage.fate == Fate::kFlooded)
    for_each_hearer(topology_, ports_, burst, mark.i, [&](const Membership& member) {
      if (record.hearers < kMostHearers) hearers[record.hearers++] = {member.port, member.tagged};
    });
  const size_t more = record.hearers * sizeof(Hearer);
  uint8_t* const room = reserve(*trace_, sizeof record + more);
  if (room == nullptr) return;
  std::memcpy(room, &record, sizeof record);
  std::memcpy(room + sizeof record, hearers.data(), more);
}

void Tap::dropped(const rte_mbuf* frame, PortIndex port, Drop why, Nanos now) {
  if (!capture_ || !capture_->wish.drops || !wants(capture_->wish, frame, port)) return;
  copy(frame, {.at = now, .port = port, .way = Way::kDropped, .why = why});
  capture_->ring.publish();
}

// A frame may be gone once it is sent, so it is copied before; what the port does not take is then
// given back.
void Tap::offered(PortIndex port, const rte_mbuf* const* frames, uint16_t count, Nanos now) {
  copies_offer_ = capture_ && capture_->wish.out && capture_->wish.port.value_or(port) == port;
  if (!copies_offer_) return;
  before_offer_ = capture_->ring.position();
  for (uint16_t i = 0; i < count; ++i) {
    if (wants(capture_->wish, frames[i], port))
      copy(frames[i], {.at = now, .port = port, .way = Way::kOut});
    behind_[i] = capture_->ring.position();
  }
}

void Tap::taken(uint16_t count) {
  if (!copies_offer_) return;
  capture_->ring.rewind(count == 0 ? before_offer_ : behind_[count - 1]);
  capture_->ring.publish();
}

void Tap::copy(const rte_mbuf* frame, FrameRecord record) {
  record.length = frame->pkt_len;
  record.captured = std::min(frame->pkt_len, capture_->wish.snaplen);
  uint8_t* const room = reserve(*capture_, sizeof record + record.captured);
  if (room == nullptr) return;
  std::memcpy(room, &record, sizeof record);
  copy_octets(frame, room + sizeof record, record.captured);
}

}  // namespace godwit
