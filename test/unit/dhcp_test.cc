#include "lib/dhcp.h"

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

#include "lib/byte_order.h"

namespace godwit {
namespace {

using frames::Octets;

constexpr Mac kClient{0x525400000002};
const IpAddress kAddress = IpAddress::v4(0x0a090002);
const IpAddress kAddress6 = *parse_ip("fd00:9::2");

Octets operator+(Octets x, const Octets& y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

// A DHCPv4 message with these options behind the cookie.
Octets message(uint8_t op, const Octets& options) {
  Octets m(240);
  m[0] = op;
  m[1] = 1;
  m[2] = 6;
  store_be32(&m[4], 0x12345678);
  store_mac(&m[28], kClient);
  store_be32(&m[236], 0x63825363);
  return m + options;
}

Octets ack() {
  Octets m = message(2, {53, 1, 5, 51, 4, 0, 0, 0x0e, 0x10, 255});
  store_be32(&m[16], static_cast<uint32_t>(kAddress.lo));
  return m;
}

Octets option6(uint16_t code, const Octets& value) {
  Octets o(4);
  store_be16(o.data(), code);
  store_be16(&o[2], static_cast<uint16_t>(value.size()));
  return o + value;
}

const Octets kDuid = {0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 2};

Octets address6(uint32_t preferred, uint32_t valid, const Octets& more = {}) {
  Octets a(24);
  store_be64(a.data(), kAddress6.hi);
  store_be64(&a[8], kAddress6.lo);
  store_be32(&a[16], preferred);
  store_be32(&a[20], valid);
  return option6(5, a + more);
}

Octets message6(uint8_t type, const Octets& options) {
  return Octets{type, 0xab, 0xcd, 0xef} + option6(1, kDuid) + options;
}

Octets ia_na(const Octets& options) { return option6(3, Octets(12) + options); }

Octets relayed(uint8_t type, const Octets& inner) {
  Octets m(34);
  m[0] = type;
  return m + option6(9, inner);
}

}  // namespace

TEST_CASE("an ACK gives an address for a time", "[dhcp]") {
  const auto m = parse_dhcpv4(ack());
  REQUIRE(m);
  CHECK(m->act == DhcpAct::kGrant);
  CHECK(m->from_server);
  CHECK(m->transaction == 0x12345678);
  CHECK(m->chaddr == kClient);
  REQUIRE(m->lease_count == 1);
  CHECK(m->leases[0].ip == kAddress);
  CHECK(m->leases[0].seconds == 3600);
}

TEST_CASE("what each DHCPv4 message comes to", "[dhcp]") {
  const auto [op, type, act] = GENERATE(table<uint8_t, uint8_t, DhcpAct>({
      {1, 1, DhcpAct::kAsk},
      {2, 2, DhcpAct::kOffer},
      {1, 3, DhcpAct::kAsk},
      {1, 4, DhcpAct::kDecline},
      {2, 5, DhcpAct::kGrant},
      {2, 6, DhcpAct::kRefuse},
      {1, 7, DhcpAct::kRelease},
      {1, 8, DhcpAct::kNothing},
      {1, 99, DhcpAct::kNothing},
  }));
  const auto m = parse_dhcpv4(message(op, {53, 1, type, 255}));
  REQUIRE(m);
  CHECK(m->act == act);
  CHECK(m->from_server == (op == 2));
  CHECK(m->lease_count == 0);
}

TEST_CASE("a host gives up the address that it names", "[dhcp]") {
  Octets release = message(1, {53, 1, 7, 255});
  store_be32(&release[12], static_cast<uint32_t>(kAddress.lo));
  const auto released = parse_dhcpv4(release);
  REQUIRE(released);
  REQUIRE(released->lease_count == 1);
  CHECK(released->leases[0].ip == kAddress);
  const auto declined = parse_dhcpv4(message(1, {53, 1, 4, 50, 4, 10, 9, 0, 2, 255}));
  REQUIRE(declined);
  REQUIRE(declined->lease_count == 1);
  CHECK(declined->leases[0].ip == kAddress);
}

TEST_CASE("options may stand in the fields of names, if the message says so", "[dhcp]") {
  Octets m = message(2, {52, 1, 3, 255});
  store_be32(&m[16], static_cast<uint32_t>(kAddress.lo));
  const Octets type = {53, 1, 5, 255};
  const Octets lease = {51, 4, 0, 0, 0, 60, 255};
  std::copy(type.begin(), type.end(), &m[108]);
  std::copy(lease.begin(), lease.end(), &m[44]);
  const auto parsed = parse_dhcpv4(m);
  REQUIRE(parsed);
  CHECK(parsed->act == DhcpAct::kGrant);
  CHECK(parsed->leases[0].seconds == 60);
}

TEST_CASE("a DHCPv4 message that gives nothing, or is none", "[dhcp]") {
  const auto leases = [](const Octets& m) {
    const auto parsed = parse_dhcpv4(m);
    return parsed ? static_cast<int>(parsed->lease_count) : -1;
  };
  CHECK(leases(message(2, {53, 1, 5, 255})) == 0);                     // without a time
  CHECK(leases(message(2, {53, 1, 5, 51, 4, 0, 0, 0, 9, 255})) == 0);  // of 0.0.0.0
  CHECK(leases(message(1, {53, 1, 5, 255})) == -1);                    // an ACK by a client
  CHECK(leases(message(2, {53, 1, 3, 255})) == -1);                    // a server's REQUEST
  CHECK(leases(message(2, {53, 200, 5})) == -1);                       // beyond the end
  CHECK(leases(message(2, {53})) == -1);
  CHECK(leases(frames::prefix(ack(), 235)) == -1);
  const auto bootp = parse_dhcpv4(frames::prefix(ack(), 236));
  REQUIRE(bootp);
  CHECK(bootp->act == DhcpAct::kNothing);
  CHECK(bootp->from_server);
  Octets other_hardware = ack();
  other_hardware[2] = 16;
  CHECK(parse_dhcpv4(other_hardware)->chaddr.is_zero());
}

TEST_CASE("a REPLY gives addresses for a time", "[dhcp]") {
  const Octets octets = message6(7, ia_na(address6(100, 200) + address6(0, 0)));
  const auto m = parse_dhcpv6(octets);
  REQUIRE(m);
  CHECK(m->act == DhcpAct::kGrant);
  CHECK(m->from_server);
  CHECK_FALSE(m->relayed);
  CHECK(m->transaction == 0xabcdef);
  CHECK(Octets(m->duid.begin(), m->duid.end()) == kDuid);
  REQUIRE(m->lease_count == 2);
  CHECK(m->leases[0].ip == kAddress6);
  CHECK(m->leases[0].seconds == 200);
  CHECK(m->leases[1].seconds == 0);
}

TEST_CASE("what each DHCPv6 message comes to", "[dhcp]") {
  const auto [type, act, server, leases] = GENERATE(table<uint8_t, DhcpAct, bool, int>({
      {1, DhcpAct::kAsk, false, 0},
      {2, DhcpAct::kOffer, true, 0},
      {3, DhcpAct::kAsk, false, 0},
      {4, DhcpAct::kAsk, false, 0},
      {5, DhcpAct::kAsk, false, 0},
      {6, DhcpAct::kAsk, false, 0},
      {7, DhcpAct::kGrant, true, 1},
      {8, DhcpAct::kRelease, false, 1},
      {9, DhcpAct::kDecline, false, 1},
      {10, DhcpAct::kNothing, true, 0},
      {11, DhcpAct::kNothing, false, 0},
      {99, DhcpAct::kNothing, false, 0},
  }));
  const Octets plain = message6(type, ia_na(address6(1, 1)));
  const auto check = [&, act = act, leases = leases](const Octets& octets, bool from_server) {
    const auto m = parse_dhcpv6(octets);
    REQUIRE(m);
    CHECK(m->act == act);
    CHECK(m->from_server == from_server);
    CHECK(m->lease_count == leases);
    CHECK(m->transaction == 0xabcdef);
  };
  check(plain, server);
  check(relayed(12, plain), false);
  check(relayed(13, plain), true);
  CHECK(parse_dhcpv6(relayed(13, plain))->relayed);
}

TEST_CASE("a DHCPv6 message that gives nothing, or is none", "[dhcp]") {
  const Octets failed = option6(13, {0, 2});
  const auto leases = [](const Octets& m) {
    const auto parsed = parse_dhcpv6(m);
    return parsed ? static_cast<int>(parsed->lease_count) : -1;
  };
  CHECK(leases(message6(7, ia_na(address6(1, 1) + failed))) == 0);
  CHECK(leases(message6(7, failed + ia_na(address6(1, 1)))) == 0);
  CHECK(leases(message6(7, ia_na(address6(1, 1, failed)))) == 0);
  CHECK(leases(message6(7, ia_na(address6(1, 1, option6(13, {0, 0}))))) == 1);
  CHECK(leases(message6(7, ia_na(address6(2, 1)))) == 0);  // RFC 8415 §21.6
  CHECK(leases(message6(7, ia_na(option6(5, Octets(23))))) == -1);
  CHECK(leases(message6(7, option6(3, Octets(11)))) == -1);
  CHECK(leases({}) == -1);
  CHECK(leases({7, 0, 0}) == -1);
  CHECK(leases(relayed(13, {})) == -1);
  CHECK(leases(Octets{13}) == -1);
  const auto twice = parse_dhcpv6(relayed(13, relayed(13, message6(7, {}))));
  REQUIRE(twice);
  CHECK(twice->act == DhcpAct::kNothing);
  CHECK(twice->from_server);
}

TEST_CASE("of many addresses the first are read", "[dhcp]") {
  Octets many;
  for (int n = 0; n < 10; ++n) many = many + address6(1, 1);
  CHECK(parse_dhcpv6(message6(7, ia_na(many)))->lease_count == DhcpMessage::kMaxLeases);
}

TEST_CASE("a message that is cut anywhere is read to its end at most", "[dhcp]") {
  const Octets v4 = ack();
  for (size_t size = 0; size < v4.size(); ++size) parse_dhcpv4(frames::prefix(v4, size));
  const Octets v6 = relayed(13, message6(7, ia_na(address6(1, 1))));
  for (size_t size = 0; size < v6.size(); ++size)
    CHECK_FALSE(parse_dhcpv6(frames::prefix(v6, size)));
}

}  // namespace godwit
