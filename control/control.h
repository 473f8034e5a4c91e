// Control: everything that needs time or memory, on one thread, beside the workers. It never sleeps
// and reads no clock: whoever owns the thread calls run_due(now) when next_due() has come, and each
// call does a turn of work that takes about a millisecond at most.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <unordered_set>

#include "control/aging.h"
#include "control/alarms.h"
#include "control/announcer.h"
#include "control/forget.h"
#include "control/hint_desk.h"
#include "control/host_edits.h"
#include "control/host_index.h"
#include "control/leases.h"
#include "control/links.h"
#include "control/move_log.h"
#include "control/questions.h"
#include "control/restorer.h"
#include "control/solicitor.h"
#include "control/sweep.h"
#include "control/watch.h"

#include "dataplane/orders.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/grace.h"
#include "lib/hints.h"
#include "lib/units.h"

namespace godwit {

class Control {
 public:
  // Everything is the caller's and must outlive control.
  Control(const Topology& topology, Tables& tables, std::span<Channel* const> channels,
          GracePeriod& grace);

  // The instant of the next work that time brings about; kNever if there is none. Events of the
  // workers are no such work: call take_events when a round of theirs may have posted some.
  Nanos next_due() const;
  void run_due(Nanos now);
  // At most `most` of each ring, or as many as it holds: a worker that posts without end keeps
  // control from nothing else. Returns whether there are more.
  static constexpr unsigned kEventsATurn = 1U << 16;
  bool take_events(Nanos now, unsigned most = kEventsATurn);
  // Does what the hint says. Empty when it is done; else why it is not, which is an alarm, too.
  std::string hear(const Hint& hint, Nanos now);
  // What an earlier run knew, before the workers start (control/restorer.h).
  TakenBack take_back(const State& state, Nanos unix_time, Nanos now);
  // The topology follows another config than this, with its numbers (lib/config_change.h), and no
  // worker follows this one any more.
  void follow(const Config& before, Nanos now);
  // The link of a port came or went. A port that is still (dataplane/port_state.h) goes down when
  // this was said for as long as frames are held.
  void link(PortIndex port, bool up, Nanos now);
  // Nanoseconds since the Unix epoch at `now`, for talk with other switches.
  void set_unix_time(Nanos unix_time, Nanos now) { forgetter_.set_unix_time(unix_time, now); }

  MoveLog& moves() { return moves_; }
  const MoveLog& moves() const { return moves_; }
  Alarms& alarms() { return alarms_; }
  const Alarms& alarms() const { return alarms_; }
  const HostIndex& hosts() const { return hosts_; }
  HostEdits& edits() { return edits_; }
  const Restorer& restorer() const { return restorer_; }
  const Solicitor& solicitor() const { return solicitor_; }
  const Watch& watch() const { return watch_; }
  const Forgetter& forgetter() const { return forgetter_; }
  const Leases& leases() const { return leases_; }
  uint64_t aged_locations() const { return fdb_aging_.aged(); }
  uint64_t aged_neighbors() const { return neighbor_aging_.aged(); }
  uint64_t events_lost() const;

 private:
  using PortsOfBridges = std::unordered_set<uint64_t>;  // keys, as if the port were a MAC
  struct Departure {
    Nanos due;
    uint64_t key;
    Location from;
  };

  void connect();
  void flush(const FlushHint& what, Nanos now);
  void tell_flushed(const FlushHint& what, Nanos now);
  bool end_host(uint64_t key, uint32_t slot, FdbEntry entry);
  void connect_leases();
  void on_refused_grant(const Leases::Grant& grant, Leases::Refusal refusal);
  bool on_bound(const Leases::Grant& grant);
  void repair(Nanos now);
  void forget_names(const Config& before);
  void end_absent(Nanos now);
  void end_absent(uint32_t slot, const PortsOfBridges& there, Nanos now);
  bool end(uint64_t key, uint32_t slot, FdbEntry entry);
  bool stay(uint64_t key, uint32_t slot, FdbEntry entry, Nanos now);
  void handle(const Event& event, Nanos now);
  MoveRecord record_of(const Event& event) const;
  MoveRecord record_of(uint64_t key, Location from, Location to, Evidence evidence,
                       Nanos now) const;
  void on_moved(const Event& event);
  void on_refused(const Event& event);
  void on_outcome(const Outcome& outcome);
  void on_committed(uint64_t key, Location from, Location to, Evidence evidence, Nanos now);
  bool on_leave(uint64_t key, uint32_t slot, FdbEntry entry, Nanos now);
  void end_departed(Nanos now);
  void on_host_without_link(uint64_t key, FdbEntry was, FdbEntry is, Nanos now);
  void on_offline(uint64_t key, Location place, ForgetReason why, Nanos known, Nanos now);
  void on_mapped(const Event& event, Nanos now);
  void on_gateway_claim(const Event& event, Nanos now);
  void on_conflict(const Event& event, Nanos now);
  void on_given_over(const Event& claim, Mac was);
  bool is_kept(const Event& conflict) const;
  void follow_rarp_beyond(const Event& event, Nanos now);
  void alarm(const Event& event, AlarmKind kind, bool names_host, std::string detail);
  void alarm(uint64_t key, AlarmKind kind, Location port, Nanos now, std::string detail);
  std::string port_name(Location at) const;

  const Topology& topology_;
  Tables& tables_;
  std::span<Channel* const> channels_;
  HostIndex hosts_;
  MoveLog moves_;
  Alarms alarms_;
  Questions questions_;
  Solicitor solicitor_;
  Announcer announcer_;
  Watch watch_;
  HintDesk hint_desk_;
  Links links_;
  Forgetter forgetter_;
  Leases leases_;
  FdbAging fdb_aging_;
  NeighborAging neighbor_aging_;
  Sweep<FdbAging> fdb_sweep_;
  Sweep<NeighborAging> neighbor_sweep_;
  HostEdits edits_;
  std::deque<Departure> departures_;  // hosts that left a moment ago
  Restorer restorer_;
  uint64_t lost_seen_ = 0;
  uint64_t repaired_at_ = 0;  // walks of the neighbor sweep
};

}  // namespace godwit
