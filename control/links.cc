#include "control/links.h"

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr uint32_t kBucketsATurn = 1U << 11;  // well under a millisecond

// OFFLINE, or where it was on its way to.
FdbEntry without_link(FdbEntry entry, Nanos now) {
  switch (entry.state()) {
    case FdbState::kMigrating:
      // Frames are held until it runs there, or for as long as they may be.
      return is_held(entry) ? entry : committed(entry, entry.other(), now);
    case FdbState::kTesting:
      return accepted(entry, now);
    default:
      return gone_offline(entry, now);
  }
}

}  // namespace

bool Links::set(PortIndex port, bool up, Nanos patience, Nanos now) {
  if (!up && tables_.ports.is_still(port) &&
      now < still_until_.try_emplace(port, now + patience).first->second)
    return false;
  still_until_.erase(port);
  if (told_up_[port] == up && tables_.ports.is_up(port) == up) return false;
  told_up_[port] = up;
  tables_.ports.set(port, up);
  if (!up) walks_.push_back({port, 0, now});
  return true;
}

void Links::run(Nanos now) {
  if (walks_.empty()) return;
  Walk& walk = walks_.front();
  walk.next =
      tables_.fdb.walk(walk.next, kBucketsATurn, [&](uint32_t slot) { visit(slot, walk, now); });
  if (walk.next == tables_.fdb.slot_count()) walks_.pop_front();
}

// Whether the host was heard there since the link came back, while the walk was on its way.
bool Links::is_back(FdbEntry entry, const Walk& walk, Nanos now) const {
  return tables_.ports.is_up(walk.port) &&
         now / kSecond - seconds_since_heard(entry, now) >= walk.began / kSecond;
}

void Links::visit(uint32_t slot, const Walk& walk, Nanos now) {
  const uint64_t key = tables_.fdb.key_at(slot);
  FdbEntry entry = tables_.fdb.entry_at(slot);
  while (key != 0 && !entry.is_free() && entry.location() == walk.port &&
         entry.state() != FdbState::kOffline && entry.host_class() != HostClass::kStatic) {
    const FdbEntry next = without_link(entry, now);
    if (next == entry || is_back(entry, walk, now)) return;
    if (tables_.fdb.compare_exchange(slot, entry, next)) return on_host(key, entry, next, now);
  }
}

}  // namespace godwit
