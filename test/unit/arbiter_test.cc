#include "lib/arbiter.h"

#include <catch2/catch.hpp>

namespace godwit {
namespace {

constexpr Location kP = 3;
constexpr Location kQ = 5;
constexpr Location kX = 7;
constexpr MovesConfig kPolicy{};  // probe_wait 60 ms
constexpr Nanos kNow = 1000 * kSecond;

FdbEntry bound(Location at, Nanos heard, HostClass host_class = HostClass::kLearned) {
  return first_heard(at, host_class, heard);
}

// Moved from `old` to `at`, where it was heard last.
FdbEntry settling(Location at, Location old, Nanos heard) {
  return judge(bound(old, heard), {at, false, heard}, kPolicy).next;
}

std::string_view name(Verdict verdict) {
  constexpr std::string_view kNames[] = {"known",   "refreshed", "moved",  "late",
                                         "doubted", "refused",   "tested", "unverified",
                                         "upheld",  "revived",   "pending"};
  return kNames[static_cast<size_t>(verdict)];
}

constexpr Nanos ms(uint64_t n) { return n * kMillisecond; }

}  // namespace

TEST_CASE("each row of the arbiter's table", "[arbiter]") {
  struct Case {
    std::string_view what;
    FdbEntry current;
    Claim claim;
    std::string_view verdict;
    FdbEntry next;
  };
  const FdbEntry at_q = bound(kQ, kNow);
  const FdbEntry at_p = settling(kP, kQ, kNow);
  const FdbEntry once = at_p.with_windows(1).with_stamp(FdbEntry::stamp_ms(kNow + ms(60)));
  const FdbEntry twice = at_p.with_windows(2).with_stamp(FdbEntry::stamp_ms(kNow + ms(120)));
  const auto moved = [](FdbEntry from, Location to, Nanos at) {
    return from.with_location(to)
        .with_other(from.location())
        .with_state(FdbState::kSettling)
        .with_windows(0)
        .with_next_seq()
        .with_stamp(FdbEntry::stamp_ms(at));
  };
  const auto c = GENERATE_COPY(values<Case>({
      {"BOUND, heard in the same second", at_q, {kQ, false, kNow + kSecond - 1}, "known", at_q},
      {"BOUND, announced in the same second", at_q, {kQ, true, kNow}, "known", at_q},
      {"BOUND, heard in the next second",
       at_q,
       {kQ, false, kNow + kSecond},
       "refreshed",
       at_q.with_stamp(FdbEntry::stamp_s(kNow + kSecond))},
      {"BOUND, data elsewhere", at_q, {kP, false, kNow}, "moved", moved(at_q, kP, kNow)},
      {"BOUND, announced elsewhere", at_q, {kP, true, kNow}, "moved", moved(at_q, kP, kNow)},
      {"SETTLING, the new place in the same millisecond", at_p, {kP, false, kNow}, "known", at_p},
      {"SETTLING, the new place later",
       at_p,
       {kP, false, kNow + ms(7)},
       "refreshed",
       at_p.with_stamp(FdbEntry::stamp_ms(kNow + ms(7)))},
      {"SETTLING, announced by the old place",
       at_p,
       {kQ, true, kNow},
       "moved",
       moved(at_p, kQ, kNow)},
      {"SETTLING, the old place at once", at_p, {kQ, false, kNow}, "late", at_p},
      {"SETTLING, just below a window", at_p, {kQ, false, kNow + ms(60) - 1}, "late", at_p},
      {"SETTLING, exactly a window", at_p, {kQ, false, kNow + ms(60)}, "doubted", once},
      {"one window, just below another", once, {kQ, false, kNow + ms(120) - 1}, "late", once},
      {"one window, exactly another", once, {kQ, false, kNow + ms(120)}, "doubted", twice},
      {"two windows, just below the third", twice, {kQ, false, kNow + ms(180) - 1}, "late", twice},
      {"three windows",
       twice,
       {kQ, false, kNow + ms(180)},
       "moved",
       moved(twice, kQ, kNow + ms(180))},
      {"two windows, then the new place",
       twice,
       {kP, false, kNow + ms(120)},
       "refreshed",
       at_p.with_stamp(FdbEntry::stamp_ms(kNow + ms(120)))},
      {"one window, then an announcement",
       once,
       {kQ, true, kNow + ms(61)},
       "moved",
       moved(once, kQ, kNow + ms(61))},
      {"SETTLING, a third place at once", at_p, {kX, false, kNow}, "late", at_p},
      {"SETTLING, announced by a third place",
       at_p,
       {kX, true, kNow},
       "moved",
       moved(at_p, kX, kNow)},
      {"SETTLING, a third place when the new one was silent",
       at_p,
       {kX, false, kNow + ms(60)},
       "moved",
       moved(at_p, kX, kNow + ms(60))},
      {"two windows, a third place", twice, {kX, true, kNow}, "moved", moved(twice, kX, kNow)},
  }));
  INFO(c.what);
  const auto [verdict, next] = judge(c.current, c.claim, kPolicy);
  CHECK(name(verdict) == c.verdict);
  CHECK(next == c.next);
}

TEST_CASE("a window is as long as the policy says", "[arbiter]") {
  const Nanos wait = GENERATE(ms(1), ms(60), ms(250), ms(9999));
  MovesConfig policy = kPolicy;
  policy.probe_wait = wait;
  const FdbEntry entry = settling(kP, kQ, kNow);
  CHECK(judge(entry, {kQ, false, kNow + wait - 1}, policy).verdict == Verdict::kLate);
  CHECK(judge(entry, {kQ, false, kNow + wait}, policy).verdict == Verdict::kDoubted);
}

TEST_CASE("only the learned follow a frame at once", "[arbiter]") {
  const auto host_class =
      GENERATE(HostClass::kLearned, HostClass::kRegistered, HostClass::kLocked, HostClass::kStatic);
  const bool announcement = GENERATE(false, true);
  const FdbEntry entry = bound(kQ, kNow, host_class);
  const auto [verdict, next] = judge(entry, {kP, announcement, kNow + ms(1)}, kPolicy);
  constexpr std::string_view kVerdicts[] = {"moved", "tested", "refused", "refused"};
  CHECK(name(verdict) == kVerdicts[static_cast<size_t>(host_class)]);
  CHECK((next == entry) == (verdict == Verdict::kRefused));
  CHECK(next.location() == (verdict == Verdict::kMoved ? kP : kQ));
  CHECK(next.host_class() == host_class);
  // Each is refreshed at its place.
  CHECK(judge(entry, {kQ, announcement, kNow + kSecond}, kPolicy).verdict == Verdict::kRefreshed);
}

TEST_CASE("after a move the first move's places have changed sides", "[arbiter]") {
  FdbEntry entry = settling(kP, kQ, kNow);
  entry = judge(entry, {kQ, true, kNow + ms(10)}, kPolicy).next;
  CHECK(entry.location() == kQ);
  CHECK(entry.other() == kP);
  CHECK(judge(entry, {kP, false, kNow + ms(11)}, kPolicy).verdict == Verdict::kLate);
  entry = judge(entry, {kX, true, kNow + ms(12)}, kPolicy).next;
  for (const Location left : {kQ, kP}) {
    CHECK(judge(entry, {left, false, kNow + ms(13)}, kPolicy).verdict == Verdict::kLate);
    CHECK(judge(entry, {left, true, kNow + ms(13)}, kPolicy).verdict == Verdict::kMoved);
  }
}

TEST_CASE("verdicts are counted modulo 2^11, and nothing else is", "[arbiter]") {
  FdbEntry entry = bound(kQ, kNow);
  for (unsigned n = 1; n <= 5000; ++n) {
    entry = judge(entry, {n % 2 == 0 ? kQ : kP, true, kNow}, kPolicy).next;
    REQUIRE(entry.seq() == n % 2048);
    REQUIRE(judge(entry, {entry.location(), false, kNow + ms(1)}, kPolicy).next.seq() == n % 2048);
  }
}

TEST_CASE("millisecond stamps wrap around", "[arbiter]") {
  // 2^16 ms = 65.536 s; the stamp of the move is just below, and what follows is beyond.
  const Nanos before = ms((1U << 16) * GENERATE(1u, 2u, 1000u) - GENERATE(1u, 30u, 59u));
  const FdbEntry entry = settling(kP, kQ, before);
  REQUIRE(entry.stamp() > 65000);
  CHECK(judge(entry, {kQ, false, before + ms(60) - 1}, kPolicy).verdict == Verdict::kLate);
  const auto [verdict, next] = judge(entry, {kQ, false, before + ms(60)}, kPolicy);
  CHECK(verdict == Verdict::kDoubted);
  CHECK(next.stamp() < 100);
  CHECK(judge(entry, {kP, false, before + ms(65'535)}, kPolicy).verdict == Verdict::kRefreshed);
  CHECK(seconds_since_heard(entry, before + 30 * kSecond) >= 30);
  CHECK(seconds_since_heard(entry, before + 30 * kSecond) <= 31);
}

TEST_CASE("second stamps wrap around", "[arbiter]") {
  const Nanos before = ((uint64_t{1} << 16) * GENERATE(1u, 2u) - 1) * kSecond;
  const FdbEntry entry = bound(kQ, before);
  REQUIRE(entry.stamp() == 0xffff);
  const Nanos silence = GENERATE(0u, 1u, 2u, 32'000u, 32'001u, 65'535u);
  CHECK(seconds_since_heard(entry, before + silence * kSecond) == silence);
  CHECK(is_heard(entry, kQ, FdbEntry::stamp_s(before + silence * kSecond)) == (silence == 0));
}

TEST_CASE("seconds since heard count between whole seconds", "[arbiter]") {
  struct Case {
    Nanos heard;
    Nanos now;
    uint32_t seconds;
  };
  const auto [heard, now, seconds] = GENERATE(values<Case>({
      {0, 0, 0},
      {0, kSecond - 1, 0},
      {0, kSecond, 1},
      {kSecond - ms(1), kSecond, 1},
      {kSecond, 2 * kSecond - 1, 0},
      {ms(1500), ms(2499), 1},
      {ms(1999), ms(2000), 1},
      {ms(65'535), ms(65'536), 0},
      {ms(65'999), ms(66'000), 1},
      {ms(100'999), ms(130'000), 30},
      {ms(100'000), ms(130'999), 30},
  }));
  CHECK(seconds_since_heard(bound(kQ, heard), now) == seconds);
  CHECK(seconds_since_heard(settling(kP, kQ, heard), now) == seconds);
  CHECK(seconds_since_heard(rested(settling(kP, kQ, heard), now), now) == seconds);
}

TEST_CASE("what has settled is BOUND where it was", "[arbiter]") {
  const FdbEntry moved = settling(kP, kQ, kNow);
  const FdbEntry doubted = judge(moved, {kQ, false, kNow + ms(60)}, kPolicy).next;
  for (const FdbEntry entry : {moved, doubted}) {
    const Nanos heard = entry == moved ? kNow : kNow + ms(60);
    const FdbEntry rest = rested(entry, kNow + 5 * kSecond);
    CHECK(rest.location() == kP);
    CHECK(rest.other() == kNoLocation);
    CHECK(rest.state() == FdbState::kBound);
    CHECK(rest.windows() == 0);
    CHECK(rest.seq() == entry.seq());
    CHECK(rest.stamp() == FdbEntry::stamp_s(heard));
    CHECK(rest.host_class() == HostClass::kLearned);
    // The old place is a place as any other.
    CHECK(judge(rest, {kQ, false, kNow + 5 * kSecond}, kPolicy).verdict == Verdict::kMoved);
  }
}

TEST_CASE("the short question agrees with the arbiter", "[arbiter]") {
  const Nanos now = kNow + GENERATE(Nanos{0}, ms(999), kSecond, 70'000 * kSecond);
  for (const FdbEntry entry : {bound(kQ, kNow), bound(kQ, kNow, HostClass::kStatic),
                               settling(kP, kQ, kNow), bound(kP, kNow).with_seq(9)})
    for (const Location at : {kP, kQ, kX}) {
      if (!is_heard(entry, at, FdbEntry::stamp_s(now))) continue;
      CHECK(judge(entry, {at, false, now}, kPolicy).verdict == Verdict::kKnown);
    }
  CHECK(is_heard(bound(kQ, kNow), kQ, FdbEntry::stamp_s(kNow)));
  CHECK(is_heard(bound(kQ, kNow, HostClass::kStatic), kQ, FdbEntry::stamp_s(kNow)));
  CHECK_FALSE(is_heard(bound(kQ, kNow), kP, FdbEntry::stamp_s(kNow)));
  CHECK_FALSE(is_heard(settling(kP, kQ, 0), kP, 0));  // the same stamp, in another unit
  CHECK_FALSE(is_heard(FdbEntry{}, 0, 0));
}

}  // namespace godwit
