// FORGET between switches (lib/forget.h, draft-liyz-armd-vm-migration §4.1): what godwit tells
// others when a host is gone, and what it does when another says so.
//
// Telling. A signed FORGET by every trusted port of the bridge; and, for switches that do not know
// such frames, a broadcast question for each of the host's addresses, three times a second apart
// unless it is heard again: if it lives elsewhere its answer shows every switch on the way where.
// Both are paced by `forget.rate`, so that a port with 10,000 hosts that loses its link is no
// storm.
//
// Hearing. A FORGET is believed when its tag is right, its clock is within `forget.max_skew` of
// ours, its number was not heard before, and it is about the bridge that it came in by. It then
// ends what is known of the host, if that is *where the FORGET came in*, and if the host was not
// heard since it was last known to be at its old place: what was heard later was heard of a new
// place. Clocks are not compared for this. The sender says how long ago that was; the way here only
// makes it seem later. Where whole seconds cannot tell, the entry goes, for the worst that this
// costs is a flood until the host speaks again. Everything else is counted, by name, and changes
// nothing. Then it is passed on by the bridge's other trusted ports, once, because its number is
// known then.
//
// Control's thread. Its memory is bounded.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "control/alarms.h"
#include "control/hmac.h"
#include "control/questions.h"

#include "dataplane/punt.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/forget.h"
#include "lib/replay_window.h"
#include "lib/token_bucket.h"
#include "lib/units.h"

namespace godwit {

// What became of each message; sent and asked for are ours, the others came in.
enum class ForgetCount : uint8_t {
  kSent,         // to all trusted ports of the bridge
  kNotSent,      // for want of room: too many at once
  kAsked,        // questions in the clear, for switches that know no FORGET
  kReceived,     // each ends as one of those below
  kApplied,      // what was known of the host ended
  kUnknown,      // nothing was known of the host's place
  kElsewhere,    // the host is somewhere else, or its place is for others to decide
  kNewer,        // the host was heard since
  kOwn,          // this switch's own, come back
  kReplayed,     // heard before
  kMalformed,    // no FORGET, or one that makes no sense
  kForged,       // its tag is not made with a key of ours
  kSkewed,       // its clock is too far from ours, or it was kept back
  kStale,        // its number is far behind the newest of its sender
  kWrongBridge,  // of another network than the bridge it came in by
  kNoRoom,       // one switch too many
};

class Forgetter {
 public:
  // All must outlive this.
  Forgetter(const Topology& topology, Tables& tables, Questions& questions, Alarms& alarms);

  // Ends the entry of this FDB key, with all that control knows of the host. False when it changed
  // meanwhile.
  std::function<bool(uint64_t key, uint32_t slot, FdbEntry entry)> end_host;

  bool is_on() const { return !macs_.empty(); }
  // Nanoseconds since the Unix epoch at `now`; to be told at the start and now and then. Nothing is
  // sent, and nothing is believed, before.
  void set_unix_time(Nanos unix_time, Nanos now);

  // The host is not behind `port` any more, where it was last known to be at `known`. Says nothing
  // of a host that another switch is to speak for: one behind a trusted port.
  void forget(BridgeIndex bridge, Mac mac, std::span<const IpAddress> ips, Location port,
              ForgetReason reason, Nanos known);
  // A frame of another switch's.
  void hear(const Punt& punt, Nanos now);

  Nanos next_due() const;
  void run(Nanos now);

  uint64_t count(ForgetCount of) const { return counts_[static_cast<size_t>(of)]; }

 private:
  static constexpr unsigned kQuestions = 3;  // RFC 4861 §10: MAX_MULTICAST_SOLICIT

  struct Telling {
    BridgeIndex bridge;
    Nanos known;
    Forget message;
  };
  struct Question {
    BridgeIndex bridge;
    Mac mac;
    IpAddress ip;
    unsigned asked = 0;
  };

  void add(ForgetCount of) { ++counts_[static_cast<size_t>(of)]; }
  bool tell(Telling& telling, Nanos now);
  void ask_about(const Telling& telling, Nanos now);
  bool ask(const Question& question, Nanos now);
  bool is_heard_again(const Question& question) const;
  std::optional<ForgetCount> refuse(const Forget& forget, const Punt& punt, Nanos now);
  ForgetCount judge(std::span<const uint8_t> payload, const Punt& punt, Nanos now);
  ForgetCount apply(const Forget& forget, const Punt& punt, Nanos now);
  void alarm(const Punt& punt, std::string_view detail);

  const Topology& topology_;
  Tables& tables_;
  Questions& questions_;
  Alarms& alarms_;
  std::vector<HmacSha256> macs_;  // by key; empty: not on
  uint64_t self_;
  Mac mac_;  // what this switch speaks with
  Nanos max_skew_;
  std::optional<Nanos> unix_start_;  // of time 0
  uint64_t first_sequence_ = 0;      // 0: none was sent
  uint64_t next_sequence_ = 0;
  TokenBucket tell_pace_;
  TokenBucket ask_pace_;
  Nanos retry_ = 0;  // not before, for want of pace or of a worker's room
  ReplayWindows windows_;
  std::deque<Telling> tellings_;
  std::multimap<Nanos, Question> due_;
  std::set<std::pair<BridgeIndex, IpAddress>> asked_about_;  // those in due_
  std::array<uint64_t, static_cast<size_t>(ForgetCount::kNoRoom) + 1> counts_{};
};

}  // namespace godwit
