// DPDK's environment, as godwit starts it.
#pragma once

#include <string>
#include <vector>

namespace godwit {

// Starts the environment once for the process, and ends it with the object. Throws
// std::runtime_error with what DPDK says when it does not start.
class Eal {
 public:
  explicit Eal(const std::vector<std::string>& arguments);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  // For programs that need no device, no huge pages and no privilege. The thread may run on every
  // CPU that it may run on now (the environment would bind it to the first), and nothing is
  // printed.
  static std::vector<std::string> arguments_without_devices();
};

}  // namespace godwit
