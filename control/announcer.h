// Makes the gateway's own addresses known: by gratuitous ARP and unsolicited advertisement on every
// member of its bridge, at the start and on request, and spread over half a minute, so that a
// congestion of seconds does not swallow them all. It also defends them (RFC 5227 §2.4 (c)).
//
// Control's thread.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "control/questions.h"

#include "dataplane/topology.h"

#include "lib/units.h"

namespace godwit {

class Announcer {
 public:
  // Both must outlive this. All gateways are due at time 0.
  Announcer(const Topology& topology, Questions& questions);

  // Begins anew for one bridge.
  void announce(BridgeIndex bridge, Nanos now);

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
    unsigned number;
    size_t said = 0;  // of the gateway's addresses
    auto operator<=>(const Round&) const = default;
  };

  bool speak(Round& round);

  const Topology& topology_;
  Questions& questions_;
  std::set<Round> due_;
  std::map<std::pair<BridgeIndex, IpAddress>, Nanos> defended_;  // last time
};

}  // namespace godwit
