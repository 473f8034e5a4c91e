// The frames that control has workers send: questions to neighbors, announcements, and answers on a
// silent host's behalf. The gateway speaks, with its own MAC and address (never 0.0.0.0, which
// hosts in DAD take for a rival: RFC 5227 §2.1.1).
#pragma once

#include <span>

#include "dataplane/orders.h"
#include "dataplane/topology.h"

#include "lib/address.h"
#include "lib/units.h"

namespace godwit {

class Questions {
 public:
  // Both must outlive this. The first channel's worker sends.
  Questions(const Topology& topology, std::span<Channel* const> channels)
      : topology_(topology), channels_(channels) {}

  // Whether the gateway of this bridge has an address to ask `ip` from.
  bool can_ask(BridgeIndex bridge, const IpAddress& ip) const {
    return topology_.bridge(bridge).own_address(ip).has_value();
  }

  // Each is false when the worker has no room for an order now; none is sent then.

  // "Who has `ip`?", to all (RFC 826; RFC 4861 §7.2.2).
  bool ask_all(BridgeIndex bridge, const IpAddress& ip);
  // "Do you, `mac`, still have `ip`?", at `at` alone; kNoLocation: at every port.
  bool ask_one(BridgeIndex bridge, const IpAddress& ip, Mac mac, Location at);
  // The same in any bridge: without an address of its own in the family, godwit asks as 0.0.0.0, or
  // from its link-local address.
  bool probe(BridgeIndex bridge, const IpAddress& ip, Mac mac, PortIndex at);
  // ... of all, or of those behind trusted ports alone:
  bool seek(BridgeIndex bridge, const IpAddress& ip, bool beyond = false);
  // A FORGET, to the bridge's trusted ports but one.
  bool tell_switches(BridgeIndex bridge, Mac from, std::span<const uint8_t> message,
                     Location except);
  // "`ip` is at `mac`", unasked, to all but one port (RFC 5227 §2.3, RFC 4861 §7.2.6).
  bool announce(BridgeIndex bridge, const IpAddress& ip, Mac mac, Location except);
  // The same in a host's own name, so that switches see where it is; and without an address (RFC
  // 903, as hypervisors do).
  bool announce_host(BridgeIndex bridge, const IpAddress& ip, Mac mac, Location except);
  bool announce_host(BridgeIndex bridge, Mac mac, Location except);
  // "`ip`, which you probe, is at `mac`", to `prober` at `at`.
  bool refuse(BridgeIndex bridge, const IpAddress& ip, Mac mac, Mac prober, Location at);
  // To every worker: the host of this FDB key may stand still no longer.
  void unpark(uint64_t host);
  // To every worker: nobody answers for `ip`.
  void give_up(BridgeIndex bridge, const IpAddress& ip);
  // To every worker: there is no room to ask for `ip`.
  void turn_away(BridgeIndex bridge, const IpAddress& ip);

 private:
  Order order_in(BridgeIndex bridge, Location to) const;
  bool ask(Order& order, const IpAddress& from, const IpAddress& ip);
  bool ask_one_from(BridgeIndex bridge, const IpAddress& from, const IpAddress& ip, Mac mac,
                    Location at);
  bool say(BridgeIndex bridge, const IpAddress& ip, Mac mac, Mac speaker, Location except);
  bool send(Order& order, size_t length);
  void tell_all(OrderKind kind, BridgeIndex bridge, const IpAddress& ip);

  const Topology& topology_;
  std::span<Channel* const> channels_;
};

}  // namespace godwit
