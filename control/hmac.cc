#include "control/hmac.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace godwit {
namespace {

constexpr size_t kSha256Size = 32;

void require(bool done) {
  if (!done) throw std::runtime_error("libcrypto: no HMAC-SHA-256");
}

}  // namespace

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

HmacSha256::HmacSha256(std::span<const uint8_t> key) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
      EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr), EVP_MAC_free);
  require(mac != nullptr);
  context_.reset(EVP_MAC_CTX_new(mac.get()));
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  require(context_ != nullptr &&
          EVP_MAC_init(context_.get(), key.data(), key.size(), parameters.data()) == 1);
}

ForgetTag HmacSha256::tag(std::span<const uint8_t> text) {
  std::array<uint8_t, kSha256Size> whole;
  size_t length = 0;
  // Without a key it begins anew with the one that it knows.
  require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
          EVP_MAC_update(context_.get(), text.data(), text.size()) == 1 &&
          EVP_MAC_final(context_.get(), whole.data(), &length, whole.size()) == 1 &&
          length == whole.size());
  ForgetTag tag;
  std::copy_n(whole.begin(), tag.size(), tag.begin());
  return tag;
}

bool HmacSha256::matches(std::span<const uint8_t> text,
                         std::span<const uint8_t, kForgetTagSize> tag) {
  return CRYPTO_memcmp(this->tag(text).data(), tag.data(), tag.size()) == 0;
}

}  // namespace godwit
