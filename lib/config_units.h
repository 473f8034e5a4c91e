// Quantities as users write them, in the config file and on the command line: 300s, 1000/s, 64Ki.
// Units are written and never implied; numbers are decimal, so that 010 is an error and not 8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace godwit {

// A quantity that was read, or what is wrong with its text: words that follow the quoted text and
// say what to write, such as "has no unit (write 300s)".
struct Quantity {
  uint64_t value = 0;
  std::string error;

  bool ok() const { return error.empty(); }
};

// Nanoseconds of "300s", "1.5s", "60ms": a decimal number and one of ns us ms s m h. A number
// without a unit is answered with the number and `usual_unit`.
Quantity parse_duration(std::string_view text, std::string_view usual_unit = "s");

// Per second, of "1000/s".
Quantity parse_rate(std::string_view text);

// "4096", or with a binary multiple: "64Ki", "8Mi", "1Gi".
Quantity parse_count(std::string_view text);

// The shortest exact form that the functions above read back: "1500ms", "64Ki".
std::string duration_text(uint64_t nanoseconds);
std::string count_text(uint64_t count);

}  // namespace godwit
