// What time brings about for the jobs of control/watch.h: questions, and verdicts.

#include <algorithm>
#include <array>

#include "control/watch.h"

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr unsigned kJobsATurn = 512;
constexpr Nanos kPatience = kSecond;  // for three frames, where nobody answers

// From the claim on; what `veto` no longer covers is not asked.
Nanos round_at(unsigned round, const MovesConfig& policy) {
  constexpr std::array<Nanos, 5> kLater = {0, 0, kSecond, 5 * kSecond, 25 * kSecond};
  if (round == 1) return policy.probe_wait;
  return round < kLater.size() && kLater[round] <= policy.veto ? kLater[round] : kNever;
}

Nanos after(Nanos from, Nanos wait) { return wait == kNever ? kNever : from + wait; }

}  // namespace

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
  if (job.third_ends <= now) return step_third(key, job, now);
  if (job.keepalive && entry.stamp() != job.stamp) job.round = kLastRound;  // it was heard
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
  job.settled = !was_prepared && entry && entry->state() == FdbState::kBound;
  return next_question(key, job) != kNever;
}

// A claim that was not believed. `round` counts on: 2 when both questions are out, 3 when there was
// no answer in time and they are asked once more, 4 when there was none to that either.
bool Watch::step_testing(uint64_t key, Job& job, Nanos now) {
  if (job.ends > now && !(job.round > 2 && job.other.answered)) return true;
  const bool place_asked = job.place.asked != kNever || !tables_.ports.is_up(job.place.at);
  if (job.other.answered && place_asked) {
    const auto entry = change(key, job, [&](FdbEntry e) { return accepted(e, now); });
    if (entry) accept(key, job, job.other, *entry, now);
    return true;
  }
  if (job.held_until != kNever) {  // it does not answer because it stands still
    job.ends = job.held_until;
    return true;
  }
  if (job.round < 3) {
    job.round = 3;
    job.ends = now + policy(key).probe_timeout;
    if (!job.ip) return true;
    ask(key, job, job.place, now);
    ask(key, job, job.other, now);
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

// Nobody but the third place answered: it is there.
void Watch::step_third(uint64_t key, Job& job, Nanos now) {
  job.third_ends = kNever;
  const bool alone = job.third.answered && !job.place.answered && !job.other.answered;
  if (alone && (job.place.asked != kNever || !tables_.ports.is_up(job.place.at))) {
    const Place third = job.third;
    const auto entry =
        change(key, job, [&](FdbEntry e) { return godwit::committed(e, third.at, now); });
    if (entry) accept(key, job, third, *entry, now);
  }
  schedule(key, job);
}

// The entry says now that the host is where it was claimed to be.
void Watch::accept(uint64_t key, Job& job, Place claimed, FdbEntry entry, Nanos now) {
  const Job before = job;
  job = Job{};
  job.seq = entry.seq();
  job.round = kLastRound;
  job.began = now;
  job.ends = now + policy(key).settle;
  job.due = before.due;
  job.place = claimed;
  job.other = before.place;
  job.ip = before.ip;
  questions_.unpark(key);
  tell(Outcome::Kind::kAccepted, key, job, now);
}

// A question that is asked later than the move has settled, or a keepalive.
bool Watch::step_bound(uint64_t key, Job& job, FdbEntry entry, Nanos now) {
  if (!job.keepalive) {
    // What it was of has ended: a cancelled move, for one. Somebody may still be about to answer.
    const bool asked = job.settled && job.other.asked != kNever;
    const Nanos deaf = asked ? job.other.asked + policy(key).probe_timeout : now;
    job.ends = deaf > now ? deaf : kNever;
    return job.ends != kNever || next_question(key, job) != kNever;
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
  bool was_held = false;  // else it is over already: it runs again, or is looked for
  const auto entry = change(key, job, [&](FdbEntry e) {
    was_held = is_held(e);
    // It cannot be where it was, if there is no link.
    if (was_held && e.state() == FdbState::kMigrating && !tables_.ports.is_up(e.location()))
      return godwit::committed(e, e.other(), now);
    return was_held ? e.with_aside(false) : e;
  });
  if (!entry || !was_held) return;
  if (entry->location() != job.place.at) return accept(key, job, job.other, *entry, now);
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
    if (entry) {
      job.seq = entry->seq();
      kind = Outcome::Kind::kFrozen;
    }
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
    const bool is_asked = (job.round < 2 || job.keepalive) && ask(key, job, job.place, now);
    if (!job.keepalive) ask(key, job, job.other, now);
    if (!job.keepalive || is_asked) continue;
    // There is no room now, and who was not asked is not silent.
    job.began += kSecond;
    job.ends += kSecond;
    return;
  }
}

// Whether the question is out.
bool Watch::ask(uint64_t key, Job& job, Place& place, Nanos now) {
  if (place.answered || place.at >= kMaxPorts || !tables_.ports.is_up(place.at)) return false;
  if (!pace_[place.at].take(now)) return false;
  if (!questions_.probe(fdb_bridge(key), *job.ip, fdb_mac(key), place.at)) return false;
  place.asked = now;
  ++probes_;
  return true;
}

}  // namespace godwit
