// What workers tell control. Two single-producer, single-consumer rings a worker; a full ring loses
// the event and counts it, and control's sweeps repair what the event would have told; of a
// question the worker asks again.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/element_ring.h"

#include "lib/address.h"
#include "lib/counter.h"
#include "lib/evidence.h"
#include "lib/units.h"

namespace godwit {

enum class EventKind : uint8_t {
  kMoved,          // `mac` was at `from` and is at `to`
  kTested,         // a frame at `to` claimed `mac`, which stays at `from` until that is verified
  kUpheld,         // `mac` was heard at `from`, so what was tested, that it is at `to`, is false
  kRevived,        // `mac` was OFFLINE, and was heard at its place, `to`
  kAnswered,       // `mac`, whose place is in doubt, answered for `ip` at `to`
  kSought,         // there are frames for `mac`, which is OFFLINE
  kRefused,        // a frame at `to` claimed `mac`, which is pinned to `from`
  kGatewayClaim,   // a frame at `to` used a gateway's MAC as its source, or its address as sender
  kMapped,         // `ip` is `mac`'s
  kRemapped,       // `ip` was `other_mac`'s and is `mac`'s
  kConflict,       // `mac` claims `ip`, which stays `other_mac`'s
  kLearnLimit,     // the bridge has no room for `mac`
  kPortQuota,      // port `to` has no room for `mac`
  kNeighborLimit,  // the neighbor table, or the share of port `to`, has no room for `ip`
  kRarpBeyond,     // an untagged RARP of `mac` at `to` that control follows in its further bridges
  kUnresolved,     // a packet waits for the MAC of `ip`
  kConfirmed,      // `mac` answered for `ip`, which was in doubt
  kLearned,        // `mac`, in a bridge that snoops DHCP, was not known, and is at `to`
  kRogueDhcp,      // `mac` sent a DHCP message that its port may not send
  kInspected,      // `mac` names `ip`, which it is not registered for; `other_mac` is, if any
  kSourceGuard,    // the same of a source address
  kStorm,          // a frame of `mac` to `other_mac` was not flooded: `to` floods too much
  kProbed,         // `mac` asked by probe or DAD whether `ip`, which is `other_mac`'s, is free
  kForeignPeer,    // `mac`, at `to`, which is not trusted, spoke as another switch
};

struct Event {
  EventKind kind = EventKind::kMoved;
  Evidence evidence = Evidence::kData;
  BridgeIndex bridge = kNoBridge;
  Location from = kNoLocation;
  Location to = kNoLocation;
  bool hinted = false;  // kMoved: the VM manager had said so
  Nanos at = 0;
  Mac mac;
  Mac other_mac;
  IpAddress ip;
};

class EventRing {
 public:
  // As an ElementRing.
  EventRing(const std::string& name, unsigned size)
      : ring_(name.c_str(), size),
        questions_((name + "-questions").c_str(), size / 2),
        reserve_(size / 4) {}

  // The worker's side. Hosts' places are what users wait for, so the last quarter of the ring is
  // theirs.
  void post(Event event) {
    const bool fits = event.kind == EventKind::kUnresolved               ? questions_.put(event)
                      : is_urgent(event.kind) || ring_.room() > reserve_ ? ring_.put(event)
                                                                         : false;
    if (!fits) ++lost_;
  }

  // Control's side. A packet that waits for a MAC does not wait behind all that a storm tells.
  bool take_question(Event& event) { return questions_.take(event); }
  bool take_other(Event& event) { return ring_.take(event); }
  bool empty() const { return questions_.empty() && ring_.empty(); }
  uint64_t lost() const { return lost_; }

 private:
  static constexpr bool is_urgent(EventKind kind) { return kind <= EventKind::kAnswered; }

  ElementRing<Event> ring_;
  ElementRing<Event> questions_;  // kUnresolved
  unsigned reserve_;
  Counter lost_;
};

}  // namespace godwit
