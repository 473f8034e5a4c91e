#include "lib/reflection.h"

namespace godwit {
namespace {

// A note: the fingerprint's high 40 bits over the low 24 bits of a time in units of 2^14 ns (16 µs,
// wrapping after 275 s). Time is kept off 0 by one, so that an empty note is like no other.
constexpr unsigned kTimeBits = 24;
constexpr unsigned kTickShift = 14;
constexpr uint64_t kTimeMask = (1U << kTimeBits) - 1;
// One more, because a window that starts late in one tick ends late in another.
constexpr uint64_t kWindowTicks = (kReflectionWindow >> kTickShift) + 1;

uint64_t tick(Nanos now) { return (now >> kTickShift) & kTimeMask; }
uint64_t ticks_since(uint64_t note, Nanos now) { return (tick(now) - note) & kTimeMask; }
uint64_t print_of(uint64_t fingerprint) { return fingerprint | kTimeMask; }

}  // namespace

size_t ReflectionFilter::line_of(uint64_t fingerprint) const {
  // The low half picks the line: the note keeps the high bits.
  return (fingerprint & 0xffffffff) * lines_ >> 32;
}

void ReflectionFilter::note(uint64_t fingerprint, Nanos now) {
  auto& notes = notes_[line_of(fingerprint)].notes;
  size_t oldest = 0;
  uint64_t age = 0;
  for (size_t i = 0; i < notes.size(); ++i) {
    const uint64_t note = notes[i].load(std::memory_order_relaxed);
    const uint64_t since = note == 0 ? kTimeMask : ticks_since(note, now);
    if (since >= age) {
      oldest = i;
      age = since;
    }
  }
  notes[oldest].store((fingerprint & ~kTimeMask) | tick(now), std::memory_order_relaxed);
}

bool ReflectionFilter::seen(uint64_t fingerprint, Nanos now) const {
  for (const auto& slot : notes_[line_of(fingerprint)].notes) {
    const uint64_t note = slot.load(std::memory_order_relaxed);
    if (note != 0 && print_of(note) == print_of(fingerprint) &&
        ticks_since(note, now) <= kWindowTicks)
      return true;
  }
  return false;
}

}  // namespace godwit
