// A walk over all entries of a table, for what only time brings about. It runs when the first of
// the entries that it saw may expire, not once a second: an entry that is heard again only lives
// longer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "lib/units.h"

namespace godwit {

// A Policy has
//   auto& table();               what is swept: an Fdb or a NeighborTable
//   uint64_t inserted() const;     another number than before if entries were inserted since
//   Nanos shortest_life() const;   an entry inserted now does not expire before
//   std::optional<Nanos> visit(uint32_t slot, Nanos now);
//                                  ends an expired entry; the instant a live one expires, if any
template <class Policy>
class Sweep {
 public:
  // `policy` must outlive the sweep.
  explicit Sweep(Policy& policy) : policy_(policy) {}

  Nanos next_due() const {
    if (at_ != 0) return started_;  // in the middle: go on
    const bool newer = policy_.inserted() != inserted_;
    return newer ? std::min(first_expiry_, started_ + policy_.shortest_life()) : first_expiry_;
  }

  // One turn, of at most kTurn buckets (well under a millisecond); call while next_due() <= now.
  void run(Nanos now) {
    if (at_ == 0) {
      started_ = now;
      inserted_ = policy_.inserted();
      first_expiry_ = kNever;
    }
    at_ = policy_.table().sweep(at_, kTurn, [&](uint32_t slot) {
      if (const std::optional<Nanos> expiry = policy_.visit(slot, now))
        first_expiry_ = std::min(first_expiry_, *expiry);
    });
    if (at_ == policy_.table().slot_count()) {
      at_ = 0;
      ++walks_;
    }
  }

  // Something will end at that instant which no walk has seen.
  void expect(Nanos instant) { first_expiry_ = std::min(first_expiry_, instant); }

  // Walks from the start at the next occasion, whatever is due: something may have been missed.
  // Returns the number that walks() has when that walk is done.
  uint64_t hurry() {
    first_expiry_ = 0;
    return walks_ + (at_ != 0 ? 2 : 1);
  }
  uint64_t walks() const { return walks_; }  // done

 private:
  static constexpr uint32_t kTurn = 1U << 11;

  Policy& policy_;
  uint32_t at_ = 0;  // next slot; 0: no walk under way
  Nanos started_ = 0;
  Nanos first_expiry_ = kNever;
  uint64_t inserted_ = 0;
  uint64_t walks_ = 0;
};

}  // namespace godwit
