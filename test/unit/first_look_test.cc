#include "lib/first_look.h"

#include <optional>
#include <random>

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

#include "lib/evidence.h"
#include "lib/ipv6_chain.h"

namespace godwit {
namespace {

using frames::Octets;

constexpr size_t kL3 = kEthernetHeaderSize;
constexpr size_t kShortest = 12 + kFirstLookSize;

Octets frame(uint16_t ether_type, size_t size = 100) {
  Octets f(size);
  f[0] = 0x02;
  f[6] = 0x02;
  store_be16(&f[12], ether_type);
  return f;
}

Octets ipv4(uint8_t protocol, uint16_t dst_port, unsigned words = 5) {
  Octets f = frame(kEtherTypeIpv4);
  f[kL3] = static_cast<uint8_t>(0x40 | words);
  store_be16(&f[kL3 + 2], 86);
  f[kL3 + 9] = protocol;
  store_be16(&f[kL3 + words * 4 + 2], dst_port);
  store_be16(&f[kL3 + words * 4 + 4], static_cast<uint16_t>(86 - words * 4));
  return f;
}

Octets ipv6(uint8_t next_header, uint16_t dst_port) {
  Octets f = frame(kEtherTypeIpv6);
  f[kL3] = 0x60;
  store_be16(&f[kL3 + 4], 46);
  f[kL3 + 6] = next_header;
  store_be16(&f[kL3 + kIpv6HeaderSize + 2], dst_port);
  store_be16(&f[kL3 + kIpv6HeaderSize + 4], 46);
  return f;
}

FirstLook look(const Octets& f) { return first_look(&f[12], f.size() - 12); }

// What is behind the headers of an IP packet, as the parsers have it.
struct Upper {
  uint8_t protocol = 0;
  std::span<const uint8_t> payload;
};

std::optional<Upper> upper_of(uint16_t ether_type, std::span<const uint8_t> l3) {
  if (ether_type == kEtherTypeIpv4) {
    const auto ip = parse_ipv4(l3);
    if (ip && ip->fragment_offset == 0) return Upper{ip->protocol, ip->payload};
  }
  if (ether_type == kEtherTypeIpv6) {
    const auto upper = find_upper_layer(l3);
    if (upper && !upper->is_later_fragment) return Upper{upper->protocol, upper->payload};
  }
  return std::nullopt;
}

// Somebody has to look into it: found out the long way.
bool matters(const Octets& f) {
  const auto eth = parse_ethernet(f);
  if (!eth || eth->tags != 0 || read_evidence(*eth, f).kind != Evidence::kData) return true;
  const auto upper = upper_of(eth->ether_type, l3_of(*eth, f));
  if (!upper) return false;
  if (upper->protocol == kProtocolIcmpv6 && eth->ether_type == kEtherTypeIpv6) return true;
  if (upper->protocol != kProtocolUdp || upper->payload.size() < 4) return false;
  const uint16_t port = load_be16(&upper->payload[2]);
  return eth->ether_type == kEtherTypeIpv4 ? is_dhcpv4_port(port) : is_dhcpv6_port(port);
}

}  // namespace

TEST_CASE("a first look passes what carries a payload and no more", "[first_look]") {
  CHECK(look(ipv4(kProtocolTcp, 443)) == FirstLook::kPlain);
  CHECK(look(ipv4(kProtocolUdp, 443)) == FirstLook::kPlain);
  CHECK(look(ipv4(kProtocolIcmp, 0)) == FirstLook::kPlain);
  CHECK(look(ipv6(kProtocolTcp, 443)) == FirstLook::kPlain);
  CHECK(look(ipv6(kProtocolTcp, kDhcpv6ServerPort)) == FirstLook::kPlain);
  CHECK(look(ipv6(kProtocolUdp, 443)) == FirstLook::kPlain);
  CHECK(look(frame(0x8847)) == FirstLook::kPlain);  // MPLS
}

TEST_CASE("a first look passes no DHCP, and nothing that may hide it", "[first_look]") {
  for (const uint16_t port : {kDhcpServerPort, kDhcpClientPort}) {
    CHECK(look(ipv4(kProtocolUdp, port)) == FirstLook::kObscure);
    CHECK(look(ipv4(kProtocolUdp, port, 6)) == FirstLook::kObscure);
  }
  for (const uint16_t port : {kDhcpv6ServerPort, kDhcpv6ClientPort})
    CHECK(look(ipv6(kProtocolUdp, port)) == FirstLook::kObscure);
  CHECK(look(ipv6(0, 0)) == FirstLook::kObscure);   // hop-by-hop options
  CHECK(look(ipv6(44, 0)) == FirstLook::kObscure);  // a fragment
  CHECK(look(ipv6(60, 0)) == FirstLook::kObscure);  // destination options
  Octets cut = ipv6(kProtocolUdp, 443);
  cut.resize(kL3 + kIpv6HeaderSize + 3);
  CHECK(look(cut) == FirstLook::kObscure);
}

TEST_CASE("a first look leaves evidence and tags to others", "[first_look]") {
  CHECK(look(frame(kEtherTypeArp)) == FirstLook::kArp);
  for (const uint16_t type : {kEtherTypeRarp, kEtherTypeVlan, kEtherTypeService})
    CHECK(look(frame(type)) == FirstLook::kAny);
  CHECK(look(ipv6(kProtocolIcmpv6, 0)) == FirstLook::kAny);
  CHECK(look(frame(kEtherTypeLocal)) == FirstLook::kLocal);
}

TEST_CASE("whatever matters to anybody is not plain at a first look", "[first_look]") {
  std::mt19937 random(7);
  const auto one_of = [&](std::initializer_list<unsigned> some) {
    return some.begin()[random() % some.size()];
  };
  unsigned mattered = 0, plain = 0;
  for (unsigned n = 0; n < 200000; ++n) {
    const bool v6 = random() % 2 != 0;
    const auto protocol = static_cast<uint8_t>(one_of({0, 1, 6, 17, 17, 17, 43, 44, 58, 60}));
    const auto port = static_cast<uint16_t>(one_of({67, 68, 546, 547, 443, 66, 69, 545, 548}));
    Octets f = v6 ? ipv6(protocol, port) : ipv4(protocol, port, 5 + random() % 3);
    for (unsigned spoil = random() % 4; spoil > 0; --spoil)
      f[12 + random() % (f.size() - 12)] =
          static_cast<uint8_t>(one_of({0, 6, 17, 44, 58, 60, 67, 0x45, 0x46, 0x60, 0x81, 133}));
    if (random() % 4 == 0) f.resize(kShortest + random() % (f.size() - kShortest + 1));
    const bool passed = look(f) == FirstLook::kPlain;
    const bool told = matters(f);
    mattered += told;
    plain += passed;
    INFO("frame " << n);
    if (told) REQUIRE_FALSE(passed);
  }
  CHECK(mattered > 10000);  // both were tried
  CHECK(plain > 10000);
}

}  // namespace godwit
