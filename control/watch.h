// Hosts whose place is in doubt, or that are on their way: what time, and their own answers, say
// about them.
//
// A host that moved is asked at both places, by unicast and at those ports alone: at once, after
// `probe_wait`, and where it was also 1, 5 and 25 s later (RFC 9135 §7.1). An answer counts only if
// it comes in at the port that was asked, within `probe_timeout`.
//
//   - Believed, then verified (learned hosts): an answer from the old place takes the move back,
//     until `veto` is over; no answer from anywhere leaves it as it is.
//   - Verified, then believed (registered hosts, and learned ones from a suspect): an answer from
//     the old place ends the claim. One from the new place alone, when `probe_timeout` is over,
//     makes it true. If neither answers for twice as long, three more frames from the new place do.
//   - Told by the VM manager: true. An answer from the old place raises an alarm.
//   - Refused by the worker, because the entry's state has no room for it (from a third place, or
//     on a host that is FROZEN): verified all the same, at most once a second, for who is pinned
//     may have moved. An answer from there, and none from elsewhere in `probe_timeout`, makes it
//     true. Not against the VM manager's word, while the place that the host leaves has a link.
//   - On a host that stands still: no answer in time decides nothing before frames are held no
//     longer.
//
// A host whose IP is not known cannot be asked. What is decided here is written by compare-and-swap
// against the sequence number of what it is about, so a verdict that is late loses.
//
// Control's thread. There is one job for each such host, and the questions are limited for each
// port (`limits.probes`).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/contests.h"
#include "control/host_index.h"
#include "control/questions.h"

#include "dataplane/events.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/fdb.h"
#include "lib/token_bucket.h"
#include "lib/units.h"

namespace godwit {

// What became of a claim, or of a host, in the end.
struct Outcome {
  enum class Kind : uint8_t {
    kReverted,       // it had been believed: the host is back at `place`
    kAccepted,       // it had not been believed: the host is at `place` now
    kRejected,       // it had not been believed: the host stays at `place`
    kFrozen,         // one too many was false: the host stays at `place`
    kStillAtSource,  // the VM manager said that it moved to `place`, and it answers at `other`
    kHintExpired,    // it was prepared to move to `other`, and did not
    kReleased,       // it stood still for too long: what was held goes to `place`
    kWentOffline,    // it did not answer at `place`
  };
  Kind kind;
  uint64_t key;  // in the FDB
  Location place;
  Location other;
  Nanos at;
  Nanos began;  // the doubt
};

class Watch {
 public:
  // All must outlive this.
  Watch(const Topology& topology, Tables& tables, Questions& questions, const HostIndex& hosts);

  std::function<void(const Outcome&)> on_outcome;

  // What workers tell.
  void moved(const Event& event);
  // Instead of moved(): false if it is no answer to a question about the host's last move. Where
  // that has settled, such an answer is a claim as well, and the worker has followed it already.
  bool took_back(const Event& event);
  void tested(const Event& event);
  void upheld(const Event& event);
  void refused(const Event& event);
  void answered(const Event& event);
  // Traffic for a host that is OFFLINE: asks everywhere where it is, once a second.
  void sought(const Event& event, Nanos now);

  // What the VM manager's words led to.
  void prepared(uint64_t key, Nanos until, Nanos now);
  void committed(uint64_t key, Nanos now);
  void confirmed(uint64_t key, FdbEntry was, Nanos now);  // it is where it was
  void suspended(uint64_t key, Nanos until, Nanos now);

  // A walk over the FDB met it: in a state that ends, or silent for so long that it is to be asked.
  void met(uint64_t key, FdbEntry entry, Nanos now);
  // False if it is not asked now: it has no address for that yet, or is busy with another matter.
  bool keep_alive(uint64_t key, FdbEntry entry, Nanos now);

  size_t jobs() const { return jobs_.size(); }
  uint64_t probes() const { return probes_; }  // sent
  Nanos next_due() const { return due_.empty() ? kNever : due_.begin()->first; }
  void run(Nanos now);

 private:
  static constexpr unsigned kLastRound = 5;   // of questions after a move
  static constexpr unsigned kKeepalives = 3;  // a second apart

  struct Place {
    Location at = kNoLocation;
    Nanos asked = kNever;  // last; kNever: not yet
    Nanos deaf_until = 0;  // what it says until then may answer an older question
    bool answered = false;
  };
  struct Job {
    uint16_t seq = 0;  // of the entry that it is about
    bool hinted = false;
    bool keepalive = false;
    bool was_offline = false;
    bool settled = false;  // the move, and there is still something to ask
    unsigned round = 0;    // of questions
    uint16_t stamp = 0;    // keepalive: the entry's
    Nanos began = 0;
    Nanos ends = kNever;        // the state that the entry is in
    Nanos held_until = kNever;  // frames for it
    Nanos due = kNever;
    Place place;  // where it is
    Place other;  // where it was, or may be
    Place third;  // where it is claimed to be besides
    Nanos third_began = 0;
    Nanos third_ends = kNever;
    std::optional<IpAddress> ip;
  };

  Job& begin(uint64_t key, FdbEntry entry, Nanos now);
  void step(uint64_t key, Job& job, Nanos now);
  bool step_testing(uint64_t key, Job& job, Nanos now);
  bool step_bound(uint64_t key, Job& job, FdbEntry entry, Nanos now);
  void step_third(uint64_t key, Job& job, Nanos now);
  void accept(uint64_t key, Job& job, Place claimed, FdbEntry entry, Nanos now);
  bool end_state(uint64_t key, Job& job, Nanos now);
  void release(uint64_t key, Job& job, Nanos now);
  void ask_due(uint64_t key, Job& job, Nanos now);
  bool ask(uint64_t key, Job& job, Place& place, Nanos now);
  Nanos next_question(uint64_t key, const Job& job) const;
  std::optional<IpAddress> address_to_ask(uint64_t key, Nanos now) const;
  void hear_appeal(uint64_t key, Job& job, const Event& claim);
  void answered_at(uint64_t key, Job& job, Place& place, Nanos now);
  void note_alive(const Event& answer);
  void revert(uint64_t key, Job& job, Nanos now);
  void reject(uint64_t key, Job& job, Nanos now);
  void punish(uint64_t key, Job& job, Contests::Sentence sentence, Outcome::Kind kind, Nanos now);
  void tell(Outcome::Kind kind, uint64_t key, const Job& job, Nanos now);
  template <class Next>
  std::optional<FdbEntry> change(uint64_t key, const Job& job, Next next);
  void schedule(uint64_t key, Job& job);
  void drop(uint64_t key);
  const MovesConfig& policy(uint64_t key) const {
    return topology_.bridge(fdb_bridge(key)).config->moves;
  }

  const Topology& topology_;
  Tables& tables_;
  Questions& questions_;
  const HostIndex& hosts_;
  Contests contests_;
  std::vector<TokenBucket> pace_;  // of questions, by port
  std::unordered_map<uint64_t, Job> jobs_;
  std::set<std::pair<Nanos, uint64_t>> due_;
  std::unordered_map<uint64_t, Nanos> sought_;  // → when last asked for
  uint64_t probes_ = 0;
};

// Writes the next word if nothing was decided since the job began. The word that is there then, or
// nothing if something was.
template <class Next>
std::optional<FdbEntry> Watch::change(uint64_t key, const Job& job, Next next) {
  Fdb::Hit hit = tables_.fdb.find(key);
  while (hit && hit.entry.seq() == job.seq && hit.entry.location() == job.place.at) {
    const FdbEntry desired = next(hit.entry);
    if (tables_.fdb.compare_exchange(hit.slot, hit.entry, desired)) return desired;
  }
  return std::nullopt;
}

}  // namespace godwit
