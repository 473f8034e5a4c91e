// UTF-8 (RFC 3629), as much of it as reading a text file safely needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit {

// Octets of the character at the front of `text`: 1..4, or 0 if what stands there is not UTF-8
// (cut, overlong, a surrogate, above U+10FFFF) or `text` is empty.
size_t utf8_length(std::string_view text);

// The offset of the first octet that is not text: not UTF-8, or a control character other than tab,
// line feed and carriage return. text.size() if there is none.
size_t find_non_text(std::string_view text);

// The text on one line, fit for a terminal: '?' stands for each control character and each octet
// that is not UTF-8, and "…" for what is beyond `max_octets`.
std::string printable(std::string_view text, size_t max_octets);

}  // namespace godwit
