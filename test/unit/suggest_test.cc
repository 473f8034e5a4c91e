#include "lib/suggest.h"

#include <array>

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("the edit distance counts single slips", "[suggest]") {
  CHECK(edit_distance("aging", "aging", 3) == 0);
  CHECK(edit_distance("agin", "aging", 3) == 1);
  CHECK(edit_distance("agging", "aging", 3) == 1);
  CHECK(edit_distance("aginc", "aging", 3) == 1);
  CHECK(edit_distance("agnig", "aging", 3) == 1);
  CHECK(edit_distance("ca", "abc", 3) == 3);  // no letter is slipped on twice
  CHECK(edit_distance("AGING", "aging", 3) == 0);
  CHECK(edit_distance("", "abc", 3) == 3);
  CHECK(edit_distance("", "", 0) == 0);
}

TEST_CASE("a distance above the limit is the limit and one", "[suggest]") {
  CHECK(edit_distance("abcdef", "uvwxyz", 2) == 3);
  CHECK(edit_distance("a", "abcdef", 2) == 3);
  CHECK(edit_distance(std::string(65, 'a'), std::string(65, 'a'), 2) == 3);
  CHECK(edit_distance(std::string(64, 'a'), std::string(63, 'a') + "b", 2) == 1);
}

TEST_CASE("the nearest word is near, or none", "[suggest]") {
  const std::array<std::string_view, 4> known{"ports", "port", "bridges", "vlan"};
  CHECK(nearest_word("prots", known) == "ports");
  CHECK(nearest_word("por", known) == "port");
  CHECK(nearest_word("brigdes", known) == "bridges");
  CHECK(nearest_word("VLAN", known) == "vlan");
  CHECK(nearest_word("mtu", known).empty());
  CHECK(nearest_word("", known).empty());
  CHECK(did_you_mean("vlam", known) == " (did you mean 'vlan'?)");
  CHECK(did_you_mean("whatever", known).empty());
}

}  // namespace godwit
