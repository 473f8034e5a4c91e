// Tells a message that was heard before from a new one, by its sequence number, for a bounded
// number of senders.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "lib/units.h"

namespace godwit {

enum class Freshness : uint8_t {
  kFresh,     // not heard before; from now on it was
  kReplayed,  // heard before
  kStale,     // so far behind the newest that nobody knows
  kNoRoom,    // a sender too many
};

// The sliding window of RFC 4303 §3.4.3: which of the last kSize numbers were heard. It is a ring
// of words, as in RFC 6479, so that a newer number costs no shift. One thread.
class ReplayWindow {
 public:
  static constexpr uint64_t kSize = 1024;  // numbers below the newest that may still come

  // Only of messages whose tag is right: a forged one would move the window.
  Freshness hear(uint64_t sequence) {
    if (!any_) {
      any_ = true;
      newest_ = sequence;
    } else if (sequence > newest_) {
      advance(sequence);
    } else if (newest_ - sequence >= kSize) {
      return Freshness::kStale;
    } else if (bit(sequence)) {
      return Freshness::kReplayed;
    }
    words_[word_of(sequence)] |= mask_of(sequence);
    return Freshness::kFresh;
  }

 private:
  // One word more than the window spans: the newest number's is only partly in it.
  static constexpr uint64_t kWords = kSize / 64 * 2;
  static_assert((kWords & (kWords - 1)) == 0);

  static constexpr size_t word_of(uint64_t sequence) { return sequence / 64 % kWords; }
  static constexpr uint64_t mask_of(uint64_t sequence) { return uint64_t{1} << sequence % 64; }
  bool bit(uint64_t sequence) const { return (words_[word_of(sequence)] & mask_of(sequence)) != 0; }

  // Words between the newest number's and this one's were last used a turn of the ring ago.
  void advance(uint64_t sequence) {
    const uint64_t words = sequence / 64 - newest_ / 64;
    if (words >= kWords)
      words_.fill(0);
    else
      for (uint64_t w = 1; w <= words; ++w) words_[(newest_ / 64 + w) % kWords] = 0;
    newest_ = sequence;
  }

  bool any_ = false;
  uint64_t newest_ = 0;
  std::array<uint64_t, kWords> words_{};
};

// One window a sender. A message says when it was issued and is refused by its caller once it is
// older than `memory`, so a window need not outlive that: only senders silent for longer give their
// place to others, and while all of them speak a newcomer is refused. One thread.
class ReplayWindows {
 public:
  static constexpr size_t kSenders = 1024;

  explicit ReplayWindows(Nanos memory) : memory_(memory) {}

  Freshness hear(uint64_t sender, uint64_t sequence, Nanos now) {
    auto at = senders_.find(sender);
    if (at == senders_.end()) {
      if (senders_.size() >= kSenders && !make_room(now)) return Freshness::kNoRoom;
      at = senders_.try_emplace(sender).first;
    }
    at->second.heard = now;
    return at->second.window.hear(sequence);
  }
  size_t senders() const { return senders_.size(); }

 private:
  struct Sender {
    ReplayWindow window;
    Nanos heard = 0;
  };

  bool make_room(Nanos now) {
    // Once all of them speak, nothing changes before the first has been silent for long.
    if (now < full_until_) return false;
    Nanos oldest = now;
    const size_t ended = std::erase_if(senders_, [&](const auto& entry) {
      const bool is_over = now - entry.second.heard > memory_;
      if (!is_over && entry.second.heard < oldest) oldest = entry.second.heard;
      return is_over;
    });
    if (ended == 0) full_until_ = oldest + memory_;
    return ended != 0;
  }

  Nanos memory_;
  Nanos full_until_ = 0;
  std::unordered_map<uint64_t, Sender> senders_;
};

}  // namespace godwit
