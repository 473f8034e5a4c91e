// Reads `forget` of the configuration: the talk between switches.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lib/config.h"
#include "lib/config_reader.h"

namespace godwit {

inline constexpr size_t kMinKey = 16;   // octets, NIST SP 800-107 §5.3.2 asks for 14
inline constexpr size_t kMaxKey = 128;  // octets
inline constexpr size_t kMaxKeys = 8;

void read_forget(MapReader& root, ConfigMessages& messages, ForgetConfig& forget);

// A key in hexadecimal. The second is what is wrong with it, and empty if nothing is; it does not
// repeat the key.
struct ParsedKey {
  std::vector<uint8_t> key;
  std::string_view fault;
};
ParsedKey parse_key(std::string_view text);

// The text of a file of keys: one a line; blank lines, and lines that begin with #, are none. A
// message is about the line that it names.
struct ParsedKeys {
  std::vector<std::vector<uint8_t>> keys;
  size_t line = 0;
  std::string_view fault;
};
ParsedKeys parse_key_file(std::string_view text);

}  // namespace godwit
