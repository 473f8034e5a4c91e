// What an operator writes into the tables by hand, while the switch runs: a host that stays at its
// port, or no host any more. What the configuration says is the configuration's, and is refused.
//
// Control's thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/aging.h"
#include "control/host_index.h"

#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/address.h"
#include "lib/units.h"

namespace godwit {

enum class HostEdit : uint8_t {
  kDone,
  kAlready,     // it was so
  kUnknown,     // there is no such host
  kConfigured,  // the configuration says otherwise
  kGateway,     // it is a gateway's MAC or address
  kNoMember,    // the port is not in the bridge
  kTaken,       // the address is another static host's
  kFull,        // there is no room
};

class HostEdits {
 public:
  // Keeps the references.
  HostEdits(const Topology& topology, Tables& tables, HostIndex& hosts, FdbAging& fdb_aging,
            NeighborAging& neighbor_aging)
      : topology_(topology),
        tables_(tables),
        hosts_(hosts),
        fdb_aging_(fdb_aging),
        neighbor_aging_(neighbor_aging) {}

  // The host is static from now on, at this port and with this address, if one is given.
  HostEdit add(BridgeIndex bridge, Mac mac, PortIndex port, std::optional<IpAddress> ip, Nanos now);
  // The static hosts and the gateway of the configuration are what it says now, no longer what it
  // said before. Returns those that there was no room for.
  std::vector<Mac> follow(BridgeIndex bridge, const BridgeConfig& before, Nanos now);
  // There is no such host any more, whatever the configuration said; false if none was known.
  bool end(BridgeIndex bridge, Mac mac) { return unpin(bridge, mac) == HostEdit::kDone; }
  // Forgets where the host is; of a static one, its static addresses, too.
  HostEdit remove(BridgeIndex bridge, Mac mac);

 private:
  bool is_configured(BridgeIndex bridge, Mac mac) const;
  void end_former(BridgeIndex bridge, const BridgeConfig& before);
  HostEdit place_gateway(const BridgeContext& bridge, Nanos now);
  HostEdit pin(BridgeIndex bridge, Mac mac, PortIndex port, std::optional<IpAddress> ip, Nanos now);
  HostEdit unpin(BridgeIndex bridge, Mac mac);
  HostEdit map(BridgeIndex bridge, Mac mac, const IpAddress& ip, Nanos now);
  HostEdit locate(BridgeIndex bridge, Mac mac, Location port, Nanos now);

  const Topology& topology_;
  Tables& tables_;
  HostIndex& hosts_;
  FdbAging& fdb_aging_;
  NeighborAging& neighbor_aging_;
};

}  // namespace godwit
