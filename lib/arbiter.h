// The arbiter: when a frame from another place is believed. One named, tested unit, because a
// switch that follows every frame is a switch that any host can rob, and one that follows none
// loses the machine that moves.
//
// Pure functions over one FDB word: the caller reads the word, asks, and applies the answer by
// compare-and-swap; when the swap fails the word has changed, and the caller asks again with the
// new one. They run on whatever thread asks and keep nothing. Workers ask judge() about frames;
// control applies what its probes, its timers and the VM manager say.
//
// clang-format off
// States (FdbState). q is where the host is, p where it may be, r where it was, x any other place.
// `wait` is the bridge's moves.probe_wait: as long as frames may have been under way.
//
//   FREE             heard at p           BOUND(p)
//   BOUND(q)         at q                 refreshed
//                    at p                 learned: SETTLING(p, q). Registered: TESTING(q, p).
//                                         Locked, static: refused
//   SETTLING(p, r)   at p                 refreshed
//   (moved lately)   at r or x, and an    as if BOUND(p): it came back, or moved on
//                    announcement
//                    at r or x, else      learned: within `wait` of p late, no evidence. After that
//                                         r: in the third window of `wait` with p silent
//                                         SETTLING(r, p); x: as if BOUND(p)
//                                         others: at r within `wait` of p unverified. Else as if
//                                         BOUND(p)
//   SETTLING(q, p),  at q                 refreshed
//   marked: p lied   at p or x            within `wait` of q: unverified, but for announcements at
//                                         x. Else learned and registered: TESTING(q, p or x)
//   TESTING(q, p)    at q                 within `wait` of the claim: may have been under way. After
//   (to be verified)                      that it is false: SETTLING(q, p), marked
//                    at p                 unverified. Marked, for nobody answers: the third time
//                                         SETTLING(p, q)
//                    at x                 registered: refused. Learned: unverified. Marked:
//                                         SETTLING(x, q)
//   MIGRATING(q, p)  at q                 refreshed
//   (told to come)   at p                 if it shows that the VM runs (`activate`): SETTLING(p, q)
//                    at x                 refused
//   OFFLINE(q)       at q                 BOUND(q)
//                    at p                 as if BOUND(q)
//   FROZEN(q)        at q                 refreshed
//                    elsewhere            refused
//
//   By control, with the functions below:
//   all but static   prepared(p)          MIGRATING(q, p)
//                    committed(p)         SETTLING(p, q)
//                    gone_offline         OFFLINE(q)
//                    frozen               FROZEN(q)
//   SETTLING(p, r)   rested               BOUND(p): `settle`, or the penalty, is over
//                    reverted             SETTLING(r, p), marked: r answers
//   TESTING(q, p)    accepted             SETTLING(p, q): p answers, and q does not
//                    upheld               SETTLING(q, p), marked: q answers
//                    unanswered           marked: neither answers
//                    rested               BOUND(q): and p is silent
//   MIGRATING(q, p)  rested               BOUND(q): cancelled, or its time is over
//   FROZEN(q)        rested               BOUND(q)
//   OFFLINE(q)       (removed)            FREE
// clang-format on
//
// Classes (HostClass): a learned host follows a claim at once and is verified afterwards; a
// registered one is verified first; a locked one follows only the VM manager; a static one nobody.
// A learned host that is held is verified first as well, but for announcements: it cannot say that
// a claim is false.
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
