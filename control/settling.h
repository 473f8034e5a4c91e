// Ends SETTLING: a host that moved is BOUND again when its bridge's `settle` has passed since its
// last move.
#pragma once

#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "dataplane/tables.h"

#include "lib/config.h"
#include "lib/units.h"

namespace godwit {

class Settling {
 public:
  Settling(const Config& config, Fdb& fdb) : config_(config), fdb_(fdb) {}

  // The host of this FDB key moved.
  void moved(uint64_t key, Nanos at);
  // A SETTLING entry was met; if its move was never told, it settles from now.
  void met(uint64_t key, Nanos now) {
    if (!ends_.contains(key)) moved(key, now);
  }

  Nanos next_due() const { return queue_.empty() ? kNever : queue_.top().at; }
  void run(Nanos now);

 private:
  struct Turn {
    Nanos at;
    uint64_t key;
    bool operator>(const Turn& o) const { return at != o.at ? at > o.at : key > o.key; }
  };

  void settle(uint64_t key, Nanos now);

  const Config& config_;
  Fdb& fdb_;
  // When each SETTLING host settles, and one turn for each: a host that moves again meanwhile is
  // queued anew when its turn comes.
  std::unordered_map<uint64_t, Nanos> ends_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> queue_;
};

}  // namespace godwit
