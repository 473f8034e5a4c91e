// Ports whose link comes and goes. At the instant a port goes down it is dead for every host there
// (dataplane/port_state.h); what this then writes into the FDB, in turns, only makes it last: hosts
// there are OFFLINE, and stay so when the link comes back, until they are heard or end. A host that
// was on its way elsewhere has arrived, since it cannot be where it was.
//
// Control's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "dataplane/tables.h"

#include "lib/units.h"

namespace godwit {

class Links {
 public:
  // Whether a port is up so far is as the tables have it.
  explicit Links(Tables& tables) : tables_(tables) {
    for (size_t p = 0; p < told_up_.size(); ++p)
      told_up_[p] = tables.ports.is_up(static_cast<PortIndex>(p));
  }

  // A host at a port that went down: what its entry was, and what it is now.
  std::function<void(uint64_t key, FdbEntry was, FdbEntry is, Nanos now)> on_host;

  // A port has come: nobody was there, so that it is down is no news.
  void begin(PortIndex port) {
    told_up_[port] = tables_.ports.is_up(port);
    still_until_.erase(port);
  }
  // False if that is known already, or if the port is still and goes down later: when it was said
  // again after `patience`.
  bool set(PortIndex port, bool up, Nanos patience, Nanos now);

  Nanos next_due() const { return walks_.empty() ? kNever : 0; }
  void run(Nanos now);

 private:
  struct Walk {
    PortIndex port;
    uint32_t next = 0;  // slot
    Nanos began = 0;
  };

  bool is_back(FdbEntry entry, const Walk& walk, Nanos now) const;
  void visit(uint32_t slot, const Walk& walk, Nanos now);

  Tables& tables_;
  // What set() was told. A worker that hears a port, and the device itself when its link goes, say
  // so in the tables first.
  std::vector<bool> told_up_ = std::vector<bool>(kMaxPorts);
  std::deque<Walk> walks_;
  std::unordered_map<PortIndex, Nanos> still_until_;
};

}  // namespace godwit
