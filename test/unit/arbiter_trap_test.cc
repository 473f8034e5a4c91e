// No state is a trap. Every word that frames and control can ever make of a host is found by
// breadth-first search over a small world: four places, all classes, time in steps of 20 ms. From
// each of them an honest host, which talks and answers at one place while nobody else says a word,
// is BOUND there when the time is over that the state it was in may last.
#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <unordered_set>

#include <catch2/catch.hpp>

#include "lib/arbiter.h"

namespace godwit {
namespace {

constexpr Location kPlaces = 4;
constexpr MovesConfig kPolicy{};
constexpr Nanos kQuantum = 20 * kMillisecond;
constexpr unsigned kOld = 3;  // quanta: `probe_wait` is over, and more makes no difference
constexpr Nanos kNow = 5000 * kSecond;
static_assert(kOld * kQuantum == kPolicy.probe_wait);

// A word without what makes no difference: verdicts are not counted, and its age is 0 .. kOld.
FdbEntry essence(FdbEntry entry, Nanos now) {
  unsigned age = 0;
  if (counts_milliseconds(entry.state()))
    age = std::min<unsigned>(kOld, entry.since(FdbEntry::stamp_ms(now)) * kMillisecond / kQuantum);
  return entry.with_seq(0).with_stamp(static_cast<uint16_t>(age));
}
// One that has this essence.
FdbEntry at_now(FdbEntry essence) {
  const Nanos heard = kNow - essence.stamp() * kQuantum;
  return essence.with_stamp(counts_milliseconds(essence.state()) ? FdbEntry::stamp_ms(heard)
                                                                 : FdbEntry::stamp_s(heard));
}

bool is_mobile(FdbEntry entry) { return entry.host_class() != HostClass::kStatic; }

std::vector<Claim> every_claim() {
  std::vector<Claim> claims;
  for (Location at = 0; at < kPlaces; ++at)
    for (const bool announcement : {false, true})
      for (const bool quiet : {false, true})
        if (!announcement || !quiet) claims.push_back({at, announcement, kNow, quiet});
  return claims;
}

// What holds of every step that a frame makes.
void check_step(FdbEntry was, const Claim& claim, Verdict verdict, FdbEntry is) {
  const bool moved = verdict == Verdict::kMoved;
  REQUIRE((is.location() != was.location()) == moved);
  if (moved) REQUIRE(is.location() == claim.at);
  if (moved && was.host_class() >= HostClass::kLocked)
    REQUIRE((was.state() == FdbState::kMigrating && claim.at == was.other()));
  REQUIRE(is.host_class() == was.host_class());
  REQUIRE((is.seq() != was.seq()) ==
          (moved || verdict == Verdict::kTested || verdict == Verdict::kUpheld));
  REQUIRE((was.aside() || !is.aside()));
}

// What holds of every word.
void check_word(FdbEntry entry) {
  const FdbState state = entry.state();
  REQUIRE(entry.location() < kPlaces);
  const bool has_other = counts_milliseconds(state) || state == FdbState::kMigrating;
  REQUIRE((entry.other() < kPlaces) == has_other);
  REQUIRE(entry.other() != entry.location());
  if (!has_other) REQUIRE(entry.other() == kNoLocation);
  if (entry.marked()) REQUIRE(counts_milliseconds(state));
  if (entry.windows() != 0) REQUIRE(counts_milliseconds(state));
  if (state == FdbState::kOffline) REQUIRE(entry.aside());
  if (state == FdbState::kTesting) REQUIRE(entry.host_class() < HostClass::kLocked);
  if (!is_mobile(entry)) REQUIRE(state == FdbState::kBound);
}

// The steps that control may take from there, whatever leads it to.
template <class Found>
void decide(FdbEntry entry, Found found) {
  for (Location to = 0; to < kPlaces; ++to)
    if (to != entry.location()) {
      found(prepared(entry, to, kNow));
      found(committed(entry, to, kNow));
    }
  found(gone_offline(entry, kNow));
  if (entry.state() == FdbState::kOffline) return;
  found(entry.with_aside(true));
  found(entry.with_aside(false));
  found(rested(entry, kNow));
  found(frozen(entry, kNow));
  if (entry.state() == FdbState::kSettling && !entry.marked() &&
      entry.host_class() < HostClass::kLocked)
    found(reverted(entry, kNow));
  if (entry.state() != FdbState::kTesting) return;
  found(accepted(entry, kNow));
  found(upheld(entry, kNow));
  found(unanswered(entry));
}

std::vector<FdbEntry> every_word() {
  std::vector<FdbEntry> words;
  std::unordered_set<uint64_t> known;
  std::deque<FdbEntry> open;
  const auto found = [&](FdbEntry entry) {
    check_word(entry);
    entry = essence(entry, kNow);
    if (!known.insert(entry.word()).second) return;
    words.push_back(entry);
    open.push_back(entry);
  };
  for (Location at = 0; at < kPlaces; ++at)
    for (const HostClass c :
         {HostClass::kLearned, HostClass::kRegistered, HostClass::kLocked, HostClass::kStatic})
      found(first_heard(at, c, kNow));
  const std::vector<Claim> claims = every_claim();
  for (; !open.empty(); open.pop_front()) {
    const FdbEntry entry = at_now(open.front());
    for (const Claim& claim : claims) {
      const auto [verdict, next] = judge(entry, claim, kPolicy);
      check_step(entry, claim, verdict, next);
      found(next);
    }
    if (is_mobile(entry)) decide(entry, found);
    if (counts_milliseconds(entry.state()) && open.front().stamp() < kOld)
      found(at_now(open.front().with_stamp(open.front().stamp() + 1)));
  }
  return words;
}

// ---- An honest host ----

// What control's timers do, as the documents promise it; questions that were out before are lost.
class Honest {
 public:
  Honest(FdbEntry from, Location at, Nanos interval)
      : entry_(at_now(from)), at_(at), interval_(interval) {
    begin();
  }

  // The time until it is BOUND where it is and gets what is for it; nothing if that never is.
  std::optional<Nanos> time_to_rest() {
    constexpr Nanos kLongest = 2000 * kSecond;
    for (Nanos talk = kNow; now_ < kNow + kLongest;) {
      now_ = std::min(talk, due_);
      if (now_ == due_) time_passes();
      if (now_ == talk) {
        talk += interval_;
        speak();
      }
      if (entry_.state() == FdbState::kBound && entry_.location() == at_ && !entry_.aside())
        return now_ - kNow;
    }
    return std::nullopt;
  }

 private:
  static constexpr Nanos kAging = 300 * kSecond;

  void speak() {
    if (entry_.is_free()) return change(first_heard(at_, class_, now_));
    const FdbEntry before = entry_;
    entry_ = judge(entry_, {at_, false, now_, false}, kPolicy).next;
    if (entry_.seq() != before.seq() || entry_.state() != before.state()) begin();
    if (entry_.location() == at_) heard_ = now_;
  }

  void change(FdbEntry next) {
    entry_ = next;
    begin();
  }

  // The state is new, and lasts so long.
  void begin() {
    class_ = entry_.host_class();
    const std::array<Nanos, 7> by_state = {
        kNever, kPolicy.probe_timeout, kPolicy.settle, 30 * kSecond,
        kNever, 120 * kSecond,         540 * kSecond};
    const Nanos lasts = by_state[static_cast<size_t>(entry_.state())];
    due_ = lasts == kNever ? kNever : now_ + lasts;
    round_ = 0;
    if (entry_.state() == FdbState::kTesting && entry_.marked()) round_ = 2, due_ = now_ + kSecond;
    held_until_ = entry_.aside() ? now_ + kPolicy.hold.time : kNever;
    heard_ = now_;
    due_ = std::min({due_, held_until_, aging()});
  }
  Nanos aging() const { return entry_.is_free() ? kNever : heard_ + kAging; }

  void time_passes() {
    if (now_ >= held_until_ && entry_.state() != FdbState::kOffline) {
      entry_ = entry_.with_aside(false);
      held_until_ = kNever;
      if (entry_.state() == FdbState::kBound) due_ = aging();
      if (entry_.state() == FdbState::kBound || now_ < due_) return;
    }
    switch (entry_.state()) {
      case FdbState::kTesting:
        return ask();
      case FdbState::kOffline:
        return change(FdbEntry{});
      case FdbState::kBound:
        if (now_ >= aging()) return change(FdbEntry{});
        due_ = aging();
        return;
      default:
        return change(rested(entry_, now_).with_aside(false));
    }
  }

  // The answers are in, or are not.
  void ask() {
    if (at_ == entry_.location()) return change(upheld(entry_, now_));
    if (at_ == entry_.other()) return change(accepted(entry_, now_));
    if (round_ == 0) {
      due_ = now_ + kPolicy.probe_timeout;
    } else if (round_ == 1) {
      entry_ = unanswered(entry_);
      due_ = now_ + kSecond;
    } else {
      return change(rested(entry_, now_).with_aside(false));
    }
    ++round_;
  }

  FdbEntry entry_;
  const Location at_;
  const Nanos interval_;
  Nanos now_ = kNow;
  HostClass class_ = HostClass::kLearned;
  Nanos due_ = kNever;
  Nanos held_until_ = kNever;
  Nanos heard_ = kNow;
  unsigned round_ = 0;
};

// What the documents allow for an honest host that talks every `interval`.
Nanos longest(FdbEntry from, Location at, Nanos interval) {
  const bool here = from.location() == at;
  if (from.host_class() == HostClass::kLocked && !here && from.state() != FdbState::kMigrating)
    return 700 * kSecond;  // until it is forgotten where it was
  // A claim that nobody answers, the test of the next one, and what settles.
  constexpr Nanos kTested = 2 * kSecond;
  const Nanos settled = kTested + 3 * interval + 2 * kPolicy.settle;
  switch (from.state()) {
    case FdbState::kFrozen:
      return 540 * kSecond + settled;
    case FdbState::kMigrating:
      return 120 * kSecond + settled +
             (from.host_class() == HostClass::kLocked ? 600 * kSecond : 0);
    default:
      return settled;
  }
}

}  // namespace

TEST_CASE("no state is a trap", "[arbiter]") {
  const std::vector<FdbEntry> words = every_word();
  CHECK(words.size() > 800);
  for (const FdbEntry word : words) {
    if (!is_mobile(word)) continue;
    for (Location at = 0; at < kPlaces; ++at)
      for (const Nanos interval : {20 * kMillisecond, 100 * kMillisecond, kSecond}) {
        const auto time = Honest(word, at, interval).time_to_rest();
        INFO("from " << std::hex << word.word() << std::dec << ": state "
                     << static_cast<int>(word.state()) << " at " << word.location() << ", other "
                     << word.other() << ", class " << static_cast<int>(word.host_class())
                     << (word.marked() ? ", marked" : "") << (word.aside() ? ", aside" : "")
                     << "; honest at " << at << ", every " << interval / kMillisecond << " ms");
        REQUIRE(time.has_value());
        REQUIRE(*time <= longest(word, at, interval));
      }
  }
}

}  // namespace godwit
