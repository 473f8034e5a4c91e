// The FDB and the neighbor table beside rte_hash: millions of operations a second, by one thread
// and by two, on tables filled to their capacity.
#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "control/eal.h"
#include "test/bench/contenders.h"

namespace godwit {
namespace {

constexpr unsigned kThreads = 2;
// Operations of a measurement, at least: enough to measure time by.
constexpr uint64_t kLeastLookups = 4'000'000;
constexpr uint64_t kLeastInserts = 200'000;
constexpr std::array kDefaultEntries = {1'000U, 64'000U, 1'000'000U, 10'000'000U};
constexpr uint32_t kMostEntries = 100'000'000;
constexpr uint32_t kMostRounds = 1'000;
constexpr const char* kUsage =
    "usage: table-bench [--rounds N] [--sizes N,N,...]\n"
    "  --rounds N       of which the median counts (default 5)\n"
    "  --sizes N,N,...  entries (default 1000,64000,1000000,10000000)\n";
// Of the keys that ought to fit, so many may be refused, of a thousand: rte_hash finds no room for
// the last ones of a table whose size is next to a power of two.
constexpr uint64_t kRefusedPerMille = 30;

enum Operation { kInsert, kHit, kMiss, kMove, kOperations };
constexpr std::array<const char*, kOperations> kOperationNames = {"insert", "hit", "miss", "move"};

struct Row {
  Operation operation;
  unsigned threads;
  auto operator<=>(const Row&) const = default;
};

// M operations a second, of each round, by contender.
using Rates = std::map<Row, std::array<std::vector<double>, kContenders.size()>>;

// Numbers all over the 32 bits, no two the same, in whole bursts.
struct Keys {
  explicit Keys(uint32_t entries) {
    const uint32_t count = entries / kBurst * kBurst;
    for (uint32_t i = 0; i < count; ++i) {
      present.push_back(scattered(i));
      absent.push_back(scattered(count + i));
    }
    looked_up = present;
    std::shuffle(looked_up.begin(), looked_up.end(), std::mt19937_64(entries));
  }
  static uint64_t scattered(uint32_t i) { return i * 0x9e3779b1U; }  // odd: a permutation

  std::vector<uint64_t> present;
  std::vector<uint64_t> absent;
  std::vector<uint64_t> looked_up;  // present, in another order than they were inserted in
};

double cpu_time_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// One thread's share of an operation over all keys, a number of times.
struct Work {
  Contender* table;
  Operation operation;
  const std::vector<uint64_t>* keys;
  uint64_t passes;
  unsigned thread, threads;
  std::atomic<unsigned>* ready;  // threads that are: all begin at once
  uint64_t succeeded = 0;
  double took_us = 0;  // of the CPU: what else runs on this machine costs caches, not time

  void run() {
    ready->fetch_add(1);
    while (ready->load() < threads) {
    }
    const double start = cpu_time_us();
    const size_t bursts = keys->size() / kBurst;
    for (uint64_t pass = 0; pass < passes; ++pass)
      for (size_t b = bursts * thread / threads; b < bursts * (thread + 1) / threads; ++b)
        succeeded += apply(keys->data() + b * kBurst, static_cast<uint16_t>(1 + pass % 2));
    took_us = cpu_time_us() - start;
  }

 private:
  unsigned apply(const uint64_t* burst, uint16_t place) const {
    if (operation == kInsert) return table->insert(burst);
    if (operation == kMove) return table->move(burst, place);
    return table->find(burst);
  }
};

int run_work(void* work) {
  static_cast<Work*>(work)->run();
  return 0;
}

// Returns how many microseconds it took the slower thread. Throws when the table gave wrong
// answers.
double measure(Contender& table, Operation operation, unsigned threads, uint64_t passes,
               const std::vector<uint64_t>& keys) {
  std::atomic<unsigned> ready = 0;
  Work own{&table, operation, &keys, passes, 0, threads, &ready};
  Work other{&table, operation, &keys, passes, 1, threads, &ready};
  if (threads == kThreads) rte_eal_remote_launch(run_work, &other, rte_get_next_lcore(-1, 1, 0));
  own.run();
  rte_eal_mp_wait_lcore();
  const uint64_t wanted = operation == kMiss ? 0 : passes * keys.size();
  const uint64_t got = own.succeeded + other.succeeded;
  if (got > wanted || wanted - got > wanted * kRefusedPerMille / 1000)
    throw std::runtime_error(
        fmt::format("{}: {} keys answered, wanted {}", kOperationNames[operation], got, wanted));
  return std::max(own.took_us, other.took_us);
}

constexpr uint64_t times(uint64_t least, size_t one) { return (least + one - 1) / one; }

// Every operation on one contender; returns its memory in bytes.
uint64_t one_round(size_t contender, uint32_t capacity, const Keys& keys, Rates& rates) {
  std::unique_ptr<Contender> table;
  const size_t count = keys.present.size();
  for (unsigned threads = 1; threads <= kThreads; ++threads) {
    const auto note = [&](Operation operation, uint64_t passes, double took) {
      const auto operations = static_cast<double>(passes * count);
      rates[{operation, threads}][contender].push_back(operations / took);
    };
    const uint64_t fills = times(kLeastInserts, count);
    double filling = 0;
    for (uint64_t fill = 0; fill < fills; ++fill) {
      table.reset();
      table = kContenders[contender].make(capacity);
      filling += measure(*table, kInsert, threads, 1, keys.present);
    }
    note(kInsert, fills, filling);
    const uint64_t passes = times(kLeastLookups, count);
    note(kHit, passes, measure(*table, kHit, threads, passes, keys.looked_up));
    note(kMiss, passes, measure(*table, kMiss, threads, passes, keys.absent));
    note(kMove, passes, measure(*table, kMove, threads, passes, keys.looked_up));
  }
  return table->bytes();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void print(uint32_t entries, const Rates& rates) {
  for (const auto& [row, of_contenders] : rates) {
    const double reference = median(of_contenders[0]);
    fmt::print("{:>9} {:<7} {:>7} {:>9.1f}", entries, kOperationNames[row.operation], row.threads,
               reference);
    for (size_t c = 1; c < kContenders.size(); ++c) {
      const double rate = median(of_contenders[c]);
      fmt::print(" {:>9.1f} {:>5.2f}", rate, rate / reference);
    }
    fmt::print("\n");
  }
}

void compare(uint32_t entries, unsigned rounds) {
  const Keys keys(entries);
  Rates rates;
  std::array<uint64_t, kContenders.size()> bytes{};
  for (unsigned round = 0; round < rounds; ++round)
    for (size_t c = 0; c < kContenders.size(); ++c) bytes[c] = one_round(c, entries, keys, rates);
  print(entries, rates);
  fmt::print("{:>9} bytes an entry ", entries);
  for (size_t c = 0; c < kContenders.size(); ++c)
    fmt::print("{:>9.1f}{}", static_cast<double>(bytes[c]) / entries, c == 0 ? "" : "      ");
  fmt::print("\n\n");
}

struct Options {
  uint32_t rounds = 5;
  std::vector<uint32_t> sizes{kDefaultEntries.begin(), kDefaultEntries.end()};
};

uint32_t number(std::string_view option, std::string_view text, uint32_t least, uint32_t most) {
  uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < least || value > most)
    throw std::runtime_error(
        fmt::format("{} {}: wanted {} .. {}\n{}", option, text, least, most, kUsage));
  return value;
}

std::vector<uint32_t> sizes(std::string_view option, std::string_view list) {
  std::vector<uint32_t> all;
  for (size_t from = 0, comma = 0; comma != list.npos; from = comma + 1) {
    comma = list.find(',', from);
    all.push_back(number(option, list.substr(from, comma - from), kBurst, kMostEntries));
  }
  return all;
}

Options options(int argc, char** argv) {
  Options chosen;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--help") {
      fmt::print("{}", kUsage);
      std::exit(EXIT_SUCCESS);
    }
    const bool known = option == "--rounds" || option == "--sizes";
    if (!known || i + 1 == argc)
      throw std::runtime_error(
          fmt::format("{}: {}\n{}", option, known ? "no value" : "no such option", kUsage));
    if (option == "--rounds")
      chosen.rounds = number(option, argv[i + 1], 1, kMostRounds);
    else
      chosen.sizes = sizes(option, argv[i + 1]);
  }
  return chosen;
}

void run(const Options& chosen) {
  const Eal eal(
      {"--in-memory", "--no-pci", "--no-telemetry", "--log-level=*:error", "--lcores=0,1"});
  fmt::print("M operations a second; medians of {} rounds\n", chosen.rounds);
  fmt::print("{:>9} {:<7} {:>7}", "entries", "", "threads");
  for (size_t c = 0; c < kContenders.size(); ++c)
    fmt::print(" {:>9}{}", kContenders[c].name, c == 0 ? "" : " ratio");
  fmt::print("\n");
  for (const uint32_t entries : chosen.sizes) compare(entries, chosen.rounds);
}

}  // namespace
}  // namespace godwit

int main(int argc, char** argv) {
  try {
    godwit::run(godwit::options(argc, argv));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "table-bench: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
