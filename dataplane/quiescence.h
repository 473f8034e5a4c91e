// lib's idea of a grace period, bound to DPDK's quiescent-state based RCU. A worker reports a
// quiescent state at the end of each round, when it holds no slot number any more.
#pragma once

#include <cstdint>
#include <memory>

#include <rte_rcu_qsbr.h>

#include "lib/grace.h"

namespace godwit {

class Quiescence final : public GracePeriod {
 public:
  // For workers 0 .. workers - 1. Throws std::bad_alloc.
  explicit Quiescence(uint16_t workers);

  // Worker's side: before its first round, at the end of each, and after its last.
  void online(uint16_t worker);
  void quiescent(uint16_t worker) { rte_rcu_qsbr_quiescent(rcu_.get(), worker); }
  void offline(uint16_t worker);
  // In between: nobody waits for a worker that rests, which holds nothing of a table's.
  void rest(uint16_t worker) { rte_rcu_qsbr_thread_offline(rcu_.get(), worker); }
  void resume(uint16_t worker) { rte_rcu_qsbr_thread_online(rcu_.get(), worker); }

  // Any other thread's: returns when every worker that is online has passed a quiescent state.
  void wait();

  // Control's side.
  uint64_t start() override { return rte_rcu_qsbr_start(rcu_.get()); }
  bool elapsed(uint64_t token) override {
    return rte_rcu_qsbr_check(rcu_.get(), token, false) == 1;
  }

 private:
  struct Free {
    void operator()(rte_rcu_qsbr* rcu) const;
  };
  std::unique_ptr<rte_rcu_qsbr, Free> rcu_;
};

}  // namespace godwit
