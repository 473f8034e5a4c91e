#include "control/settling.h"

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr int kTurns = 4096;  // of one run, well under a millisecond

}  // namespace

void Settling::moved(uint64_t key, Nanos at) {
  const Nanos end = at + config_.bridges[fdb_bridge(key)].moves.settle;
  const auto [entry, is_new] = ends_.insert_or_assign(key, end);
  if (is_new) queue_.push({end, key});
}

void Settling::run(Nanos now) {
  for (int turns = 0; turns < kTurns && next_due() <= now; ++turns) {
    const uint64_t key = queue_.top().key;
    queue_.pop();
    const auto end = ends_.find(key);
    if (end->second > now) {
      queue_.push({end->second, key});
    } else {
      ends_.erase(end);
      settle(key, now);
    }
  }
}

void Settling::settle(uint64_t key, Nanos now) {
  Fdb::Hit hit = fdb_.find(key);
  const uint16_t seq = hit.entry.seq();
  // A lost swap means a refresh, which is no reason to give up, or another move, which is.
  while (hit && hit.entry.state() == FdbState::kSettling && hit.entry.seq() == seq)
    if (fdb_.compare_exchange(hit.slot, hit.entry, settled(hit.entry, now))) return;
}

}  // namespace godwit
