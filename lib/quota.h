// Limits on what a table may hold: in total, for each bridge, and for each port of a bridge. The
// newcomer is refused; what is there stays.
//
// Any thread may call, and one of them, control, may set other limits meanwhile. Counts and limits
// are atomics that guard no other memory, so relaxed. Which counter is a port's stands in a map
// that never changes once it is published: who adds a port publishes another one by release, with
// the same counters and more, and keeps the former until a grace period is over. A counter stays
// for good, so what was taken of it is given back to it, whatever became of the port.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/units.h"

namespace godwit {

inline constexpr int64_t kUnlimited = INT64_MAX;

struct PortLimit {
  BridgeIndex bridge = kNoBridge;
  Location port = kNoLocation;
  int64_t most = kUnlimited;
  // So many are granted even when others have used up the bridge's or the table's limit, which may
  // be exceeded by as much: a port that floods shuts out no other.
  int64_t floor = 0;
};

// Limits in entries. A bridge beyond the end of its list and a port that is in none are neither
// limited nor counted: so are kSelf and kNoLocation.
struct QuotaLimits {
  int64_t total = kUnlimited;
  std::vector<int64_t> per_bridge;
  std::vector<PortLimit> per_port;

  QuotaLimits with_total_at_most(int64_t most) const {
    QuotaLimits limits = *this;
    limits.total = std::min(total, most);
    return limits;
  }
};

enum class QuotaAnswer : uint8_t {
  kGranted,
  kPortSpent,  // the port's share of its bridge
  kSpent,      // the bridge's, or the table's
};

class Quota {
 public:
  explicit Quota(const QuotaLimits& limits) : bridges_(limits.per_bridge.size()) { follow(limits); }

  // Control's: limits for as many bridges as before. What exceeds one stays, and a port that is not
  // named any more keeps its own. Whoever calls keeps what is returned until a grace period is
  // over.
  std::shared_ptr<const void> follow(const QuotaLimits& limits) {
    total_.set(limits.total, 0);
    for (size_t b = 0; b < bridges_.size(); ++b) bridges_[b].set(limits.per_bridge[b], 0);
    auto next = std::make_shared<Ports>(*owned_ports_);
    for (const PortLimit& port : limits.per_port) {
      Counter*& counter = (*next)[port_key(port.bridge, port.port)];
      if (counter == nullptr) counter = &counters_.emplace_back();
      counter->set(port.most, port.floor);
    }
    const std::shared_ptr<const Ports> before = std::exchange(owned_ports_, std::move(next));
    ports_.store(owned_ports_.get(), std::memory_order_release);
    return before;
  }

  // Counts one entry more, or nothing if that would exceed a limit.
  // Looks at all limits before it writes to any: a flood of unknown sources that meets a spent
  // limit must not take, for a moment, what another worker asks for.
  QuotaAnswer take(BridgeIndex bridge, Location port) {
    Counter* const of_port = find_port(bridge, port);
    Counter* const of_bridge = find_bridge(bridge);
    if (is_spent(of_port)) return QuotaAnswer::kPortSpent;
    if (of_port != nullptr && take_up_to(of_port, of_port->floor.load(std::memory_order_relaxed))) {
      add(of_bridge);
      add(&total_);
      return QuotaAnswer::kGranted;
    }
    if (is_spent(of_bridge) || is_spent(&total_)) return QuotaAnswer::kSpent;
    if (!take(of_port)) return QuotaAnswer::kPortSpent;
    if (take(of_bridge)) {
      if (take(&total_)) return QuotaAnswer::kGranted;
      give(of_bridge);
    }
    give(of_port);
    return QuotaAnswer::kSpent;
  }

  void give(BridgeIndex bridge, Location port) {
    give(&total_);
    give(find_bridge(bridge));
    give(find_port(bridge, port));
  }

  // An entry changed its port. Never refused: a move beyond the limit is counted, not stopped.
  void move(BridgeIndex bridge, Location from, Location to) {
    add(find_port(bridge, to));
    give(find_port(bridge, from));
  }

  // What was taken is in the table now. Nearly always others were since control last asked, and
  // there is nothing to write: so workers share the line and do not take it from one another.
  void note_inserted() {
    if (!any_inserted_.load(std::memory_order_seq_cst))
      any_inserted_.store(true, std::memory_order_seq_cst);
  }
  // Control's: another number than before if anything was inserted since. A walk that begins after
  // an answer meets what no later answer counts: an insert that finds the mark standing has
  // committed, by seq_cst, before it looked; control takes the mark after that, and the fence puts
  // the walk's loads behind.
  uint64_t inserted() const {
    if (!any_inserted_.load(std::memory_order_relaxed)) return inserted_;
    any_inserted_.exchange(false, std::memory_order_seq_cst);
#if !defined(__SANITIZE_THREAD__)  // knows no fences, and races there are none
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
    return ++inserted_;
  }

  int64_t total() const { return total_.used.load(std::memory_order_relaxed); }
  int64_t in_bridge(BridgeIndex bridge) const {
    return bridge < bridges_.size() ? bridges_[bridge].used.load(std::memory_order_relaxed) : 0;
  }
  int64_t on_port(BridgeIndex bridge, Location port) const {
    const Counter* const of_port = find_port(bridge, port);
    return of_port != nullptr ? of_port->used.load(std::memory_order_relaxed) : 0;
  }

 private:
  // A line of its own, so that learning on one port does not slow another. Signed: an entry may be
  // given back a moment before the thread that moved it has counted it on its new port.
  struct alignas(64) Counter {
    void set(int64_t most, int64_t least) {
      limit.store(most, std::memory_order_relaxed);
      floor.store(std::min(most, least), std::memory_order_relaxed);
    }
    std::atomic<int64_t> used{0};
    std::atomic<int64_t> limit{kUnlimited};
    std::atomic<int64_t> floor{0};
  };
  using Ports = std::unordered_map<uint32_t, Counter*>;

  static uint32_t port_key(BridgeIndex bridge, Location port) {
    return uint32_t{bridge} << 16 | port;
  }
  Counter* find_bridge(BridgeIndex bridge) {
    return bridge < bridges_.size() ? &bridges_[bridge] : nullptr;
  }
  Counter* find_port(BridgeIndex bridge, Location port) const {
    const Ports& ports = *ports_.load(std::memory_order_acquire);
    const auto at = ports.find(port_key(bridge, port));
    return at != ports.end() ? at->second : nullptr;
  }

  static bool is_spent(const Counter* c) {
    return c != nullptr &&
           c->used.load(std::memory_order_relaxed) >= c->limit.load(std::memory_order_relaxed);
  }
  // A CAS loop and not add-then-undo: such a count never exceeds the limit, even for a moment.
  // Relaxed: the counts guard no other memory.
  static bool take(Counter* c) {
    return c == nullptr || take_up_to(c, c->limit.load(std::memory_order_relaxed));
  }
  static bool take_up_to(Counter* c, int64_t limit) {
    int64_t n = c->used.load(std::memory_order_relaxed);
    do {
      if (n >= limit) return false;
    } while (!c->used.compare_exchange_weak(n, n + 1, std::memory_order_relaxed));
    return true;
  }
  static void add(Counter* c) {
    if (c != nullptr) c->used.fetch_add(1, std::memory_order_relaxed);
  }
  static void give(Counter* c) {
    if (c != nullptr) c->used.fetch_sub(1, std::memory_order_relaxed);
  }

  Counter total_;
  std::vector<Counter> bridges_;
  std::deque<Counter> counters_;  // of ports; control's, who alone adds some
  std::shared_ptr<const Ports> owned_ports_ = std::make_shared<const Ports>();  // control's
  std::atomic<const Ports*> ports_{nullptr};
  mutable uint64_t inserted_ = 0;  // control's
  alignas(64) mutable std::atomic<bool> any_inserted_{false};
};

}  // namespace godwit
