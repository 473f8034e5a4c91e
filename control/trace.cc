#include "control/trace.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace godwit {
namespace {

TracedFrame read(std::span<const uint8_t> octets, uint16_t worker) {
  TraceRecord record;
  std::memcpy(static_cast<void*>(&record), octets.data(), sizeof record);
  TracedFrame frame{.at = record.at,
                    .worker = worker,
                    .passage = record.passage,
                    .hearers = std::vector<Hearer>(record.hearers)};
  // There may be none, and then no place for them either.
  std::copy_n(octets.data() + sizeof record, record.hearers * sizeof(Hearer),
              reinterpret_cast<uint8_t*>(frame.hearers.data()));
  return frame;
}

}  // namespace

void Trace::start(const Order& order, Nanos now) {
  order_ = order;
  until_ = now + order.time;
  frames_.clear();
  running_ = true;
  taps_.trace(order.wish);
}

void Trace::stop() {
  if (std::exchange(running_, false)) taps_.end_trace();
}

void Trace::turn(Nanos now) {
  if (!running_) return;
  const auto known = static_cast<std::ptrdiff_t>(frames_.size());
  for (size_t w = 0; w < taps_.trace_lines().size(); ++w)
    take_from(static_cast<uint16_t>(w), taps_.trace_lines()[w]->ring);
  std::stable_sort(frames_.begin() + known, frames_.end(),
                   [](const TracedFrame& a, const TracedFrame& b) { return a.at < b.at; });
  if (frames_.size() > order_.frames) frames_.resize(order_.frames);
  if (frames_.size() == order_.frames || now >= until_) stop();
}

// As many as are wanted in all will do of each worker.
void Trace::take_from(uint16_t worker, RecordRing& ring) {
  for (uint64_t n = 0; n < order_.frames; ++n) {
    const std::span<const uint8_t> octets = ring.front();
    if (octets.empty()) return;
    frames_.push_back(read(octets, worker));
    ring.pop();
  }
}

}  // namespace godwit
