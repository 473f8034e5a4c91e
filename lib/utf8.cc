#include "lib/utf8.h"

#include <cstdint>

namespace godwit {
namespace {

constexpr bool is_control(uint8_t c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

}  // namespace

// RFC 3629 §4: the first octet gives the length and narrows the range of the second.
size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto octet = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = octet(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (octet(1) < low || octet(1) > high) return 0;
  for (size_t i = 2; i < length; ++i)
    if ((octet(i) & 0xc0) != 0x80) return 0;
  return length;
}

size_t find_non_text(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = utf8_length(text.substr(at));
    if (length == 0 || is_control(static_cast<uint8_t>(text[at]))) return at;
    at += length;
  }
  return at;
}

std::string printable(std::string_view text, size_t max_octets) {
  std::string shown;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const auto first = static_cast<uint8_t>(text[0]);
    const bool is_plain = length > 0 && first >= 0x20 && first != 0x7f;
    const std::string_view character = is_plain ? text.substr(0, length) : "?";
    if (shown.size() + character.size() > max_octets) return shown + "…";
    shown += character;
    text.remove_prefix(is_plain ? length : 1);
  }
  return shown;
}

}  // namespace godwit
