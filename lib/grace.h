// Grace periods as the tables need them: when may a removed slot be given to another key? As soon
// as every worker has passed a quiescent state (the end of a burst, say) since the removal, because
// none can hold the slot's number any longer. dataplane/ binds this to rte_rcu_qsbr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>

namespace godwit {

// For the control thread only; nothing here ever blocks. Tokens elapse in the order of their start.
class GracePeriod {
 public:
  GracePeriod() = default;
  GracePeriod(const GracePeriod&) = delete;
  GracePeriod& operator=(const GracePeriod&) = delete;
  virtual ~GracePeriod() = default;

  // Begins a grace period. What the caller wrote before is seen by every reader that comes after
  // it.
  virtual uint64_t start() = 0;
  // True once every worker has passed a quiescent state since `token` was handed out.
  virtual bool elapsed(uint64_t token) = 0;
};

// Slots removed from one table and not yet reclaimed, oldest first. Owned by the control thread.
class Limbo {
 public:
  explicit Limbo(GracePeriod& grace) : grace_(grace) {}

  // Call right after Table::remove(slot) succeeded.
  void push(uint32_t slot) { waiting_.push_back({grace_.start(), slot}); }

  // Reclaims at most `most` slots whose grace period is over; returns how many.
  template <class Table>
  size_t poll(Table& table, size_t most = std::numeric_limits<size_t>::max()) {
    size_t count = 0;
    while (count < most && !waiting_.empty() && grace_.elapsed(waiting_.front().token)) {
      table.reclaim(waiting_.front().slot);
      waiting_.pop_front();
      ++count;
    }
    return count;
  }

  size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    uint64_t token;
    uint32_t slot;
  };

  GracePeriod& grace_;
  std::deque<Waiting> waiting_;
};

}  // namespace godwit
