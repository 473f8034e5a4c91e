// Looks up every source. The usual answer is "where it was", and nothing is written but the entry's
// age, once a second. Anything else goes to the cold path: a new entry, or the arbiter's word on a
// move.
#pragma once

#include <optional>

#include "dataplane/events.h"

#include "lib/address.h"
#include "lib/evidence.h"
#include "lib/fdb.h"
#include "lib/units.h"

namespace godwit {

struct Burst;
class Worker;
struct Tables;
struct BridgeContext;

void learn(Worker& worker, Burst& burst);

// What became of a sighting of a MAC at a port. In the burst it is kept for --explain.
enum class Learned : uint8_t {
  kNothing,      // no station as a source, or no bridge
  kKnown,        // where it was
  kNew,          // a new entry
  kMoved,        // it was elsewhere and is here now
  kLate,         // from the place it left, too early to mean anything
  kDoubted,      // from the place it left, while the new place is silent
  kRefused,      // pinned elsewhere
  kGatewayMac,   // the source is a gateway's MAC
  kReflected,    // our own flood, come back
  kBridgeLimit,  // not learned: the bridge or the FDB has no room
  kPortLimit,    // not learned: the port has no share left
  kElsewhere,    // another worker is learning or moving it at this moment
  kTested,       // claimed for this place: to be verified before it is believed
  kUnverified,   // the same again, or after that claim was found false
  kUpheld,       // where it was, while a claim was tested, which is false
  kRevived,      // where it was, and had been OFFLINE
  kPending,      // where it will move to, and does not run yet
};

// A MAC seen at a port.
struct Sighting {
  BridgeIndex bridge = kNoBridge;
  Mac mac;
  PortIndex port = 0;
  bool announcement = false;
  bool quiet = false;  // see Claim
  bool may_create = true;
  bool looked_up = false;  // a moment ago, and not found: likely new
};

struct Located {
  Learned what = Learned::kNothing;
  FdbEntry before;  // what stood there; free if nothing did

  Location was() const { return before.is_free() ? kNoLocation : before.location(); }
};

// Applies a sighting to the FDB: asks the arbiter and writes its answer by compare-and-swap, again
// when another writer was faster. Any thread; posts and counts nothing.
Located locate(Tables& tables, const BridgeContext& bridge, const Sighting& sighting, Nanos now);

// What control is to hear of it, where that is news; `event` has the rest. Any thread.
std::optional<Event> news_of(Event event, const Located& located);

// The same, counted and posted.
void tell(Worker& worker, const Event& event, const Located& located);

// Whether frame i is one that was flooded a moment ago. It is asked of frames from trusted ports
// only.
bool is_reflection(const Worker& worker, const Burst& burst, uint16_t i);

}  // namespace godwit
