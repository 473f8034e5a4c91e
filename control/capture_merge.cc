#include "control/capture_merge.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace godwit {

void CaptureMerge::add(PortIndex port, CaptureStream stream) {
  sources_.push_back({port, std::move(stream), {}});
  advance(sources_.size() - 1);
}

std::optional<Nanos> CaptureMerge::peek_time() const {
  if (turns_.empty()) return std::nullopt;
  return turns_.front().time;
}

bool CaptureMerge::next(MergedFrame& out) {
  if (turns_.empty()) return false;
  const Turn turn = turns_.front();
  std::pop_heap(turns_.begin(), turns_.end(), std::greater<>());
  turns_.pop_back();
  out = {turn.port, sources_[turn.source].head};
  advance(turn.source);
  return true;
}

void CaptureMerge::advance(size_t index) {
  Source& source = sources_[index];
  const auto frame = source.stream.next();
  if (!frame) return;
  source.head = *frame;
  turns_.push_back({frame->absolute_ns, source.port, index});
  std::push_heap(turns_.begin(), turns_.end(), std::greater<>());
}

uint64_t CaptureMerge::total_bytes() const {
  uint64_t sum = 0;
  for (const auto& source : sources_) sum += source.stream.file().bytes().size();
  return sum;
}

uint64_t CaptureMerge::consumed_bytes() const {
  uint64_t sum = 0;
  for (const auto& source : sources_) sum += source.stream.offset();
  return sum;
}

}  // namespace godwit
