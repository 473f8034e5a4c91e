#include "control/taps.h"

#include <atomic>
#include <utility>

namespace godwit {
namespace {

// Of each worker: a millisecond of full frames at 30 Gbit/s, and some hundred passages.
constexpr size_t kCaptureOctets = size_t{4} << 20;
constexpr size_t kTraceOctets = size_t{256} << 10;

template <class Line, class Wish>
std::vector<std::shared_ptr<Line>> lines(size_t workers, const Wish& wish, size_t octets) {
  std::vector<std::shared_ptr<Line>> all(workers);
  for (auto& line : all) line = std::make_shared<Line>(wish, octets);
  return all;
}

template <class Line>
std::shared_ptr<Line> line_of(const std::vector<std::shared_ptr<Line>>& lines, size_t worker) {
  return lines.empty() ? nullptr : lines[worker];
}

}  // namespace

Taps::Taps(const Topology& topology, const PortStates& ports, std::vector<Worker*> workers,
           GracePeriod& grace)
    : topology_(topology),
      ports_(ports),
      workers_(std::move(workers)),
      grace_(grace),
      taps_(workers_.size()) {}

Taps::~Taps() {
  for (Worker* worker : workers_) worker->observer.store(nullptr, std::memory_order_release);
}

void Taps::capture(const CaptureWish& wish) {
  capture_ = lines<CaptureLine>(workers_.size(), wish, kCaptureOctets);
  publish();
}

void Taps::trace(const TraceWish& wish) {
  trace_ = lines<TraceLine>(workers_.size(), wish, kTraceOctets);
  publish();
}

void Taps::end_capture() {
  capture_.clear();
  publish();
}

void Taps::end_trace() {
  trace_.clear();
  publish();
}

void Taps::publish() {
  const bool is_wanted = !capture_.empty() || !trace_.empty();
  std::vector<std::unique_ptr<Tap>> before = std::move(taps_);
  taps_ = std::vector<std::unique_ptr<Tap>>(workers_.size());
  for (size_t w = 0; w < workers_.size(); ++w) {
    if (is_wanted)
      taps_[w] = std::make_unique<Tap>(topology_, ports_, line_of(capture_, w), line_of(trace_, w));
    workers_[w]->observer.store(taps_[w].get(), std::memory_order_release);
  }
  const uint64_t token = grace_.start();
  for (auto& tap : before)
    if (tap) former_.push_back({token, std::move(tap)});
}

void Taps::poll() {
  while (!former_.empty() && grace_.elapsed(former_.front().token)) former_.pop_front();
}

}  // namespace godwit
