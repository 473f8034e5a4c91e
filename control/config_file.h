// The configuration, from a file to values, with its messages told the way compilers tell theirs.
#pragma once

#include <optional>
#include <string>

#include "lib/config.h"

namespace godwit {

// Prints every error and warning to standard error as FILE:LINE:COLUMN; std::nullopt if there was
// an error. Throws UsageError when the file cannot be read.
std::optional<Config> load_config(const std::string& path);

}  // namespace godwit
