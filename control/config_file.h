// The configuration and hints, from files to values, with their messages told the way compilers
// tell theirs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/config.h"
#include "lib/config_parse.h"
#include "lib/hints.h"

namespace godwit {

// Prints every error and warning to standard error as FILE:LINE:COLUMN; std::nullopt if there was
// an error. Throws UsageError when the file cannot be read.
std::optional<Config> load_config(const std::string& path);

// The same without a word, but for what is wrong with a file of keys.
ConfigResult read_config(const std::string& path);

// As load_config, for a file of hints.
std::optional<std::vector<Hint>> load_hints(const std::string& path, const Config& config);

}  // namespace godwit
