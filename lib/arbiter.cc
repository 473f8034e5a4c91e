#include "lib/arbiter.h"

namespace godwit {
namespace {

// Windows in which a place left behind must be heard, with the new one silent, to be believed; and
// frames from a place that makes a claim when neither place answers.
constexpr unsigned kTimesToBelieve = 3;

uint16_t stamp_for(FdbState state, Nanos now) {
  return counts_milliseconds(state) ? FdbEntry::stamp_ms(now) : FdbEntry::stamp_s(now);
}

// Time since the stamp of an entry that counts milliseconds.
Nanos since_stamp(FdbEntry entry, Nanos now) {
  return entry.since(FdbEntry::stamp_ms(now)) * kMillisecond;
}

// Another state, as old as before: which may be older than the clock.
FdbEntry in_state(FdbEntry current, FdbState state, Nanos now) {
  const uint32_t ago_s = seconds_since_heard(current, now);
  const uint32_t ago = counts_milliseconds(state) ? ago_s * 1000 : ago_s;
  return current.with_state(state).with_windows(0).with_mark(false).with_stamp(
      static_cast<uint16_t>(stamp_for(state, now) - ago));
}

FdbEntry moved_to(FdbEntry current, Location to, Nanos now) {
  return current.with_location(to)
      .with_other(current.location())
      .with_state(FdbState::kSettling)
      .with_windows(0)
      .with_mark(false)
      .with_aside(false)
      .with_next_seq()
      .with_stamp(FdbEntry::stamp_ms(now));
}

Judgement move(FdbEntry current, const Claim& claim) {
  return {Verdict::kMoved, moved_to(current, claim.at, claim.now)};
}

Judgement test(FdbEntry current, const Claim& claim) {
  const bool was_offline = current.state() == FdbState::kOffline;
  return {Verdict::kTested, current.with_other(claim.at)
                                .with_state(FdbState::kTesting)
                                .with_windows(was_offline ? kWasOffline : 0)
                                .with_mark(false)
                                .with_next_seq()
                                .with_stamp(FdbEntry::stamp_ms(claim.now))};
}

Judgement refuse(FdbEntry current) { return {Verdict::kRefused, current}; }

// A claim that nothing else speaks for or against. Who stands still cannot say that it is false; a
// VM that starts to run elsewhere is announced.
Judgement by_class(FdbEntry current, const Claim& claim) {
  switch (current.host_class()) {
    case HostClass::kLearned:
      return is_held(current) && !claim.announcement ? test(current, claim) : move(current, claim);
    case HostClass::kRegistered:
      return test(current, claim);
    default:
      return refuse(current);
  }
}

Judgement heard_at_home(FdbEntry current, const Claim& claim, const MovesConfig& policy) {
  if (current.state() == FdbState::kOffline) {
    const FdbEntry back = in_state(current, FdbState::kBound, claim.now).with_aside(false);
    return {Verdict::kRevived, back.with_stamp(FdbEntry::stamp_s(claim.now))};
  }
  if (current.state() == FdbState::kTesting) {
    const bool late = !current.marked() && since_stamp(current, claim.now) < policy.probe_wait;
    if (late) return {Verdict::kKnown, current};
    return {Verdict::kUpheld, upheld(current, claim.now)};
  }
  const FdbEntry next = current.with_stamp(stamp_for(current.state(), claim.now)).with_windows(0);
  return {next == current ? Verdict::kKnown : Verdict::kRefreshed, next};
}

// A frame that announces nothing, from the place left behind, while the new place is silent. The
// stamp marks the last thing that counted: a frame from the new place, or the first of a window
// here.
Judgement heard_behind(FdbEntry current, const Claim& claim) {
  const unsigned windows = current.windows() + 1;
  if (windows == kTimesToBelieve) return move(current, claim);
  const uint16_t stamp = FdbEntry::stamp_ms(claim.now);
  return {Verdict::kDoubted, current.with_windows(windows).with_stamp(stamp)};
}

// After a false claim nobody is believed at once: who lied may have a second port, or a friend.
Judgement while_suspicious(FdbEntry current, const Claim& claim, bool late) {
  if (late && (claim.at == current.other() || !claim.announcement))
    return {Verdict::kUnverified, current};
  return current.host_class() < HostClass::kLocked ? test(current, claim) : refuse(current);
}

Judgement while_settling(FdbEntry current, const Claim& claim, const MovesConfig& policy) {
  const bool late = since_stamp(current, claim.now) < policy.probe_wait;
  const bool learned = current.host_class() == HostClass::kLearned;
  const bool behind = claim.at == current.other();
  if (current.marked()) return while_suspicious(current, claim, late);
  if (claim.announcement && current.host_class() < HostClass::kLocked)
    return by_class(current, claim);
  if (!learned)
    return late && behind ? Judgement{Verdict::kUnverified, current} : by_class(current, claim);
  if (late) return {Verdict::kLate, current};
  return behind && !is_held(current) ? heard_behind(current, claim) : by_class(current, claim);
}

Judgement while_testing(FdbEntry current, const Claim& claim) {
  if (claim.at != current.other()) {
    if (current.host_class() != HostClass::kLearned) return refuse(current);
    return current.marked() ? move(current, claim) : Judgement{Verdict::kUnverified, current};
  }
  if (!current.marked()) return {Verdict::kUnverified, current};
  const unsigned times = current.windows() + 1;
  if (times == kTimesToBelieve) return move(current, claim);
  return {Verdict::kUnverified, current.with_windows(times)};
}

// Whether a frame from where a VM is to move shows that it runs there.
bool activates(const Claim& claim, Activation activate) {
  switch (activate) {
    case Activation::kAny:
      return true;
    case Activation::kTraffic:
      return claim.announcement || !claim.quiet;
    case Activation::kAnnounce:
      return claim.announcement;
    case Activation::kCommit:
      return false;
  }
  return false;
}

Judgement while_migrating(FdbEntry current, const Claim& claim, const MovesConfig& policy) {
  if (claim.at != current.other()) return refuse(current);
  if (activates(claim, policy.activate)) return move(current, claim);
  return {Verdict::kPending, current};
}

}  // namespace

Judgement judge(FdbEntry current, const Claim& claim, const MovesConfig& policy) {
  if (claim.at == current.location()) return heard_at_home(current, claim, policy);
  switch (current.state()) {
    case FdbState::kSettling:
      return while_settling(current, claim, policy);
    case FdbState::kTesting:
      return while_testing(current, claim);
    case FdbState::kMigrating:
      return while_migrating(current, claim, policy);
    case FdbState::kFrozen:
      return refuse(current);
    default:
      return by_class(current, claim);
  }
}

FdbEntry first_heard(Location at, HostClass host_class, Nanos now) {
  return FdbEntry{}
      .with_location(at)
      .with_other(kNoLocation)
      .with_state(FdbState::kBound)
      .with_host_class(host_class)
      .with_stamp(FdbEntry::stamp_s(now));
}

FdbEntry prepared(FdbEntry current, Location to, Nanos now) {
  const bool held = is_held(current);
  return in_state(current, FdbState::kMigrating, now)
      .with_other(to)
      .with_aside(held)
      .with_next_seq();
}

FdbEntry committed(FdbEntry current, Location to, Nanos now) { return moved_to(current, to, now); }

FdbEntry gone_offline(FdbEntry current, Nanos now) {
  return in_state(current, FdbState::kOffline, now)
      .with_other(kNoLocation)
      .with_aside(true)
      .with_next_seq()
      .with_stamp(FdbEntry::stamp_s(now));  // its end counts from here
}

FdbEntry frozen(FdbEntry current, Nanos now) {
  return in_state(current, FdbState::kFrozen, now).with_other(kNoLocation).with_next_seq();
}

FdbEntry rested(FdbEntry current, Nanos now) {
  return in_state(current, FdbState::kBound, now).with_other(kNoLocation);
}

FdbEntry reverted(FdbEntry current, Nanos now) {
  return moved_to(current, current.other(), now).with_mark(true);
}

FdbEntry accepted(FdbEntry current, Nanos now) { return moved_to(current, current.other(), now); }

FdbEntry upheld(FdbEntry current, Nanos now) {
  return current.with_state(FdbState::kSettling)
      .with_windows(0)
      .with_mark(true)
      .with_aside(false)
      .with_next_seq()
      .with_stamp(FdbEntry::stamp_ms(now));
}

FdbEntry unanswered(FdbEntry current) { return current.with_mark(true).with_windows(0); }

uint32_t seconds_since_heard(FdbEntry entry, Nanos now) {
  if (!counts_milliseconds(entry.state())) return entry.since(FdbEntry::stamp_s(now));
  const Nanos ago_ms = entry.since(FdbEntry::stamp_ms(now));
  // Counted between whole seconds, as the stamps of other entries are.
  const Nanos now_ms = now / kMillisecond;
  return static_cast<uint32_t>(now / kSecond - (now_ms - ago_ms) / 1000);
}

}  // namespace godwit
