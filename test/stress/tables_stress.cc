// Two workers insert the same millions of keys into one SlotTable, look them up in bursts and
// change them, while control removes every eighth and gives the slots back. At the end: no key
// lost, none there twice, no value of another key. Usage: tables-stress [--keys N]
#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "lib/grace.h"
#include "lib/slot_table.h"

namespace godwit {
namespace {

constexpr unsigned kWorkers = 2;
constexpr unsigned kBurst = 32;

// Every eighth key is removed whenever control comes by, and may come back.
constexpr bool is_mortal(uint64_t i) { return i % 8 == 0; }
constexpr uint64_t key_of(uint64_t i) { return uint64_t{1} << 48 | (i + 1); }
constexpr uint64_t index_of(uint64_t key) { return (key & 0xffffffff) - 1; }
// The low half tells the key; the high half counts the changes.
constexpr uint64_t value_of(uint64_t i) { return i + 1; }
constexpr bool belongs(uint64_t value, uint64_t i) { return (value & 0xffffffff) == i + 1; }

// Quiescent states in the manner of rte_rcu_qsbr.
class Qsbr : public GracePeriod {
 public:
  void quiescent(unsigned worker) {
    seen_[worker].epoch.store(epoch_.load(std::memory_order_acquire), std::memory_order_release);
  }
  void leave(unsigned worker) { seen_[worker].epoch.store(UINT64_MAX, std::memory_order_release); }

  uint64_t start() override { return epoch_.fetch_add(1, std::memory_order_acq_rel) + 1; }
  bool elapsed(uint64_t token) override {
    for (const Seen& s : seen_)
      if (s.epoch.load(std::memory_order_acquire) < token) return false;
    return true;
  }

 private:
  struct alignas(64) Seen {
    std::atomic<uint64_t> epoch{0};
  };
  std::atomic<uint64_t> epoch_{0};
  std::array<Seen, kWorkers> seen_;
};

struct alignas(64) Tally {
  uint64_t inserted = 0;
  uint64_t existed = 0;
  uint64_t busy = 0;
  uint64_t full = 0;
  uint64_t missed = 0;   // lookups of a key that must be there
  uint64_t foreign = 0;  // values of another key
};

struct Stress {
  explicit Stress(uint64_t n)
      : keys(n),
        memory(static_cast<std::byte*>(
            ::operator new (SlotTable<>::bytes(slots()), std::align_val_t{64}))),
        table(memory.get(), slots(), kFixedSecret),
        known(n) {
    std::memset(memory.get(), 0, SlotTable<>::bytes(slots()));
  }

  uint32_t slots() const { return static_cast<uint32_t>(keys * 3 / 2); }
  void work(unsigned me);
  void learn(unsigned me, uint64_t i);
  void look_up(unsigned me, uint64_t first);
  void control();
  bool verify();

  struct Free {
    void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  uint64_t keys;
  std::unique_ptr<std::byte, Free> memory;
  SlotTable<> table;
  Qsbr qsbr;
  std::array<Tally, kWorkers> tallies;
  std::vector<std::atomic<bool>> known;  // by index: an insert said that it is in the table
  std::atomic<unsigned> working{kWorkers};
  uint64_t removed = 0;
};

// Both walk through the keys in the same order, so that they meet; the one behind catches up,
// because finding is faster than inserting.
void Stress::work(unsigned me) {
  for (uint64_t first = 0; first < keys; first += kBurst) {
    const uint64_t end = first + kBurst < keys ? first + kBurst : keys;
    for (uint64_t i = first; i < end; ++i) learn(me, i);
    look_up(me, first);
    look_up(me, (first * 2654435761U) % end);
    qsbr.quiescent(me);
  }
  qsbr.leave(me);
  working.fetch_sub(1, std::memory_order_release);
}

void Stress::learn(unsigned me, uint64_t i) {
  Tally& tally = tallies[me];
  const InsertResult result = table.insert(key_of(i), value_of(i));
  switch (result.status) {
    case InsertStatus::kInserted:
      ++tally.inserted;
      break;
    case InsertStatus::kExists:
      ++tally.existed;
      break;
    case InsertStatus::kBusy:
      ++tally.busy;
      return;
    default:
      ++tally.full;
      return;
  }
  known[i].store(true, std::memory_order_release);
  uint64_t expected = result.value;
  tally.foreign += !belongs(expected, i);
  if (i % 4 == 0 && !table.compare_exchange(result.slot, expected, expected + (uint64_t{1} << 32)))
    tally.foreign += expected != 0 && !belongs(expected, i);
}

void Stress::look_up(unsigned me, uint64_t first) {
  std::array<uint64_t, kBurst> wanted{};
  std::array<uint64_t, kBurst> values{};
  std::array<uint32_t, kBurst> homes{};
  std::array<bool, kBurst> must_be_there{};
  for (unsigned n = 0; n < kBurst; ++n) {
    const uint64_t i = (first + n) % keys;
    wanted[n] = key_of(i);
    must_be_there[n] = !is_mortal(i) && known[i].load(std::memory_order_acquire);
  }
  table.prepare(wanted.data(), homes.data(), kBurst);
  table.find_bulk(wanted.data(), homes.data(), kBurst, values.data());
  for (unsigned n = 0; n < kBurst; ++n) {
    tallies[me].missed += must_be_there[n] && values[n] == 0;
    tallies[me].foreign += values[n] != 0 && !belongs(values[n], index_of(wanted[n]));
  }
}

void Stress::control() {
  Limbo limbo(qsbr);
  while (working.load(std::memory_order_acquire) != 0 || limbo.size() != 0) {
    table.sweep(0, table.slot_count(), [&](uint32_t slot) {
      if (slot % 256 == 0) limbo.poll(table);
      const uint64_t key = table.key_at(slot);
      if (key == 0 || !is_mortal(index_of(key))) return;
      uint64_t expected = table.value_at(slot);
      if (expected != 0 && table.remove(slot, expected)) {
        limbo.push(slot);
        ++removed;
      }
    });
    limbo.poll(table);
  }
}

bool Stress::verify() {
  uint64_t twice = 0;
  uint64_t foreign = 0;
  std::vector<bool> there(keys);
  table.walk(0, table.slot_count(), [&](uint32_t slot) {
    const uint64_t key = table.key_at(slot);
    if (key == 0) return;
    const uint64_t i = index_of(key);
    twice += there[i];
    there[i] = true;
    foreign += !belongs(table.value_at(slot), i);
  });
  uint64_t lost = 0;
  uint64_t not_found = 0;
  for (uint64_t i = 0; i < keys; ++i) {
    lost += !is_mortal(i) && known[i] && !there[i];
    not_found += there[i] && !belongs(table.find(key_of(i)).value, i);
  }
  Tally sum;
  for (const Tally& t : tallies) {
    sum.inserted += t.inserted;
    sum.existed += t.existed;
    sum.busy += t.busy;
    sum.full += t.full;
    sum.missed += t.missed;
    foreign += t.foreign;
  }
  std::printf("inserted %" PRIu64 " existed %" PRIu64 " busy %" PRIu64 " removed %" PRIu64
              " refused %" PRIu64 "\n",
              sum.inserted, sum.existed, sum.busy, removed, sum.full);
  std::printf("lost %" PRIu64 " twice %" PRIu64 " not found %" PRIu64 " missed %" PRIu64
              " foreign values %" PRIu64 "\n",
              lost, twice, not_found, sum.missed, foreign);
  const bool few_refused = sum.full * 100000 < keys * kWorkers;
  return lost + twice + not_found + sum.missed + foreign == 0 && few_refused && removed != 0;
}

int run(uint64_t keys) {
  const auto begin = std::chrono::steady_clock::now();
  const auto stress = std::make_unique<Stress>(keys);
  {
    std::vector<std::jthread> threads;
    for (unsigned w = 0; w < kWorkers; ++w) threads.emplace_back([&stress, w] { stress->work(w); });
    threads.emplace_back([&stress] { stress->control(); });
  }
  const bool good = stress->verify();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%" PRIu64 " keys, %.1f s: %s\n", keys, took.count(), good ? "good" : "BAD");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace godwit

int main(int argc, char** argv) {
  uint64_t keys = 2'000'000;
  if (argc == 3 && std::strcmp(argv[1], "--keys") == 0) keys = std::strtoull(argv[2], nullptr, 10);
  if (keys < 1000 || keys > 1'000'000'000 || (argc != 1 && argc != 3)) {
    std::fprintf(stderr, "usage: tables-stress [--keys N]   N: 1000 .. 1000000000\n");
    return 2;
  }
  return godwit::run(keys);
}
