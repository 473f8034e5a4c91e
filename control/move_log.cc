#include "control/move_log.h"

#include <algorithm>
#include <utility>

#include "lib/fdb.h"

namespace godwit {

bool MoveLog::keep(MoveRecord record) {
  if (records_.size() == kMost) {
    ++omitted_;
    return false;
  }
  records_.push_back(std::move(record));
  return true;
}

void MoveLog::accepted(MoveRecord record) {
  const uint64_t key = fdb_key(record.bridge, record.mac);
  if (keep(std::move(record)))
    last_[key] = records_.size() - 1;
  else
    last_.erase(key);
}

void MoveLog::named(uint64_t key, Nanos at, const IpAddress& ip) {
  const auto last = last_.find(key);
  if (last == last_.end() || records_[last->second].at != at) return;
  std::vector<IpAddress>& ips = records_[last->second].ips;
  const auto place = std::lower_bound(ips.begin(), ips.end(), ip);
  if (place == ips.end() || *place != ip) ips.insert(place, ip);
}

void MoveLog::rejected(MoveRecord record) {
  const auto [last, is_new] =
      rejected_.try_emplace({fdb_key(record.bridge, record.mac), record.to}, record.at);
  const bool goes_on = !is_new && record.at - last->second < kPause;
  last->second = record.at;
  if (goes_on) return;
  record.verdict = MoveVerdict::kRejected;
  keep(std::move(record));
}

void MoveLog::offered(uint64_t key, Nanos now, std::span<const Location> delivered, Nanos settle) {
  const auto last = last_.find(key);
  if (last == last_.end()) return;
  MoveRecord& move = records_[last->second];
  const auto reached = [&](Location place) {
    return std::find(delivered.begin(), delivered.end(), place) != delivered.end();
  };
  if (reached(move.to)) {
    if (!move.blackhole) move.blackhole = now - move.at;
  } else if (reached(move.from)) {
    ++move.misdelivered;
  } else if (delivered.empty() && now < move.at + settle) {
    ++move.lost;
  }
}

}  // namespace godwit
