// What a daemon tells whoever runs it: one line a fact, on standard error. Control's thread only;
// what DPDK says comes the same way, whichever thread says it.
#pragma once

#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace godwit {

template <class... Args>
void log(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "godwit: {}\n", fmt::format(format, std::forward<Args>(args)...));
}

// From now on, DPDK's own log lines go to standard error as `godwit: dpdk: ...`.
void take_dpdk_log();

}  // namespace godwit
