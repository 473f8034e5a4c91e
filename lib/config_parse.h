// Reads and checks the YAML configuration. docs/configuration.md says what every key means, and
// docs/schema/godwit-config.schema.json says it to an editor.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/config.h"

namespace godwit {

inline constexpr size_t kMaxConfigBytes = size_t{16} << 20;

// One thing that is wrong, and what to do about it. Both count from 1; a column counts octets.
struct ConfigMessage {
  size_t line = 1;
  size_t column = 1;
  std::string text;
};

// `config` may be used only if ok(): after an error it holds whatever could be read.
struct ConfigResult {
  Config config;
  std::vector<ConfigMessage> errors;    // by position in the text
  std::vector<ConfigMessage> warnings;  // by position; empty while there are errors

  bool ok() const { return errors.empty(); }
};

// Takes any octets and never throws: whatever is wrong with the text is
// told in `errors`, all of it at once (a text that is not YAML has one error).
ConfigResult parse_config(std::string_view yaml);

}  // namespace godwit
