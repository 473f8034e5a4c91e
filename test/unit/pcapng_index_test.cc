#include "control/pcapng_index.h"

#include <vector>

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("an offset list gives back what was appended", "[capture]") {
  const std::vector<uint64_t> offsets = {
      0, 4, 8, 508, 512, 512 + 4 * 0x80, 100'000, uint64_t{1} << 32, uint64_t{1} << 62};
  OffsetList list;
  for (const uint64_t offset : offsets) list.append(offset);
  OffsetList::Cursor cursor(list);
  for (const uint64_t offset : offsets) {
    CHECK(cursor.offset() == offset);
    cursor.advance();
  }
  CHECK(cursor.offset() == OffsetList::Cursor::kEnd);
}

TEST_CASE("an empty offset list is at its end", "[capture]") {
  const OffsetList empty;
  CHECK(OffsetList::Cursor(empty).offset() == OffsetList::Cursor::kEnd);
  CHECK(OffsetList::Cursor{}.offset() == OffsetList::Cursor::kEnd);
}

}  // namespace godwit
