#include "control/environment.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <string_view>

#include <fmt/core.h>
#include <sched.h>

namespace godwit {
namespace {

std::vector<int> find_allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

// As they are at the first call: EAL binds this thread to one of them.
const std::vector<int>& allowed_cpus() {
  static const std::vector<int> cpus = find_allowed_cpus();
  return cpus;
}

uint64_t free_huge_megabytes() {
  std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
  uint64_t pages = 0;
  file >> pages;
  return pages * 2;
}

bool any_starts_with(const std::vector<std::string>& words,
                     std::initializer_list<std::string_view> starts) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view start) { return word.starts_with(start); });
  });
}

}  // namespace

unsigned cpu_count() { return static_cast<unsigned>(allowed_cpus().size()); }

bool has_cpu_for_each(uint16_t workers) { return cpu_count() > workers; }

std::vector<std::string> lcore_arguments(uint16_t workers,
                                         const std::vector<std::string>& of_user) {
  if (any_starts_with(of_user, {"--lcores", "-l", "-c"})) return {};
  const std::vector<int>& cpus = allowed_cpus();
  std::string map = fmt::format("0@{}", cpus[0]);
  for (uint16_t w = 1; w <= workers; ++w) map += fmt::format(",{}@{}", w, cpus[w % cpus.size()]);
  return {"--lcores=" + map};
}

std::vector<std::string> memory_arguments(uint64_t megabytes,
                                          const std::vector<std::string>& of_user) {
  if (any_starts_with(of_user, {"--in-memory", "--huge-dir"})) return {"--no-shconf"};
  if (any_starts_with(of_user, {"--no-huge"}) || free_huge_megabytes() < megabytes)
    return {"--no-huge", "--no-shconf", "-m", fmt::format("{}", megabytes)};
  return {"--in-memory"};  // wants no mounted hugetlbfs, and shares nothing
}

}  // namespace godwit
