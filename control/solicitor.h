// Asks neighbors, and draws the conclusion when they do not answer:
//
//   resolve   a packet waits for a MAC: ask all, three times, a second apart; then give up
//             (RFC 1122 §2.3.2.1, RFC 4861 §7.2.2)
//   verify    a mapping has not been heard for long: ask its owner alone, three times, a second
//             apart; then it ends (RFC 4861 §7.3.3, RFC 1122 §2.3.2.1 (2))
//   contest   another MAC claims the address: ask the owner alone, twice; if it is silent, the
//             address is the other's (RFC 8302 §4.3, RFC 9161 §3.7)
//   defend    another host probes the address: ask the owner alone, twice; if it is silent, it may
//             be paused, and the probe is answered for it (RFC 5227 §2.4)
//
// While it asks an owner the entry is in state PROBE. A worker that hears the owner takes it out of
// that state by CAS; so a verdict, which is a CAS from PROBE, never wins against an answer.
//
// Control's thread. Its memory is bounded, and so is the rate of its questions.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/questions.h"

#include "dataplane/events.h"
#include "dataplane/hold.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/hash.h"
#include "lib/token_bucket.h"
#include "lib/units.h"
#include "lib/wait_times.h"

namespace godwit {

class Solicitor {
 public:
  // All must outlive this.
  Solicitor(const Topology& topology, Tables& tables, Questions& questions);

  // The owner of a mapping in `slot` did not answer: it is to end.
  std::function<void(uint32_t slot, NeighborEntry entry)> on_silent;
  // The address is another MAC's now, from `claim.at` on.
  std::function<void(const Event& claim, Mac was)> on_given_over;

  // A packet waits for this neighbor. No port by which such come in may have so many asked for that
  // another finds no room.
  void resolve(const Event& wanted, Nanos now);
  // False when it cannot ask now, for want of an address or of room.
  bool verify(BridgeIndex bridge, const IpAddress& ip, uint32_t slot, NeighborEntry entry,
              Nanos now);
  void contest(const Event& claim, Nanos now);
  void defend(const Event& probe, Nanos now);
  // The neighbor was heard.
  void heard(BridgeIndex bridge, const IpAddress& ip, Nanos now);

  bool is_asking(BridgeIndex bridge, const IpAddress& ip) const {
    return jobs_.contains({bridge, ip});
  }
  // What it resolves: each(bridge, ip), in no order.
  template <class Each>
  void for_each_unresolved(Each each) const {
    for (const auto& [neighbor, job] : jobs_)
      if (job.kind == Kind::kResolve) each(neighbor.bridge, neighbor.ip);
  }

  size_t jobs() const { return jobs_.size(); }
  Nanos next_due() const { return due_.empty() ? kNever : due_.begin()->first; }
  void run(Nanos now);

  uint64_t asked() const { return asked_; }        // questions sent
  uint64_t given_up() const { return given_up_; }  // neighbors that did not answer
  uint64_t refused() const { return refused_; }    // for want of room
  // From the first packet for a neighbor to the first question where it is.
  const WaitTimes& waits() const { return waits_; }

 private:
  // kRest: nothing to do, and nothing new is begun until it is over.
  enum class Kind : uint8_t { kResolve, kVerify, kContest, kDefend, kRest };
  struct Job {
    Kind kind = Kind::kRest;
    unsigned asked = 0;
    Nanos due = 0;
    uint32_t slot = kNoSlot;
    NeighborEntry entry;  // as it stands in state PROBE
    Event about;          // what it answers
  };
  struct Hash {
    HashSecret secret;
    size_t operator()(const Neighbor& n) const {
      return keyed_hash(keyed_hash(n.ip.hi ^ n.bridge, secret) ^ n.ip.lo, secret);
    }
  };
  struct Order {
    bool operator()(const std::pair<Nanos, Neighbor>& x, const std::pair<Nanos, Neighbor>& y) const;
  };

  bool has_room(const Job& job) const;
  void begin(const Neighbor& neighbor, Job job, Nanos now);
  void doubt(const Neighbor& neighbor, Kind kind, const Event& about, Nanos now);
  bool to_probe(Job& job);
  void schedule(const Neighbor& neighbor, Job& job, Nanos due);
  void step(const Neighbor& neighbor, Job& job, Nanos now);
  bool ask(const Neighbor& neighbor, const Job& job);
  void conclude(const Neighbor& neighbor, Job& job, Nanos now);
  void give_over(const Job& job, Nanos now);
  void stand_in_for(const Neighbor& neighbor, const Job& job);
  void rest(const Neighbor& neighbor, Job& job, Nanos now);
  void end(const Neighbor& neighbor, const Job& job);
  Nanos interval(const Neighbor& neighbor, Kind kind) const;

  const Topology& topology_;
  Tables& tables_;
  Questions& questions_;
  TokenBucket pace_;
  size_t most_unresolved_;
  size_t unresolved_ = 0;
  std::vector<size_t> unresolved_of_;  // by port
  std::unordered_map<Neighbor, Job, Hash> jobs_;
  std::set<std::pair<Nanos, Neighbor>, Order> due_;
  uint64_t asked_ = 0;
  uint64_t given_up_ = 0;
  uint64_t refused_ = 0;
  WaitTimes waits_;
};

}  // namespace godwit
