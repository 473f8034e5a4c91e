// The tables that all workers and control share, in memory of their own.
#pragma once

#include <memory>

#include "dataplane/port_state.h"
#include "dataplane/table_memory.h"

#include "lib/config.h"
#include "lib/fdb.h"
#include "lib/neighbor_table.h"
#include "lib/reflection.h"

namespace godwit {

// Flags of a NeighborEntry: from the config; from DHCP, as long as the lease lasts.
inline constexpr unsigned kStaticNeighbor = 1;
inline constexpr unsigned kRegisteredNeighbor = 2;

// Such an entry neither ages nor goes to another MAC, whoever claims it.
constexpr bool is_pinned(NeighborEntry entry) { return entry.flags() != 0; }

struct Tables {
  // Sized by the config, with its static hosts and gateways in place. Throws std::system_error when
  // memory is short.
  Tables(const Config& config, const HashSecret& secret_in);

  // Control's: as many entries may come as this config says, within the size that the first gave.
  // No more than once in a grace period.
  void follow(const Config& config);

  HashSecret secret;
  TableMemory fdb_memory;
  TableMemory neighbor_memory;
  Fdb fdb;
  NeighborTable neighbors;
  ReflectionFilter reflections;
  PortStates ports;

 private:
  // Workers may still look into what the quotas had before.
  std::shared_ptr<const void> former_fdb_limits_;
  std::shared_ptr<const void> former_neighbor_limits_;
};

}  // namespace godwit
