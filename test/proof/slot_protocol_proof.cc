// Proves the protocol of lib/slot_table.h by running it under every interleaving of small cases,
// then breaks the code in several ways, each of which the proof must notice.
#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "test/proof/interleave.h"
#include "test/proof/table_program.h"

namespace godwit::proof {
namespace {

constexpr Case kCases[] = {
    {"two inserts of one key", "", {"iA", "iA"}},
    {"the same, the first slot taken", "iP", {"iA", "iA"}},
    {"the same, two buckets", "iPiQrP", {"iA", "iA"}},
    {"the same, only the last two free", "iPiQ", {"iA", "iA"}},
    {"the same, the outer two free", "iPiQiRiSrPrS", {"iA", "iA"}},
    {"the same, one slot free", "iPiQiR", {"iA", "iA"}, true},
    {"each finds what it inserted", "iP", {"iAfA", "iAfA"}},
    {"each tries twice", "iP", {"iAiA", "iAiA"}},
    {"two keys, two slots", "iPiQ", {"iA", "iB"}},
    {"two keys and a rival", "iP", {"iA", "iB", "iA"}},
    {"two homes", "iP", {"iA", "iZ", "iA"}},
    {"three inserts of one key", "", {"iA", "iA", "iA"}},
    {"three inserts, the first slot taken", "iP", {"iA", "iA", "iA"}},
    {"three inserts, three slots in two buckets", "iPiQrP", {"iA", "iA", "iA"}},
    {"three inserts, two slots free", "iPiQ", {"iA", "iA", "iA"}, true},
    {"insert and lookups", "iPiQ", {"iA", "fAbA", "iA"}},
    {"insert and lookups of the group address", "iP", {"iA", "gAgA"}},
    {"a change and a removal", "iA", {"uA", "rA", "fA"}},
    {"changes and a removal", "iA", {"uA", "uA", "rA"}},
    {"removal and insert of one key, a slot in front", "iPiArP", {"rA", "iA", "fA"}},
    {"the same, bulk lookup", "iPiArP", {"rA", "iA", "bA"}},
    {"removal and two inserts of the key", "iPiA", {"rA", "iA", "iA"}},
    {"removal and two inserts, a slot in front", "iPiArP", {"rA", "iA", "iA"}},
    {"removal, insert and change", "iPiArP", {"rA", "iA", "uA"}},
    {"a slot goes to another key", "iA", {"rA", "iB", "fA"}},
    {"a slot goes to another key that is changed", "iA", {"rA", "iBuB", "uA"}},
    {"a displaced neighbor leaves", "iPiQiAiB", {"rB", "fAbA"}},
    {"a displaced neighbor leaves, another comes", "iPiQiAiB", {"rB", "iC", "bA"}, true},
    {"removed, inserted and removed again", "iPiArP", {"rArA", "iA", "fAbA"}},
    {"a slot comes free between two inserts", "iP", {"rP", "iA", "iA"}},
    {"the same, and another key", "iPdP", {"cP", "iA", "iA", "iB"}},
    {"a slot comes free between three inserts", "iP", {"rP", "iA", "iA", "iA"}},
    {"two slots come free between three inserts", "iPiQdPdQ", {"cPcQ", "iA", "iA", "iA"}},
    {"two homes, a slot comes free", "iP", {"rP", "iA", "iZ", "iA"}},
    {"insert and sweep", "", {"iA", "sAsA"}},
    {"two inserts and a sweep", "", {"iA", "iB", "sA"}},
    {"two inserts of one key and a sweep", "", {"iA", "iA", "sAsA"}},
    {"removal, sweep and insert", "iA", {"rAsAsA", "iB"}},
    {"removal, sweep and insert, a slot in front", "iPiArP", {"rAsA", "iB", "iA"}},
    {"four threads", "iA", {"rA", "iA", "fA", "uA"}},
};

template <class Program>
Explorer::Report explore(const Case& test, Mutation mutation) {
  return Program(test, mutation).run();
}

// Buckets of two slots and of one: the first has rivals in one line, the second counts everywhere.
// With a second home, a bucket further, for the cases that use one.
using Explore = Explorer::Report (*)(const Case&, Mutation);
struct NamedShape {
  const char* name;
  bool two_homes;
  Explore explore;
};
constexpr NamedShape kShapes[] = {
    {"2 buckets of 2", false, explore<TableProgram<Shape<2, 2>, 2>>},
    {"4 buckets of 1", false, explore<TableProgram<Shape<1, 4>, 1>>},
    {"3 buckets of 2, walks of 2", true, explore<TableProgram<Shape<2, 2>, 4>>},
    {"5 buckets of 1, walks of 4", true, explore<TableProgram<Shape<1, 4>, 2>>},
};

bool suits(const NamedShape& shape, const Case& test) {
  bool uses_second = false;
  for (const std::string_view script : test.threads)
    uses_second = uses_second || script.find('Z') != std::string_view::npos;
  return uses_second == shape.two_homes;
}

void print_schedule(const Explorer::Report& report) {
  for (const Step& s : report.schedule)
    std::printf("    thread %u %-16s at %3zu: %016" PRIx64 " -> %016" PRIx64 "\n", s.thread,
                s.operation, s.offset, s.before, s.after);
}

bool prove() {
  uint64_t states = 0;
  uint64_t steps = 0;
  for (const Case& test : kCases) {
    for (const NamedShape& shape : kShapes) {
      if (!suits(shape, test)) continue;
      const Explorer::Report report = shape.explore(test, Mutation::kNone);
      states += report.states;
      steps += report.steps;
      std::printf("%9" PRIu64 " states %6" PRIu64 " ends  %.*s; %s\n", report.states, report.ends,
                  static_cast<int>(test.title.size()), test.title.data(), shape.name);
      if (report.violation.empty()) continue;
      std::printf("  VIOLATION: %s\n", report.violation.c_str());
      print_schedule(report);
      return false;
    }
  }
  std::printf("no violation in %" PRIu64 " states, %" PRIu64 " steps\n", states, steps);
  return true;
}

// A proof that cannot fail proves nothing.
bool catches(Mutation mutation, const char* name) {
  for (const Case& test : kCases) {
    for (const NamedShape& shape : kShapes) {
      if (!suits(shape, test)) continue;
      const Explorer::Report report = shape.explore(test, mutation);
      if (report.violation.empty()) continue;
      std::printf("broken code, %s: caught, \"%s\" in \"%.*s\"\n", name, report.violation.c_str(),
                  static_cast<int>(test.title.size()), test.title.data());
      return true;
    }
  }
  std::printf("broken code, %s: NOT CAUGHT\n", name);
  return false;
}

}  // namespace
}  // namespace godwit::proof

int main() {
  using namespace godwit::proof;
  bool good = prove();
  good = catches(Mutation::kNoRescan, "no re-scan") && good;
  good = catches(Mutation::kBlindCommit, "a commit that ignores an abort") && good;
  good = catches(Mutation::kNoCounts, "no counts of displaced entries") && good;
  good = catches(Mutation::kNoMark, "no mark of use") && good;
  good = catches(Mutation::kNoSecondLook, "no second look at a bucket") && good;
  good = catches(Mutation::kNoGracePeriod, "no grace period") && good;
  return good ? 0 : 1;
}
