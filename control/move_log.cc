#include "control/move_log.h"

#include <algorithm>
#include <utility>

#include "lib/fdb.h"

namespace godwit {

void MoveLog::keep(MoveRecord record) {
  ++counts_[static_cast<size_t>(record.verdict)];
  if (records_.is_full()) {
    const MoveRecord& eldest = records_[records_.begin()];
    const auto last = last_.find(fdb_key(eldest.bridge, eldest.mac));
    if (last != last_.end() && last->second == records_.begin()) last_.erase(last);
  }
  records_.add(std::move(record));
}

void MoveLog::accepted(MoveRecord record) {
  const uint64_t key = fdb_key(record.bridge, record.mac);
  if (auto claim = pending_.extract(key); !claim.empty()) {
    if (claim.mapped().to == record.to)
      record = std::move(claim.mapped());
    else
      turned_down(std::move(claim.mapped()), MoveVerdict::kRejected);
  }
  if (const auto before = lost_before_.extract(key)) record.lost += before.mapped();
  keep(std::move(record));
  last_[key] = records_.end() - 1;
}

void MoveLog::claimed(MoveRecord record) {
  const uint64_t key = fdb_key(record.bridge, record.mac);
  if (pending_.size() < kMostClaims) pending_.insert_or_assign(key, std::move(record));
}

bool MoveLog::decided(uint64_t key, MoveVerdict verdict) {
  auto claim = pending_.extract(key);
  if (claim.empty()) return false;
  if (verdict == MoveVerdict::kAccepted)
    accepted(std::move(claim.mapped()));
  else
    turned_down(std::move(claim.mapped()), verdict);
  return true;
}

void MoveLog::turned_down(MoveRecord record, MoveVerdict verdict) {
  record.verdict = verdict;
  record.misdelivered = record.lost = 0;  // what went to the place that it kept went right
  rejected(std::move(record));
}

void MoveLog::revise(MoveRecord& record, MoveVerdict verdict) {
  record.verdict = verdict;
  ++counts_[static_cast<size_t>(verdict)];
  revised_.add(record);
}

void MoveLog::reverted(uint64_t key) {
  const auto last = last_.extract(key);
  if (last.empty()) return;
  MoveRecord& move = records_[last.mapped()];
  move.misdelivered = move.arrived;
  revise(move, MoveVerdict::kReverted);
}

void MoveLog::frozen(uint64_t key, Location place) {
  if (decided(key, MoveVerdict::kFrozen)) return;
  const auto last = last_.find(key);
  if (last == last_.end()) return;
  MoveRecord& move = records_[last->second];
  if (move.to != place) reverted(key);
  revise(move, MoveVerdict::kFrozen);
}

void MoveLog::held(uint64_t key) {
  if (MoveRecord* move = latest(key)) ++move->held;
}

void MoveLog::lost(uint64_t key) {
  if (lost_before_.size() < kMostClaims || lost_before_.contains(key)) ++lost_before_[key];
}

MoveRecord* MoveLog::latest(uint64_t key) {
  if (const auto claim = pending_.find(key); claim != pending_.end()) return &claim->second;
  const auto last = last_.find(key);
  return last != last_.end() ? &records_[last->second] : nullptr;
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
    ++omitted_claims_;
    return;
  }
  claims_[claim] = record.at;
  const bool is_news = record.verdict == MoveVerdict::kFrozen;
  if (heard && record.at < *heard + kPause && !is_news) return;
  if (record.verdict == MoveVerdict::kAccepted) record.verdict = MoveVerdict::kRejected;
  keep(std::move(record));
}

void MoveLog::offered(uint64_t key, Nanos now, std::span<const Location> delivered, Nanos settle) {
  MoveRecord* const latest_move = latest(key);
  if (latest_move == nullptr) return;
  MoveRecord& move = *latest_move;
  const auto reached = [&](Location place) {
    return std::find(delivered.begin(), delivered.end(), place) != delivered.end();
  };
  if (reached(move.to)) {
    if (!move.blackhole) move.blackhole = now - move.at;
    ++move.arrived;
  } else if (reached(move.from)) {
    ++move.misdelivered;
  } else if (delivered.empty() && now < move.at + settle) {
    ++move.lost;
  }
}

void MoveLog::forget_port(PortIndex port) {
  const auto forget = [port](MoveRecord& record) {
    if (record.from == port) record.from = kNoLocation;
    if (record.to == port) record.to = kNoLocation;
  };
  for (uint64_t n = records_.begin(); n < records_.end(); ++n) forget(records_[n]);
  for (uint64_t n = revised_.begin(); n < revised_.end(); ++n) forget(revised_[n]);
  for (auto& [key, record] : pending_) forget(record);
  const auto is_of_port = [port](const auto& claim) { return claim.first.at == port; };
  std::erase_if(claims_, is_of_port);
  std::erase_if(former_, is_of_port);
}

}  // namespace godwit
