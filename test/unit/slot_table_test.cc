#include "lib/slot_table.h"

#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/table_memory.h"

#include "lib/grace.h"

using namespace godwit;

namespace {

// Any table key: the low 40 bits vary, so the pending bit stays clear.
uint64_t key_of(uint64_t i) { return uint64_t{7} << 48 | (i + 1); }
uint64_t value_of(uint64_t i) { return i * 2 + 1; }

struct TestTable {
  explicit TestTable(uint32_t slots)
      : memory(SlotTable<>::bytes(slots)), table(memory.data(), slots, kFixedSecret) {}
  TableMemory memory;
  SlotTable<> table;
};

// A grace period that ends when the test says so.
class ManualGrace : public GracePeriod {
 public:
  uint64_t start() override { return ++last_; }
  bool elapsed(uint64_t token) override { return token <= elapsed_; }
  void finish() { elapsed_ = last_; }

 private:
  uint64_t last_ = 0;
  uint64_t elapsed_ = 0;
};

}  // namespace

TEST_CASE("a key is found with its value once it is inserted, and not before") {
  TestTable t(1000);
  REQUIRE(t.table.find(key_of(1)).value == 0);
  REQUIRE(t.table.find(key_of(1)).slot == kNoSlot);
  const InsertResult in = t.table.insert(key_of(1), 42);
  REQUIRE(in.status == InsertStatus::kInserted);
  REQUIRE(t.table.find(key_of(1)).value == 42);
  REQUIRE(t.table.find(key_of(1)).slot == in.slot);
  REQUIRE(t.table.find(key_of(2)).value == 0);
}

TEST_CASE("a second insert of a key reports the first") {
  TestTable t(1000);
  const InsertResult first = t.table.insert(key_of(1), 42);
  const InsertResult second = t.table.insert(key_of(1), 43);
  REQUIRE(second.status == InsertStatus::kExists);
  REQUIRE(second.slot == first.slot);
  REQUIRE(second.value == 42);
}

TEST_CASE("a value changes only from what was expected") {
  TestTable t(100);
  const uint32_t slot = t.table.insert(key_of(1), 42).slot;
  uint64_t expected = 41;
  REQUIRE_FALSE(t.table.compare_exchange(slot, expected, 43));
  REQUIRE(expected == 42);
  REQUIRE(t.table.compare_exchange(slot, expected, 43));
  REQUIRE(t.table.find(key_of(1)).value == 43);
}

TEST_CASE("a removed entry is gone at once, never revived, and its slot comes back after reclaim") {
  TestTable t(4);
  const uint32_t slot = t.table.insert(key_of(1), 42).slot;
  uint64_t expected = 41;
  REQUIRE_FALSE(t.table.remove(slot, expected));
  REQUIRE(expected == 42);
  REQUIRE(t.table.remove(slot, expected));
  REQUIRE(t.table.find(key_of(1)).value == 0);
  REQUIRE_FALSE(t.table.compare_exchange(slot, expected, 43));
  REQUIRE(expected == 0);

  const InsertResult again = t.table.insert(key_of(1), 44);
  REQUIRE(again.status == InsertStatus::kInserted);
  REQUIRE(again.slot != slot);
  t.table.reclaim(slot);
  REQUIRE(t.table.find(key_of(1)).value == 44);
  REQUIRE(t.table.insert(key_of(2), 45).slot == slot);
}

TEST_CASE("limbo reclaims in order, as far as grace periods are over and the caller allows") {
  TestTable t(100);
  ManualGrace grace;
  Limbo limbo(grace);
  for (uint64_t i = 0; i < 10; ++i) {
    const uint32_t slot = t.table.insert(key_of(i), value_of(i)).slot;
    uint64_t expected = value_of(i);
    REQUIRE(t.table.remove(slot, expected));
    limbo.push(slot);
    if (i == 6) grace.finish();
  }
  REQUIRE(limbo.poll(t.table, 3) == 3);
  REQUIRE(limbo.poll(t.table) == 4);
  REQUIRE(limbo.poll(t.table) == 0);
  REQUIRE(limbo.size() == 3);
  grace.finish();
  REQUIRE(limbo.poll(t.table) == 3);
  REQUIRE(limbo.size() == 0);
}

TEST_CASE("a table filled to its limit refuses next to nobody and finds everybody") {
  constexpr uint32_t kLimit = 300000;
  TestTable t(slots_for(kLimit));
  uint64_t refused = 0;
  for (uint64_t i = 0; i < kLimit; ++i)
    refused += t.table.insert(key_of(i), value_of(i)).status != InsertStatus::kInserted;
  REQUIRE(refused <= kLimit / 50000);
  uint64_t found = 0;
  for (uint64_t i = 0; i < kLimit; ++i) found += t.table.find(key_of(i)).value == value_of(i);
  REQUIRE(found == kLimit - refused);
  uint64_t strangers = 0;
  for (uint64_t i = kLimit; i < 2 * kLimit; ++i) strangers += t.table.find(key_of(i)).value != 0;
  REQUIRE(strangers == 0);
}

TEST_CASE("a full table refuses the newcomer and keeps what it has") {
  TestTable t(4);
  uint64_t n = 0;
  while (t.table.insert(key_of(n), value_of(n)).status == InsertStatus::kInserted) ++n;
  REQUIRE(n == t.table.slot_count());
  REQUIRE(t.table.insert(key_of(n), 1).status == InsertStatus::kFull);
  for (uint64_t i = 0; i < n; ++i) REQUIRE(t.table.find(key_of(i)).value == value_of(i));
}

TEST_CASE("the counts of displaced entries return to zero with the last entry") {
  TestTable t(64);
  std::vector<uint32_t> slots;
  for (uint64_t i = 0; i < 64; ++i) slots.push_back(t.table.insert(key_of(i), value_of(i)).slot);
  const uint32_t buckets = t.table.slot_count() / NativeTraits::kSlots;
  unsigned displaced = 0;
  for (uint32_t b = 0; b < buckets; ++b) displaced += t.table.displaced_at(b);
  REQUIRE(displaced > 0);
  for (uint64_t i = 0; i < 64; ++i) {
    uint64_t expected = value_of(i);
    REQUIRE(t.table.remove(slots[i], expected));
    t.table.reclaim(slots[i]);
  }
  for (uint32_t b = 0; b < buckets; ++b) REQUIRE(t.table.displaced_at(b) == 0);
}

TEST_CASE("bulk lookup gives what single lookups give, for any number of keys") {
  TestTable t(3000);
  for (uint64_t i = 0; i < 2500; ++i) t.table.insert(key_of(i * 2), value_of(i));
  uint64_t dead = value_of(3);  // a removed entry in the middle
  REQUIRE(t.table.remove(t.table.find(key_of(6)).slot, dead));
  for (const unsigned n : {0U, 1U, 31U, 64U, 65U, 200U, 5000U}) {
    std::vector<uint64_t> keys(n);
    std::vector<uint64_t> values(n, 99);
    std::vector<uint32_t> homes(n);
    for (unsigned i = 0; i < n; ++i) keys[i] = key_of(i);
    t.table.prepare(keys.data(), homes.data(), n);
    t.table.find_bulk(keys.data(), homes.data(), n, values.data());
    for (unsigned i = 0; i < n; ++i) {
      const Found one = t.table.find(keys[i]);
      REQUIRE(values[i] == one.value);
    }
  }
}

TEST_CASE("what is no key is not found") {
  TestTable t(100);
  t.table.insert(key_of(1), 42);
  for (const uint64_t word : {uint64_t{0}, key_of(1) | SlotTable<>::kPending, SlotTable<>::kPending,
                              uint64_t{7} << 48 | SlotTable<>::kPending, ~uint64_t{0}}) {
    REQUIRE(t.table.find(word).value == 0);
    uint64_t key = word;
    uint32_t home = 0;
    t.table.prepare(&key, &home, 1);
    REQUIRE(key == SlotTable<>::kNoKey);
    uint64_t value = 1;
    REQUIRE_FALSE(t.table.find_bulk(&key, &home, 1, &value));
    REQUIRE(value == 0);
  }
}

TEST_CASE("a sweep sees each live entry once") {
  TestTable t(500);
  for (uint64_t i = 0; i < 300; ++i) t.table.insert(key_of(i), value_of(i));
  uint64_t expected = value_of(5);
  t.table.remove(t.table.find(key_of(5)).slot, expected);
  std::set<uint64_t> seen;
  for (uint32_t s = 0; s < t.table.slot_count(); ++s) {
    if (t.table.key_at(s) == 0) continue;
    REQUIRE(seen.insert(t.table.key_at(s)).second);
    REQUIRE(t.table.value_at(s) == value_of((t.table.key_at(s) & 0xffffffff) - 1));
  }
  REQUIRE(seen.size() == 299);
  REQUIRE(seen.count(key_of(5)) == 0);
}

TEST_CASE("on_claim runs before an entry can be seen, and not when the key exists") {
  TestTable t(100);
  unsigned calls = 0;
  const auto look = [&](uint32_t slot) {
    ++calls;
    REQUIRE(t.table.key_at(slot) == 0);
    REQUIRE(t.table.find(key_of(1)).value == 0);
  };
  REQUIRE(t.table.insert(key_of(1), 1, look).status == InsertStatus::kInserted);
  REQUIRE(t.table.insert(key_of(1), 2, look).status == InsertStatus::kExists);
  REQUIRE(calls == 1);
}

TEST_CASE("the hash spreads keys in a progression and depends on the secret") {
  for (const uint64_t stride : {uint64_t{1}, uint64_t{256}, uint64_t{1} << 24, uint64_t{1} << 41}) {
    std::vector<unsigned> load(1024);
    for (uint64_t i = 1; i <= 16384; ++i)
      ++load[fast_range(bucket_hash(i * stride, kFixedSecret), 1024)];
    unsigned most = 0;
    for (const unsigned n : load) most = n > most ? n : most;
    INFO("stride " << stride);
    REQUIRE(most < 40);  // the mean is 16, so this is six deviations away
  }
  REQUIRE(bucket_hash(1, kFixedSecret) != bucket_hash(1, {1, 2}));
}

TEST_CASE("a walk meets what is in the table, and only the buckets that may be in use") {
  TestTable t(100'000);
  const auto visited = [&](bool sweeps) {
    unsigned slots = 0;
    const auto count = [&](uint32_t) { ++slots; };
    const uint32_t end = sweeps ? t.table.sweep(0, t.table.slot_count(), count)
                                : t.table.walk(0, t.table.slot_count(), count);
    REQUIRE(end == t.table.slot_count());
    return slots;
  };
  REQUIRE(visited(false) == 0);
  std::vector<uint32_t> slots;
  for (uint64_t i = 0; i < 10; ++i) slots.push_back(t.table.insert(key_of(i), value_of(i)).slot);
  std::set<uint32_t> met;
  t.table.walk(0, t.table.slot_count(), [&](uint32_t slot) {
    if (t.table.key_at(slot) != 0) met.insert(slot);
  });
  REQUIRE(met == std::set<uint32_t>(slots.begin(), slots.end()));
  const unsigned in_use = visited(true);
  REQUIRE(in_use <= 10 * NativeTraits::kSlots);
  REQUIRE(visited(true) == in_use);
  for (uint64_t i = 0; i < 10; ++i) {
    uint64_t expected = value_of(i);
    REQUIRE(t.table.remove(slots[i], expected));
  }
  REQUIRE(visited(true) == in_use);  // the dying still hold their slots
  for (const uint32_t slot : slots) t.table.reclaim(slot);
  REQUIRE(visited(true) == in_use);  // a sweep looks before it clears
  REQUIRE(visited(true) == 0);
  t.table.insert(key_of(0), value_of(0));
  REQUIRE(visited(false) == NativeTraits::kSlots);
}

TEST_CASE("a walk in turns meets every bucket once") {
  TestTable t(10'000);
  for (uint64_t i = 0; i < 5000; ++i) t.table.insert(key_of(i), value_of(i));
  unsigned met = 0;
  unsigned turns = 0;
  for (uint32_t at = 0; at != t.table.slot_count(); ++turns) {
    unsigned here = 0;
    at = t.table.sweep(at, 100, [&](uint32_t slot) {
      ++here;
      met += t.table.key_at(slot) != 0;
    });
    REQUIRE(here <= 100 * NativeTraits::kSlots);
  }
  REQUIRE(met == 5000);
  REQUIRE(turns > 10);
}
