#include "control/watch.h"

#include <algorithm>
#include <array>

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr unsigned kJobsATurn = 512;
constexpr size_t kMostJobs = 1U << 20;
constexpr size_t kMostSought = 1U << 14;

constexpr unsigned kLastRound = 5;            // of questions after a move
constexpr unsigned kKeepalives = 3;           // a second apart
constexpr Nanos kPatience = kSecond;          // for three frames, where nobody answers
constexpr Nanos kUnknownTtl = 120 * kSecond;  // of what no event told of
constexpr Nanos kUnknownFreeze = 30 * kSecond;
constexpr Nanos kSeekInterval = kSecond;

// From the claim on; what `veto` no longer covers is not asked.
Nanos round_at(unsigned round, const MovesConfig& policy) {
  constexpr std::array<Nanos, kLastRound> kLater = {0, 0, kSecond, 5 * kSecond, 25 * kSecond};
  if (round == 1) return policy.probe_wait;
  return round < kLastRound && kLater[round] <= policy.veto ? kLater[round] : kNever;
}

Nanos after(Nanos from, Nanos wait) { return wait == kNever ? kNever : from + wait; }

}  // namespace

Watch::Watch(const Topology& topology, Tables& tables, Questions& questions, const HostIndex& hosts)
    : topology_(topology), tables_(tables), questions_(questions), hosts_(hosts) {
  const uint64_t rate = topology.config().limits.probes.per_second;
  pace_.assign(topology.ports().size(),
               TokenBucket(rate, static_cast<uint32_t>(std::min<uint64_t>(rate, UINT32_MAX))));
}

// ---- Jobs ----

void Watch::schedule(uint64_t key, Job& job) {
  const Nanos due = std::min({job.ends, job.held_until, next_question(key, job)});
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
  job.place.at = entry.location();
  job.other.at = entry.other();
  for (Place* place : {&job.place, &job.other})
    for (const Place& asked : {before.place, before.other})
      if (asked.at == place->at && asked.asked != kNever &&
          now - asked.asked <= policy(key).probe_timeout)
        place->deaf_until = now + policy(key).probe_wait;
  return job;
}

// Writes the next word if nothing was decided since the job began. The word that is there then, or
// nothing if something was.
template <class Next>
std::optional<FdbEntry> Watch::change(uint64_t key, const Job& job, Next next) {
  Fdb::Hit hit = tables_.fdb.find(key);
  while (hit && hit.entry.seq() == job.seq) {
    const FdbEntry desired = next(hit.entry);
    if (tables_.fdb.compare_exchange(hit.slot, hit.entry, desired)) return desired;
  }
  return std::nullopt;
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

void Watch::answered(const Event& event) {
  const uint64_t key = fdb_key(event.bridge, event.mac);
  const auto at = jobs_.find(key);
  if (at == jobs_.end()) return;
  Job& job = at->second;
  for (Place* place : {&job.place, &job.other})
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
  Job& job = begin(key, tables_.fdb.find(key).entry, now);
  job.ends = until;
  job.round = kLastRound;
  schedule(key, job);
}

void Watch::committed(uint64_t key, Nanos now) {
  Job& job = begin(key, tables_.fdb.find(key).entry, now);
  job.hinted = true;
  job.ends = now + policy(key).settle;
  job.ip = address_to_ask(key, now);
  ask_due(key, job, now);
  schedule(key, job);
}

// Whatever else the host is up to.
void Watch::suspended(uint64_t key, Nanos until, Nanos now) {
  const FdbEntry entry = tables_.fdb.find(key).entry;
  const auto at = jobs_.find(key);
  Job& job =
      at != jobs_.end() && at->second.seq == entry.seq() ? at->second : begin(key, entry, now);
  if (entry.state() == FdbState::kBound && job.ends == kNever) job.round = kLastRound;
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

void Watch::keep_alive(uint64_t key, FdbEntry entry, Nanos now) {
  const auto known = jobs_.find(key);
  // A question about a move that has settled can wait for this one.
  const bool busy = known != jobs_.end() && (known->second.keepalive || is_held(entry));
  if (entry.state() != FdbState::kBound || busy || jobs_.size() >= kMostJobs) return;
  const auto ip = address_to_ask(key, now);
  if (!ip) return;
  Job& job = begin(key, entry, now);
  job.keepalive = true;
  job.stamp = entry.stamp();
  job.ip = ip;
  job.ends = now + kKeepalives * kSecond;
  ask_due(key, job, now);
  schedule(key, job);
}

// ---- Time ----

void Watch::run(Nanos now) {
  for (unsigned n = 0; n < kJobsATurn && next_due() <= now; ++n) {
    const uint64_t key = due_.begin()->second;
    step(key, jobs_.find(key)->second, now);
  }
}

void Watch::step(uint64_t key, Job& job, Nanos now) {
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (entry.is_free()) return drop(key);
  if (entry.seq() != job.seq) return met(key, entry, now);
  if (job.held_until <= now) release(key, job, now);
  ask_due(key, job, now);
  bool goes_on = true;
  switch (entry.state()) {
    case FdbState::kTesting:
      goes_on = step_testing(key, job, now);
      break;
    case FdbState::kBound:
      goes_on = step_bound(key, job, entry, now);
      break;
    default:
      if (job.ends <= now) goes_on = end_state(key, job, now);
  }
  if (goes_on || job.held_until != kNever) return schedule(key, job);
  drop(key);
}

// SETTLING, MIGRATING, FROZEN and OFFLINE are over. True when there is more to ask.
bool Watch::end_state(uint64_t key, Job& job, Nanos now) {
  job.ends = kNever;
  bool was_prepared = false;
  const auto entry = change(key, job, [&](FdbEntry current) {
    was_prepared = current.state() == FdbState::kMigrating;
    if (current.state() == FdbState::kOffline) return current;  // the walks end these
    const FdbEntry next = rested(current, now);
    return was_prepared ? next.with_aside(false) : next;
  });
  if (was_prepared && entry) {
    job.held_until = kNever;
    questions_.unpark(key);
    tell(Outcome::Kind::kHintExpired, key, job, now);
  }
  return next_question(key, job) != kNever;
}

// A claim that was not believed. `round` counts on: 2 when both questions are out, 3 when there was
// no answer in time and they are asked once more, 4 when there was none to that either.
bool Watch::step_testing(uint64_t key, Job& job, Nanos now) {
  if (job.ends > now && !(job.round > 2 && job.other.answered)) return true;
  const bool place_asked = job.place.asked != kNever || !tables_.ports.is_up(job.place.at);
  if (job.other.answered && place_asked) {
    const auto entry = change(key, job, [&](FdbEntry e) { return accepted(e, now); });
    if (!entry) return true;
    job = Job{.seq = entry->seq(),
              .round = kLastRound,
              .began = now,
              .ends = now + policy(key).settle,
              .due = job.due,
              .place = job.other,
              .other = job.place,
              .ip = job.ip};
    questions_.unpark(key);
    tell(Outcome::Kind::kAccepted, key, job, now);
    return true;
  }
  if (job.round < 3) {
    job.round = 3;
    job.ends = now + policy(key).probe_timeout;
    if (job.ip) ask(key, job, job.place, now), ask(key, job, job.other, now);
    return true;
  }
  if (job.round == 3 && (place_asked || !job.ip)) {
    change(key, job, [&](FdbEntry e) { return unanswered(e); });
    job.round = 4;
    job.ends = now + kPatience;
    return true;
  }
  // Nobody spoke for either place: it stays where it was, and nobody is to blame.
  const bool dead = job.was_offline || !tables_.ports.is_up(job.place.at);
  const auto entry = change(key, job, [&](FdbEntry e) {
    return dead ? gone_offline(e, now) : rested(e, now).with_aside(false);
  });
  if (!entry) return true;
  questions_.unpark(key);
  tell(Outcome::Kind::kRejected, key, job, now);
  return false;
}

// A question that is asked later than the move has settled, or a keepalive.
bool Watch::step_bound(uint64_t key, Job& job, FdbEntry entry, Nanos now) {
  if (!job.keepalive) {
    job.ends = kNever;  // what it was of has ended: a cancelled move, for one
    return next_question(key, job) != kNever;
  }
  if (entry.stamp() != job.stamp) return false;  // it was heard
  if (job.ends > now) return true;
  if (change(key, job,
             [&](FdbEntry e) { return e.stamp() == job.stamp ? gone_offline(e, now) : e; })
          .value_or(FdbEntry{})
          .state() == FdbState::kOffline)
    tell(Outcome::Kind::kWentOffline, key, job, now);
  return false;
}

void Watch::release(uint64_t key, Job& job, Nanos now) {
  job.held_until = kNever;
  const auto entry = change(key, job, [](FdbEntry e) {
    return e.state() == FdbState::kOffline ? e : e.with_aside(false);
  });
  if (!entry) return;
  questions_.unpark(key);
  tell(Outcome::Kind::kReleased, key, job, now);
}

// ---- Verdicts ----

void Watch::revert(uint64_t key, Job& job, Nanos now) {
  const auto entry = change(key, job, [&](FdbEntry e) { return reverted(e, now); });
  if (!entry) return;
  job.seq = entry->seq();
  job.round = kLastRound;
  std::swap(job.place, job.other);
  punish(key, job, contests_.found_false(key, now), Outcome::Kind::kReverted, now);
}

void Watch::reject(uint64_t key, Job& job, Nanos now) {
  const auto entry = change(key, job, [&](FdbEntry e) { return godwit::upheld(e, now); });
  if (!entry) return;
  job.seq = entry->seq();
  job.round = kLastRound;
  questions_.unpark(key);
  punish(key, job, contests_.found_false(key, now), Outcome::Kind::kRejected, now);
}

void Watch::punish(uint64_t key, Job& job, Contests::Sentence sentence, Outcome::Kind kind,
                   Nanos now) {
  job.ends = sentence.suspect_until;
  if (sentence.freeze_for != 0) {
    const auto entry = change(key, job, [&](FdbEntry e) { return frozen(e, now); });
    if (entry) job.seq = entry->seq(), kind = Outcome::Kind::kFrozen;
    job.round = kLastRound;
  }
  tell(kind, key, job, now);
}

// ---- Questions ----

std::optional<IpAddress> Watch::address_to_ask(uint64_t key, Nanos now) const {
  // Hosts in DAD take 0.0.0.0 for a rival (RFC 5227 §2.1.1), so it is not used on the new ones.
  constexpr Nanos kGrownUp = 10 * kSecond;
  const BridgeContext& bridge = topology_.bridge(fdb_bridge(key));
  std::optional<IpAddress> second_best;
  for (const IpAddress& ip : hosts_.ips(fdb_bridge(key), fdb_mac(key))) {
    if (bridge.own_address(ip)) return ip;
    if (!second_best && (ip.is_v6 || now >= hosts_.since(fdb_bridge(key), ip) + kGrownUp))
      second_best = ip;
  }
  return second_best;
}

Nanos Watch::next_question(uint64_t key, const Job& job) const {
  if (!job.ip || job.round >= kLastRound) return kNever;
  if (job.keepalive) return job.round < kKeepalives ? job.began + job.round * kSecond : kNever;
  const FdbEntry entry = tables_.fdb.find(key).entry;
  if (entry.state() == FdbState::kTesting && job.round >= 2) return kNever;
  return after(job.began, round_at(job.round, policy(key)));
}

void Watch::ask_due(uint64_t key, Job& job, Nanos now) {
  for (; next_question(key, job) <= now; ++job.round) {
    const bool both = job.round < 2 && !job.keepalive;
    if (both || job.keepalive) ask(key, job, job.place, now);
    if (!job.keepalive) ask(key, job, job.other, now);
  }
}

void Watch::ask(uint64_t key, Job& job, Place& place, Nanos now) {
  if (place.answered || place.at >= kMaxPorts || !tables_.ports.is_up(place.at)) return;
  if (!pace_[place.at].take(now)) return;
  if (!questions_.probe(fdb_bridge(key), *job.ip, fdb_mac(key), place.at)) return;
  place.asked = now;
  ++probes_;
}

}  // namespace godwit
