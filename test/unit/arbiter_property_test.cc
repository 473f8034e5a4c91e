// The arbiter against a model that knows time as it is, without stamps that wrap around, and says
// in its own words what the arbiter's rules are.
#include <random>

#include <catch2/catch.hpp>

#include "lib/arbiter.h"

namespace godwit {
namespace {

class Model {
 public:
  Model(Location at, Nanos now) : place_(at), heard_(now) {}

  Verdict hear(Location at, bool announcement, Nanos now, Nanos window) {
    if (at == place_) return hear_at_home(now);
    if (!is_settling_ || announcement) return move(at, now);
    if (milliseconds(now) - milliseconds(heard_) < milliseconds(window)) return Verdict::kLate;
    if (at != left_ || ++windows_ == 3) return move(at, now);
    heard_ = now;
    return Verdict::kDoubted;
  }

  void settle() {
    is_settling_ = false;
    windows_ = 0;
  }

  bool is_settling() const { return is_settling_; }
  Location place() const { return place_; }
  Location left() const { return is_settling_ ? left_ : kNoLocation; }
  unsigned windows() const { return windows_; }
  unsigned moves() const { return moves_; }
  Nanos moved_at() const { return moved_at_; }
  uint64_t silent_s(Nanos now) const { return now / kSecond - heard_ / kSecond; }

 private:
  static uint64_t milliseconds(Nanos t) { return t / kMillisecond; }

  Verdict hear_at_home(Nanos now) {
    const Nanos unit = is_settling_ ? kMillisecond : kSecond;
    const bool news = now / unit != heard_ / unit || windows_ != 0;
    heard_ = now;
    windows_ = 0;
    return news ? Verdict::kRefreshed : Verdict::kKnown;
  }

  Verdict move(Location to, Nanos now) {
    left_ = std::exchange(place_, to);
    is_settling_ = true;
    windows_ = 0;
    heard_ = moved_at_ = now;
    ++moves_;
    return Verdict::kMoved;
  }

  Location place_;
  Nanos heard_;  // what counts as such
  Location left_ = kNoLocation;
  bool is_settling_ = false;
  unsigned windows_ = 0;
  unsigned moves_ = 0;
  Nanos moved_at_ = 0;
};

void check_same(const Model& model, FdbEntry entry, Nanos now) {
  REQUIRE(entry.location() == model.place());
  REQUIRE(entry.other() == model.left());
  REQUIRE((entry.state() == FdbState::kSettling) == model.is_settling());
  REQUIRE((entry.state() == FdbState::kBound) == !model.is_settling());
  REQUIRE(entry.windows() == model.windows());
  REQUIRE(entry.seq() == model.moves() % 2048);
  REQUIRE(seconds_since_heard(entry, now) == model.silent_s(now));
}

}  // namespace

TEST_CASE("the arbiter does as its model, whatever it hears", "[arbiter]") {
  constexpr unsigned kEvents = 300'000;
  constexpr Nanos kSettle = 30 * kSecond;  // the longest that a config allows
  std::mt19937_64 random(20201);           // fixed: a failure can be had again
  // Gaps about the bounds that matter, from a nanosecond to an hour.
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
  const MovesConfig policy;
  Nanos now = 0;
  Model model(0, now);
  FdbEntry entry = first_heard(0, HostClass::kLearned, now);
  std::array<unsigned, 6> seen{};
  unsigned third_moved = 0;
  unsigned third_late = 0;
  for (unsigned n = 0; n < kEvents; ++n) {
    now += kGaps[random() % std::size(kGaps)] * (random() % 8 == 0 ? random() % 3 : 1);
    if (model.is_settling() && now >= model.moved_at() + kSettle) {
      const Nanos due = model.moved_at() + kSettle;
      model.settle();
      entry = rested(entry, due);
      check_same(model, entry, due);
    }
    // Mostly the place, and the place left behind; else any of four, so that third ones come up.
    const std::array<Location, 6> places = {entry.location(), entry.other(), 0, 1, 2, 3};
    const Location at = places[random() % (random() % 4 == 0 ? 6 : 2)];
    if (at == kNoLocation) continue;
    const bool announcement = random() % 8 == 0;
    const bool is_third = model.is_settling() && at != model.place() && at != model.left();
    const auto [verdict, next] = judge(entry, {at, announcement, now}, policy);
    REQUIRE(verdict == model.hear(at, announcement, now, policy.probe_wait));
    REQUIRE((next == entry) == (verdict == Verdict::kKnown || verdict == Verdict::kLate));
    entry = next;
    check_same(model, entry, now);
    ++seen[static_cast<size_t>(verdict)];
    third_moved += is_third && !announcement && verdict == Verdict::kMoved ? 1 : 0;
    third_late += is_third && verdict == Verdict::kLate ? 1 : 0;
  }
  // It is no test of what never came up.
  for (const Verdict verdict :
       {Verdict::kKnown, Verdict::kRefreshed, Verdict::kMoved, Verdict::kLate, Verdict::kDoubted})
    CHECK(seen[static_cast<size_t>(verdict)] > kEvents / 200);
  CHECK(third_moved > kEvents / 200);
  CHECK(third_late > kEvents / 200);
}

}  // namespace godwit
