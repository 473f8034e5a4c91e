#include "lib/ip_forward.h"

#include <random>

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

#include "lib/packet_build.h"

namespace godwit {
namespace {

using frames::Octets;

Octets packet(std::string_view src, std::string_view dst, uint8_t ttl = 64) {
  Octets out(200);
  const UdpFlow flow{*parse_ip(src), *parse_ip(dst), 1234, 53, ttl};
  const size_t length = build_udp(out, {}, flow, Octets(5));
  return {out.begin() + kEthernetHeaderSize, out.begin() + static_cast<std::ptrdiff_t>(length)};
}

constexpr const char* kHost4 = "10.9.0.2";
constexpr const char* kHost6 = "fd00:9::2";

IpFault from4(const char* src) { return check_forward4(packet(src, kHost4)); }
IpFault to4(const char* dst) { return check_forward4(packet(kHost4, dst)); }
IpFault from6(const char* src) { return check_forward6(packet(src, kHost6)); }
IpFault to6(const char* dst) { return check_forward6(packet(kHost6, dst)); }

Octets resealed4(Octets l3) {
  store_be16(&l3[10], 0);
  const size_t header_length = (l3[0] & 0xfU) * 4;
  store_be16(&l3[10], internet_checksum(std::span(l3).first(header_length)));
  return l3;
}

Octets with_octet(Octets l3, size_t at, uint8_t value) {
  l3[at] = value;
  return l3;
}

}  // namespace

TEST_CASE("martians of IPv4 are not forwarded", "[ip_forward]") {
  for (const char* ip : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.0.1",
                         "240.0.0.1", "255.255.255.255"}) {
    CHECK(from4(ip) == IpFault::kMartianSource);
    CHECK(to4(ip) == IpFault::kMartianDestination);
  }
  for (const char* ip : {"224.0.0.1", "239.255.255.255"}) {
    CHECK(from4(ip) == IpFault::kMartianSource);
    CHECK(to4(ip) == IpFault::kNone);
  }
  for (const char* ip : {"1.0.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
                         "169.255.0.0", "223.255.255.255", "10.0.0.1", "192.168.0.1"}) {
    CHECK(from4(ip) == IpFault::kNone);
    CHECK(to4(ip) == IpFault::kNone);
  }
}

TEST_CASE("martians of IPv6 are not forwarded", "[ip_forward]") {
  for (const char* ip : {"::", "::1", "fe80::1", "febf::1"}) {
    CHECK(from6(ip) == IpFault::kMartianSource);
    CHECK(to6(ip) == IpFault::kMartianDestination);
  }
  for (const char* ip : {"ff02::1", "ff12::1", "ff01::1", "ff05::2", "ff0e::1"})
    CHECK(from6(ip) == IpFault::kMartianSource);
  for (const char* ip : {"ff00::1", "ff01::1", "ff02::1", "ff12::1"})
    CHECK(to6(ip) == IpFault::kMartianDestination);
  for (const char* ip : {"ff05::2", "ff0e::1"}) CHECK(to6(ip) == IpFault::kNone);
  for (const char* ip : {"::2", "0:0:0:1::", "2001:db8::1", "fd00::1", "fe7f::1", "fec0::1"}) {
    CHECK(from6(ip) == IpFault::kNone);
    CHECK(to6(ip) == IpFault::kNone);
  }
}

bool is_plain(std::span<const uint8_t> l3) {
  Ipv4Words words;
  for (size_t w = 0; w < words.size(); ++w) words[w] = load_be32(&l3[4 * w]);
  return is_plain4(words, static_cast<uint32_t>(l3.size()));
}

TEST_CASE("the short check says what the long one says, of packets without options",
          "[ip_forward]") {
  constexpr const char* kHosts[] = {"0.1.2.3",   "1.0.0.1",       "10.9.0.2",        "126.1.1.1",
                                    "127.0.0.1", "128.0.0.1",     "169.253.1.1",     "169.254.1.1",
                                    "223.1.1.1", "224.0.0.1",     "239.255.255.250", "240.0.0.1",
                                    "0.0.0.0",   "169.255.0.255", "255.255.255.255"};
  for (const char* src : kHosts)
    for (const char* dst : kHosts)
      for (const uint8_t ttl : {0, 1, 2, 255}) {
        const Octets l3 = packet(src, dst, ttl);
        CHECK(is_plain(l3) == (check_forward4(l3) == IpFault::kNone));
      }
  const Octets good = packet(kHost4, "10.8.0.2");
  for (size_t i = 0; i < kIpv4HeaderSize; ++i)
    for (unsigned value = 0; value < 256; ++value) {
      const Octets l3 = with_octet(good, i, static_cast<uint8_t>(value));
      CHECK(is_plain(l3) == (check_forward4(l3) == IpFault::kNone));
      if (i == 0) continue;
      const Octets sealed = resealed4(l3);
      CHECK(is_plain(sealed) == (check_forward4(sealed) == IpFault::kNone));
    }
  Octets with_options = good;
  with_options.insert(with_options.begin() + kIpv4HeaderSize, 4, 1);
  with_options = resealed4(with_octet(with_octet(with_options, 0, 0x46), 3, good[3] + 4));
  REQUIRE(check_forward4(with_options) == IpFault::kNone);
  CHECK_FALSE(is_plain(with_options));
  CHECK_FALSE(is_plain4(Ipv4Words{}, 64));
}

TEST_CASE("a packet's last hop is asked for last", "[ip_forward]") {
  for (const int ttl : {0, 1}) {
    const auto octet = static_cast<uint8_t>(ttl);
    const Octets v4 = packet(kHost4, "10.8.0.2", octet);
    const Octets v6 = packet(kHost6, "fd00:8::2", octet);
    CHECK(check_forward4(v4) == IpFault::kTtlExpired);
    CHECK(check_forward6(v6) == IpFault::kTtlExpired);
    CHECK(check_addressed4(v4) == IpFault::kNone);
    CHECK(check_addressed6(v6) == IpFault::kNone);
    CHECK(check_forward4(packet(kHost4, "127.0.0.1", octet)) == IpFault::kMartianDestination);
    CHECK(check_forward6(packet("::1", kHost6, octet)) == IpFault::kMartianSource);
  }
  CHECK(check_forward4(packet(kHost4, "10.8.0.2", 2)) == IpFault::kNone);
  CHECK(check_forward6(packet(kHost6, "fd00:8::2", 2)) == IpFault::kNone);
}

TEST_CASE("a header that is not sound is told first", "[ip_forward]") {
  const Octets v4 = packet(kHost4, "10.8.0.2");
  const Octets v6 = packet(kHost6, "fd00:8::2");
  for (size_t size = 0; size < v4.size(); ++size)
    CHECK(check_forward4(frames::prefix(v4, size)) == IpFault::kBadHeader);
  for (size_t size = 0; size < v6.size(); ++size)
    CHECK(check_forward6(frames::prefix(v6, size)) == IpFault::kBadHeader);
  for (const uint8_t first : {0x35, 0x44, 0x40, 0x65})
    CHECK(check_forward4(resealed4(with_octet(v4, 0, first))) == IpFault::kBadHeader);
  CHECK(check_forward6(with_octet(v6, 0, 0x40)) == IpFault::kBadHeader);
  CHECK(check_forward4(resealed4(with_octet(v4, 3, 19))) == IpFault::kBadHeader);
  CHECK(check_forward4(resealed4(with_octet(v4, 3, 20))) == IpFault::kNone);
  for (size_t i = 0; i < kIpv4HeaderSize; ++i)
    for (unsigned bit = 0; bit < 8; ++bit)
      CHECK(check_forward4(with_octet(v4, i, v4[i] ^ (1U << bit))) == IpFault::kBadHeader);
  Octets padded = v4;
  padded.resize(v4.size() + 13);
  CHECK(check_forward4(padded) == IpFault::kNone);
}

TEST_CASE("a header with options has its checksum over all of it", "[ip_forward]") {
  Octets l3 = packet(kHost4, "10.8.0.2");
  l3[0] = 0x46;  // the UDP source port and destination port are now an option
  l3 = resealed4(l3);
  CHECK(check_forward4(l3) == IpFault::kNone);
  CHECK(check_forward4(with_octet(l3, 21, 0)) == IpFault::kBadHeader);
  l3[0] = 0x4f;
  CHECK(check_forward4(l3) == IpFault::kBadHeader);
}

TEST_CASE("the short check's sum agrees with the plain one", "[ip_forward]") {
  std::mt19937_64 random(1);
  unsigned wrong = 0;
  for (unsigned i = 0; i < 100000; ++i) {
    Octets header = frames::prefix(packet(kHost4, "10.8.0.2"), kIpv4HeaderSize);
    // Whatever a sender may choose, and its sum. Now and then mostly ones, so that carries ripple.
    for (const size_t at : {1, 4, 5, 6, 7, 9, 10, 11, 14, 15, 17, 18, 19})
      header[at] = random() % 4 == i % 4 ? 0xff : uint8_t(random());
    store_be16(&header[2], kIpv4HeaderSize);
    if (i % 2 == 0) header = resealed4(header);
    wrong += is_plain(header) != ipv4_checksum_ok(header);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a decremented TTL keeps the checksum right", "[ip_forward]") {
  std::mt19937_64 random(1);
  unsigned wrong = 0;
  for (unsigned i = 0; i < 100000; ++i) {
    Octets l3 = packet(kHost4, "10.8.0.2", static_cast<uint8_t>(2 + i % 254));
    store_be16(&l3[4], static_cast<uint16_t>(i));  // every checksum
    l3 = resealed4(l3);
    decrement_ttl(l3.data());
    const uint16_t checksum = load_be16(&l3[10]);
    wrong += l3[8] != 1 + i % 254 || checksum != load_be16(&resealed4(l3)[10]);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a decremented hop limit is all that changes", "[ip_forward]") {
  Octets l3 = packet(kHost6, "fd00:8::2", 9);
  decrement_hop_limit(l3.data());
  CHECK(l3 == packet(kHost6, "fd00:8::2", 8));
}

}  // namespace godwit
