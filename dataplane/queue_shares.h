// Shares a device's queues among workers: what each worker calls the port.
//
// A queue has one user, so that nobody has to lock it. Receive queues are dealt out, and a worker
// takes from each of its own in turn. A worker that has no transmit queue of its own lends frames
// to one that has, by a ring between the two; the owner sends them on at its next turn. When the
// device takes no more, the owner keeps what it has, the rings fill, and who finds a ring full
// drops and counts: nobody waits.
//
// The ring's enqueue releases and its dequeue acquires, so the owner sees the frames as the lender
// wrote them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/element_ring.h"
#include "dataplane/port.h"

#include "lib/config.h"

namespace godwit {

class QueueShares {
 public:
  // `rx` and `tx` are the device's queues, at least one of each, and the device's. Queue q is
  // worker (first + q)'s, modulo the workers, so that devices with few queues are not all the first
  // worker's. Throws std::runtime_error when memory is short.
  QueueShares(const std::vector<Port*>& rx, const std::vector<Port*>& tx, uint16_t workers,
              unsigned first);
  ~QueueShares();

  Port& of(uint16_t worker) { return *used_[worker]; }

 private:
  using Ring = ElementRing<rte_mbuf*>;
  class Share;

  std::vector<std::unique_ptr<Ring>> rings_;
  std::vector<std::unique_ptr<Share>> shares_;  // null for a worker with exactly a queue each way
  std::vector<Port*> used_;                     // by worker
};

}  // namespace godwit
