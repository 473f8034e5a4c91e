#include "lib/confirmed_claims.h"

#include <catch2/catch.hpp>

namespace godwit {

namespace {

// Of host n, about its own address.
uint64_t print_of(const ConfirmedClaims& claims, uint64_t n) {
  return claims.print(0x020000000000 + n, 0x0a000000 + n);
}

}  // namespace

TEST_CASE("a claim is known in the moment in which it was confirmed", "[confirmed_claims]") {
  ConfirmedClaims claims(kFixedSecret);
  const uint64_t print = claims.print(0x525400000002, 0x0a090002);
  CHECK_FALSE(claims.has(print, {5, 0}));
  claims.note(print, {5, 0});
  CHECK(claims.has(print, {5, 0}));
  CHECK_FALSE(claims.has(print, {6, 0}));
  CHECK_FALSE(claims.has(print, {4, 0}));
  CHECK_FALSE(claims.has(print, {5, 1}));
  CHECK_FALSE(claims.has(print, {0, 5}));
}

TEST_CASE("another host's claim, or one on another address, is another", "[confirmed_claims]") {
  ConfirmedClaims claims(kFixedSecret);
  constexpr uint64_t kBridge = uint64_t{1} << 48;
  claims.note(claims.print(2, 0x0a090002), {});
  CHECK_FALSE(claims.has(claims.print(4, 0x0a090002), {}));
  CHECK_FALSE(claims.has(claims.print(2, 0x0a090003), {}));
  CHECK_FALSE(claims.has(claims.print(kBridge | 2, kBridge | 0x0a090002), {}));
}

TEST_CASE("a storm of 65,536 hosts finds room, second after second", "[confirmed_claims]") {
  constexpr uint64_t kHosts = 65536;
  ConfirmedClaims claims(kFixedSecret);
  for (const uint32_t second : {0U, 1U, 2U}) {
    for (uint64_t n = 0; n < kHosts; ++n) {
      REQUIRE_FALSE(claims.has(print_of(claims, n), {second, 0}));
      claims.note(print_of(claims, n), {second, 0});
    }
    unsigned known = 0;
    for (uint64_t n = 0; n < kHosts; ++n) known += claims.has(print_of(claims, n), {second, 0});
    CHECK(known > kHosts * 999 / 1000);
    // Those that found none do not drive others out in turn, round after round.
    unsigned forgotten = 0;
    for (uint64_t n = 0; n < kHosts; ++n) {
      if (claims.has(print_of(claims, n), {second, 0})) continue;
      claims.note(print_of(claims, n), {second, 0});
      ++forgotten;
    }
    CHECK(forgotten < kHosts / 500);
  }
}

}  // namespace godwit
