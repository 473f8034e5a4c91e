// Limits on what a table may hold: in total, for each bridge, and for each port. The newcomer is
// refused; what is there stays. Any thread may call.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/units.h"

namespace godwit {

inline constexpr int64_t kUnlimited = INT64_MAX;

// Limits in entries. A bridge or port beyond the end of its list is neither limited nor counted: so
// are kSelf and kNoLocation.
struct QuotaLimits {
  int64_t total = kUnlimited;
  std::vector<int64_t> per_bridge;
  std::vector<int64_t> per_port;

  // A table of fixed size has a total, whatever else is asked.
  QuotaLimits with_total_at_most(int64_t most) const {
    QuotaLimits limits = *this;
    limits.total = std::min(total, most);
    return limits;
  }
};

class Quota {
 public:
  explicit Quota(const QuotaLimits& limits)
      : total_(limits.total), bridges_(make(limits.per_bridge)), ports_(make(limits.per_port)) {}

  // Counts one entry more; false, and nothing is counted, if that would exceed a limit.
  bool take(BridgeIndex bridge, Location port) {
    if (!take(find(ports_, port))) return false;
    if (!take(find(bridges_, bridge))) return give(find(ports_, port)), false;
    if (!take(&total_)) return give(find(bridges_, bridge)), give(find(ports_, port)), false;
    return true;
  }

  void give(BridgeIndex bridge, Location port) {
    give(&total_);
    give(find(bridges_, bridge));
    give(find(ports_, port));
  }

  // An entry changed its port. Never refused: a move beyond the limit is counted, not stopped.
  void move(Location from, Location to) {
    if (Counter* c = find(ports_, to)) c->used.fetch_add(1, std::memory_order_relaxed);
    give(find(ports_, from));
  }

  int64_t total() const { return total_.used.load(std::memory_order_relaxed); }
  int64_t in_bridge(BridgeIndex bridge) const { return used(find(bridges_, bridge)); }
  int64_t on_port(Location port) const { return used(find(ports_, port)); }

 private:
  // A line of its own, so that learning on one port does not slow another. Signed: an entry may be
  // given back a moment before the thread that moved it has counted it on its new port.
  struct alignas(64) Counter {
    Counter() = default;
    explicit Counter(int64_t most) : limit(most) {}
    std::atomic<int64_t> used{0};
    int64_t limit = kUnlimited;
  };
  using Counters = std::vector<Counter>;

  static Counters make(const std::vector<int64_t>& limits) {
    Counters counters(limits.size());
    for (size_t i = 0; i < limits.size(); ++i) counters[i].limit = limits[i];
    return counters;
  }
  static Counter* find(Counters& counters, size_t i) {
    return i < counters.size() ? &counters[i] : nullptr;
  }
  static const Counter* find(const Counters& counters, size_t i) {
    return i < counters.size() ? &counters[i] : nullptr;
  }
  static int64_t used(const Counter* c) {
    return c != nullptr ? c->used.load(std::memory_order_relaxed) : 0;
  }

  // A CAS loop and not add-then-undo: the count never exceeds the limit, even for a moment, and a
  // flood that meets a spent limit writes nothing. Relaxed: the counts guard no other memory.
  static bool take(Counter* c) {
    if (c == nullptr) return true;
    int64_t n = c->used.load(std::memory_order_relaxed);
    do {
      if (n >= c->limit) return false;
    } while (!c->used.compare_exchange_weak(n, n + 1, std::memory_order_relaxed));
    return true;
  }
  static void give(Counter* c) {
    if (c != nullptr) c->used.fetch_sub(1, std::memory_order_relaxed);
  }

  Counter total_;
  Counters bridges_;
  Counters ports_;
};

}  // namespace godwit
