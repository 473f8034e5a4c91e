// The arbiter: when a frame from another place is believed. One named, tested unit, because a
// switch that follows every frame is a switch that any host can rob.
//
// A pure function over one FDB word: the caller reads the word, asks, and applies the answer by
// compare-and-swap; when the swap fails the word has changed, and the caller asks again with the
// new one. It runs on whatever thread asks and keeps nothing.
//
// States of a location (FdbState), and what moves it between them here:
//
//   FREE      no entry. A first frame from p binds it: BOUND(p).
//   BOUND(q)  a frame from q refreshes. A claim, which is any frame with this source from another
//             place p, moves it at once when the class is learned: SETTLING(p, q).
//   SETTLING(p, q)  moved a moment ago; frames sent from q before the move may still be on their
//   way.
//       frame from p        refreshes
//       announcement from q (GARP, RARP, unsolicited NA) is a host that came back: SETTLING(q, p)
//       other frame from elsewhere  is late, and no evidence, while p was heard less than
//                           `probe_wait` ago: it was sent from a place the host has left.
//                           When p stays silent and q is heard in three distinct windows of
//                           `probe_wait`, q is believed: SETTLING(q, p)
//       claim from a third place x, otherwise, moves on at once: SETTLING(x, p)
//       settle is over      BOUND(p)
//
// Classes (HostClass): learned follows at once; static and locked never follow a frame; registered
// follows only a verified claim, and a claim that nothing has verified stays where it is.
#pragma once

#include <cstdint>

#include "lib/config.h"
#include "lib/fdb.h"
#include "lib/units.h"

namespace godwit {

// A frame seen from the arbiter's side.
struct Claim {
  Location at = kNoLocation;  // where it came in
  bool announcement = false;  // see FrameEvidence
  Nanos now = 0;
};

enum class Verdict : uint8_t {
  kKnown,      // the entry's own place; nothing to write
  kRefreshed,  // the entry's own place; its stamp (or its doubt) changed
  kMoved,      // believed: write `next` and the host is at the claim's place
  kLate,       // from elsewhere, too soon after a move to mean anything; nothing to write
  kDoubted,  // from the place left behind, while the new one is silent; write `next` to remember it
  kRefused,  // not believed: drop the frame and say so
};

struct Judgement {
  Verdict verdict = Verdict::kKnown;
  FdbEntry next;  // to be written in place of the word judged; equal to it when nothing changes
};

// The usual case: the entry is BOUND at `at` and was heard there in this very second, so that there
// is nothing to judge. 0 if so; not a bool, because the results of a whole burst are or-ed.
inline uint64_t differs_from_heard(FdbEntry entry, Location at, uint16_t tick) {
  constexpr FdbEntry kFields =
      FdbEntry{}.with_location(kNoLocation).with_state(FdbState{7}).with_stamp(0xffff);
  constexpr FdbEntry kBound = FdbEntry{}.with_state(FdbState::kBound);
  const uint64_t heard = kBound.with_stamp(tick).word() | at;  // the location is in the low bits
  return (entry.word() & kFields.word()) ^ heard;
}
inline bool is_heard(FdbEntry entry, Location at, uint16_t tick) {
  return differs_from_heard(entry, at, tick) == 0;
}

// What a frame says about an entry that is not FREE.
Judgement judge(FdbEntry current, const Claim& claim, const MovesConfig& policy);

// A new entry for a host first heard at `at`.
FdbEntry first_heard(Location at, HostClass host_class, Nanos now);

// SETTLING is over: the same place, BOUND, its stamp in seconds again.
FdbEntry settled(FdbEntry current, Nanos now);

// Whole seconds since the entry was last heard.
uint32_t seconds_since_heard(FdbEntry entry, Nanos now);

}  // namespace godwit
