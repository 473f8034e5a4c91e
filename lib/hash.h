// A keyed hash of one 64-bit word. The tables place their entries by it, and a host chooses its own
// MAC: with a hash that needs no secret it could fill one bucket at will (a seeded CRC is no
// remedy, its collisions are the same under every seed). The secret is drawn when the program
// starts.
#pragma once

#include <cstdint>

namespace godwit {

struct HashSecret {
  uint64_t a = 0;
  uint64_t b = 0;
};

// For replay and tests, whose output must not depend on the run: the fractions of sqrt 2 and
// sqrt 3.
inline constexpr HashSecret kFixedSecret{0x6a09e667f3bcc908, 0xbb67ae8584caa73b};

namespace detail {

__extension__ using Uint128 = unsigned __int128;

// Both halves of the product in one word, so that each of its bits depends on every bit of x.
constexpr uint64_t multiply_fold(uint64_t x, uint64_t y) {
  const Uint128 product = Uint128{x} * y;
  return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

}  // namespace detail

// Two rounds: after one, keys in an arithmetic progression still land in a progression.
constexpr uint64_t keyed_hash(uint64_t key, HashSecret secret) {
  const uint64_t once = detail::multiply_fold(key ^ secret.a, secret.b | 1);
  return detail::multiply_fold(once ^ secret.b, secret.a | 1);
}

// The same for the place of a key in a table: 32 bits, in steps that a compiler turns into vector
// code over an array of keys. The fold between the products is what breaks up a progression.
constexpr uint32_t bucket_hash(uint64_t key, HashSecret secret) {
  const uint64_t once = (key ^ secret.a) * (secret.b | 1);
  return static_cast<uint32_t>(((once ^ once >> 32) * (secret.a | 1)) >> 32);
}

// Maps a hash to 0 .. count - 1 by its high bits, without a division; `count` may be any number.
constexpr uint32_t fast_range(uint32_t hash, uint32_t count) {
  return static_cast<uint32_t>(uint64_t{hash} * count >> 32);
}

}  // namespace godwit
