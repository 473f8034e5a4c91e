#include "lib/reflection.h"

namespace godwit {
namespace {

// A note: 32 bits of the fingerprint over 32 bits of a time in units of 2^16 ns (66 us, wrapping
// after 78 hours). A note whose time is 0 is none.
constexpr unsigned kTickShift = 16;
// One more, because a window that starts late in one tick ends late in another.
constexpr uint32_t kWindowTicks = (kReflectionWindow >> kTickShift) + 1;

uint32_t tick(Nanos now) {
  const auto t = static_cast<uint32_t>(now >> kTickShift);
  return t == 0 ? 1 : t;
}
uint32_t ticks_since(uint64_t note, Nanos now) { return tick(now) - static_cast<uint32_t>(note); }

}  // namespace

size_t ReflectionFilter::line_of(uint64_t fingerprint) const {
  // The low half picks the line, the note keeps the high half.
  return (fingerprint & 0xffffffff) * lines_ >> 32;
}

void ReflectionFilter::note(uint64_t fingerprint, Nanos now) {
  auto& notes = notes_[line_of(fingerprint)].notes;
  size_t oldest = 0;
  uint32_t age = 0;
  for (size_t i = 0; i < notes.size(); ++i) {
    const uint64_t note = notes[i].load(std::memory_order_relaxed);
    const uint32_t since = note == 0 ? UINT32_MAX : ticks_since(note, now);
    if (since >= age) {
      oldest = i;
      age = since;
    }
  }
  notes[oldest].store((fingerprint >> 32 << 32) | tick(now), std::memory_order_relaxed);
}

bool ReflectionFilter::seen(uint64_t fingerprint, Nanos now) const {
  for (const auto& slot : notes_[line_of(fingerprint)].notes) {
    const uint64_t note = slot.load(std::memory_order_relaxed);
    if (note != 0 && note >> 32 == fingerprint >> 32 && ticks_since(note, now) <= kWindowTicks)
      return true;
  }
  return false;
}

}  // namespace godwit
