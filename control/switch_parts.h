// What a switch has of each worker and of each port. For control/switch*.cc alone.
#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include <fmt/core.h>

#include "control/switch.h"

namespace godwit {

inline constexpr unsigned kLaneEvents = 1U << 16;

// One worker with what is its own.
struct Switch::Lane {
  Lane(Switch& owner, uint16_t index_in, rte_mempool* pool)
      : owner(owner),
        index(index_in),
        channel(fmt::format("lane{}", index_in).c_str(), kLaneEvents),
        worker(std::make_unique<Worker>(owner.topology_, owner.tables_, owner.fib_, channel, pool,
                                        owner.ports_of(index_in, owner.devices_))) {}

  Switch& owner;
  uint16_t index;
  Channel channel;
  std::unique_ptr<Worker> worker;
  unsigned lcore = LCORE_ID_ANY;
  std::thread thread;  // where EAL has no lcore for it
  LaneCounters counters;
};

// Of one port. Devices may call on threads of their own, which are no workers: while one reads the
// topology it holds a lock, for which whoever ends a former topology waits.
class Switch::User final : public PortUser {
 public:
  User(Switch& owner, PortIndex port)
      : topology_(owner.topology_),
        states_(owner.tables_.ports),
        port_(port),
        quiescence_(owner.quiescence_),
        lock_(owner.users_lock_) {}

  // A guest that comes may be one that stood still elsewhere in its bridge: what was held for those
  // is flooded, and so finds it, whoever it is.
  void link(bool up) override {
    const std::lock_guard reading(lock_);
    up = up && topology_.port(port_).enabled;
    if (!states_.set(port_, up) || !up) return;
    for (const Membership& here : topology_.port(port_).memberships)
      for (const Membership& there : topology_.bridge(here.bridge).members)
        if (states_.is_still(there.port)) states_.set(there.port, false);
  }
  void stands_still() override { states_.hold(port_); }
  void wait_for_workers() override { quiescence_.wait(); }

 private:
  const Topology& topology_;
  PortStates& states_;
  PortIndex port_;
  Quiescence& quiescence_;
  std::mutex& lock_;
};

}  // namespace godwit
