#include "control/eal.h"

#include <stdexcept>

#include <fmt/core.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>

namespace godwit {
namespace {

std::string allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::string list;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) list += fmt::format("{}{}", list.empty() ? "" : ",", cpu);
  return list;
}

}  // namespace

std::vector<std::string> Eal::arguments_without_devices() {
  return {"--no-huge",
          "-m",
          "640",
          "--no-pci",
          "--no-shconf",
          "--no-telemetry",
          "--log-level=*:critical",
          fmt::format("--lcores=0@({})", allowed_cpus())};
}

Eal::Eal(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"godwit"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size());
  for (std::string& word : words) argv.push_back(word.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0)
    throw std::runtime_error(
        fmt::format("DPDK's environment does not start: {}", rte_strerror(rte_errno)));
}

Eal::~Eal() { rte_eal_cleanup(); }

}  // namespace godwit
