// The arbiter: when a frame from another place is believed. One named, tested unit, because a
// switch that follows every frame is a switch that any host can rob, and one that follows none
// loses the machine that moves.
//
// Pure functions over one FDB word: the caller reads the word, asks, and applies the answer by
// compare-and-swap; when the swap fails the word has changed, and the caller asks again with the
// new one. They run on whatever thread asks and keep nothing. Workers ask judge() about frames;
// control applies what its probes, its timers and the VM manager say.
//
// States (FdbState). q is where the host is, p where it may be, r where it was, x any other place.
//
//   state            heard at   comes to
//   FREE             p          BOUND(p)
//   BOUND(q)         q          refreshed
//                    p          by class, see below: SETTLING(p, q), TESTING(q, p) or refused
//   SETTLING(p, r)   p          refreshed
//     moved a        r or x, an announcement
//     moment ago                learned: SETTLING(there, p): a host that came back, or moved on
//                    r or x     less than `probe_wait` after p was heard: late, no evidence, for
//                               it may have been under way. Then by class; but r of a learned
//                               host: SETTLING(r, p) in the third distinct window of `probe_wait`
//                               with p silent, and doubted before
//   SETTLING(q, p)   p          less than `probe_wait` after q was heard: no evidence; then
//     marked: p was             TESTING(q, p), learned and registered alike, or refused
//     found false    q, x       as above
//   TESTING(q, p)    q          less than `probe_wait` after the claim: may have been under way.
//     not believed              Then the claim is false: SETTLING(q, p), marked
//     before it is   p          unverified. Marked (nobody answers): the third time
//     verified                  SETTLING(p, q)
//                    x          learned: SETTLING(x, q); else refused
//   MIGRATING(q, p)  q          refreshed
//     the manager    p          SETTLING(p, q), if the frame shows that the VM runs (`activate`)
//     said so        x          refused
//   OFFLINE(q)       q          BOUND(q)
//     its place is   p          by class, as BOUND
//     dead
//   FROZEN(q)        q          refreshed
//     too many false elsewhere  refused
//
//   control (functions below)
//   any but static   prepared(p)     MIGRATING(q, p)
//                    committed(p)    SETTLING(p, q)
//                    gone_offline    OFFLINE(q)
//                    frozen          FROZEN(q)
//   MIGRATING(q, p)  rested          BOUND(q): cancelled, or its time is over
//   SETTLING(p, r)   rested          BOUND(p): `settle`, or the penalty, is over
//                    reverted        SETTLING(r, p), marked: r answers, so p lied
//   TESTING(q, p)    accepted        SETTLING(p, q): p answers and q does not
//                    upheld          SETTLING(q, p), marked: q answers
//                    unanswered      marked: neither answers
//                    rested          BOUND(q): nobody spoke for either place
//   FROZEN(q)        rested          BOUND(q)
//   OFFLINE(q)       removed         FREE
//
// Classes (HostClass): a learned host follows a claim at once and is verified afterwards; a
// registered one is verified first; a locked one follows only the VM manager; a static one nobody.
//
// Frames for a host that is `aside` are not simply sent. Where nobody knows it to be, they are
// flooded. Else they are held, because the VM manager said that it stands still; whatever moves it
// releases them. See is_held().
#pragma once

#include <cstdint>

#include "lib/config.h"
#include "lib/fdb.h"
#include "lib/units.h"

namespace godwit {

// What windows() says of an entry that is TESTING and not marked, if it was OFFLINE before.
inline constexpr unsigned kWasOffline = 1;

// A frame seen from the arbiter's side.
struct Claim {
  Location at = kNoLocation;  // where it came in
  bool announcement = false;  // see FrameEvidence
  Nanos now = 0;
  // A destination's kernel sends such frames before the VM runs there: NS, DAD, RS, MLD, ARP probe.
  bool quiet = false;
};

enum class Verdict : uint8_t {
  kKnown,       // the entry's own place; nothing to write
  kRefreshed,   // the entry's own place; its stamp (or its doubt) changed
  kMoved,       // believed: write `next` and the host is at the claim's place
  kLate,        // from elsewhere, too soon after a move to mean anything; nothing to write
  kDoubted,     // from the place left behind, while the new one is silent; write `next`
  kRefused,     // not believed
  kTested,      // a claim to be verified before it is believed: write `next`, and probe
  kUnverified,  // from a place that is not believed (yet); write `next` if it differs
  kUpheld,      // heard at its place while a claim was tested, which is false: write `next`
  kRevived,     // heard at its place while OFFLINE; write `next`
  kPending,     // from where it will move, before it runs there; nothing to write
};

struct Judgement {
  Verdict verdict = Verdict::kKnown;
  FdbEntry next;  // to be written in place of the word judged; equal to it when nothing changes
};

// The usual case: the entry is steady at `at` and was heard there in this very second, so that
// there is nothing to judge. 0 if so; not a bool, because the results of a whole burst are or-ed.
inline uint64_t differs_from_heard(FdbEntry entry, Location at, uint16_t tick) {
  constexpr FdbEntry kFields =
      FdbEntry{}.with_location(kNoLocation).with_state(FdbState{kSteadyState}).with_stamp(0xffff);
  constexpr FdbEntry kSteady = FdbEntry{}.with_state(FdbState{kSteadyState});
  const uint64_t heard = kSteady.with_stamp(tick).word() | at;  // the location is in the low bits
  return (entry.word() & kFields.word()) ^ heard;
}
inline bool is_heard(FdbEntry entry, Location at, uint16_t tick) {
  return differs_from_heard(entry, at, tick) == 0;
}

// What a frame says about an entry that is not FREE.
Judgement judge(FdbEntry current, const Claim& claim, const MovesConfig& policy);

// A new entry for a host first heard at `at`.
FdbEntry first_heard(Location at, HostClass host_class, Nanos now);

// Control's: the next word, for an entry in a state that the table above names.
FdbEntry prepared(FdbEntry current, Location to, Nanos now);
FdbEntry committed(FdbEntry current, Location to, Nanos now);
FdbEntry gone_offline(FdbEntry current, Nanos now);
FdbEntry frozen(FdbEntry current, Nanos now);
FdbEntry rested(FdbEntry current, Nanos now);
FdbEntry reverted(FdbEntry current, Nanos now);
FdbEntry accepted(FdbEntry current, Nanos now);
FdbEntry upheld(FdbEntry current, Nanos now);
FdbEntry unanswered(FdbEntry current);

// Frames for the host are held. What is `aside` and not held is flooded: it is OFFLINE, or it was
// before it was claimed, or nobody answers for it.
constexpr bool is_held(FdbEntry entry) {
  const bool testing = entry.state() == FdbState::kTesting;
  const bool lost = testing && (entry.marked() || entry.windows() == kWasOffline);
  return entry.aside() && entry.state() != FdbState::kOffline && !lost;
}

// Whole seconds since the entry was last heard.
uint32_t seconds_since_heard(FdbEntry entry, Nanos now);

}  // namespace godwit
