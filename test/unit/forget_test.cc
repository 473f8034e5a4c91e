#include "lib/forget.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "lib/byte_order.h"

namespace godwit {
namespace {

constexpr Mac kVm{0x525400000002};

Forget sample() {
  Forget forget;
  forget.sender = 0x1122334455667788;
  forget.sequence = 0x0102030405060708;
  forget.issued_at = 1'700'000'000'000'000'000;
  forget.network = 10;
  forget.age_ms = 1500;
  forget.port = 0xcafe0001;
  forget.reason = ForgetReason::kLinkDown;
  forget.mac = kVm;
  CHECK(forget.add(IpAddress::v6(0xfd00000900000000, 2)));
  CHECK(forget.add(IpAddress::v4(0x0a090002)));
  return forget;
}

// Not secret at all, but it depends on every octet and its place.
ForgetTag weak_tag(std::span<const uint8_t> text) {
  ForgetTag tag{};
  for (size_t i = 0; i < text.size(); ++i)
    tag[i % kForgetTagSize] = static_cast<uint8_t>(tag[i % kForgetTagSize] * 31 + text[i]);
  return tag;
}

std::vector<uint8_t> encoded(const Forget& forget) {
  std::vector<uint8_t> out(kForgetMaxSize);
  out.resize(encode_forget(out, forget, weak_tag));
  return out;
}

}  // namespace

TEST_CASE("a FORGET is written as its header says", "[forget]") {
  const std::vector<uint8_t> text = encoded(sample());
  REQUIRE(text.size() == kForgetFixedSize + 4 + 16 + kForgetTagSize);
  const std::vector<uint8_t> fixed = {
      'g',  'd',  'w',  'F',  1,    2,    1,    1,     // magic, version, reason, one v4, one v6
      0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,  // sender
      1,    2,    3,    4,    5,    6,    7,    8,     // sequence
      0x17, 0x97, 0x9c, 0xfe, 0x36, 0x2a, 0x00, 0x00,  // issued at
      0,    0,    0,    10,   0,    0,    0x05, 0xdc,  // network, age
      0xca, 0xfe, 0,    1,    0,    0,                 // port
      0x52, 0x54, 0,    0,    0,    2,    10,   9,    0, 2};  // MAC, the IPv4 address
  CHECK(std::equal(fixed.begin(), fixed.end(), text.begin()));
}

TEST_CASE("what is read is what was written", "[forget]") {
  for (unsigned v4 = 0; v4 <= kForgetMaxIps; ++v4) {
    Forget forget = sample();
    forget.ip_count = 0;
    forget.ips = {};
    for (unsigned n = 0; n < kForgetMaxIps; ++n)
      REQUIRE(forget.add(n < v4 ? IpAddress::v4(0x0a090000 + n + 1)
                                : IpAddress::v6(0xfd00000900000000, n + 1)));
    CHECK_FALSE(forget.add(IpAddress::v4(0x0a0900ff)));
    std::vector<uint8_t> text = encoded(forget);
    text.resize(text.size() + 7);  // padding
    const auto sealed = split_forget(text);
    REQUIRE(sealed);
    const ForgetTag tag = weak_tag(sealed->text);
    CHECK(std::equal(tag.begin(), tag.end(), sealed->tag.begin()));
    CHECK(decode_forget(sealed->text) == forget);
  }
}

TEST_CASE("a FORGET that is cut, foreign or too full is none", "[forget]") {
  const std::vector<uint8_t> whole = encoded(sample());
  for (size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(split_forget(std::span(whole).first(length)));
  const auto with = [&](size_t at, uint8_t value) {
    std::vector<uint8_t> text = whole;
    text[at] = value;
    text.resize(2000);
    return text;
  };
  CHECK_FALSE(split_forget(with(0, 'G')));
  CHECK_FALSE(split_forget(with(4, 2)));  // another version
  CHECK_FALSE(split_forget(with(6, kForgetMaxIps)));
  CHECK_FALSE(split_forget(with(7, 255)));
  CHECK(split_forget(with(6, kForgetMaxIps - 1)));
  std::vector<uint8_t> small(whole.size() - 1);
  CHECK(encode_forget(small, sample(), weak_tag) == 0);
}

TEST_CASE("a signed text that makes no sense is not believed", "[forget]") {
  std::vector<uint8_t> text = encoded(sample());
  text.resize(text.size() - kForgetTagSize);
  const auto with = [&](size_t at, uint8_t value) {
    std::vector<uint8_t> changed = text;
    changed[at] = value;
    return decode_forget(changed).has_value();
  };
  REQUIRE(decode_forget(text));
  CHECK_FALSE(with(5, 0));      // no reason
  CHECK_FALSE(with(5, 5));      // none that is known
  CHECK_FALSE(with(45, 1));     // what must be zero
  CHECK_FALSE(with(46, 0x53));  // a group
  CHECK_FALSE(with(52, 127));   // no host's address
}

TEST_CASE("switches and ports are known by a hash of their names", "[forget]") {
  CHECK(sender_id("a") == 0xaf63dc4c8601ec8c);  // FNV-1a's own test vector
  CHECK(sender_id("leaf1") != sender_id("leaf2"));
  CHECK(port_id("server1") != port_id("server2"));
  CHECK(port_id("") != 0);
  CHECK(to_string(ForgetReason::kLinkDown) == "link-down");
}

}  // namespace godwit
