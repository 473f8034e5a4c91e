#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "control/sweep.h"

#include "lib/slot_table.h"

namespace godwit {
namespace {

constexpr Nanos kLife = 10 * kSecond;
constexpr Nanos kYear = 365 * 24 * 3600 * kSecond;

// Entries that expire kLife after they were heard; counts what it is asked.
struct Table {
  uint32_t slots = 1000;
  uint64_t ever = 0;
  std::map<uint32_t, Nanos> heard;
  uint64_t visits = 0;
  unsigned expired = 0;

  // Every bucket is in use.
  Table& table() { return *this; }
  uint32_t slot_count() const { return slots; }
  template <class Visit>
  uint32_t sweep(uint32_t from, uint32_t most, Visit on_slot) {
    const uint32_t end = std::min(slots, from + most * NativeTraits::kSlots);
    for (; from < end; ++from) on_slot(from);
    return end;
  }
  uint64_t inserted() const { return ever; }
  Nanos shortest_life() const { return kLife; }
  std::optional<Nanos> visit(uint32_t slot, Nanos now) {
    ++visits;
    const auto at = heard.find(slot);
    if (at == heard.end()) return std::nullopt;
    if (now < at->second + kLife) return at->second + kLife;
    heard.erase(at);
    ++expired;
    return std::nullopt;
  }

  void insert(uint32_t slot, Nanos now) {
    heard[slot] = now;
    ++ever;
  }
};

// As replay does: the clock stops at each instant that is due, and never runs backward.
struct Clock {
  Sweep<Table>& sweep;
  Nanos now = 0;

  unsigned run_until(Nanos until) {
    unsigned turns = 0;
    for (; sweep.next_due() <= until; ++turns) sweep.run(now = std::max(now, sweep.next_due()));
    now = until;
    return turns;
  }
};

}  // namespace

TEST_CASE("an empty table is never swept", "[control]") {
  Table table;
  Sweep sweep(table);
  Clock clock{sweep};
  CHECK(sweep.next_due() == kNever);
  CHECK(clock.run_until(kYear) == 0);
}

TEST_CASE("an entry expires when it is due, not a turn later", "[control]") {
  const Nanos heard = GENERATE(Nanos{0}, Nanos{1}, 3 * kSecond, kYear);
  Table table;
  Sweep sweep(table);
  Clock clock{sweep};
  clock.run_until(heard);
  table.insert(17, heard);
  clock.run_until(heard + kLife - 1);
  CHECK(table.expired == 0);
  clock.run_until(heard + kLife);
  CHECK(table.expired == 1);
  CHECK(sweep.next_due() == kNever);
}

TEST_CASE("a gap of a year costs what is due in it, not its seconds", "[control]") {
  Table table;
  Sweep sweep(table);
  Clock clock{sweep};
  for (uint32_t n = 0; n < 100; ++n) table.insert(n, n * kSecond / 100);
  CHECK(clock.run_until(kYear) <= 102);
  CHECK(table.expired == 100);
  table.insert(1, kYear);
  CHECK(clock.run_until(2 * kYear) <= 3);
  CHECK(table.expired == 101);
}

TEST_CASE("who is heard all the time costs a sweep in a lifetime", "[control]") {
  Table table;
  Sweep sweep(table);
  Clock clock{sweep};
  table.insert(5, 0);
  unsigned turns = 0;
  for (Nanos now = 0; now < 1000 * kSecond; now += kSecond) {
    turns += clock.run_until(now);
    table.heard[5] = now;
  }
  CHECK(table.expired == 0);
  CHECK(turns <= 120);
}

TEST_CASE("a walk is done in turns, and misses nobody that comes meanwhile", "[control]") {
  constexpr uint32_t kTurn = 1U << 13;
  Table table;
  table.slots = 3 * kTurn + 1;
  Sweep sweep(table);
  Clock clock{sweep};
  table.insert(table.slots - 1, 0);
  REQUIRE(sweep.next_due() == kLife);
  sweep.run(kLife);
  CHECK(table.visits == kTurn);
  CHECK(table.expired == 0);
  CHECK(sweep.next_due() <= kLife);  // goes on at once
  table.insert(0, kLife);            // behind the walk
  for (int turn = 0; turn < 3; ++turn) sweep.run(kLife);
  CHECK(table.visits == table.slots);
  CHECK(table.expired == 1);
  CHECK(sweep.next_due() == 2 * kLife);
  clock.run_until(2 * kLife);
  CHECK(table.expired == 2);
}

TEST_CASE("a sweep can be hurried, also in the middle of a walk", "[control]") {
  constexpr uint32_t kTurn = 1U << 13;
  Table table;
  table.slots = 2 * kTurn;
  Sweep sweep(table);
  Clock clock{sweep, kSecond};
  sweep.hurry();
  CHECK(sweep.next_due() == 0);
  sweep.run(kSecond);
  sweep.hurry();
  sweep.run(kSecond);
  CHECK(table.visits == table.slots);
  CHECK(sweep.next_due() <= kSecond);
  CHECK(clock.run_until(kSecond) == 2);
  CHECK(table.visits == 2 * table.slots);
  CHECK(sweep.next_due() == kNever);
}

}  // namespace godwit
