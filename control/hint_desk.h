// Hears what a VM manager says about its VMs, and does it or says why not. Every word is written
// into the FDB by compare-and-swap against what it was judged by.
//
// Control's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "control/questions.h"
#include "control/watch.h"

#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/fdb.h"
#include "lib/hints.h"
#include "lib/units.h"

namespace godwit {

class HintDesk {
 public:
  // All must outlive this.
  HintDesk(const Topology& topology, Tables& tables, Watch& watch, Questions& questions)
      : topology_(topology), tables_(tables), watch_(watch), questions_(questions) {}

  // The host of this FDB key is at `to` by the manager's word, and was at `from`.
  std::function<void(uint64_t key, Location from, Location to, Nanos now)> on_commit;
  // The host is gone by the manager's word: its entry, as it was, is to end. False if it changed.
  std::function<bool(uint64_t key, uint32_t slot, FdbEntry entry, Nanos now)> on_leave;

  // Empty when it is done; else why it is not, as a sentence without a stop.
  std::string hear(const VmHint& hint, Nanos now);

 private:
  struct Host {
    uint64_t key = 0;
    std::string refusal;
  };
  // What a hint comes to for an entry: the next word, or why it is refused.
  struct Answer {
    FdbEntry next;
    std::string refusal;
  };

  Host find_host(const VmHint& hint) const;
  std::string refuse_old(uint64_t key, const VmHint& hint) const;
  std::string hear_of_unknown(const VmHint& hint, uint64_t key, Nanos now);
  Answer weigh(const VmHint& hint, FdbEntry entry, Nanos now) const;
  Answer weigh_commit(const VmHint& hint, FdbEntry entry, Nanos now) const;
  std::string apply(VmHint hint, uint64_t key, Nanos now);
  void follow_up(const VmHint& hint, uint64_t key, FdbEntry was, FdbEntry is, Nanos now);
  void note_generation(uint64_t key, const VmHint& hint);
  std::string name_of_port(Location at) const;

  static constexpr size_t kMostGenerations = 1U << 20;

  const Topology& topology_;
  Tables& tables_;
  Watch& watch_;
  Questions& questions_;
  std::unordered_map<uint64_t, uint64_t> generations_;  // by FDB key, the highest heard
};

}  // namespace godwit
