#include "control/watch.h"

#include <algorithm>

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr size_t kMostJobs = 1U << 20;
constexpr size_t kMostSought = 1U << 14;

constexpr Nanos kBetweenAppeals = kSecond;    // of claims that the entry's state refuses
constexpr Nanos kUnknownTtl = 120 * kSecond;  // of what no event told of
constexpr Nanos kUnknownFreeze = 30 * kSecond;
constexpr Nanos kSeekInterval = kSecond;

}  // namespace

Watch::Watch(const Topology& topology, Tables& tables, Questions& questions, const HostIndex& hosts)
    : topology_(topology), tables_(tables), questions_(questions), hosts_(hosts) {
  const uint64_t rate = topology.config().limits.probes.per_second;
  pace_.assign(topology.ports().size(),
               TokenBucket(rate, static_cast<uint32_t>(std::min<uint64_t>(rate, UINT32_MAX))));
}

void Watch::schedule(uint64_t key, Job& job) {
  const Nanos due = std::min({job.ends, job.held_until, job.third_ends, next_question(key, job)});
  if (due == job.due) return;
  due_.erase({job.due, key});
  job.due = due;
  due_.insert({due, key});
}

void Watch::drop(uint64_t key) {
  const auto at = jobs_.find(key);
  if (at == jobs_.end()) return;
  due_.erase({at->second.due, key});
  jobs_.erase(at);
}

// A new job for the entry as it is now, in place of an older one; frames that are held stay so.
Watch::Job& Watch::begin(uint64_t key, FdbEntry entry, Nanos now) {
  Job& job = jobs_[key];
  const Job before = job;
  due_.erase({before.due, key});
  job = Job{};
  job.seq = entry.seq();
  job.began = now;
  if (is_held(entry)) job.held_until = std::min(before.held_until, now + policy(key).hold.time);
  if (before.held_until < job.held_until) questions_.unpark(key);
  job.place.at = entry.location();
  job.other.at = entry.other();
  for (Place* place : {&job.place, &job.other})
    for (const Place& asked : {before.place, before.other, before.third})
      if (asked.at == place->at && asked.asked != kNever &&
          now - asked.asked <= policy(key).probe_timeout)
        place->deaf_until = now + policy(key).probe_wait;
  return job;
}

void Watch::tell(Outcome::Kind kind, uint64_t key, const Job& job, Nanos now) {
  on_outcome({kind, key, job.place.at, job.other.at, now, job.began});
}

// ---- What is told ----

void Watch::moved(const Event& event) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  const FdbEntry entry = tables_.fdb.find(key).entry;
  // Else it has moved on meanwhile, which another event tells of.
  if (entry.state() != FdbState::kSettling || entry.location() != event.to) return;
  const auto known = jobs_.find(key);
  const bool back = known != jobs_.end() && known->second.other.at == event.to;
  if (known == jobs_.end() && jobs_.size() >= kMostJobs) return;  // a walk will meet it
  Job& job = begin(key, entry, event.at);
  job.hinted = event.hinted;
  job.ends = event.at + policy(key).settle;
  job.ip = address_to_ask(key, event.at);
  if (back && !job.ip && !job.hinted) {
    const Contests::Sentence sentence = contests_.went_back(key, event.at);
    if (sentence.freeze_for != 0) punish(key, job, sentence, Outcome::Kind::kFrozen, event.at);
  }
  ask_due(key, job, event.at);
  schedule(key, job);
}

bool Watch::took_back(const Event& event) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  const auto at = jobs_.find(key);
  const bool answers = event.evidence == Evidence::kArpReply || event.evidence == Evidence::kNa;
  if (at == jobs_.end() || !at->second.settled || !answers) return false;
  Job& job = at->second;
  if (job.other.at != event.to || job.other.asked == kNever || event.at <= job.other.asked ||
      event.at - job.other.asked > policy(key).probe_timeout ||
      event.at >= job.began + policy(key).veto)
    return false;
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (entry.state() != FdbState::kSettling || entry.location() != event.to ||
      entry.other() != job.place.at)
    return false;
  if (job.hinted) {
    tell(Outcome::Kind::kStillAtSource, key, job, event.at);
    return false;
  }
  job.seq = entry.seq();
  std::swap(job.place, job.other);
  job.round = kLastRound;
  if (!change(key, job, [](FdbEntry e) { return e.with_mark(true); })) return false;
  punish(key, job, contests_.found_false(key, event.at), Outcome::Kind::kReverted, event.at);
  schedule(key, job);
  return true;
}

void Watch::tested(const Event& event) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (entry.state() != FdbState::kTesting || entry.other() != event.to) return;
  if (!jobs_.contains(key) && jobs_.size() >= kMostJobs) return;
  Job& job = begin(key, entry, event.at);
  job.ends = event.at + policy(key).probe_timeout;
  job.was_offline = entry.windows() == kWasOffline;
  job.ip = address_to_ask(key, event.at);
  ask_due(key, job, event.at);
  schedule(key, job);
}

void Watch::upheld(const Event& event) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (entry.state() != FdbState::kSettling || !entry.marked()) return;
  Job& job = begin(key, entry, event.at);
  job.round = kLastRound;
  punish(key, job, contests_.found_false(key, event.at), Outcome::Kind::kRejected, event.at);
  schedule(key, job);
}

// The state of the entry is in the way of a claim that may be true.
void Watch::refused(const Event& event) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  const FdbEntry entry = tables_.fdb.find(key).entry;
  const FdbState state = entry.state();
  if (state != FdbState::kFrozen && state != FdbState::kMigrating && state != FdbState::kTesting)
    return;
  if (entry.host_class() > HostClass::kRegistered || event.to == entry.location()) return;
  // The VM manager said where it is to come, and it may stand still at any time from then on; then
  // it answers nowhere, so that others may.
  if (state == FdbState::kMigrating && tables_.ports.is_up(entry.location())) return;
  met(key, entry, event.at);
  const auto known = jobs_.find(key);
  if (known != jobs_.end()) hear_appeal(key, known->second, event);
}

void Watch::hear_appeal(uint64_t key, Job& job, const Event& claim) {
  const bool again = job.third_began != 0 && claim.at - job.third_began < kBetweenAppeals;
  if (job.third_ends != kNever || again) return;
  if (!job.ip) job.ip = address_to_ask(key, claim.at);
  if (!job.ip) return;
  job.third = Place{};
  job.third.at = claim.to;
  job.third_began = claim.at;
  job.third_ends = claim.at + policy(key).probe_timeout;
  ask(key, job, job.third, claim.at);
  if (tables_.fdb.find(key).entry.state() != FdbState::kTesting)  // else they are being asked
    for (Place* place : {&job.place, &job.other}) {
      place->answered = false;
      ask(key, job, *place, claim.at);
    }
  schedule(key, job);
}

void Watch::answered(const Event& event) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  const auto at = jobs_.find(key);
  if (at == jobs_.end()) return;
  Job& job = at->second;
  for (Place* place : {&job.place, &job.other, &job.third})
    if (place->at == event.to && place->asked != kNever && !place->answered &&
        event.at > place->asked && event.at >= place->deaf_until &&
        event.at - place->asked <= policy(key).probe_timeout) {
      place->answered = true;
      note_alive(event);
      return answered_at(key, job, *place, event.at);
    }
}

// Workers pass over what a host says at a place that is not believed yet, and so its answer.
void Watch::note_alive(const Event& answer) {
  const auto hit = tables_.neighbors.find(answer.bridge, answer.ip);
  if (hit && hit.entry.mac() == answer.mac)
    tables_.neighbors.touch(hit.slot, static_cast<uint32_t>(answer.at / kSecond));
}

void Watch::answered_at(uint64_t key, Job& job, Place& place, Nanos now) {
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (entry.is_free() || entry.seq() != job.seq || job.keepalive) return;
  if (&place == &job.third) return;  // weighed when it is time
  const bool is_place = &place == &job.place;
  if (entry.state() == FdbState::kTesting) {
    if (is_place) reject(key, job, now);
    schedule(key, job);  // an answer from the other place is weighed when it is time
    if (!is_place && (job.round > 2 || !tables_.ports.is_up(job.place.at))) step(key, job, now);
  } else if (!is_place && entry.state() == FdbState::kSettling && !entry.marked()) {
    if (job.hinted) return tell(Outcome::Kind::kStillAtSource, key, job, now);
    if (now < job.began + policy(key).veto) revert(key, job, now);
    schedule(key, job);
  }
}

void Watch::sought(const Event& event, Nanos now) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  if (sought_.size() >= kMostSought)
    std::erase_if(sought_, [&](const auto& s) { return now - s.second >= kSeekInterval; });
  if (sought_.size() >= kMostSought && !sought_.contains(key)) return;
  const auto [last, is_new] = sought_.try_emplace(key, now);
  if (!is_new && now - last->second < kSeekInterval) return;
  last->second = now;
  for (const IpAddress& ip : hosts_.ips(event.bridge, event.mac)) questions_.seek(event.bridge, ip);
}

void Watch::prepared(uint64_t key, Nanos until, Nanos now) {
  contests_.forgive(key);
  Job& job = begin(key, tables_.fdb.find(key).entry, now);
  job.ends = until;
  job.round = kLastRound;
  schedule(key, job);
}

void Watch::committed(uint64_t key, Nanos now) {
  contests_.forgive(key);
  Job& job = begin(key, tables_.fdb.find(key).entry, now);
  job.hinted = true;
  job.ends = now + policy(key).settle;
  job.ip = address_to_ask(key, now);
  ask_due(key, job, now);
  schedule(key, job);
}

void Watch::confirmed(uint64_t key, FdbEntry was, Nanos now) {
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (was.state() == FdbState::kTesting && entry.marked()) {
    Job& job = begin(key, entry, now);
    job.round = kLastRound;
    punish(key, job, contests_.found_false(key, now), Outcome::Kind::kRejected, now);
    return schedule(key, job);
  }
  const auto at = jobs_.find(key);
  if (at != jobs_.end() && at->second.seq == entry.seq()) at->second.hinted = true;
}

// Whatever else the host is up to.
void Watch::suspended(uint64_t key, Nanos until, Nanos now) {
  const FdbEntry entry = tables_.fdb.find(key).entry;
  const auto at = jobs_.find(key);
  Job& job =
      at != jobs_.end() && at->second.seq == entry.seq() ? at->second : begin(key, entry, now);
  if (job.keepalive) {  // it is silent because it stands still
    job.keepalive = false;
    job.ends = kNever;
  }
  if (entry.state() == FdbState::kBound && job.ends == kNever) job.round = kLastRound;
  // Nor does what was prepared end meanwhile.
  if (entry.state() == FdbState::kMigrating) job.ends = std::max(job.ends, until);
  job.held_until = until;
  schedule(key, job);
}

void Watch::met(uint64_t key, FdbEntry entry, Nanos now) {
  const auto at = jobs_.find(key);
  if (at != jobs_.end() && at->second.seq == entry.seq()) return;
  if (at == jobs_.end() && jobs_.size() >= kMostJobs) return;
  Job& job = begin(key, entry, now);
  job.round = entry.state() == FdbState::kTesting ? 0 : kLastRound;
  switch (entry.state()) {
    case FdbState::kSettling:
      job.ends = now + policy(key).settle;
      break;
    case FdbState::kTesting:
      job.ends = now + policy(key).probe_timeout;
      job.ip = address_to_ask(key, now);
      break;
    case FdbState::kMigrating:
      job.ends = now + kUnknownTtl;
      break;
    case FdbState::kFrozen:
      job.ends = now + kUnknownFreeze;
      break;
    default:
      if (job.held_until == kNever) return drop(key);
  }
  schedule(key, job);
}

bool Watch::keep_alive(uint64_t key, FdbEntry entry, Nanos now) {
  const auto known = jobs_.find(key);
  // A question about a move that has settled can wait for this one.
  const bool busy = known != jobs_.end() && (known->second.keepalive || is_held(entry));
  if (entry.state() != FdbState::kBound || busy || jobs_.size() >= kMostJobs) return false;
  const auto ip = address_to_ask(key, now);
  if (!ip) return false;
  Job& job = begin(key, entry, now);
  job.keepalive = true;
  job.stamp = entry.stamp();
  job.ip = ip;
  job.ends = now + kKeepalives * kSecond;
  ask_due(key, job, now);
  schedule(key, job);
  return true;
}

}  // namespace godwit
