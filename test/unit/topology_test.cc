#include "dataplane/topology.h"

#include <catch2/catch.hpp>

#include "test/unit/small_tables.h"

namespace godwit::test {
namespace {

constexpr std::string_view kBridges = R"(
ports: {server1: {}, server2: {}, uplink: {}, idle: {}}
bridges:
  blue: {vlan: 20, ports: [{port: uplink, tagged: true, trusted: true}, server2]}
  red: {vlan: 10, ports: [server1, {port: uplink, tagged: true, trusted: true}]}
  wire: {ports: [uplink]}
)";

constexpr PortIndex kServer1 = 0;
constexpr PortIndex kServer2 = 1;
constexpr PortIndex kUplink = 2;
constexpr PortIndex kIdle = 3;
constexpr BridgeIndex kBlue = 0;
constexpr BridgeIndex kRed = 1;
constexpr BridgeIndex kWire = 2;

}  // namespace

TEST_CASE("a port knows its bridges by tag", "[topology]") {
  const Config config = small_config(kBridges);
  const Topology topology(config);
  CHECK(topology.port(kServer1).untagged == kRed);
  CHECK(topology.port(kServer1).bridge_of_vlan(10) == kNoBridge);
  CHECK_FALSE(topology.port(kServer1).transparent);
  const PortContext& uplink = topology.port(kUplink);
  CHECK(uplink.name == "uplink");
  CHECK(uplink.untagged == kWire);
  CHECK(uplink.transparent);
  for (uint16_t vlan = 0; vlan < kVlanIds; ++vlan)
    CHECK(uplink.bridge_of_vlan(vlan) == (vlan == 10 ? kRed : vlan == 20 ? kBlue : kNoBridge));
  REQUIRE(uplink.memberships.size() == 3);
  for (BridgeIndex b = 0; b < 3; ++b) CHECK(uplink.memberships[b].bridge == b);
  CHECK(topology.port(kIdle).memberships.empty());
  CHECK(topology.port(kIdle).untagged == kNoBridge);
  CHECK(topology.port(kIdle).bridge_of_vlan(10) == kNoBridge);
}

TEST_CASE("a bridge knows its members, in the order of the ports", "[topology]") {
  const Config config = small_config(kBridges);
  const Topology topology(config);
  const BridgeContext& blue = topology.bridge(kBlue);
  CHECK(blue.name == "blue");
  CHECK(blue.vlan == 20);
  CHECK_FALSE(blue.transparent);
  CHECK(blue.is_trusted(kUplink));
  CHECK_FALSE(blue.is_trusted(kServer2));
  REQUIRE(blue.members.size() == 2);
  CHECK(blue.members[0].port == kServer2);
  CHECK(blue.members[1].port == kUplink);
  REQUIRE(blue.member(kUplink) != nullptr);
  CHECK(blue.member(kUplink)->tagged);
  CHECK(blue.member(kServer1) == nullptr);
  CHECK(blue.member(kIdle) == nullptr);
  CHECK(blue.is_trusted(kUplink));
  CHECK_FALSE(blue.is_trusted(kServer2));
  CHECK_FALSE(blue.is_trusted(kIdle));
  CHECK(topology.bridge(kWire).transparent);
  CHECK(topology.bridge(kWire).vlan == 0);
}

TEST_CASE("what is on link is what a gateway's subnets say", "[topology]") {
  struct Case {
    std::string_view addresses;  // of the gateway; none if empty
    std::string_view ip;
    bool is_on_link;
    bool is_gateway;
  };
  const auto c = GENERATE(values<Case>({
      {"", "10.9.0.1", true, false},
      {"", "2001:db8::1", true, false},
      {"10.9.0.254/24", "10.9.0.1", true, false},
      {"10.9.0.254/24", "10.9.0.254", true, true},
      {"10.9.0.254/24", "10.9.1.1", false, false},
      {"10.9.0.254/24", "2001:db8::1", true, false},  // it says nothing of IPv6
      {"10.9.0.254/24, 10.9.1.254/24", "10.9.1.1", true, false},
      {"10.9.0.254/24, 10.9.1.254/24", "10.9.1.254", true, true},
      {"'fd00:9::fe/64'", "fd00:9::1", true, false},
      {"'fd00:9::fe/64'", "fd00:9::fe", true, true},
      {"'fd00:9::fe/64'", "fd00:a::1", false, false},
      {"'fd00:9::fe/64'", "fe80::1", true, false},
      {"'fd00:9::fe/64'", "10.9.0.1", true, false},
      {"10.9.0.254/24", "169.254.0.1", false, false},  // IPv4 has no such rule
  }));
  std::string yaml = "ports: {a: {}}\nbridges: {tenant: {ports: [a]";
  if (!c.addresses.empty())
    yaml += ", gateway: {mac: '02:00:5e:10:00:01', addresses: [" + std::string(c.addresses) + "]}";
  const Config config = small_config(yaml + "}}\n");
  const Topology topology(config);
  INFO(c.addresses << ": " << c.ip);
  const IpAddress ip = parse_ip(c.ip).value();
  CHECK(topology.bridge(0).is_on_link(ip) == c.is_on_link);
  CHECK(topology.bridge(0).is_gateway_ip(ip) == c.is_gateway);
}

}  // namespace godwit::test
