#include "control/solicitor.h"

#include <algorithm>
#include <tuple>

namespace godwit {
namespace {

constexpr unsigned kSolicitations = 3;  // RFC 4861 §10: MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT
constexpr unsigned kChallenges = 2;     // to the owner of a contested address
constexpr size_t kMostJobs = 1U << 16;
constexpr unsigned kJobsATurn = 512;
constexpr Nanos kRetry = kMillisecond;  // when a worker has no room for an order, or the pace none
constexpr Nanos kRestFor = kSecond;     // between two doubts about one address
constexpr uint32_t kQuestionBurst = 1000;  // at once, beyond the pace

bool is_static(NeighborEntry entry) { return (entry.flags() & kStaticNeighbor) != 0; }

unsigned tries(bool of_owner_in_doubt) { return of_owner_in_doubt ? kChallenges : kSolicitations; }

}  // namespace

bool Solicitor::Order::operator()(const std::pair<Nanos, Neighbor>& x,
                                  const std::pair<Nanos, Neighbor>& y) const {
  return std::tie(x.first, x.second.bridge, x.second.ip) <
         std::tie(y.first, y.second.bridge, y.second.ip);
}

Solicitor::Solicitor(const Topology& topology, Tables& tables, Questions& questions)
    : topology_(topology),
      tables_(tables),
      questions_(questions),
      pace_(topology.config().limits.punt.per_second, kQuestionBurst),
      most_unresolved_(topology.config().limits.unresolved),
      unresolved_of_(topology.ports().size()),
      jobs_(0, Hash{tables.secret}) {}

Nanos Solicitor::interval(const Neighbor& neighbor, Kind kind) const {
  if (kind == Kind::kContest || kind == Kind::kDefend)
    return topology_.bridge(neighbor.bridge).config->moves.probe_timeout;
  const uint64_t rate = topology_.config().limits.resolve_per_target.per_second;
  return kind == Kind::kResolve && rate > 1 ? kSecond / rate : kSecond;
}

void Solicitor::schedule(const Neighbor& neighbor, Job& job, Nanos due) {
  due_.erase({job.due, neighbor});
  job.due = due;
  due_.insert({due, neighbor});
}

// A port may have as many neighbors asked for as there is room left: however many ports scan, one
// that does not still finds room.
bool Solicitor::has_room(const Job& job) const {
  if (jobs_.size() >= kMostJobs) return false;
  return job.kind != Kind::kResolve ||
         unresolved_of_[job.about.to] + unresolved_ < most_unresolved_;
}

// Begins at once. There is room.
void Solicitor::begin(const Neighbor& neighbor, Job job, Nanos now) {
  if (job.kind == Kind::kResolve) {
    ++unresolved_;
    ++unresolved_of_[job.about.to];
  }
  Job& placed = jobs_.emplace(neighbor, job).first->second;
  schedule(neighbor, placed, now);
  step(neighbor, placed, now);
}

void Solicitor::end(const Neighbor& neighbor, const Job& job) {
  if (job.kind == Kind::kResolve) {
    --unresolved_;
    --unresolved_of_[job.about.to];
  }
  due_.erase({job.due, neighbor});
  jobs_.erase(neighbor);
}

void Solicitor::resolve(const Event& wanted, Nanos now) {
  const Neighbor neighbor{wanted.bridge, wanted.ip};
  const auto at = jobs_.find(neighbor);
  if (at != jobs_.end() && at->second.kind == Kind::kResolve) return;
  // Known meanwhile: the worker finds it so, too.
  if (tables_.neighbors.find(wanted.bridge, wanted.ip)) return;
  if (at != jobs_.end()) end(neighbor, at->second);
  Job job;
  job.kind = Kind::kResolve;
  job.about = wanted;
  if (has_room(job)) return begin(neighbor, job, now);
  ++refused_;
  questions_.turn_away(wanted.bridge, wanted.ip);
}

bool Solicitor::verify(BridgeIndex bridge, const IpAddress& ip, uint32_t slot, NeighborEntry entry,
                       Nanos now) {
  if (!questions_.can_ask(bridge, ip)) return false;
  const Neighbor neighbor{bridge, ip};
  if (const auto at = jobs_.find(neighbor); at != jobs_.end()) {
    if (at->second.kind != Kind::kRest) return true;
    end(neighbor, at->second);
  }
  Job job;
  job.kind = Kind::kVerify;
  job.slot = slot;
  job.entry = entry;
  if (!has_room(job) || !to_probe(job)) return false;
  begin(neighbor, job, now);
  return true;
}

void Solicitor::contest(const Event& claim, Nanos now) {
  doubt({claim.bridge, claim.ip}, Kind::kContest, claim, now);
}

void Solicitor::defend(const Event& probe, Nanos now) {
  doubt({probe.bridge, probe.ip}, Kind::kDefend, probe, now);
}

// The owner is asked, if it is not being asked already.
void Solicitor::doubt(const Neighbor& neighbor, Kind kind, const Event& about, Nanos now) {
  if (!questions_.can_ask(neighbor.bridge, neighbor.ip) || jobs_.contains(neighbor)) return;
  const auto hit = tables_.neighbors.find(neighbor.bridge, neighbor.ip);
  if (!hit || hit.entry.mac() != about.other_mac) return;
  Job job;
  job.kind = kind;
  job.slot = hit.slot;
  job.entry = hit.entry;
  job.about = about;
  // A static entry keeps its state: it is only asked.
  if (!has_room(job) || (!is_static(hit.entry) && !to_probe(job))) return;
  begin(neighbor, job, now);
}

bool Solicitor::to_probe(Job& job) {
  NeighborEntry expected = job.entry;
  const NeighborEntry probe = job.entry.with_state(NeighborState::kProbe);
  if (!tables_.neighbors.compare_exchange(job.slot, expected, probe)) return false;
  job.entry = probe;
  return true;
}

void Solicitor::heard(BridgeIndex bridge, const IpAddress& ip, Nanos now) {
  const Neighbor neighbor{bridge, ip};
  const auto at = jobs_.find(neighbor);
  if (at == jobs_.end() || at->second.kind == Kind::kRest) return;
  if (at->second.kind == Kind::kResolve || at->second.kind == Kind::kVerify)
    return end(neighbor, at->second);
  rest(neighbor, at->second, now);
}

void Solicitor::rest(const Neighbor& neighbor, Job& job, Nanos now) {
  job.kind = Kind::kRest;
  schedule(neighbor, job, now + kRestFor);
}

void Solicitor::run(Nanos now) {
  for (unsigned n = 0; n < kJobsATurn && next_due() <= now; ++n) {
    const Neighbor neighbor = due_.begin()->second;
    step(neighbor, jobs_.find(neighbor)->second, now);
  }
}

void Solicitor::step(const Neighbor& neighbor, Job& job, Nanos now) {
  if (job.kind == Kind::kRest) return end(neighbor, job);
  const bool in_doubt = job.kind == Kind::kContest || job.kind == Kind::kDefend;
  if (job.asked == tries(in_doubt)) return conclude(neighbor, job, now);
  if (!pace_.take(now) || !ask(neighbor, job)) return schedule(neighbor, job, now + kRetry);
  if (job.kind == Kind::kResolve && job.asked == 0)
    waits_.note(now - std::min(job.about.at, now));  // it may have come in since `now` was read
  ++asked_;
  ++job.asked;
  schedule(neighbor, job, now + interval(neighbor, job.kind));
}

bool Solicitor::ask(const Neighbor& neighbor, const Job& job) {
  if (job.kind == Kind::kResolve) return questions_.ask_all(neighbor.bridge, neighbor.ip);
  const Mac owner = job.entry.mac();
  const FdbEntry at = tables_.fdb.find(neighbor.bridge, owner).entry;
  const Location place = at.is_free() ? kNoLocation : at.location();
  return questions_.ask_one(neighbor.bridge, neighbor.ip, owner, place);
}

// Nobody has answered.
void Solicitor::conclude(const Neighbor& neighbor, Job& job, Nanos now) {
  const Job done = job;
  ++given_up_;
  if (done.kind == Kind::kResolve || done.kind == Kind::kVerify)
    end(neighbor, job);
  else
    rest(neighbor, job, now);
  switch (done.kind) {
    case Kind::kResolve:
      return questions_.give_up(neighbor.bridge, neighbor.ip);
    case Kind::kVerify:
      return on_silent(done.slot, done.entry);
    case Kind::kContest:
      return give_over(done, now);
    case Kind::kDefend:
      return stand_in_for(neighbor, done);
    case Kind::kRest:
      return;
  }
}

void Solicitor::give_over(const Job& job, Nanos now) {
  NeighborEntry expected = job.entry;
  const NeighborEntry next =
      job.entry.with_state(NeighborState::kStale).with_mac(job.about.mac).with_next_seq();
  if (is_static(job.entry) || !tables_.neighbors.compare_exchange(job.slot, expected, next)) return;
  tables_.neighbors.touch(job.slot, static_cast<uint32_t>(now / kSecond));
  Event taken = job.about;
  taken.at = now;
  on_given_over(taken, job.entry.mac());
}

// The binding of a host that may be paused stays as it is, until it ends by its age.
void Solicitor::stand_in_for(const Neighbor& neighbor, const Job& job) {
  NeighborEntry expected = job.entry;
  const NeighborEntry back = job.entry.with_state(NeighborState::kStale);
  if (!is_static(job.entry) && !tables_.neighbors.compare_exchange(job.slot, expected, back))
    return;
  questions_.refuse(neighbor.bridge, neighbor.ip, job.entry.mac(), job.about.mac, job.about.to);
}

}  // namespace godwit
