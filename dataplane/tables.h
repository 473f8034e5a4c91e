// The tables that all workers and control share, in memory of their own.
#pragma once

#include "dataplane/port_state.h"
#include "dataplane/table_memory.h"

#include "lib/config.h"
#include "lib/fdb.h"
#include "lib/neighbor_table.h"
#include "lib/reflection.h"

namespace godwit {

// A flag of a NeighborEntry: from the config, never aged and never taken over.
inline constexpr unsigned kStaticNeighbor = 1;

struct Tables {
  // Sized by the config, with its static hosts and gateways in place. Throws std::system_error when
  // memory is short.
  Tables(const Config& config, const HashSecret& secret_in);

  HashSecret secret;
  TableMemory fdb_memory;
  TableMemory neighbor_memory;
  Fdb fdb;
  NeighborTable neighbors;
  ReflectionFilter reflections;
  PortStates ports;
};

}  // namespace godwit
