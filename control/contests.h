// How often a host's place was claimed falsely: what a claimant has coming, and when the host is
// frozen where it is because too many claims were false (RFC 7432 §15.1, RFC 9161 §3.7).
//
// Only what was contested counts. A move that is verified, or that the VM manager told of, is free:
// one migration alone may move a MAC six times, and an evacuation ten thousand of them at once.
//
// Control's thread. The memory is bounded; when it is full the hosts that were quiet longest are
// forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "lib/units.h"

namespace godwit {

class Contests {
 public:
  struct Sentence {
    Nanos suspect_until = 0;  // claims from the same place are verified before they are believed
    Nanos freeze_for = 0;     // not 0: the host is to be frozen for so long
  };

  // A claim on the host of this FDB key was false.
  Sentence found_false(uint64_t key, Nanos now) { return note(key, kFalse, now); }
  // The host went back to where it had just come from, and nobody can tell who is right.
  Sentence went_back(uint64_t key, Nanos now) { return note(key, kBack, now); }
  // The VM manager's word settles who is right.
  void forgive(uint64_t key) { records_.erase(key); }

 private:
  // Five false claims in three minutes freeze a host, or twenty turns that nobody can verify.
  static constexpr unsigned kFalse = 4;
  static constexpr unsigned kBack = 1;
  static constexpr unsigned kFreezeAt = 20;
  static constexpr Nanos kWindow = 180 * kSecond;
  static constexpr Nanos kFirstPenalty = 1 * kSecond;
  static constexpr Nanos kLongestPenalty = 10 * kSecond;
  static constexpr Nanos kFirstFreeze = 30 * kSecond;
  static constexpr Nanos kLongestFreeze = 540 * kSecond;
  static constexpr size_t kMost = 1U << 16;

  struct Record {
    Nanos began = 0;      // the window
    Nanos last = 0;       // contest, or the end of the last freeze
    unsigned points = 0;  // in it
    Nanos penalty = kFirstPenalty;
    Nanos suspect_until = 0;
    Nanos freeze = kFirstFreeze;
  };

  Sentence note(uint64_t key, unsigned points, Nanos now);
  void forget_quiet(Nanos now);

  std::unordered_map<uint64_t, Record> records_;
};

}  // namespace godwit
