// Scripts of table operations that the explorer runs on the real SlotTable, and what must hold: at
// every step no key is live twice, no slot holds a foreign value, and the dead stay dead; every
// operation's answer was true at some instant while it ran; at the end nothing is left pending and
// the counts of displaced entries are exact, and every entry stands where walks look for it.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "test/proof/interleave.h"

#include "lib/slot_table.h"

namespace godwit::proof {

// A case: what has happened before, and the script of each thread. Scripts are pairs of letters: i
// insert, f find, b find in bulk, g find the group address that the pending key looks like, u find
// and change, d remove, c reclaim, r remove, wait for a grace period and reclaim, s sweep over all
// entries, which must meet the key; then the key. Only one thread removes and sweeps. All keys
// share a home, but Z has the last.
struct Case {
  std::string_view title;
  std::string_view before;
  std::array<std::string_view, kMaxThreads> threads;
  bool may_fill = false;  // an insert may find no free slot
};

template <unsigned kSlotsEach, unsigned kWalk>
struct Shape {
  template <class T>
  using Atomic = ModelAtomic<T>;
  static constexpr unsigned kSlots = kSlotsEach;
  static constexpr unsigned kBuckets = kWalk;
};

inline constexpr std::string_view kNames = "ABCPQRSZ";
inline constexpr unsigned kKeys = kNames.size();

// kAsked: slots asked for, so that the table has kAsked / kSlots homes.
template <class Traits, unsigned kAsked>
class TableProgram : public Explorer::Program {
  using Table = SlotTable<Traits>;

 public:
  TableProgram(const Case& test, Mutation mutation)
      : test_(test),
        table_(world_.memory, kAsked, kFixedSecret),
        explorer_(*this, &world_, sizeof(world_), mutation) {
    uint64_t word = 0;
    for (unsigned k = 0; k < kKeys; ++k) {
      const uint32_t home = kNames[k] == 'Z' ? kAsked / Traits::kSlots - 1 : 0;
      do ++word;
      while (table_.home(word) != home);
      keys_[k] = word;
    }
    play(test.before, kMaxThreads - 1);
    world_.operations = {};
    changed();
  }

  Explorer::Report run() { return explorer_.run(); }

  unsigned threads() const override {
    unsigned n = 0;
    while (n < kMaxThreads && !test_.threads[n].empty()) ++n;
    return n;
  }
  void thread(unsigned index) override { play(test_.threads[index], index); }
  void changed() override;
  void finished() override;

 private:
  // Ghost state: what a thread's operation has witnessed since its first access.
  struct Operation {
    bool runs;
    bool inserts;
    uint8_t key;
    bool was_live;      // the key was live when the operation began
    bool born;          // it became live since
    bool died;          // it ceased to be live since
    bool rival;         // another insert of the key overlapped
    uint8_t quiescent;  // operations done before
  };
  struct World {
    alignas(64) std::byte memory[Table::bytes(kAsked)] = {};
    std::array<Operation, kMaxThreads> operations{};
    std::array<bool, kKeys> live{};
    std::array<uint32_t, kKeys> grave{};                 // by key: the slot it was removed from
    std::array<bool, Table::slot_count(kAsked)> dead{};  // by slot: removed, not yet reclaimed
  };

  void play(std::string_view script, unsigned me);
  void begin(unsigned me, char verb, unsigned key);
  void end(unsigned me) {
    Operation over{};
    over.quiescent = static_cast<uint8_t>(world_.operations[me].quiescent + 1);
    world_.operations[me] = over;
  }
  void insert(unsigned me, unsigned key, unsigned turn);
  Found find(unsigned me, unsigned key);
  void find_in_bulk(unsigned me, unsigned key);
  void find_group(unsigned key);
  void check(unsigned me, unsigned key, uint64_t value);
  void update(unsigned me, unsigned key);
  void remove(unsigned me, unsigned key);
  void reclaim(unsigned key);
  void sweep(unsigned me, unsigned key);
  void wait_for_grace(unsigned me);

  // The words as they are, without a step.
  uint64_t raw(uint32_t slot, bool value) const {
    uint64_t word = 0;
    const size_t lane = slot % Traits::kSlots + (value ? Traits::kSlots : 0);
    std::memcpy(&word, world_.memory + slot / Traits::kSlots * 64 + lane * 8, 8);
    return word;
  }
  // A value tells its key, who wrote it, and how often it was changed.
  static uint64_t make_value(unsigned key, unsigned writer) {
    return (writer + 1) << 4 | (key + 1);
  }
  static bool belongs(uint64_t value, unsigned key) { return (value & 15) == key + 1; }
  void expect(bool holds, const char* what) {
    if (!holds) explorer_.fail(what);
  }

  const Case& test_;
  World world_;
  Table table_;
  Explorer explorer_;
  std::array<uint64_t, kKeys> keys_{};
};

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::play(std::string_view script, unsigned me) {
  for (unsigned i = 0; i < script.size(); i += 2) {
    const auto key = static_cast<unsigned>(kNames.find(script[i + 1]));
    begin(me, script[i], key);
    switch (script[i]) {
      case 'i':
        insert(me, key, i);
        break;
      case 'f':
        find(me, key);
        break;
      case 'b':
        find_in_bulk(me, key);
        break;
      case 'g':
        find_group(key);
        break;
      case 'u':
        update(me, key);
        break;
      case 'd':
        remove(me, key);
        break;
      case 'c':
        reclaim(key);
        break;
      case 's':
        sweep(me, key);
        break;
      default:
        remove(me, key);
        wait_for_grace(me);
        reclaim(key);
        break;
    }
    end(me);
  }
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::begin(unsigned me, char verb, unsigned key) {
  if (explorer_.in_fiber()) explorer_.begin();
  Operation& mine = world_.operations[me];
  mine = {.runs = true,
          .inserts = verb == 'i',
          .key = static_cast<uint8_t>(key),
          .was_live = world_.live[key],
          .born = false,
          .died = false,
          .rival = false,
          .quiescent = mine.quiescent};
  for (Operation& other : world_.operations) {
    if (&other == &mine || !other.runs || !other.inserts || other.key != key) continue;
    other.rival = other.rival || mine.inserts;
    mine.rival = true;
  }
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::insert(unsigned me, unsigned key, unsigned turn) {
  const uint64_t value = make_value(key, me * 8 + turn);
  const InsertResult result = table_.insert(keys_[key], value);
  changed();  // the last access is part of what the operation has seen
  const Operation& seen = world_.operations[me];
  switch (result.status) {
    case InsertStatus::kInserted:
      expect(seen.born, "an insert that succeeded left no entry");
      expect(result.value == value, "an insert returned another value");
      break;
    case InsertStatus::kExists:
      expect(seen.was_live || seen.born, "an insert found an entry that never was");
      expect(belongs(result.value, key), "an insert found a foreign value");
      break;
    case InsertStatus::kBusy:
      expect(seen.rival, "an insert was busy without a rival");
      break;
    default:
      expect(test_.may_fill, "an insert found the table full");
      break;
  }
}

template <class Traits, unsigned kAsked>
Found TableProgram<Traits, kAsked>::find(unsigned me, unsigned key) {
  const Found found = table_.find(keys_[key]);
  expect((found.value == 0) == (found.slot == kNoSlot), "a lookup contradicts itself");
  check(me, key, found.value);
  return found;
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::find_in_bulk(unsigned me, unsigned key) {
  const uint32_t home = table_.home(keys_[key]);
  uint64_t value = 0;
  table_.find_bulk(&keys_[key], &home, 1, &value);
  check(me, key, value);
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::find_group(unsigned key) {
  uint64_t group = keys_[key] | Table::kPending;
  uint32_t home = table_.home(keys_[key]);
  Found found = table_.find(group, home);
  expect(found.value == 0, "a pending entry was found");
  table_.prepare(&group, &home, 1);
  uint64_t value = 0;
  table_.find_bulk(&group, &home, 1, &value);
  expect(value == 0, "a pending entry was found in bulk");
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::check(unsigned me, unsigned key, uint64_t value) {
  changed();
  const Operation& seen = world_.operations[me];
  if (value == 0) {
    expect(!seen.was_live || seen.died, "a lookup missed a live entry");
  } else {
    expect(seen.was_live || seen.born, "a lookup found an entry that never was");
    expect(belongs(value, key), "a lookup found a foreign value");
  }
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::update(unsigned me, unsigned key) {
  const Found found = find(me, key);
  uint64_t expected = found.value;
  if (expected == 0 || table_.compare_exchange(found.slot, expected, expected + 0x1000)) return;
  expect(expected == 0 || belongs(expected, key), "a change met a foreign value");
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::remove(unsigned me, unsigned key) {
  const Found found = find(me, key);
  uint64_t expected = found.value;
  while (expected != 0 && !table_.remove(found.slot, expected)) {
  }
  expect(found.value == 0 || expected != 0, "an entry was removed by another hand");
  world_.grave[key] = expected != 0 ? found.slot : kNoSlot;
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::reclaim(unsigned key) {
  const uint32_t slot = std::exchange(world_.grave[key], kNoSlot);
  if (slot != kNoSlot) table_.reclaim(slot);
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::sweep(unsigned me, unsigned key) {
  bool met = false;
  const uint32_t end = table_.sweep(0, table_.slot_count(), [&](uint32_t slot) {
    met = met || (table_.key_at(slot) == keys_[key] && table_.value_at(slot) != 0);
  });
  expect(end == table_.slot_count(), "a sweep ended too soon");
  changed();
  const Operation& seen = world_.operations[me];
  expect(met || !seen.was_live || seen.died, "a sweep missed a live entry");
  expect(!met || seen.was_live || seen.born, "a sweep met an entry that never was");
}

// Until every other thread has ended the operation that it is in now, if any.
template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::wait_for_grace(unsigned me) {
  if (!explorer_.in_fiber()) return;
  constexpr unsigned kIdle = 255;
  std::array<uint8_t, kMaxThreads> start{};
  for (unsigned t = 0; t < threads(); ++t)
    start[t] = world_.operations[t].runs ? world_.operations[t].quiescent : kIdle;
  explorer_.wait_until([this, me, &start] {
    for (unsigned t = 0; t < threads(); ++t) {
      const Operation& now = world_.operations[t];
      if (t != me && now.runs && now.quiescent == start[t]) return false;
    }
    return true;
  });
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::changed() {
  for (unsigned k = 0; k < kKeys; ++k) {
    unsigned count = 0;
    for (uint32_t s = 0; s < table_.slot_count(); ++s) {
      if (raw(s, false) != keys_[k] || raw(s, true) == 0) continue;
      ++count;
      expect(belongs(raw(s, true), k), "a slot holds a foreign value");
    }
    expect(count <= 1, "a key is live twice");
    const bool live = count != 0;
    for (Operation& o : world_.operations) {
      if (!o.runs || o.key != k || live == world_.live[k]) continue;
      (live ? o.born : o.died) = true;
    }
    world_.live[k] = live;
  }
  for (uint32_t s = 0; s < table_.slot_count(); ++s) {
    const uint64_t word = raw(s, false);
    const bool committed = Table::is_key(word);
    world_.dead[s] = word != 0 && (world_.dead[s] || (committed && raw(s, true) == 0));
    expect(!world_.dead[s] || raw(s, true) == 0, "a dead entry was revived");
  }
}

template <class Traits, unsigned kAsked>
void TableProgram<Traits, kAsked>::finished() {
  constexpr uint32_t kBuckets = Table::slot_count(kAsked) / Traits::kSlots;
  std::array<unsigned, kBuckets> passed{};
  for (uint32_t s = 0; s < table_.slot_count(); ++s) {
    const uint64_t word = raw(s, false);
    expect(word == 0 || Table::is_key(word), "a slot was left behind");
    expect((word == 0) == (raw(s, true) == 0), "a value was left behind");
    if (word == 0) continue;
    for (uint32_t b = table_.home(word); b != s / Traits::kSlots; ++b) ++passed[b];
  }
  for (uint32_t b = 0; b < kBuckets; ++b)
    expect(table_.displaced_at(b) == passed[b], "a count of displaced entries is wrong");
  unsigned met = 0;
  table_.walk(0, table_.slot_count(), [&](uint32_t s) { met += raw(s, false) != 0; });
  for (uint32_t s = 0; s < table_.slot_count(); ++s) met -= raw(s, false) != 0;
  expect(met == 0, "an entry is out of the sight of walks");
  // Of several rivals one has succeeded.
  for (unsigned k = 0; k < kKeys; ++k) {
    const std::string insert{'i', kNames[k]};
    bool inserted = false;
    bool removed = false;
    for (unsigned t = 0; t < threads(); ++t) {
      inserted = inserted || test_.threads[t].find(insert) != std::string_view::npos;
      removed = removed || test_.threads[t].find('r') != std::string_view::npos;
    }
    expect(!inserted || removed || test_.may_fill || world_.live[k], "all rivals gave way");
  }
}

}  // namespace godwit::proof
