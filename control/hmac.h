// HMAC-SHA-256 (RFC 2104), cut to 16 octets, by OpenSSL's libcrypto. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "lib/forget.h"

struct evp_mac_ctx_st;

namespace godwit {

class HmacSha256 {
 public:
  // Throws std::runtime_error when libcrypto cannot.
  explicit HmacSha256(std::span<const uint8_t> key);

  ForgetTag tag(std::span<const uint8_t> text);
  // In a time that does not tell how much of the tag is right.
  bool matches(std::span<const uint8_t> text, std::span<const uint8_t, kForgetTagSize> tag);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;  // knows the key
};

}  // namespace godwit
