#include "lib/prefix_map.h"

#include <catch2/catch.hpp>

namespace godwit {

TEST_CASE("a network is its prefix with the host bits cleared", "[prefix]") {
  for (const auto& [text, network] : {std::pair{"10.9.0.254/24", "10.9.0.0/24"},
                                      {"10.9.0.254/0", "0.0.0.0/0"},
                                      {"10.9.0.255/31", "10.9.0.254/31"},
                                      {"10.9.0.254/32", "10.9.0.254/32"},
                                      {"fd00:9::fe/0", "::/0"},
                                      {"fd00:9:0:1::fe/63", "fd00:9::/63"},
                                      {"fd00:9::fe/64", "fd00:9::/64"},
                                      {"fd00:9::1:2:3:4/80", "fd00:9:0:0:1::/80"},
                                      {"fd00:9::fe/128", "fd00:9::fe/128"}})
    CHECK(to_string(network_of(*parse_prefix(text))) == network);
}

TEST_CASE("the longest network within the allowed length is found", "[prefix]") {
  PrefixMap map;
  map.insert(*parse_prefix("10.0.0.0/8"), 1);
  map.insert(*parse_prefix("10.9.0.254/24"), 2);
  map.insert(*parse_prefix("10.9.0.1/24"), 3);
  map.insert(*parse_prefix("::/0"), 4);
  CHECK(map.find(*parse_ip("10.9.0.7")) == 2U);
  CHECK(map.find(*parse_ip("10.9.0.7"), 23) == 1U);
  CHECK(map.find(*parse_ip("10.9.1.7")) == 1U);
  CHECK_FALSE(map.find(*parse_ip("10.9.1.7"), 7));
  CHECK_FALSE(map.find(*parse_ip("11.0.0.1")));
  CHECK(map.find(*parse_ip("fd00::1")) == 4U);
}

}  // namespace godwit
