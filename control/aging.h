// Aging of the FDB and of the neighbor table.
//
// Both keep whole seconds, so an entry last heard at t is alive before t + age and gone from
// t + age + 1 s on. A location lives for the bridge's `aging` since any frame of the host. A
// mapping lives for three quarters of that, in whole seconds and at least one, since the last ARP
// or ND evidence for it (RFC 8302 §8), and where the gateway can ask the owner, until that does not
// answer: so it is asked before the location ends that the same frame confirmed.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "dataplane/tables.h"

#include "lib/config.h"
#include "lib/grace.h"
#include "lib/units.h"

namespace godwit {

// The state of a mapping that was heard so many seconds ago: a proof that a host can be reached
// holds for half a minute (RFC 4861 §10, REACHABLE_TIME). The table may say so later, at the next
// walk.
NeighborState state_at(NeighborEntry entry, uint64_t silent_s);

class FdbAging {
 public:
  // Keeps the reference to `config`, which lives as long, or until another is to be followed.
  FdbAging(const Config& config, Fdb& fdb, GracePeriod& grace);
  void follow(const Config& config);

  // Called for each entry that a walk meets in a state that ends, or whose frames are held.
  std::function<void(uint64_t key, FdbEntry entry, Nanos now)> on_unsettled;
  // Called for each host that was silent for a quarter of `aging`, in bridges with `keepalive`.
  std::function<void(uint64_t key, FdbEntry entry, Nanos now)> on_silent;
  // Whether a host has an address by DHCP: a place of its own does not age then. Asked if set.
  std::function<bool(uint64_t key)> is_leased;
  // Called for each location that ends; `entry` is as it was.
  std::function<void(uint64_t key, FdbEntry entry)> on_removed;

  Fdb& table() { return fdb_; }
  uint64_t inserted() const { return fdb_.quota().inserted(); }
  Nanos shortest_life() const { return shortest_life_; }
  std::optional<Nanos> visit(uint32_t slot, Nanos now);
  // How long a host that went OFFLINE is remembered.
  static constexpr Nanos kOfflineLife = 30 * kSecond;

  // Ends a location ahead of its time. False when it changed meanwhile.
  bool remove(uint32_t slot, FdbEntry entry);
  void reclaim() { limbo_.poll(fdb_); }
  uint64_t aged() const { return aged_; }

 private:
  Fdb& fdb_;
  Limbo limbo_;
  std::optional<Nanos> keep_alive(uint64_t key, FdbEntry entry, uint32_t silent_s, Nanos now);

  const Config* config_ = nullptr;
  std::vector<uint32_t> age_s_;  // by bridge
  Nanos shortest_life_ = 0;
  uint64_t aged_ = 0;
};

class NeighborAging {
 public:
  NeighborAging(const Config& config, NeighborTable& neighbors, GracePeriod& grace);
  void follow(const Config& config);

  // Asks the owner of a mapping that is old whether it is still there, if set; false when that
  // cannot be. A mapping that is being asked about ends by expire().
  std::function<bool(BridgeIndex bridge, const IpAddress& ip, uint32_t slot, NeighborEntry entry,
                     Nanos now)>
      verify;
  // Called for each mapping that a walk meets, if set.
  std::function<void(BridgeIndex bridge, Mac mac, const IpAddress& ip)> on_met;
  // Called for each mapping that ends.
  std::function<void(BridgeIndex bridge, Mac mac, const IpAddress& ip)> on_removed;

  NeighborTable& table() { return neighbors_; }
  uint64_t inserted() const { return neighbors_.quota().inserted(); }
  Nanos shortest_life() const { return shortest_life_; }
  std::optional<Nanos> visit(uint32_t slot, Nanos now);

  // Ends a mapping whose owner does not answer. No effect if it has answered meanwhile.
  void expire(uint32_t slot, NeighborEntry entry) { aged_ += remove(slot, entry) ? 1 : 0; }
  // Ends a mapping ahead of its time. False when it changed meanwhile.
  bool remove(uint32_t slot, NeighborEntry entry);
  void reclaim() { limbo_.poll(neighbors_); }
  uint64_t aged() const { return aged_; }

 private:
  Nanos grown_stale(uint32_t slot, NeighborEntry entry, uint32_t silent_s, Nanos now,
                    Nanos expires);

  NeighborTable& neighbors_;
  Limbo limbo_;
  std::vector<uint32_t> age_s_;  // by bridge
  Nanos shortest_life_ = 0;
  uint64_t aged_ = 0;
};

}  // namespace godwit
