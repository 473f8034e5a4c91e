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

std::optional<Nanos> MoveLog::last_heard(const ClaimKey& claim) const {
  for (const Claims* claims : {&claims_, &former_})
    if (const auto at = claims->find(claim); at != claims->end()) return at->second;
  return std::nullopt;
}

void MoveLog::rejected(MoveRecord record) {
  // Two generations: what is in neither was not heard for kPause.
  if (record.at >= turned_ + kPause) {
    former_ = std::exchange(claims_, {});
    turned_ = record.at;
  }
  const ClaimKey claim{fdb_key(record.bridge, record.mac), record.to};
  const std::optional<Nanos> heard = last_heard(claim);
  if (claims_.size() == kMostClaims && !claims_.contains(claim)) {
    ++omitted_;
    return;
  }
  claims_[claim] = record.at;
  if (heard && record.at < *heard + kPause) return;
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
