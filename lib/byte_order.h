// Numbers as the wire has them: most significant octet first, at any alignment. These functions
// are the only place where the byte order of the machine matters.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "lib/address.h"

namespace godwit {

static_assert(std::endian::native == std::endian::little, "the swaps below assume it");

inline uint16_t load_be16(const uint8_t* p) {
  uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap16(v);
}

inline uint32_t load_be32(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap32(v);
}

inline uint64_t load_be64(const uint8_t* p) {
  uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap64(v);
}

inline void store_be16(uint8_t* p, uint16_t v) {
  v = __builtin_bswap16(v);
  std::memcpy(p, &v, sizeof v);
}

inline void store_be32(uint8_t* p, uint32_t v) {
  v = __builtin_bswap32(v);
  std::memcpy(p, &v, sizeof v);
}

inline void store_be64(uint8_t* p, uint64_t v) {
  v = __builtin_bswap64(v);
  std::memcpy(p, &v, sizeof v);
}

// The six octets at p. One load in place of two, so EIGHT octets must be readable from p.
inline Mac load_mac(const uint8_t* p) { return {load_be64(p) >> 16}; }

// The six octets that end at `end`: for an address that ends its buffer. EIGHT octets must be
// readable before `end`.
inline Mac load_mac_ending(const uint8_t* end) { return {load_be64(end - 8) & 0xffffffffffff}; }

// Writes six octets and touches nothing else.
inline void store_mac(uint8_t* p, Mac mac) {
  store_be16(p, static_cast<uint16_t>(mac.bits >> 32));
  store_be32(p + 2, static_cast<uint32_t>(mac.bits));
}

inline IpAddress load_ipv4(const uint8_t* p) { return IpAddress::v4(load_be32(p)); }
inline IpAddress load_ipv6(const uint8_t* p) {
  return IpAddress::v6(load_be64(p), load_be64(p + 8));
}

}  // namespace godwit
