#include "lib/ipv6_chain.h"

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

namespace godwit {
namespace {

using frames::octets;
using frames::Octets;

// A packet whose payload is `hex` and whose first next header is `next`.
Octets packet(uint8_t next, std::string_view hex) {
  Octets l3 = octets("60000000 0000 00 40");
  const Octets addresses =
      octets("fd000009000000000000000000000001 fd000008000000000000000000000002");
  const Octets payload = octets(hex);
  l3.insert(l3.end(), addresses.begin(), addresses.end());
  l3.insert(l3.end(), payload.begin(), payload.end());
  l3[6] = next;
  store_be16(&l3[4], static_cast<uint16_t>(payload.size()));
  return l3;
}

}  // namespace

TEST_CASE("the chain of extension headers leads to the upper layer", "[ipv6_chain]") {
  struct Case {
    uint8_t next;
    const char* payload;
    uint8_t protocol;
    uint16_t next_header_at;
    size_t left;
  };
  const auto [next, payload, protocol, next_header_at, left] = GENERATE(values<Case>({
      {17, "0001 0002 0008 0000", 17, 6, 8},
      {59, "", 59, 6, 0},
      {50, "0000000100000001", 50, 6, 8},           // ESP
      {0, "3a00050200000100 80001234", 58, 40, 4},  // hop by hop
      {0, "3c00050200000100 1101010c000000000000000000000000 aa", 17, 48, 1},
      {43, "0600000000000000", 6, 40, 0},
      {44, "1100000100000007 0001", 17, 40, 2},                                 // first fragment
      {51, "1104000000000001000000010000000000000000 00000000 bb", 17, 40, 1},  // AH: 24 octets
  }));
  const auto upper = find_upper_layer(packet(next, payload));
  REQUIRE(upper);
  CHECK(upper->protocol == protocol);
  CHECK(upper->next_header_at == next_header_at);
  CHECK(upper->payload.size() == left);
  CHECK_FALSE(upper->is_later_fragment);
}

TEST_CASE("a later fragment ends the chain", "[ipv6_chain]") {
  const auto upper = find_upper_layer(packet(44, "0000000900000007 3a00"));
  REQUIRE(upper);
  CHECK(upper->is_later_fragment);
  CHECK(upper->protocol == 0);
  CHECK(upper->payload.size() == 2);
}

TEST_CASE("a chain that runs past the packet's end leads nowhere", "[ipv6_chain]") {
  CHECK_FALSE(find_upper_layer(packet(0, "3a000502000001")));
  CHECK_FALSE(find_upper_layer(packet(0, "3a01050200000100")));
  CHECK_FALSE(find_upper_layer(packet(44, "")));
  const Octets whole = packet(0, "3a00050200000100 80001234");
  for (size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(find_upper_layer(frames::prefix(whole, size)));
}

}  // namespace godwit
