#include "lib/arbiter.h"

namespace godwit {
namespace {

// Windows in which a place left behind must be heard, with the new one silent, to be believed.
constexpr unsigned kWindowsToBelieve = 3;

uint16_t stamp_for(FdbState state, Nanos now) {
  return state == FdbState::kBound ? FdbEntry::stamp_s(now) : FdbEntry::stamp_ms(now);
}

Judgement heard_at_home(FdbEntry current, Nanos now) {
  const FdbEntry next = current.with_stamp(stamp_for(current.state(), now)).with_windows(0);
  return {next == current ? Verdict::kKnown : Verdict::kRefreshed, next};
}

Judgement move(FdbEntry current, const Claim& claim) {
  return {Verdict::kMoved, current.with_location(claim.at)
                               .with_other(current.location())
                               .with_state(FdbState::kSettling)
                               .with_windows(0)
                               .with_next_seq()
                               .with_stamp(FdbEntry::stamp_ms(claim.now))};
}

// A frame that announces nothing, from the place left behind, while the new place is silent. The
// stamp marks the last thing that counted: a frame from the new place, or the first of a window
// here.
Judgement heard_behind(FdbEntry current, const Claim& claim) {
  const unsigned windows = current.windows() + 1;
  if (windows == kWindowsToBelieve) return move(current, claim);
  const uint16_t stamp = FdbEntry::stamp_ms(claim.now);
  return {Verdict::kDoubted, current.with_windows(windows).with_stamp(stamp)};
}

}  // namespace

Judgement judge(FdbEntry current, const Claim& claim, const MovesConfig& policy) {
  if (claim.at == current.location()) return heard_at_home(current, claim.now);
  if (current.host_class() != HostClass::kLearned) return {Verdict::kRefused, current};
  if (current.state() != FdbState::kSettling || claim.announcement) return move(current, claim);
  const Nanos since = current.since(FdbEntry::stamp_ms(claim.now)) * kMillisecond;
  if (since < policy.probe_wait) return {Verdict::kLate, current};
  return claim.at == current.other() ? heard_behind(current, claim) : move(current, claim);
}

FdbEntry first_heard(Location at, HostClass host_class, Nanos now) {
  return FdbEntry{}
      .with_location(at)
      .with_other(kNoLocation)
      .with_state(FdbState::kBound)
      .with_host_class(host_class)
      .with_stamp(FdbEntry::stamp_s(now));
}

FdbEntry settled(FdbEntry current, Nanos now) {
  const Nanos ago = Nanos{seconds_since_heard(current, now)} * kSecond;
  return current.with_state(FdbState::kBound)
      .with_other(kNoLocation)
      .with_windows(0)
      .with_stamp(FdbEntry::stamp_s(now - ago));
}

uint32_t seconds_since_heard(FdbEntry entry, Nanos now) {
  if (entry.state() == FdbState::kBound) return entry.since(FdbEntry::stamp_s(now));
  const Nanos ago_ms = entry.since(FdbEntry::stamp_ms(now));
  // Counted between whole seconds, as the stamps of BOUND entries are.
  const Nanos now_ms = now / kMillisecond;
  return static_cast<uint32_t>(now / kSecond - (now_ms - ago_ms) / 1000);
}

}  // namespace godwit
