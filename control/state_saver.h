// Writes what the tables know to the state file (control/state_file.h), again and again while the
// switch runs and once more at its end, for the next run to take back (control/restorer.h): hosts
// with their places, pinned ones, the mappings of both families, and leases. What the configuration
// says is not written, nor a host that is OFFLINE.
//
// Control's thread, in turns that take a fraction of a millisecond; workers change the tables
// meanwhile, and each entry is written as it is when its turn comes. A thread of its own then
// writes the file, because a disk may take its time.
//
// As long as hosts come and move, the file is written every few seconds, else every half minute,
// and never so often that it takes more than a twentieth of the time.
#pragma once

#include <cstdint>
#include <future>
#include <string>
#include <unordered_set>

#include "control/control.h"
#include "control/state_file.h"

#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/units.h"

namespace godwit {

class StateSaver {
 public:
  // Keeps the references. `unix_time` of an instant: nanoseconds of the Unix epoch.
  StateSaver(std::string path, const Topology& topology, const Tables& tables,
             const Control& control);

  // What is due now, or the next step of it.
  void turn(Nanos now, Nanos unix_time);
  // Everything, now; waits until it is on the disk. For the end.
  void save(Nanos now, Nanos unix_time);

  bool is_writing() const { return writing_.valid(); }
  uint64_t written() const { return written_; }  // files

 private:
  void begin(Nanos now);
  bool step(Nanos now, Nanos unix_time);
  void add_host(uint32_t slot, Nanos now, uint64_t now_s);
  void add_mapping(uint32_t slot, Nanos now, uint64_t now_s);
  void write();
  bool is_written();
  uint64_t changes() const;
  bool is_configured(uint64_t key) const { return configured_.contains(key); }

  const std::string path_;
  const Topology& topology_;
  const Tables& tables_;
  const Control& control_;
  std::unordered_set<uint64_t> configured_;  // FDB keys of static hosts and gateways
  State state_;                              // as far as it is collected
  bool collecting_ = false;
  bool fdb_done_ = false;
  uint64_t config_ = 0;               // the topology's number
  uint32_t at_ = 0;                   // next slot of the table that is walked
  std::future<std::string> writing_;  // what went wrong
  Nanos began_ = 0;
  Nanos ended_ = 0;
  uint64_t changes_seen_ = 0;
  uint64_t written_ = 0;
  std::string told_;  // the last error
};

}  // namespace godwit
