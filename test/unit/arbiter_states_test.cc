// Every line of the state table in lib/arbiter.h, for every class. What a verdict writes is told
// once, in written(); a row tells which verdict it is.
#include <array>

#include <catch2/catch.hpp>

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr Location kQ = 5;  // where the host is
constexpr Location kP = 3;  // where it was, or may be
constexpr Location kX = 7;
constexpr MovesConfig kPolicy{};
constexpr Nanos kNow = 1000 * kSecond;
constexpr Nanos kWait = kPolicy.probe_wait;
constexpr Nanos kLast = kWait - 1;  // the last nanosecond of it

constexpr std::array<std::string_view, 11> kNames = {"known",   "refreshed", "moved",  "late",
                                                     "doubted", "refused",   "tested", "unverified",
                                                     "upheld",  "revived",   "pending"};
constexpr std::array<HostClass, 4> kClasses = {HostClass::kLearned, HostClass::kRegistered,
                                               HostClass::kLocked, HostClass::kStatic};

std::string_view name(Verdict verdict) { return kNames[static_cast<size_t>(verdict)]; }

// At kQ, since kNow; the verdicts on it have been counted almost round.
FdbEntry at_q(FdbState state, Location other = kNoLocation) {
  return first_heard(kQ, HostClass::kLearned, kNow)
      .with_state(state)
      .with_other(other)
      .with_seq(2047)
      .with_stamp(counts_milliseconds(state) ? FdbEntry::stamp_ms(kNow) : FdbEntry::stamp_s(kNow));
}
FdbEntry marked(FdbEntry entry) { return entry.with_mark(true); }
FdbEntry aside(FdbEntry entry) { return entry.with_aside(true); }
FdbEntry settling() { return at_q(FdbState::kSettling, kP); }
FdbEntry testing() { return at_q(FdbState::kTesting, kP); }
FdbEntry migrating() { return at_q(FdbState::kMigrating, kP); }
FdbEntry offline() { return aside(at_q(FdbState::kOffline)); }

Claim data(Location at, Nanos later) { return {at, false, kNow + later, false}; }
Claim quiet(Location at, Nanos later) { return {at, false, kNow + later, true}; }
Claim announced(Location at, Nanos later) { return {at, true, kNow + later, false}; }

// A verdict that is the word on a new claim: what was counted for others begins anew.
FdbEntry begun(FdbEntry entry, FdbState state, Nanos now) {
  return entry.with_state(state)
      .with_seq(static_cast<uint16_t>(entry.seq() + 1))
      .with_windows(0)
      .with_mark(false)
      .with_stamp(FdbEntry::stamp_ms(now));
}

// What each verdict writes.
FdbEntry written(Verdict verdict, FdbEntry entry, const Claim& claim) {
  const bool in_ms = counts_milliseconds(entry.state());
  const uint16_t ms = FdbEntry::stamp_ms(claim.now);
  const uint16_t s = FdbEntry::stamp_s(claim.now);
  switch (verdict) {
    case Verdict::kKnown:
    case Verdict::kLate:
    case Verdict::kRefused:
    case Verdict::kPending:
      return entry;
    case Verdict::kRefreshed:
      return entry.with_stamp(in_ms ? ms : s).with_windows(0);
    case Verdict::kDoubted:
      return entry.with_windows(entry.windows() + 1).with_stamp(ms);
    case Verdict::kUnverified:  // only counted when nobody answers
      return entry.state() == FdbState::kTesting && entry.marked()
                 ? entry.with_windows(entry.windows() + 1)
                 : entry;
    case Verdict::kMoved:
      return begun(entry, FdbState::kSettling, claim.now)
          .with_location(claim.at)
          .with_other(entry.location())
          .with_aside(false);
    case Verdict::kTested:  // what is held for it is held until it is decided
      return begun(entry, FdbState::kTesting, claim.now)
          .with_other(claim.at)
          .with_windows(entry.state() == FdbState::kOffline ? kWasOffline : 0);
    case Verdict::kUpheld:
      return begun(entry, FdbState::kSettling, claim.now).with_mark(true).with_aside(false);
    case Verdict::kRevived:
      return entry.with_state(FdbState::kBound).with_aside(false).with_stamp(s);
  }
  return {};
}

struct Row {
  std::string_view what;
  FdbEntry current;
  Claim claim;
  std::array<std::string_view, 4> verdicts;  // learned, registered, locked, static; "": never so
};

void check(const Row& row, const MovesConfig& policy = kPolicy) {
  for (size_t c = 0; c < kClasses.size(); ++c) {
    if (row.verdicts[c].empty()) continue;
    INFO(row.what << ", class " << c);
    const FdbEntry current = row.current.with_host_class(kClasses[c]);
    const auto [verdict, next] = judge(current, row.claim, policy);
    CHECK(name(verdict) == row.verdicts[c]);
    CHECK(next == written(verdict, current, row.claim));
    CHECK(next.host_class() == kClasses[c]);
  }
}

constexpr std::array<std::string_view, 4> all(std::string_view v) { return {v, v, v, v}; }
constexpr std::array<std::string_view, 4> mobile(std::string_view v) { return {v, v, v, ""}; }

}  // namespace

TEST_CASE("BOUND: by class", "[arbiter]") {
  const FdbEntry bound = at_q(FdbState::kBound);
  for (const FdbEntry entry : {bound, aside(bound)}) {
    check({"its place, in the same second", entry, data(kQ, kSecond - 1), all("known")});
    check({"its place, in the next", entry, announced(kQ, kSecond), all("refreshed")});
    check({"its place, as long ago as can be told", entry, data(kQ, 65'535 * kSecond),
           all("refreshed")});
    // Who stands still cannot say that a claim is false.
    const std::string_view learned = entry.aside() ? "tested" : "moved";
    for (const Claim& claim : {data(kP, 0), quiet(kP, kSecond)})
      check({"elsewhere", entry, claim, {learned, "tested", "refused", "refused"}});
    check({"announced elsewhere",
           entry,
           announced(kP, 100 * kSecond),
           {"moved", "tested", "refused", "refused"}});
  }
}

TEST_CASE("SETTLING: what is late says nothing, and the place left behind must insist",
          "[arbiter]") {
  const FdbEntry entry = settling();
  check({"its place, in the same millisecond", entry, data(kQ, kMillisecond - 1), mobile("known")});
  check({"its place, in the next", entry, quiet(kQ, kMillisecond), mobile("refreshed")});
  check(
      {"its place, while it is doubted", entry.with_windows(2), data(kQ, 0), mobile("refreshed")});
  check({"its place, which stands still", aside(entry), data(kQ, kSecond), mobile("refreshed")});
  for (const Nanos later : {Nanos{0}, kLast}) {
    check({"announced behind", entry, announced(kP, later), {"moved", "tested", "unverified", ""}});
    check({"announced", entry, announced(kX, later), {"moved", "tested", "refused", ""}});
    check({"behind", entry, data(kP, later), {"late", "unverified", "unverified", ""}});
    check({"a third place", entry, quiet(kX, later), {"late", "tested", "refused", ""}});
  }
  for (const Location there : {kP, kX})
    check(
        {"announced, in time", entry, announced(there, kWait), {"moved", "tested", "refused", ""}});
  check({"a third place, while it stands still",
         aside(entry),
         data(kX, kWait),
         {"tested", "tested", "refused", ""}});
  check({"behind, while it stands still",
         aside(entry),
         data(kP, kWait),
         {"tested", "tested", "refused", ""}});
  check({"a third place, in time", entry, data(kX, kWait), {"moved", "tested", "refused", ""}});
  check({"behind, in time", entry, data(kP, kWait), {"doubted", "tested", "refused", ""}});
  check({"behind, again", entry.with_windows(1), data(kP, kWait), {"doubted", "", "", ""}});
  check({"behind, again, late", entry.with_windows(1), data(kP, kLast), {"late", "", "", ""}});
  check({"behind, thrice", entry.with_windows(2), data(kP, kWait), {"moved", "", "", ""}});
  check({"a third place, behind doubts",
         entry.with_windows(2),
         data(kX, kWait),
         {"moved", "", "", ""}});
}

TEST_CASE("SETTLING, marked: after a lie everybody is tested first, whatever the class",
          "[arbiter]") {
  const FdbEntry entry = marked(settling());
  check({"its place, in the same millisecond", entry, data(kQ, 0), mobile("known")});
  check({"its place, in the next", entry, data(kQ, kMillisecond), mobile("refreshed")});
  for (const bool announcement : {false, true}) {
    const auto claim = [&](Location at, Nanos later) {
      return Claim{at, announcement, kNow + later, false};
    };
    check({"the liar, at once", entry, claim(kP, 0), mobile("unverified")});
    check({"the liar, in the end", entry, claim(kP, kLast), mobile("unverified")});
    check({"the liar, in time", entry, claim(kP, kWait), {"tested", "tested", "refused", ""}});
    check({"a third place, in time", entry, claim(kX, kWait), {"tested", "tested", "refused", ""}});
  }
  check({"announced by a third place, at once",
         entry,
         announced(kX, 0),
         {"tested", "tested", "refused", ""}});
  check({"a third place, at once", entry, data(kX, kLast), mobile("unverified")});
}

TEST_CASE("TESTING: an answer or a word from its place ends it", "[arbiter]") {
  const std::array<std::string_view, 4> third = {"unverified", "refused", "", ""};
  for (const FdbEntry entry : {testing(), aside(testing())}) {
    for (const Claim& claim : {data(kQ, 0), announced(kQ, kLast), quiet(kQ, kLast)})
      check({"its place, may be late", entry, claim, {"known", "known", "", ""}});
    for (const Claim& claim : {data(kQ, kWait), announced(kQ, kWait), quiet(kQ, kSecond)})
      check({"its place", entry, claim, {"upheld", "upheld", "", ""}});
    for (const Claim& claim : {data(kP, 0), announced(kP, kWait), quiet(kP, kSecond)})
      check({"the claimant", entry, claim, {"unverified", "unverified", "", ""}});
    for (const Claim& claim : {data(kX, 0), announced(kX, kWait), quiet(kX, kSecond)})
      check({"a third place", entry, claim, third});
  }
}

TEST_CASE("TESTING, marked: nobody answers, so three frames do", "[arbiter]") {
  const FdbEntry entry = marked(testing());
  check({"its place, at once", entry, data(kQ, 0), {"upheld", "upheld", "", ""}});
  check({"its place, between", entry.with_windows(2), data(kQ, 0), {"upheld", "upheld", "", ""}});
  check({"the first", entry, data(kP, 0), {"unverified", "unverified", "", ""}});
  check({"the second", entry.with_windows(1), quiet(kP, 0), {"unverified", "unverified", "", ""}});
  check({"the third", entry.with_windows(2), data(kP, 0), {"moved", "moved", "", ""}});
  check({"a third place", entry.with_windows(2), data(kX, 0), {"moved", "refused", "", ""}});
}

TEST_CASE("MIGRATING: what activates the target", "[arbiter]") {
  MovesConfig policy;
  struct Case {
    Activation activate;
    std::string_view data, quiet, announced;
  };
  const auto c = GENERATE(values<Case>({
      {Activation::kAny, "moved", "moved", "moved"},
      {Activation::kTraffic, "moved", "pending", "moved"},
      {Activation::kAnnounce, "pending", "pending", "moved"},
      {Activation::kCommit, "pending", "pending", "pending"},
  }));
  policy.activate = c.activate;
  for (const FdbEntry entry : {migrating(), aside(migrating())}) {
    for (const Nanos later : {Nanos{0}, kWait, 100 * kSecond}) {
      check({"data", entry, data(kP, later), mobile(c.data)}, policy);
      check({"quiet", entry, quiet(kP, later), mobile(c.quiet)}, policy);
      check({"announced", entry, announced(kP, later), mobile(c.announced)}, policy);
      check({"a third place", entry, data(kX, later), mobile("refused")}, policy);
      check({"announced by a third place", entry, announced(kX, later), mobile("refused")}, policy);
    }
    check({"its place", entry, data(kQ, kSecond - 1), mobile("known")}, policy);
    check({"its place later", entry, announced(kQ, kSecond), mobile("refreshed")}, policy);
  }
}

TEST_CASE("OFFLINE: revived at its place, judged by class elsewhere", "[arbiter]") {
  for (const Claim& claim : {data(kQ, 0), quiet(kQ, kSecond), announced(kQ, 30 * kSecond)})
    check({"its place", offline(), claim, mobile("revived")});
  for (const Claim& claim : {data(kP, 0), quiet(kP, kSecond), announced(kP, 30 * kSecond)})
    check({"elsewhere", offline(), claim, {"moved", "tested", "refused", ""}});
}

TEST_CASE("FROZEN: nobody moves it", "[arbiter]") {
  const FdbEntry entry = at_q(FdbState::kFrozen);
  check({"its place", entry, data(kQ, kSecond - 1), mobile("known")});
  check({"its place later", entry, data(kQ, kSecond), mobile("refreshed")});
  for (const Location there : {kP, kX})
    for (const Claim& claim : {data(there, 0), quiet(there, kWait), announced(there, kSecond)})
      check({"elsewhere", entry, claim, mobile("refused")});
}

TEST_CASE("`probe_wait` is kept to the millisecond of the stamp, also where stamps wrap",
          "[arbiter]") {
  // The stamp is that of the whole millisecond, so a window may be that much shorter.
  const Nanos before_wrap_ms = GENERATE(1u, 30u, 59u);
  const Nanos heard =
      (65'536 * Nanos{GENERATE(1u, 3u)} - before_wrap_ms) * kMillisecond + GENERATE(0u, 999'999u);
  const Nanos wait = GENERATE(1u, 60u, 9999u) * kMillisecond;
  MovesConfig policy;
  policy.probe_wait = wait;
  const Nanos first = heard / kMillisecond * kMillisecond + wait;
  const FdbEntry late = settling().with_stamp(FdbEntry::stamp_ms(heard));
  CHECK(judge(late, {kP, false, first - 1}, policy).verdict == Verdict::kLate);
  CHECK(judge(late, {kP, false, first}, policy).verdict == Verdict::kDoubted);
  CHECK(judge(marked(late), {kP, false, first - 1}, policy).verdict == Verdict::kUnverified);
  CHECK(judge(marked(late), {kP, false, first}, policy).verdict == Verdict::kTested);
  const FdbEntry tested = testing().with_stamp(FdbEntry::stamp_ms(heard));
  CHECK(judge(tested, {kQ, false, first - 1}, policy).verdict == Verdict::kKnown);
  CHECK(judge(tested, {kQ, false, first}, policy).verdict == Verdict::kUpheld);
}

// ---- Control ----

namespace {

// Every word that frames and control can make of a host that is not FREE.
std::vector<FdbEntry> every_state() {
  std::vector<FdbEntry> words;
  for (const bool held : {false, true})
    for (const FdbEntry entry : {at_q(FdbState::kBound), settling(), settling().with_windows(2),
                                 marked(settling()), testing(), marked(testing()).with_windows(2),
                                 migrating(), at_q(FdbState::kFrozen), at_q(FdbState::kOffline)})
      for (const HostClass c : kClasses)
        words.push_back(
            entry.with_aside(held || entry.state() == FdbState::kOffline).with_host_class(c));
  return words;
}

// A whole number of seconds after kNow, where words that were heard at kNow are so old.
constexpr Nanos kLater = kNow + 3 * kSecond;

// What no step of control changes, and that it counts as a verdict or not.
void check_common(FdbEntry was, FdbEntry is, bool counts) {
  INFO("state " << static_cast<unsigned>(was.state()) << ", class "
                << static_cast<unsigned>(was.host_class()));
  CHECK(is.host_class() == was.host_class());
  CHECK(is.windows() == 0);
  CHECK(is.seq() == (was.seq() + (counts ? 1 : 0)) % 2048);
}

}  // namespace

TEST_CASE("prepared: it stays, as old as it was, until the target is heard", "[arbiter]") {
  for (const FdbEntry was : every_state()) {
    const FdbEntry is = prepared(was, kX, kLater);
    check_common(was, is, true);
    CHECK(is.state() == FdbState::kMigrating);
    CHECK(is.location() == kQ);
    CHECK(is.other() == kX);
    CHECK_FALSE(is.marked());
    CHECK(is.aside() == is_held(was));  // what is held stays so; nothing is flooded any more
    CHECK(seconds_since_heard(is, kLater) == 3);
  }
}

TEST_CASE("committed: it is there, and nothing is held", "[arbiter]") {
  for (const FdbEntry was : every_state())
    for (const Location to : {kP, kX}) {
      const FdbEntry is = committed(was, to, kLater);
      check_common(was, is, true);
      CHECK(is.state() == FdbState::kSettling);
      CHECK(is.location() == to);
      CHECK(is.other() == kQ);
      CHECK_FALSE(is.marked());
      CHECK_FALSE(is.aside());
      CHECK(is.stamp() == FdbEntry::stamp_ms(kLater));
    }
}

TEST_CASE("gone offline: its end counts from here", "[arbiter]") {
  for (const FdbEntry was : every_state()) {
    const FdbEntry is = gone_offline(was, kLater);
    check_common(was, is, true);
    CHECK(is.state() == FdbState::kOffline);
    CHECK(is.location() == kQ);
    CHECK(is.other() == kNoLocation);
    CHECK_FALSE(is.marked());
    CHECK(is.aside());
    CHECK(seconds_since_heard(is, kLater) == 0);
  }
}

TEST_CASE("frozen: where it is", "[arbiter]") {
  for (const FdbEntry was : every_state()) {
    const FdbEntry is = frozen(was, kLater);
    check_common(was, is, true);
    CHECK(is.state() == FdbState::kFrozen);
    CHECK(is.location() == kQ);
    CHECK(is.other() == kNoLocation);
    CHECK_FALSE(is.marked());
    CHECK(seconds_since_heard(is, kLater) == 3);
  }
}

TEST_CASE("rested: nothing was decided", "[arbiter]") {
  for (const FdbEntry was : every_state()) {
    const FdbEntry is = rested(was, kLater);
    check_common(was, is, false);
    CHECK(is.state() == FdbState::kBound);
    CHECK(is.location() == kQ);
    CHECK(is.other() == kNoLocation);
    CHECK_FALSE(is.marked());
    CHECK(seconds_since_heard(is, kLater) == 3);
  }
}

TEST_CASE("reverted, accepted, upheld, unanswered: what a claim comes to", "[arbiter]") {
  for (const HostClass c : {HostClass::kLearned, HostClass::kRegistered}) {
    const FdbEntry moved = settling().with_windows(2).with_host_class(c);
    const FdbEntry back = reverted(moved, kLater);
    check_common(moved, back, true);
    CHECK(back == committed(moved, kP, kLater).with_mark(true));

    for (const FdbEntry tested : {testing(), aside(testing()), marked(testing()).with_windows(2)}) {
      const FdbEntry claim = tested.with_host_class(c);
      CHECK(accepted(claim, kLater) == committed(claim, kP, kLater));
      const FdbEntry kept = upheld(claim, kLater);
      check_common(claim, kept, true);
      CHECK(kept.state() == FdbState::kSettling);
      CHECK(kept.location() == kQ);
      CHECK(kept.other() == kP);
      CHECK(kept.marked());
      CHECK_FALSE(kept.aside());
      CHECK(kept.stamp() == FdbEntry::stamp_ms(kLater));
      CHECK(unanswered(claim) == claim.with_mark(true).with_windows(0));
    }
  }
}

TEST_CASE("what is held, and what is flooded", "[arbiter]") {
  for (const FdbEntry entry : every_state()) {
    const bool flooded = entry.state() == FdbState::kOffline ||
                         (entry.state() == FdbState::kTesting && entry.marked());
    CHECK(is_held(entry) == (entry.aside() && !flooded));
  }
  const FdbEntry claimed =
      judge(offline().with_host_class(HostClass::kRegistered), data(kP, 0), kPolicy).next;
  CHECK(claimed.state() == FdbState::kTesting);
  CHECK(claimed.aside());
  CHECK_FALSE(is_held(claimed));
  CHECK_FALSE(is_held(unanswered(claimed)));
}

TEST_CASE("a word in another unit is as old as it was, where either stamp wraps", "[arbiter]") {
  const Nanos heard =
      GENERATE(values<Nanos>({65'535'000, 65'536'000, 65'536, 131'071, 65'535'999})) * kMillisecond;
  const Nanos silence =
      GENERATE(values<Nanos>({0, 1, 999, 1000, 5000, 30'000, 60'000})) * kMillisecond;
  const Nanos now = heard + silence;
  const auto seconds = static_cast<uint32_t>(now / kSecond - heard / kSecond);
  const FdbEntry entry = settling().with_stamp(FdbEntry::stamp_ms(heard));
  CHECK(seconds_since_heard(entry, now) == seconds);
  CHECK(seconds_since_heard(rested(entry, now), now) == seconds);
  CHECK(seconds_since_heard(prepared(entry, kX, now), now) == seconds);
  CHECK(seconds_since_heard(frozen(entry, now), now) == seconds);
}

}  // namespace godwit
