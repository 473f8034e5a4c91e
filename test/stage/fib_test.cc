#include "dataplane/fib.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/unit/small_tables.h"

#include "lib/byte_order.h"
#include "lib/prefix_map.h"

namespace godwit::test {
namespace {

constexpr std::string_view kRouter = R"(
ports: {p1: {}, p2: {}, p3: {}}
bridges:
  red:
    ports: [p1]
    gateway: {mac: "02:00:00:00:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64", "fe80::1/64"]}
  blue:
    ports: [p2]
    gateway: {mac: "02:00:00:00:00:02", addresses: [10.8.0.1/16, 192.0.2.0/31, 198.51.100.7/32, "fd00:8::/127"]}
  idle: {ports: [p3]}
)";

constexpr std::string_view kRoutes = R"(
routes:
- {to: 0.0.0.0/0, via: 10.9.0.1}
- {to: 10.8.7.0/24, via: 192.0.2.1}
- {to: 10.8.0.0/16, via: 10.9.0.2}
- {to: 10.9.0.255/32, via: 10.8.0.2}
- {to: 10.9.0.9/32, via: 10.8.0.2}
- {to: "::/0", via: "fe80::2"}
- {to: "2001:db8::/32", via: "fd00:9::1"}
- {to: "2001:db8:1:2:3::/80", via: "fd00:8::1"}
)";

// "kind bridge via", as short as it can be said.
std::string said(const NextHop& hop) {
  constexpr std::array kKinds = {"none", "local", "on-link", "via", "broadcast"};
  const char* kind = kKinds.at(static_cast<size_t>(hop.kind));
  if (hop.bridge == kNoBridge) return kind;
  const char* bridge = hop.bridge == 0 ? "red" : "blue";
  if (hop.kind != NextHop::Kind::kVia) return fmt::format("{} {}", kind, bridge);
  return fmt::format("{} {} {}", kind, bridge, to_string(hop.via));
}

std::string found(const Fib& fib, const char* ip) { return said(fib.find(*parse_ip(ip))); }

uint64_t below(unsigned bits) { return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }

// A random prefix, near others: few distinct octets, so that prefixes nest and share blocks.
IpPrefix random_prefix(std::mt19937_64& random, bool is_v6) {
  const auto octets = [&] { return random() & 0x0300010003000103; };
  const auto length = static_cast<uint8_t>(1 + random() % (is_v6 ? 128 : 32));
  const IpAddress ip = is_v6 ? IpAddress::v6(0x2001000000000000 | octets(), octets())
                             : IpAddress::v4(static_cast<uint32_t>(0x50000000 | octets()));
  return network_of({ip, length});
}

IpAddress last_of(const IpPrefix& prefix) {
  IpAddress ip = network_of(prefix).address;
  const unsigned host_bits = (ip.is_v6 ? 128U : 32U) - prefix.length;
  ip.lo |= below(host_bits);
  if (host_bits > 64) ip.hi |= below(host_bits - 64);
  return ip;
}

IpAddress next(IpAddress ip, uint64_t step) {  // 1 or -1
  const uint64_t lo = ip.lo + step;
  if (!ip.is_v6) return IpAddress::v4(static_cast<uint32_t>(lo));
  const bool carry = step == 1 ? lo == 0 : ip.lo == 0;
  return IpAddress::v6(carry ? ip.hi + step : ip.hi, lo);
}

// Routes that no gateway's subnet meets, each by a next hop of its own.
Config random_routes(std::mt19937_64& random, bool is_v6, unsigned count) {
  Config config = small_config(R"(
ports: {p1: {}}
bridges:
  red: {ports: [p1], gateway: {mac: "02:00:00:00:00:01", addresses: [10.0.0.1/8, "fd00::1/64"]}}
)");
  for (unsigned i = 2; i < count + 2; ++i)
    config.routes.push_back(
        {random_prefix(random, is_v6),
         is_v6 ? IpAddress::v6(0xfd00000000000000, i) : IpAddress::v4(0x0a000000 + i)});
  return config;
}

// What a look through all routes finds.
IpAddress longest(const Config& config, const IpAddress& ip) {
  IpAddress via;
  int length = -1;
  for (const RouteConfig& route : config.routes)
    if (route.to.contains(ip) && route.to.length > length) {
      length = route.to.length;
      via = route.via;
    }
  return via;
}

}  // namespace

TEST_CASE("a gateway's subnets are on the link, and its addresses its own", "[fib]") {
  const Fib fib(small_config(kRouter));
  CHECK(found(fib, "10.9.0.254") == "local red");
  CHECK(found(fib, "10.9.0.1") == "on-link red");
  CHECK(found(fib, "10.9.0.0") == "broadcast red");
  CHECK(found(fib, "10.9.0.255") == "broadcast red");
  CHECK(found(fib, "10.9.1.0") == "none");
  CHECK(found(fib, "10.8.0.1") == "local blue");
  CHECK(found(fib, "10.8.0.255") == "on-link blue");
  CHECK(found(fib, "10.8.255.255") == "broadcast blue");
  CHECK(found(fib, "0.0.0.0") == "none");
  CHECK(found(fib, "255.255.255.255") == "none");
  CHECK(found(fib, "fd00:9::fe") == "local red");
  CHECK(found(fib, "fd00:9::") == "local red");  // the subnet's router
  CHECK(found(fib, "fd00:9::ffff:ffff:ffff:ffff") == "on-link red");
  CHECK(found(fib, "fd00:9:0:1::") == "none");
}

TEST_CASE("subnets of one or two addresses have no broadcast and no anycast", "[fib]") {
  const Fib fib(small_config(kRouter));
  CHECK(found(fib, "192.0.2.0") == "local blue");
  CHECK(found(fib, "192.0.2.1") == "on-link blue");
  CHECK(found(fib, "192.0.2.2") == "none");
  CHECK(found(fib, "198.51.100.7") == "local blue");
  CHECK(found(fib, "198.51.100.6") == "none");
  CHECK(found(fib, "fd00:8::") == "local blue");
  CHECK(found(fib, "fd00:8::1") == "on-link blue");
}

TEST_CASE("the longest prefix wins, and a subnet over a route of its prefix", "[fib]") {
  const Fib fib(small_config(std::string(kRouter) + std::string(kRoutes)));
  CHECK(found(fib, "203.0.113.9") == "via red 10.9.0.1");
  CHECK(found(fib, "255.255.255.255") == "via red 10.9.0.1");
  CHECK(found(fib, "10.8.6.255") == "on-link blue");
  CHECK(found(fib, "10.8.7.0") == "via blue 192.0.2.1");
  CHECK(found(fib, "10.8.7.255") == "via blue 192.0.2.1");
  CHECK(found(fib, "10.8.8.0") == "on-link blue");
  CHECK(found(fib, "10.9.0.9") == "via blue 10.8.0.2");
  CHECK(found(fib, "10.9.0.255") == "broadcast red");
  CHECK(found(fib, "2001:db8::1") == "via red fd00:9::1");
  CHECK(found(fib, "2001:db8:1:2:3::") == "via blue fd00:8::1");
  CHECK(found(fib, "2001:db8:1:2:4::") == "via red fd00:9::1");
  CHECK(found(fib, "2001:db9::") == "via red fe80::2");
  CHECK(found(fib, "fd00:9::7") == "on-link red");
}

TEST_CASE("link-local addresses are no matter of routes", "[fib]") {
  const Fib fib(small_config(kRouter));
  CHECK(found(fib, "fe80::1") == "none");
  CHECK(found(fib, "fe80::2") == "none");
}

TEST_CASE("without a gateway there is no route", "[fib]") {
  const Fib fib(small_config("ports: {p1: {}}\nbridges: {red: {ports: [p1]}}"));
  CHECK(found(fib, "10.9.0.1") == "none");
  CHECK(found(fib, "fd00:9::1") == "none");
}

TEST_CASE("many destinations are looked up at once", "[fib]") {
  constexpr unsigned kCount = 100;
  const Fib fib(small_config(std::string(kRouter) + std::string(kRoutes)));
  std::array<uint32_t, kCount> ips{};
  std::array<uint8_t[16], kCount> ips6{};
  for (unsigned i = 0; i < kCount; ++i) {
    ips[i] = 0x0a080600 + 16 * i;
    store_be64(ips6[i], 0x20010db800010002);
    store_be64(ips6[i] + 8, uint64_t{i} << 48);
  }
  std::array<uint64_t, kCount> hops{};
  fib.table().lookup(ips.data(), hops.data(), kCount);
  for (unsigned i = 0; i < kCount; ++i)
    CHECK(fib.table().hop(hops[i]) == fib.find(IpAddress::v4(ips[i])));
  CHECK(hops[0] != hops[16]);
  fib.table().lookup6(ips6.data(), hops.data(), kCount);
  for (unsigned i = 0; i < kCount; ++i)
    CHECK(said(fib.table().hop(hops[i])) == (i == 3 ? "via blue fd00:8::1" : "via red fd00:9::1"));
}

TEST_CASE("the table finds what a look through all routes finds", "[fib]") {
  const bool is_v6 = GENERATE(false, true);
  const unsigned count = GENERATE(10U, 300U);
  std::mt19937_64 random(count);
  const Config config = random_routes(random, is_v6, count);
  const Fib fib(config);
  unsigned wrong = 0;
  for (const RouteConfig& route : config.routes) {
    const IpAddress first = route.to.address;
    const IpAddress last = last_of(route.to);
    for (const IpAddress& ip :
         {first, next(first, 1), next(first, ~uint64_t{0}), last, next(last, 1)})
      wrong += fib.find(ip).via != longest(config, ip);
  }
  CHECK(wrong == 0);
}

// An entry of two octets numbers 32767 blocks, and 300 routes of /128 do not exhaust them; these
// do.
TEST_CASE("more routes take wider entries", "[fib]") {
  constexpr unsigned kCount = 2600;
  std::mt19937_64 random;
  Config config = random_routes(random, true, 0);
  for (unsigned i = 0; i < kCount; ++i)
    config.routes.push_back({{IpAddress::v6(0x2001000000000000 + i, i), 128},
                             IpAddress::v6(0xfd00000000000000, 2 + i)});
  const Fib fib(config);
  unsigned wrong = 0;
  for (const RouteConfig& route : config.routes)
    wrong += fib.find(route.to.address).via != route.via;
  CHECK(wrong == 0);
}

}  // namespace godwit::test
