#include "lib/utf8.h"

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("UTF-8 is told from what only looks like it", "[utf8]") {
  struct Row {
    const char* text;
    size_t length;
  };
  for (const Row& row : {Row{"a", 1},
                         {"\xc3\xa9", 2},
                         {"\xe2\x82\xac", 3},
                         {"\xf0\x9f\x90\xa6", 4},
                         {"", 0},
                         {"\x80", 0},
                         {"\xc3", 0},
                         {"\xc0\x80", 0},          // overlong
                         {"\xe0\x80\x80", 0},      // overlong
                         {"\xed\xa0\x80", 0},      // a surrogate
                         {"\xf4\x90\x80\x80", 0},  // above U+10FFFF
                         {"\xe2\x82z", 0}})
    CHECK(utf8_length(row.text) == row.length);
}

TEST_CASE("the first octet that is not text is found", "[utf8]") {
  CHECK(find_non_text("tab\tline\r\n\xc3\xa9") == 12);
  CHECK(find_non_text("ab\x7f") == 2);
  CHECK(find_non_text("ab\x1b[0m") == 2);
  CHECK(find_non_text("ab\xff") == 2);
}

TEST_CASE("printable text is one line and not too long", "[utf8]") {
  CHECK(printable("", 8).empty());
  CHECK(printable("a\n\x1b\xff\xc3", 8) == "a????");
  CHECK(printable("12345678", 8) == "12345678");
  CHECK(printable("123456789", 8) == "12345678…");
  CHECK(printable("1234567é", 8) == "1234567…");
}

}  // namespace godwit
