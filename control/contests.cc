#include "control/contests.h"

#include <algorithm>

namespace godwit {

Contests::Sentence Contests::note(uint64_t key, unsigned points, Nanos now) {
  if (records_.size() >= kMost && !records_.contains(key)) forget_quiet(now);
  Record& record = records_[key];
  if (record.last == 0 || now >= record.last + kWindow) record = {.began = now};
  record.last = std::max<Nanos>({now, record.last, 1});
  if (now - record.began >= kWindow) {
    record.began = now;
    record.points = 0;
  }
  // While it is suspected already, the same liar adds nothing: its claims do no harm then.
  if (points == kFalse && now < record.suspect_until) return {record.suspect_until, 0};
  record.points += points;
  if (record.points >= kFreezeAt) {
    const Nanos freeze = record.freeze;
    record.freeze = std::min(2 * freeze, kLongestFreeze);
    record.points = 0;
    record.last = now + freeze;
    return {now + freeze, freeze};
  }
  if (points != kFalse) return {};
  record.suspect_until = now + record.penalty;
  record.penalty = std::min(2 * record.penalty, kLongestPenalty);
  return {record.suspect_until, 0};
}

void Contests::forget_quiet(Nanos now) {
  Nanos quiet = kWindow;
  while (records_.size() >= kMost) {
    std::erase_if(records_, [&](const auto& r) { return now >= r.second.last + quiet; });
    quiet = quiet < 4 ? 0 : quiet / 4;
  }
}

}  // namespace godwit
