// Makes addresses known by gratuitous ARP and unsolicited advertisement, spread over half a minute,
// so that a congestion of seconds does not swallow them all: the gateway's own, at the start and on
// request, on every member of its bridge; and those of hosts that moved without a word, in their
// name, on all ports but theirs. It also defends addresses (RFC 5227 §2.4 (c)).
//
// Control's thread.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "control/host_index.h"
#include "control/questions.h"

#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/units.h"

namespace godwit {

class Announcer {
 public:
  // Both must outlive this. All gateways are due at time 0.
  Announcer(const Topology& topology, const Tables& tables, const HostIndex& hosts,
            Questions& questions);

  // Begins anew for the gateway of one bridge.
  void announce(BridgeIndex bridge, Nanos now) { begin(bridge, Mac{}, now); }
  // The same for a host; by a RARP if its addresses are not known.
  void announce_host(BridgeIndex bridge, Mac host, Nanos now) { begin(bridge, host, now); }

  // Says once more that `ip` is at `mac`, to all ports but `except`; at most once in ten seconds
  // for an address, for a rival that does the same would go on for ever. True when it did. So many
  // addresses at most are defended at once that a liar cannot fill the memory with them.
  bool defend(BridgeIndex bridge, const IpAddress& ip, Mac mac, Location except, Nanos now);

  Nanos next_due() const { return due_.empty() ? kNever : due_.begin()->at; }
  void run(Nanos now);

 private:
  struct Round {
    Nanos at;
    BridgeIndex bridge;
    Mac host;  // zero: the gateway
    unsigned number;
    size_t said = 0;  // of the addresses
    auto operator<=>(const Round&) const = default;
  };

  void begin(BridgeIndex bridge, Mac host, Nanos now);
  bool speak(Round& round);
  bool speak_for_host(Round& round);

  const Topology& topology_;
  const Tables& tables_;
  const HostIndex& hosts_;
  Questions& questions_;
  std::set<Round> due_;
  std::map<std::pair<BridgeIndex, Mac>, Nanos> begun_;           // those that are due
  std::map<std::pair<BridgeIndex, IpAddress>, Nanos> defended_;  // last time
};

}  // namespace godwit
