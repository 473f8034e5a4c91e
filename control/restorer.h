// Takes back at the start what an earlier run wrote down (control/state_saver.h), and finds out
// what of it is still true.
//
// What is taken back is used at once, so that a restart floods nothing that was known; but it is
// believed less than what was heard. A host stands there as BOUND, so its first frame from
// elsewhere moves it at once, by the rules for its class; a mapping as STALE. Both are as old as
// they are, so what was too old when it was read is not taken, and the rest ends when it would have
// ended. Beyond that each host that has not spoken yet is asked at its place, at a steady pace; one
// that does not answer is OFFLINE, which is flooded. Who cannot be asked, having no address, ends
// by its age.
//
// Entries of ports or bridges that are no longer there, or no longer together, are passed over, and
// so is what the configuration has otherwise. Hosts of `class: locked` bridges are not taken back:
// their places are the VM manager's to say, and it may have said something meanwhile.
//
// Control's thread; take_back() before the workers start.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "control/host_edits.h"
#include "control/host_index.h"
#include "control/leases.h"
#include "control/state_file.h"
#include "control/watch.h"

#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/units.h"

namespace godwit {

// How many entries ...
struct TakenBack {
  uint64_t hosts = 0;
  uint64_t mappings = 0;
  uint64_t leases = 0;
  uint64_t pinned = 0;
  uint64_t too_old = 0;
  uint64_t elsewhere = 0;  // of ports or bridges that the configuration does not have so
  uint64_t refused = 0;    // there is no room, or the configuration has them otherwise
};

std::string to_string(const TakenBack& taken);

class Restorer {
 public:
  // Keeps the references.
  Restorer(const Topology& topology, Tables& tables, HostIndex& hosts, Leases& leases,
           HostEdits& edits, Watch& watch)
      : topology_(topology),
        tables_(tables),
        hosts_(hosts),
        leases_(leases),
        edits_(edits),
        watch_(watch) {}

  // `unix_time` is `now` in nanoseconds of the Unix epoch.
  TakenBack take_back(const State& state, Nanos unix_time, Nanos now);

  Nanos next_due() const { return unverified_.empty() ? kNever : unverified_.front().due; }
  void run(Nanos now);
  size_t unverified() const { return unverified_.size(); }

 private:
  enum class Fate : uint8_t { kTaken, kTooOld, kElsewhere, kRefused };
  struct Unverified {
    Nanos due;
    uint64_t key;
  };
  // A record with the numbers of this run.
  struct Entry {
    const StateRecord& record;
    const BridgeContext& bridge;
    Location port;
    Mac mac;
    IpAddress ip;
    uint64_t age_s;
  };

  Fate take(const State& state, const StateRecord& record, uint64_t unix_s, Nanos now);
  Fate take_host(const Entry& entry, Nanos now);
  Fate take_mapping(const Entry& entry, Nanos now);
  Fate take_lease(const Entry& entry, uint64_t unix_s, Nanos now);
  Fate pin(const Entry& entry, Nanos now);
  bool is_settled(uint64_t key, Nanos now);
  void ask_later(uint64_t key, Nanos due);

  const Topology& topology_;
  Tables& tables_;
  HostIndex& hosts_;
  Leases& leases_;
  HostEdits& edits_;
  Watch& watch_;
  std::vector<Location> ports_;        // of this run, by the state's index
  std::vector<BridgeIndex> bridges_;   // likewise
  std::deque<Unverified> unverified_;  // by `due`
  Nanos began_ = 0;
};

}  // namespace godwit
