#include "dataplane/quiescence.h"

#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>

namespace godwit {

Quiescence::Quiescence(uint16_t workers) {
  const size_t size = rte_rcu_qsbr_get_memsize(workers);
  rcu_.reset(static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, size)));
  if (!rcu_ || rte_rcu_qsbr_init(rcu_.get(), workers) != 0) throw std::bad_alloc();
}

void Quiescence::online(uint16_t worker) {
  rte_rcu_qsbr_thread_register(rcu_.get(), worker);
  rte_rcu_qsbr_thread_online(rcu_.get(), worker);
}

void Quiescence::offline(uint16_t worker) {
  rte_rcu_qsbr_thread_offline(rcu_.get(), worker);
  rte_rcu_qsbr_thread_unregister(rcu_.get(), worker);
}

void Quiescence::wait() {
  const uint64_t token = start();
  while (!elapsed(token)) std::this_thread::sleep_for(std::chrono::microseconds(10));
}

void Quiescence::Free::operator()(rte_rcu_qsbr* rcu) const { std::free(rcu); }

}  // namespace godwit
