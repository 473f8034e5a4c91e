#include "lib/replay_window.h"

#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include <catch2/catch.hpp>

namespace godwit {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

// What the window must say, with all the memory in the world.
class Model {
 public:
  Freshness hear(uint64_t sequence) {
    if (!heard_.empty() && *heard_.rbegin() >= sequence &&
        *heard_.rbegin() - sequence >= ReplayWindow::kSize)
      return Freshness::kStale;
    return heard_.insert(sequence).second ? Freshness::kFresh : Freshness::kReplayed;
  }

 private:
  std::set<uint64_t> heard_;
};

}  // namespace

TEST_CASE("each number passes once", "[replay_window]") {
  ReplayWindow window;
  CHECK(window.hear(5000) == Freshness::kFresh);
  CHECK(window.hear(5000) == Freshness::kReplayed);
  CHECK(window.hear(4999) == Freshness::kFresh);  // overtaken on its way
  CHECK(window.hear(4999) == Freshness::kReplayed);
  CHECK(window.hear(5000 - ReplayWindow::kSize + 1) == Freshness::kFresh);
  CHECK(window.hear(5000 - ReplayWindow::kSize) == Freshness::kStale);
  CHECK(window.hear(0) == Freshness::kStale);
}

TEST_CASE("the window's ends are those of 64 bits", "[replay_window]") {
  ReplayWindow window;
  CHECK(window.hear(0) == Freshness::kFresh);
  CHECK(window.hear(0) == Freshness::kReplayed);
  CHECK(window.hear(kMax) == Freshness::kFresh);
  CHECK(window.hear(kMax) == Freshness::kReplayed);
  CHECK(window.hear(kMax - 1) == Freshness::kFresh);
  CHECK(window.hear(0) == Freshness::kStale);
}

TEST_CASE("the window agrees with one that forgets nothing", "[replay_window]") {
  std::mt19937_64 random(20260501);
  for (const uint64_t stride : {1, 3, 63, 64, 65, 700, 3000}) {
    ReplayWindow window;
    Model model;
    uint64_t newest = random() % 5000;
    for (int n = 0; n < 4000; ++n) {
      if (random() % 4 == 0) newest += random() % (stride + 1);
      const uint64_t behind = random() % (ReplayWindow::kSize + 100);
      const uint64_t sequence = newest - std::min(newest, behind % (stride * 4));
      REQUIRE(window.hear(sequence) == model.hear(sequence));
    }
  }
}

TEST_CASE("senders have windows of their own, and there is room for so many", "[replay_window]") {
  constexpr Nanos kMemory = 60 * kSecond;
  ReplayWindows windows(kMemory);
  CHECK(windows.hear(1, 10, 0) == Freshness::kFresh);
  CHECK(windows.hear(2, 10, 0) == Freshness::kFresh);
  CHECK(windows.hear(1, 10, 0) == Freshness::kReplayed);
  for (uint64_t sender = 3; sender <= ReplayWindows::kSenders; ++sender)
    CHECK(windows.hear(sender, 1, sender * kMillisecond) == Freshness::kFresh);
  CHECK(windows.hear(9999, 1, 2 * kSecond) == Freshness::kNoRoom);
  CHECK(windows.senders() == ReplayWindows::kSenders);
  CHECK(windows.hear(1, 11, kMemory) == Freshness::kFresh);
  // Senders 2 and 3 are over; what they said is too old for anybody to ask.
  CHECK(windows.hear(9999, 1, kMemory + 4 * kMillisecond) == Freshness::kFresh);
  CHECK(windows.senders() == ReplayWindows::kSenders - 1);
  CHECK(windows.hear(1, 11, kMemory + 5 * kMillisecond) == Freshness::kReplayed);
}

}  // namespace godwit
