// The commands of godwit(8). Each returns the program's exit status, and throws what main() turns
// into one: UsageError and CaptureError (2), WriteError and every other exception (1).
#pragma once

#include <string>

#include "control/command_line.h"

namespace godwit {

int check(const std::string& config_path);
int replay(const ReplayOptions& options);
int bench(const BenchOptions& options);
int run(const RunOptions& options);

}  // namespace godwit
