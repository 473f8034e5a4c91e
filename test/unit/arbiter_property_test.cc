// The arbiter against a model that knows time as it is, without stamps that wrap around, and says
// in its own words what the rules are: of frames from anywhere, and of what control decides.
#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "lib/arbiter.h"

namespace godwit {
namespace {

// What is believed of a host.
enum class Story : uint8_t {
  kSteady,
  kArrived,     // it came from the rival place a moment ago
  kSlandered,   // the rival place claimed it, falsely
  kQuestioned,  // the rival place claims it, and both are asked
  kSpeechless,  // ... and neither answers
  kExpected,    // at the rival place, by the VM manager's word
  kDead,
  kPinned
};

class Model {
 public:
  Model(Location at, HostClass host_class, Nanos now)
      : class_(host_class), place_(at), heard_(now) {}

  Verdict hear(const Claim& claim, const MovesConfig& policy) {
    if (claim.at == place_) return hear_at_home(claim.now, policy.probe_wait);
    switch (story_) {
      case Story::kPinned:
        return Verdict::kRefused;
      case Story::kExpected:
        return hear_expected(claim, policy.activate);
      case Story::kQuestioned:
      case Story::kSpeechless:
        return hear_questioned(claim);
      case Story::kArrived:
      case Story::kSlandered:
        return hear_settling(claim, policy.probe_wait);
      default:
        return believe_by_class(claim);
    }
  }

  // Control's.
  void prepare(Location to) {
    const bool lost = story_ == Story::kDead || story_ == Story::kSpeechless ||
                      (story_ == Story::kQuestioned && insistence_ != 0);
    if (lost) held_ = false;  // it is not there to be held for
    decide(Story::kExpected, to);
  }
  void commit(Location to, Nanos now) { move(to, now); }
  void go_offline(Nanos now) {
    decide(Story::kDead, kNoLocation);
    heard_ = now;
    held_ = true;
  }
  void freeze() { decide(Story::kPinned, kNoLocation); }
  void rest() {
    decide(Story::kSteady, kNoLocation);
    --verdicts_;  // time decides nothing
  }
  void revert(Nanos now) {
    move(rival_, now);
    story_ = Story::kSlandered;
  }
  void accept(Nanos now) { move(rival_, now); }
  void uphold(Nanos now) {
    decide(Story::kSlandered, rival_);
    heard_ = now;
    held_ = false;
  }
  void give_up_asking() {
    story_ = Story::kSpeechless;
    insistence_ = 0;
  }
  void hold(bool on) { held_ = on; }

  Story story() const { return story_; }
  Location place() const { return place_; }
  Location rival() const { return rival_; }
  uint64_t silent_s(Nanos now) const { return now / kSecond - heard_ / kSecond; }

  // The word that says so.
  FdbEntry word() const {
    constexpr std::array<FdbState, 8> kStates = {
        FdbState::kBound,   FdbState::kSettling,  FdbState::kSettling, FdbState::kTesting,
        FdbState::kTesting, FdbState::kMigrating, FdbState::kOffline,  FdbState::kFrozen};
    const FdbState state = kStates[static_cast<size_t>(story_)];
    const Nanos unit = counts_milliseconds(state) ? kMillisecond : kSecond;
    return FdbEntry{}
        .with_location(place_)
        .with_other(rival_)
        .with_state(state)
        .with_host_class(class_)
        .with_windows(insistence_)
        .with_mark(story_ == Story::kSlandered || story_ == Story::kSpeechless)
        .with_aside(held_)
        .with_seq(static_cast<uint16_t>(verdicts_ % 2048))
        .with_stamp(static_cast<uint16_t>(heard_ / unit));
  }

 private:
  bool silent_for(Nanos time, Nanos now) const {
    return now / kMillisecond - heard_ / kMillisecond >= time / kMillisecond;
  }

  void decide(Story story, Location rival) {
    story_ = story;
    rival_ = rival;
    insistence_ = 0;
    ++verdicts_;
  }

  Verdict move(Location to, Nanos now) {
    const Location from = std::exchange(place_, to);
    decide(Story::kArrived, from);
    heard_ = now;
    held_ = false;
    return Verdict::kMoved;
  }

  Verdict question(Location claimant, Nanos now) {
    const bool was_dead = story_ == Story::kDead;
    decide(Story::kQuestioned, claimant);
    heard_ = now;
    insistence_ = was_dead ? 1 : 0;  // so that it is flooded to, as before
    return Verdict::kTested;
  }

  Verdict believe_by_class(const Claim& claim) {
    const bool can_object = !held_ || story_ == Story::kDead;
    if (class_ == HostClass::kLearned && (can_object || claim.announcement))
      return move(claim.at, claim.now);
    if (class_ <= HostClass::kRegistered) return question(claim.at, claim.now);
    return Verdict::kRefused;
  }

  Verdict hear_at_home(Nanos now, Nanos wait) {
    if (story_ == Story::kDead) {
      heard_ = now;
      held_ = false;
      story_ = Story::kSteady;
      return Verdict::kRevived;
    }
    if (story_ == Story::kQuestioned && !silent_for(wait, now)) return Verdict::kKnown;
    if (story_ == Story::kQuestioned || story_ == Story::kSpeechless) {
      uphold(now);
      return Verdict::kUpheld;
    }
    const bool fine = story_ == Story::kArrived || story_ == Story::kSlandered;
    const Nanos unit = fine ? kMillisecond : kSecond;
    const bool is_news = now / unit % 65536 != heard_ / unit % 65536 || insistence_ != 0;
    heard_ = now;
    insistence_ = 0;
    return is_news ? Verdict::kRefreshed : Verdict::kKnown;
  }

  Verdict hear_expected(const Claim& claim, Activation activate) {
    if (claim.at != rival_) return Verdict::kRefused;
    const bool runs = activate == Activation::kAny ||
                      (activate != Activation::kCommit && claim.announcement) ||
                      (activate == Activation::kTraffic && !claim.quiet);
    return runs ? move(claim.at, claim.now) : Verdict::kPending;
  }

  Verdict hear_questioned(const Claim& claim) {
    if (claim.at != rival_) {
      if (class_ != HostClass::kLearned) return Verdict::kRefused;
      return story_ == Story::kSpeechless ? move(claim.at, claim.now) : Verdict::kUnverified;
    }
    if (story_ == Story::kSpeechless && ++insistence_ == 3) return move(claim.at, claim.now);
    return Verdict::kUnverified;
  }

  Verdict hear_settling(const Claim& claim, Nanos wait) {
    const bool may_be_late = !silent_for(wait, claim.now);
    const bool from_rival = claim.at == rival_;
    if (story_ == Story::kSlandered) {
      if (may_be_late && (from_rival || !claim.announcement)) return Verdict::kUnverified;
      return class_ == HostClass::kLocked ? Verdict::kRefused : question(claim.at, claim.now);
    }
    if (class_ != HostClass::kLearned) {
      const bool says_so = claim.announcement && class_ == HostClass::kRegistered;
      if (may_be_late && from_rival && !says_so) return Verdict::kUnverified;
      return believe_by_class(claim);
    }
    if (claim.announcement) return believe_by_class(claim);
    if (may_be_late) return Verdict::kLate;
    if (!from_rival || held_) return believe_by_class(claim);
    if (++insistence_ == 3) return move(claim.at, claim.now);
    heard_ = claim.now;
    return Verdict::kDoubted;
  }

  const HostClass class_;
  Story story_ = Story::kSteady;
  Location place_;
  Location rival_ = kNoLocation;
  Nanos heard_;  // or, where that is later, decided on
  unsigned insistence_ = 0;
  bool held_ = false;
  uint64_t verdicts_ = 0;
};

class Trial {
 public:
  Trial(HostClass host_class, Activation activate, unsigned seed)
      : random_(seed),
        model_(0, host_class, 0),
        entry_(first_heard(0, host_class, 0)),
        is_static_(host_class == HostClass::kStatic) {
    policy_.activate = activate;
  }

  void step() {
    pass_time();
    const bool testing = entry_.state() == FdbState::kTesting;
    if (random_() % (testing ? 4 : 16) == 0 && !is_static_)
      decide();
    else
      hear();
    if (entry_ == model_.word() && seconds_since_heard(entry_, now_) == model_.silent_s(now_))
      return;
    CHECK(entry_.word() == model_.word().word());
    FAIL("at " << now_ << " ns, last: " << last_);
  }

  std::map<Verdict, unsigned> heard;
  std::map<Story, unsigned> stories;

 private:
  // About the bounds that matter, from a nanosecond to an hour.
  void pass_time() {
    constexpr Nanos kGaps[] = {0,
                               1,
                               400 * kMicrosecond,
                               kMillisecond,
                               59 * kMillisecond,
                               60 * kMillisecond - 1,
                               60 * kMillisecond,
                               61 * kMillisecond,
                               999 * kMillisecond,
                               kSecond,
                               7 * kSecond,
                               3600 * kSecond};
    now_ += kGaps[random_() % std::size(kGaps)];
    // Control ends what counts milliseconds, long before they wrap around.
    const Nanos due = decided_ + 30 * kSecond;
    if (!counts_milliseconds(entry_.state()) || now_ < due) return;
    entry_ = rested(entry_, due);
    model_.rest();
  }

  Location any_place() {
    const std::array<Location, 6> places = {model_.place(), model_.rival(), 0, 1, 2, 3};
    const Location at = places[random_() % (random_() % 4 == 0 ? 6 : 2)];
    return at == kNoLocation ? Location{1} : at;
  }

  void hear() {
    const Claim claim{any_place(), random_() % 8 == 0, now_, random_() % 4 == 0};
    const auto [verdict, next] = judge(entry_, claim, policy_);
    ++stories[model_.story()];
    const Verdict expected = model_.hear(claim, policy_);
    last_ = "a frame";
    if (verdict != expected)
      FAIL("verdict " << static_cast<int>(verdict) << ", not " << static_cast<int>(expected)
                      << ", story " << static_cast<int>(model_.story()));
    if (next.seq() != entry_.seq()) decided_ = now_;
    entry_ = next;
    ++heard[verdict];
  }

  // One of the steps that control takes from where things are.
  void decide() {
    const Location to = (model_.place() + 1 + random_() % 3) % 4;
    const bool settling = entry_.state() == FdbState::kSettling;
    const bool testing = entry_.state() == FdbState::kTesting;
    switch (const unsigned step = random_() % 12; step) {
      case 0:
        return apply("prepared", prepared(entry_, to, now_), [&] { model_.prepare(to); });
      case 1:
        return apply("committed", committed(entry_, to, now_), [&] { model_.commit(to, now_); });
      case 2:
        return apply("offline", gone_offline(entry_, now_), [&] { model_.go_offline(now_); });
      case 3:
        return apply("frozen", frozen(entry_, now_), [&] { model_.freeze(); });
      case 4:
      case 5:
        if (testing && random_() % 2 == 0)
          return apply("unanswered", unanswered(entry_), [&] { model_.give_up_asking(); });
        if (entry_.state() == FdbState::kOffline) return;
        return apply("held", entry_.with_aside(step == 4), [&] { model_.hold(step == 4); });
      case 6:
      case 7:
        if (!settling || entry_.marked()) return;
        return apply("reverted", reverted(entry_, now_), [&] { model_.revert(now_); });
      case 8:
        if (!testing) return;
        return apply("accepted", accepted(entry_, now_), [&] { model_.accept(now_); });
      case 9:
        if (!testing) return;
        return apply("upheld", upheld(entry_, now_), [&] { model_.uphold(now_); });
      case 10:
        if (!testing) return;
        return apply("unanswered", unanswered(entry_), [&] { model_.give_up_asking(); });
      default:
        if (entry_.state() == FdbState::kOffline || testing) return;
        return apply("rested", rested(entry_, now_), [&] { model_.rest(); });
    }
  }

  template <class Change>
  void apply(std::string_view what, FdbEntry next, Change change) {
    if (next.seq() != entry_.seq()) decided_ = now_;
    entry_ = next;
    change();
    last_ = what;
  }

  std::mt19937 random_;
  MovesConfig policy_;
  Model model_;
  FdbEntry entry_;
  bool is_static_;
  Nanos now_ = 0;
  Nanos decided_ = 0;
  std::string_view last_;
};

}  // namespace

TEST_CASE("the arbiter does as its model, whatever it hears and control decides", "[arbiter]") {
  constexpr unsigned kEvents = 600'000;  // of each of eight trials
  constexpr unsigned kOften = 50;
  const auto host_class =
      GENERATE(HostClass::kLearned, HostClass::kRegistered, HostClass::kLocked, HostClass::kStatic);
  const auto activate = GENERATE(Activation::kTraffic, Activation::kAnnounce);
  Trial trial(host_class, activate, 20201);  // fixed: a failure can be had again
  for (unsigned n = 0; n < kEvents; ++n) trial.step();
  if (host_class == HostClass::kStatic) {
    CHECK(trial.heard.size() == 3);  // known, refreshed, refused
    return;
  }
  // It is no test of what never came up.
  const bool follows = host_class < HostClass::kLocked;
  for (const Verdict v : {Verdict::kKnown, Verdict::kRefreshed, Verdict::kMoved, Verdict::kRefused,
                          Verdict::kUnverified, Verdict::kRevived, Verdict::kPending})
    CHECK(trial.heard[v] > kOften);
  CHECK((trial.heard[Verdict::kTested] > kOften) == follows);
  CHECK((trial.heard[Verdict::kUpheld] > kOften) == follows);
  for (const Verdict v : {Verdict::kLate, Verdict::kDoubted})
    CHECK((trial.heard[v] > kOften) == (host_class == HostClass::kLearned));
  for (const Story s : {Story::kSteady, Story::kArrived, Story::kSlandered, Story::kExpected,
                        Story::kDead, Story::kPinned})
    CHECK(trial.stories[s] > kOften);
  CHECK((trial.stories[Story::kSpeechless] > kOften) == follows);
}

}  // namespace godwit
