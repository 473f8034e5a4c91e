#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "lib/config_forget.h"
#include "lib/config_parse.h"

namespace godwit {
namespace {

// The errors as the programs print them: "LINE:COLUMN: TEXT".
std::vector<std::string> printed(const std::vector<ConfigMessage>& messages) {
  std::vector<std::string> lines;
  lines.reserve(messages.size());
  for (const ConfigMessage& message : messages)
    lines.push_back(fmt::format("{}:{}: {}", message.line, message.column, message.text));
  return lines;
}

// Three ports and one bridge whose body is `body`, which begins on line 3.
std::string bridge_with(const std::string& body) {
  return "ports: {p1: {}, p2: {}, p3: {}}\nbridges: {b: {\n" + body + "}}\n";
}

struct Wrong {
  std::string text;
  std::vector<std::string> errors;
};

void check_table(const std::vector<Wrong>& table) {
  for (const Wrong& wrong : table) {
    INFO(wrong.text);
    CHECK(printed(parse_config(wrong.text).errors) == wrong.errors);
  }
}

void check_bridge_table(std::vector<Wrong> table) {
  for (Wrong& wrong : table) wrong.text = bridge_with(wrong.text);
  check_table(table);
}

constexpr const char* kSample = R"(ports:
  server1: {device: "net_af_packet0,iface=veth1"}
  server2: {device: "0000:3b:00.0", queues: 2, storm: {broadcast: 9/s, unknown_unicast: 8/s}}
  uplink:  {device: "net_pcap0,rx_pcap=in.pcap,infinite_rx=1"}
bridges:
  tenant:
    vlan: 10
    ports: [server1, server2, {port: uplink, tagged: true, trusted: true}]
    aging: 300s
    learning: {limit: 1000000, per_port: 4096, floor: 2}
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}
    mtu: 9000
    suppress: true
    moves: {class: registered, settle: 5s, veto: 30s, probe_wait: 60ms, probe_timeout: 150ms,
            keepalive: off, activate: announce, hold: {frames: 8Ki, bytes: 16Mi, time: 1.5s}}
    inspect: {arp: false, dhcp: true, source: true}
    static: [{mac: "52:54:00:00:00:09", port: server1, ip: 10.9.0.9}]
routes: [{to: 0.0.0.0/0, via: 10.9.0.1}]
limits: {arp_per_source: 16/s, arp_per_port: 1001/s, punt: 50001/s, resolve_per_target: 2/s,
         unresolved_per_target: 4, unresolved: 4097, icmp_errors: 101/s}
neighbors: {limit: 2Mi, per_port: 1Ki, per_mac: 8, floor: 3, learn: false}
control: {socket: /tmp/godwit.sock, metrics: "[::1]:9464", listen: "127.0.0.1:9465", token: /etc/t, state: /s/t}
workers: {count: 2, burst: 64}
memory: {mbufs: 64Ki}
bpdu: forward
)";

}  // namespace

TEST_CASE("every key of the configuration reaches the model", "[config]") {
  const ConfigResult result = parse_config(kSample);
  REQUIRE(printed(result.errors).empty());
  CHECK(printed(result.warnings).empty());
  const Config& config = result.config;
  REQUIRE(config.ports.size() == 3);
  CHECK(config.ports[1].name == "server2");
  CHECK(config.ports[1].device == "0000:3b:00.0");
  CHECK(config.ports[1].queues == 2);
  CHECK(config.ports[1].storm.broadcast.per_second == 9);
  CHECK(config.ports[1].storm.multicast.per_second == 0);
  CHECK(config.ports[1].storm.unknown_unicast.per_second == 8);
  REQUIRE(config.routes.size() == 1);
  CHECK(to_string(config.routes[0].to) == "0.0.0.0/0");
  CHECK(to_string(config.routes[0].via) == "10.9.0.1");
  CHECK(config.limits.arp_per_source.per_second == 16);
  CHECK(config.limits.arp_per_port.per_second == 1001);
  CHECK(config.limits.punt.per_second == 50001);
  CHECK(config.limits.resolve_per_target.per_second == 2);
  CHECK(config.limits.unresolved_per_target == 4);
  CHECK(config.limits.unresolved == 4097);
  CHECK(config.limits.icmp_errors.per_second == 101);
  CHECK(config.neighbors.limit == 2U << 20);
  CHECK(config.neighbors.per_port == 1024);
  CHECK(config.neighbors.per_mac == 8);
  CHECK(config.neighbors.floor == 3);
  CHECK_FALSE(config.neighbors.learn);
  CHECK(config.control.socket == "/tmp/godwit.sock");
  CHECK(config.control.state == "/s/t");
  CHECK(config.control.metrics == "[::1]:9464");
  CHECK(config.control.listen == "127.0.0.1:9465");
  CHECK(config.control.token == "/etc/t");
  CHECK(config.workers.count == 2);
  CHECK(config.workers.burst == 64);
  CHECK(config.mbufs == 65536);
  CHECK(config.forward_bpdu);
  CHECK(config.fdb_limit == 1000000);
}

TEST_CASE("every key of a bridge reaches the model", "[config]") {
  const ConfigResult result = parse_config(kSample);
  REQUIRE(result.config.bridges.size() == 1);
  const BridgeConfig& bridge = result.config.bridges[0];
  CHECK(bridge.name == "tenant");
  CHECK(bridge.vlan == 10);
  REQUIRE(bridge.members.size() == 3);
  CHECK_FALSE((bridge.members[0].tagged || bridge.members[0].trusted));
  CHECK((bridge.members[2].port == 2 && bridge.members[2].tagged && bridge.members[2].trusted));
  CHECK(bridge.learn_limit == 1000000);
  CHECK(bridge.learn_limit_per_port == 4096);
  REQUIRE(bridge.gateway);
  CHECK(to_string(bridge.gateway->mac) == "02:00:5e:10:00:01");
  REQUIRE(bridge.gateway->addresses.size() == 2);
  CHECK(to_string(bridge.gateway->addresses[1]) == "fd00:9::fe/64");
  CHECK(bridge.mtu == 9000);
  CHECK(bridge.suppress);
  CHECK(bridge.moves.host_class == HostClass::kRegistered);
  CHECK(bridge.moves.activate == Activation::kAnnounce);
  CHECK_FALSE(bridge.moves.keepalive);
  CHECK(bridge.moves.hold.frames == 8192);
  CHECK(bridge.moves.hold.bytes == 16U << 20);
  CHECK(bridge.moves.hold.time == 1500 * kMillisecond);
  CHECK_FALSE(bridge.inspect_arp);
  CHECK(bridge.inspect_dhcp);
  CHECK(bridge.inspect_source);
  CHECK(bridge.learn_floor == 2);
  REQUIRE(bridge.static_hosts.size() == 1);
  CHECK(to_string(bridge.static_hosts[0].mac) == "52:54:00:00:00:09");
  CHECK(bridge.static_hosts[0].ip == parse_ip("10.9.0.9"));
}

TEST_CASE("what is left out, empty or null has its default", "[config]") {
  for (const char* text : {"ports: {p1: {}}\nbridges: {b: {ports: [p1]}}\n",
                           "ports:\n  p1:\nbridges:\n  b:\n    ports: [p1]\n    aging:\n"
                           "    moves: {}\n    learning: ~\nlimits:\nworkers: {}\nroutes: []\n"
                           "memory: {mbufs: auto}\n"}) {
    const ConfigResult result = parse_config(text);
    CHECK(printed(result.errors).empty());
    REQUIRE(result.config.bridges.size() == 1);
    const BridgeConfig& bridge = result.config.bridges[0];
    CHECK_FALSE(bridge.vlan);
    CHECK(bridge.is_vlan_transparent());
    CHECK(bridge.aging == 300 * kSecond);
    CHECK(bridge.learn_limit == 1U << 20);
    CHECK(bridge.mtu == 1500);
    CHECK(bridge.moves.host_class == HostClass::kLearned);
    CHECK(bridge.moves.activate == Activation::kTraffic);
    CHECK(bridge.moves.settle == 5 * kSecond);
    CHECK(result.config.limits.punt.per_second == 50000);
    CHECK(result.config.limits.icmp_errors.per_second == 100);
    CHECK(result.config.workers.burst == 32);
    CHECK(result.config.mbufs == 0);
  }
}

TEST_CASE("the FDB has room for the bridges, within reason", "[config]") {
  const auto fdb_limit = [](const std::string& rest) {
    return parse_config("ports: {p: {}}\n" + rest).config.fdb_limit;
  };
  CHECK(fdb_limit("") == 1U << 20);
  CHECK(fdb_limit("bridges: {a: {learning: {limit: 5}}, b: {learning: {limit: 7}}}") == 12);
  CHECK(fdb_limit("bridges: {a: {}, b: {}, c: {}, d: {}, e: {}}") == 4U << 20);
  CHECK(fdb_limit("bridges: {a: {learning: {limit: 8Mi}}, b: {}}") == 8U << 20);
  CHECK(fdb_limit("fdb: {limit: 9}") == 9);
}

TEST_CASE("unknown keys are told with the nearest known one", "[config]") {
  check_table({{"ports: {p: {qeues: 2}}\nprots: 1\nmtu: 5\n",
                {"1:13: unknown key 'qeues' in port 'p' (did you mean 'queues'?)",
                 "2:1: unknown key 'prots' in the configuration (did you mean 'ports'?)",
                 "3:1: unknown key 'mtu' in the configuration"}},
               {"ports: {p: {}}\nlimits: {punts: 1/s}\n",
                {"2:10: unknown key 'punts' in limits (did you mean 'punt'?)"}}});
  check_bridge_table(
      {{"agin: 300s", {"3:1: unknown key 'agin' in bridge 'b' (did you mean 'aging'?)"}},
       {"moves: {hold: {frame: 1}}",
        {"3:16: unknown key 'frame' in moves.hold of bridge 'b' (did you mean 'frames'?)"}},
       {"ports: [{port: p1, taged: true}]",
        {"3:20: unknown key 'taged' in ports of bridge 'b' (did you mean 'tagged'?)"}}});
}

TEST_CASE("a key given twice is told with both lines", "[config]") {
  check_table({{"ports: {p: {}}\nbpdu: drop\nbpdu: drop\n",
                {"3:1: key 'bpdu' in the configuration is given twice (first on line 2)"}},
               {"ports:\n  p:\n  q:\n  p:\n", {"4:3: port 'p' is given twice (first on line 2)"}},
               {"ports:\n  p:\n  P:\n",
                {"3:3: port 'P' differs only in case from 'p' on line 2 (rename one)"}}});
}

TEST_CASE("values say what is wrong with them and what to write", "[config]") {
  check_bridge_table(
      {{"aging: 300", {"3:8: aging: '300' has no unit (write 300s)"}},
       {"aging: 0s", {"3:8: aging: '0s' is out of range (1s to 32000s)"}},
       {"aging: 32001s", {"3:8: aging: '32001s' is out of range (1s to 32000s)"}},
       {"aging: 1.5s", {"3:8: aging: '1500ms' is not in whole seconds (write 1s)"}},
       {"aging: [1s]", {"3:8: aging: expected a duration, found a list"}},
       {"suppress: yes", {"3:11: suppress: 'yes' is not true or false (write true)"}},
       {"suppress: Off", {"3:11: suppress: 'Off' is not true or false (write false)"}},
       {"suppress: maybe", {"3:11: suppress: 'maybe' is not true or false"}},
       {"learning: {limit: 0}", {"3:19: learning.limit: '0' is out of range (1 to 64Mi)"}},
       {"learning: {limit: 010}",
        {"3:19: learning.limit: '010' begins with 0 (numbers are decimal: write 10)"}},
       {"moves: {class: registred}",
        {"3:16: moves.class: 'registred' is not one of learned, registered, locked (did you mean "
         "'registered'?)"}},
       {"moves: {class: static}",
        {"3:16: moves.class: 'static' is not one of learned, registered, locked"}},
       {"moves: {probe_wait: 60}", {"3:21: moves.probe_wait: '60' has no unit (write 60ms)"}},
       {"moves: {settle: 31s, veto: 61s}",
        {"3:17: moves.settle: '31s' is out of range (1ms to 30s)",
         "3:28: moves.veto: '61s' is out of range (1ms to 1m)"}},
       {"moves: {veto: 4s}", {"3:15: moves: settle 5s is longer than veto 4s"}},
       {"moves: {probe_wait: 150ms}",
        {"3:21: moves: probe_wait 150ms is not shorter than probe_timeout 150ms"}}});
}

TEST_CASE("sections say what is wrong with their values", "[config]") {
  const auto wrong = [](const std::string& line, const std::string& error) {
    return Wrong{"ports: {p: {}}\n" + line + "\n", {fmt::format("2:{}", error)}};
  };
  const std::string long_path(108, 'x');
  check_table(
      {wrong("limits: [1]", "9: limits: expected a map, found a list"),
       wrong("limits: {punt: 0/s}", "16: limits.punt: '0/s' is out of range (1/s to 1000000000/s)"),
       wrong("limits: {unresolved_per_target: 257}",
             "33: limits.unresolved_per_target: '257' is out of range (1 to 256)"),
       wrong("limits: {punt: 5}", "16: limits.punt: '5' has no unit (write 5/s)"),
       wrong("workers: {count: 65}", "18: workers.count: '65' is out of range (1 to 64)"),
       wrong("workers: {burst: 70000}", "18: workers.burst: '70000' is out of range (1 to 256)"),
       wrong("memory: {mbufs: 1}", "17: memory.mbufs: '1' is out of range (1Ki to 64Mi)"),
       wrong("bpdu: dorp", "7: bpdu: 'dorp' is not one of drop, forward (did you mean 'drop'?)"),
       wrong("control: {socket: run.sock}",
             "19: control.socket: 'run.sock' is not an absolute path (begin it with /)"),
       wrong("control: {state: nowhere}",
             "18: control.state: 'nowhere' is not an absolute path (begin it with /), nor none"),
       wrong("control: {socket: /" + long_path + "}",
             "19: control.socket: '/" + long_path.substr(0, 63) +
                 "…' is longer than the 107 octets that a socket's path may have"),
       wrong("control: {socket: \"/a\\0b\"}",
             "19: control.socket: '/a?b' has a control character in it")});
  for (const char* bad : {"9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:080",
                          "localhost:9464", "[127.0.0.1]:9464", "::1:9464", "[::1]:", ":9464"})
    check_table({wrong(fmt::format("control: {{metrics: \"{}\"}}", bad),
                       fmt::format("20: control.metrics: '{}' is not ADDRESS:PORT (write it like "
                                   "127.0.0.1:9464 or [::1]:9464)",
                                   bad))});
}

TEST_CASE("the talk between switches has a name and a key", "[config]") {
  const std::string key(32, '7');
  const auto with = [](const std::string& body) { return "ports: {p1: {}}\nforget: " + body; };
  const ConfigResult result = parse_config(
      with("{switch: leaf1, key: " + key + ", key_file: keys, max_skew: 2s, rate: 5/s}"));
  CHECK(printed(result.errors).empty());
  const ForgetConfig& forget = result.config.forget;
  CHECK(forget.is_on());
  CHECK(forget.switch_name == "leaf1");
  REQUIRE(forget.keys.size() == 1);
  CHECK(forget.keys[0] == std::vector<uint8_t>(16, 0x77));
  CHECK(forget.key_file == "keys");
  CHECK(forget.max_skew == 2 * kSecond);
  CHECK(forget.rate.per_second == 5);
  CHECK_FALSE(parse_config("ports: {p1: {}}").config.forget.is_on());
  CHECK(parse_config(with("{switch: a, key: " + key + "}")).config.forget.max_skew == 30 * kSecond);
  // No message repeats a key.
  check_table({
      {with("{}"),
       {"2:9: key 'switch' is missing in forget",
        "2:9: forget: has no key (write key_file: PATH)"}},
      {with("{switch: a}"), {"2:9: forget: has no key (write key_file: PATH)"}},
      {with("{switch: a, key: 00112233445566778899aabbccddeeg0}"),
       {"2:26: forget.key: is not hexadecimal"}},
      {with("{switch: a, key: 00112}"),
       {"2:26: forget.key: has an odd number of hexadecimal digits"}},
      {with("{switch: a, key: " + key.substr(2) + "}"),
       {"2:26: forget.key: is shorter than 16 octets (make one with: openssl rand -hex 32)"}},
      {with("{switch: a, key: " + std::string(258, 'a') + "}"),
       {"2:26: forget.key: is longer than 128 octets"}},
      {with("{switch: '', key: " + key + "}"),
       {"2:18: forget.switch: '' is no name of 1 to 255 octets"}},
      {with("{switch: a, key: " + key + ", max_skew: 0s, rate: 0/s}"),
       {"2:70: forget.max_skew: '0s' is out of range (100ms to 1h)",
        "2:80: forget.rate: '0/s' is out of range (1/s to 1000000/s)"}},
  });
}

TEST_CASE("a file holds keys, one a line", "[config]") {
  const std::string key(32, 'a');
  const ParsedKeys two = parse_key_file("# first signs\n\n " + key + "\t\r\n" + key + "b0");
  CHECK(two.fault.empty());
  REQUIRE(two.keys.size() == 2);
  CHECK(two.keys[0].size() == 16);
  CHECK(two.keys[1].size() == 17);
  const ParsedKeys wrong = parse_key_file(key + "\n" + key.substr(1));
  CHECK(wrong.keys.empty());
  CHECK(wrong.line == 2);
  CHECK(wrong.fault == "has an odd number of hexadecimal digits");
  CHECK(parse_key_file("\n\n").fault == "is missing (make one with: openssl rand -hex 32)");
  std::string nine;
  for (int n = 0; n < 9; ++n) nine += key + "\n";
  CHECK(parse_key_file(nine).line == 9);
}

TEST_CASE("names are fit for files", "[config]") {
  for (const std::string& good : {std::string("p"), std::string("0"), std::string("eth0.10_a-b"),
                                  std::string(64, 'a'), std::string("'null'")})
    CHECK(parse_config("ports: {" + good + ": {}}").ok());
  for (const std::string& bad : {std::string("-p"), std::string("../p"), std::string(".p"),
                                 std::string("p/q"), std::string("\"p q\""), std::string(65, 'a'),
                                 std::string("''"), std::string("é"), std::string("null")})
    CHECK(parse_config("ports: {" + bad + ": {}}").errors.size() == 1);
}

TEST_CASE("ports are needed, and there are not more than locations", "[config]") {
  check_table({{"", {"1:1: there are no ports (write at least ports: {p1: {}})"}},
               {"ports: {}", {"1:8: there are no ports (write at least ports: {p1: {}})"}},
               {"ports: [p1]", {"1:8: ports: expected a map, found a list"}},
               {"just text", {"1:1: the configuration: expected a map, found text"}}});
  const auto many = [](size_t count) {
    std::string text = "ports:\n";
    for (size_t i = 0; i < count; ++i) text += fmt::format("  p{}:\n", i);
    return parse_config(text);
  };
  CHECK(many(kMaxPorts).ok());
  CHECK(
      printed(many(kMaxPorts + 5).errors) ==
      std::vector<std::string>{fmt::format("{}:3: more than {} ports", kMaxPorts + 2, kMaxPorts)});
}

TEST_CASE("members of a bridge are ports, once each, with a vlan to be tagged with", "[config]") {
  check_bridge_table(
      {{"ports: [p11, p1, p1]",
        {"3:9: bridge 'b': port 'p11' is not in ports (did you mean 'p1'?)",
         "3:18: bridge 'b': port 'p1' is listed twice"}},
       {"ports: [{tagged: true}]", {"3:9: key 'port' is missing in ports of bridge 'b'"}},
       {"ports: [[p1]]", {"3:9: bridge 'b': a port is named by a word"}},
       {"ports: [{port: p1, tagged: true}]",
        {"3:16: bridge 'b': port 'p1' is tagged, but the bridge has no vlan (give it one)"}},
       {"vlan: 0", {"3:7: vlan: '0' is no VLAN id: it marks a priority tag (write 1 to 4094)"}},
       {"vlan: 4095", {"3:7: vlan: '4095' is no VLAN id: 802.1Q reserves it (write 1 to 4094)"}},
       {"vlan: 4096", {"3:7: vlan: '4096' is no VLAN id: it has 12 bits (write 1 to 4094)"}}});
}

TEST_CASE("a port's frames belong to one bridge each", "[config]") {
  check_table(
      {{"ports: {p: {}}\nbridges:\n  a: {ports: [p]}\n  b: {ports: [p]}\n",
        {"4:15: bridge 'b': port 'p' is an untagged member of bridge 'a' already (tag one of "
         "them)"}},
       {"ports: {p: {}}\nbridges:\n  a: {vlan: 5, ports: [{port: p, tagged: true}]}\n"
        "  b: {vlan: 5, ports: [{port: p, tagged: true}]}\n",
        {"4:31: bridge 'b': vlan 5 on port 'p' belongs to bridge 'a' already"}},
       {"ports: {p: {}}\nbridges:\n  a: {vlan: 5, ports: [{port: p, tagged: true}]}\n"
        "  b: {vlan: 6, ports: [{port: p, tagged: true}]}\n  c: {ports: [p]}\n",
        {}}});
}

TEST_CASE("a gateway has a station's MAC and hosts' addresses", "[config]") {
  const auto addresses = [](const std::string& list, std::vector<std::string> errors) {
    return Wrong{"gateway: {mac: \"02:00:00:00:00:01\", addresses: [" + list + "]}",
                 std::move(errors)};
  };
  check_bridge_table(
      {{"gateway: {}",
        {"3:10: key 'mac' is missing in gateway of bridge 'b'",
         "3:10: key 'addresses' is missing in gateway of bridge 'b'"}},
       {"gateway: {mac: \"01:00:5e:00:00:01\", addresses: [10.0.0.1/24]}",
        {"3:16: gateway.mac: '01:00:5e:00:00:01' is a group address (a station's has an even first "
         "octet)"}},
       {"gateway: {mac: \"00:00:00:00:00:00\", addresses: [10.0.0.1/24]}",
        {"3:16: gateway.mac: '00:00:00:00:00:00' is no station's address"}},
       addresses("", {"3:48: gateway.addresses: a list without an address"}),
       addresses("10.0.0.1",
                 {"3:49: gateway.addresses: '10.0.0.1' has no prefix length (write 10.0.0.1/24)"}),
       addresses("{}", {"3:49: gateway.addresses: a map is not ADDRESS/LENGTH (write it like "
                        "10.9.0.254/24)"}),
       addresses("10.0.0.0/24",
                 {"3:49: bridge 'b': gateway address 10.0.0.0/24 is the network's own address"}),
       addresses("10.0.0.255/24", {"3:49: bridge 'b': gateway address 10.0.0.255/24 is the "
                                   "network's broadcast address"}),
       addresses("224.0.0.1/24",
                 {"3:49: bridge 'b': gateway address 224.0.0.1/24 is no host's address"}),
       addresses("'fd00::/64'", {"3:49: bridge 'b': gateway address fd00::/64 is the subnet-router "
                                 "anycast address (RFC 4291 §2.6.1)"}),
       addresses("10.0.0.0/31, 10.0.0.9/32, 'fd00::/127', 'fe80::1/64'", {}),
       addresses("10.0.0.1/24, 10.0.0.1/16",
                 {"3:62: bridge 'b': gateway address 10.0.0.1/16 is listed twice"})});
}

TEST_CASE("an MTU is what IP needs at least", "[config]") {
  const auto with = [](const char* mtu, const char* address, std::vector<std::string> errors) {
    return Wrong{fmt::format("mtu: {}, gateway: {{mac: '02:00:00:00:00:01', addresses: [{}]}}", mtu,
                             address),
                 std::move(errors)};
  };
  check_bridge_table(
      {with("576", "10.0.0.1/24", {}), with("1280", "'fd00::1/64'", {}),
       with("65535", "10.0.0.1/24", {}),
       with("575", "10.0.0.1/24", {"3:6: mtu: '575' is out of range (576 to 65535)"}),
       with("65536", "10.0.0.1/24", {"3:6: mtu: '65536' is out of range (576 to 65535)"}),
       with("1279", "10.0.0.1/24, 'fd00::1/64'",
            {"3:6: mtu: '1279' is too small for the gateway's IPv6 address (write at least "
             "1280)"})});
}

TEST_CASE("gateway networks of two bridges do not overlap, but for link-local ones", "[config]") {
  const auto two = [](const char* first, const char* second) {
    return fmt::format(
        "ports: {{p: {{}}}}\nbridges:\n"
        "  a: {{gateway: {{mac: '02:00:00:00:00:01', addresses: [{}]}}}}\n"
        "  b: {{gateway: {{mac: '02:00:00:00:00:01', addresses: [{}]}}}}\n",
        first, second);
  };
  CHECK(parse_config(two("10.0.0.1/24", "10.0.1.1/24")).ok());
  CHECK(parse_config(two("'fe80::1/64'", "'fe80::1/64'")).ok());
  check_table({{two("10.0.0.1/24", "10.0.0.2/24"),
                {"4:55: bridge 'b': gateway address 10.0.0.2/24 overlaps 10.0.0.1/24 of bridge "
                 "'a'"}},
               {two("10.0.7.1/24", "10.0.0.2/16"),
                {"3:55: bridge 'a': gateway address 10.0.7.1/24 overlaps 10.0.0.2/16 of bridge "
                 "'b'"}}});
}

TEST_CASE("static hosts stand behind members and differ", "[config]") {
  const std::string gateway =
      "ports: [p1], gateway: {mac: '02:00:00:00:00:01', addresses: [10.0.0.1/24]}, static: [\n";
  const std::string mac = "mac: '52:54:00:00:00:01'";
  check_bridge_table(
      {{gateway + "{" + mac + ", port: p2}]",
        {"4:34: bridge 'b': port 'p2' of static host 52:54:00:00:00:01 is no member (add it to the "
         "bridge's ports)"}},
       {gateway + "{" + mac + ", port: p9}]",
        {"4:34: bridge 'b': port 'p9' is not in ports (did you mean 'p1'?)"}},
       {gateway + "{}, ]",
        {"4:1: key 'mac' is missing in static of bridge 'b'",
         "4:1: key 'port' is missing in static of bridge 'b'"}},
       {gateway + "{" + mac + ", port: p1, ip: 10.0.0.5},\n{" + mac + ", port: p1, ip: 10.0.0.5}]",
        {"5:7: bridge 'b': static host 52:54:00:00:00:01 is listed twice",
         "5:42: bridge 'b': ip 10.0.0.5 belongs to another static host"}},
       {gateway + "{mac: '02:00:00:00:00:01', port: p1, ip: 10.0.0.1}]",
        {"4:7: bridge 'b': static host 02:00:00:00:00:01 has the gateway's mac",
         "4:42: bridge 'b': ip 10.0.0.1 is the gateway's"}},
       {gateway + "{" + mac + ", port: p1, ip: 10.0.0.500}]",
        {"4:42: static.ip: '10.0.0.500' is not an IP address (write it like 10.9.0.1)"}}});
}

TEST_CASE("static hosts come on top of every limit", "[config]") {
  const std::string hosts =
      "static: [{mac: '02:00:00:00:00:01', port: p}, {mac: '02:00:00:00:00:02', port: p}]";
  for (const std::string& text :
       {"ports: {p: {}}\nfdb: {limit: 1}\nbridges: {b: {ports: [p], " + hosts + "}}\n",
        "ports: {p: {}}\nbridges: {b: {ports: [p], learning: {limit: 1}, " + hosts + "}}\n"}) {
    CAPTURE(text);
    CHECK(printed(parse_config(text).errors).empty());
  }
}

TEST_CASE("routes go to networks, by way of a neighbor", "[config]") {
  const std::string bridge =
      "ports: {p: {}}\nbridges: {b: {ports: [p], gateway: {mac: '02:00:00:00:00:01', addresses: "
      "[10.0.0.1/24, 'fe80::1/64']}}}\nroutes:\n";
  check_table(
      {{bridge + "- {to: 0.0.0.0/0, via: 10.0.0.9}\n- {to: '::/0', via: 'fe80::9'}\n", {}},
       {bridge + "- {to: 10.7.0.1/8, via: 10.0.0.9}\n",
        {"4:8: route.to: '10.7.0.1/8' has host bits set (write 10.0.0.0/8)"}},
       {bridge + "- {to: default, via: 10.0.0.9}\n",
        {"4:8: route.to: 'default' is not ADDRESS/LENGTH (write it like 192.0.2.0/24)"}},
       {bridge + "- {to: 0.0.0.0/0}\n", {"4:3: key 'via' is missing in route"}},
       {bridge + "- {to: 0.0.0.0/0, via: 10.0.1.9}\n",
        {"4:24: route to 0.0.0.0/0: via 10.0.1.9 is in the prefix of no bridge's gateway address"}},
       {bridge + "- {to: '::/0', via: 10.0.0.9}\n",
        {"4:21: route to ::/0: via 10.0.0.9 is of the other IP version"}},
       {bridge + "- {to: 0.0.0.0/0, via: 10.0.0.1}\n",
        {"4:24: route to 0.0.0.0/0: via 10.0.0.1 is a gateway address of godwit itself"}},
       {bridge + "- {to: 0.0.0.0/0, via: 10.0.0.8}\n- {to: 0.0.0.0/0, via: 10.0.0.9}\n",
        {"5:8: route to 0.0.0.0/0 is given twice (first on line 4)"}},
       {"ports: {p: {}}\nbridges:\n  a: {gateway: {mac: '02:00:00:00:00:01', addresses: "
        "['fe80::1/64']}}\n  b: {gateway: {mac: '02:00:00:00:00:01', addresses: "
        "['fe80::1/64']}}\nroutes: [{to: '::/0', via: 'fe80::9'}]\n",
        {"5:28: route to ::/0: via fe80::9 is link-local, and several bridges have such a "
         "prefix"}}});
}

TEST_CASE("routes go by way of hosts, to where hosts may be", "[config]") {
  const std::string bridge =
      "ports: {p: {}}\nbridges: {b: {ports: [p], gateway: {mac: '02:00:00:00:00:01', addresses: "
      "[10.0.0.1/24, 10.0.1.1/31, 'fd00::1/64']}}}\nroutes:\n";
  check_table(
      {{bridge + "- {to: 10.1.0.0/16, via: 10.0.1.0}\n", {}},
       {bridge + "- {to: 0.0.0.0/0, via: 10.0.0.255}\n",
        {"4:24: route to 0.0.0.0/0: via 10.0.0.255 is the network's broadcast address"}},
       {bridge + "- {to: 0.0.0.0/0, via: 10.0.0.0}\n",
        {"4:24: route to 0.0.0.0/0: via 10.0.0.0 is the network's own address"}},
       {bridge + "- {to: '::/0', via: 'fd00::'}\n",
        {"4:21: route to ::/0: via fd00:: is the subnet-router anycast address (RFC 4291 "
         "§2.6.1)"}},
       {bridge + "- {to: 224.0.0.0/4, via: 10.0.0.2}\n",
        {"4:8: route to 224.0.0.0/4 is multicast"}},
       {bridge + "- {to: 192.0.0.0/2, via: 10.0.0.2}\n", {}},
       {bridge + "- {to: 'ff0e::/16', via: 'fd00::2'}\n", {"4:8: route to ff0e::/16 is multicast"}},
       {bridge + "- {to: 'fe80::/64', via: 'fd00::2'}\n",
        {"4:8: route to fe80::/64 is link-local"}}});
}

TEST_CASE("what works but is hardly meant is a warning", "[config]") {
  const ConfigResult result =
      parse_config("ports:\n  p: {device: vhost:/a}\n  q: {device: vhost:/a}\nbridges: {b: {}}\n");
  CHECK(result.ok());
  CHECK(printed(result.warnings) ==
        std::vector<std::string>{"2:3: port 'p' is in no bridge: it drops every frame",
                                 "3:3: port 'q' is in no bridge: it drops every frame",
                                 "3:3: port 'q' has the device of port 'p'",
                                 "4:11: bridge 'b' has no ports"});
}

TEST_CASE("all errors come at once, by place", "[config]") {
  check_table(
      {{"workers: {count: 0}\nports: {p: {queues: 0}}\nbridges:\n  b: {aging: 1, ports: "
        "[q]}\nrouts: []\n",
        {"1:18: workers.count: '0' is out of range (1 to 64)",
         "2:21: queues: '0' is out of range (1 to 64)", "4:14: aging: '1' has no unit (write 1s)",
         "4:25: bridge 'b': port 'q' is not in ports (did you mean 'p'?)",
         "5:1: unknown key 'routs' in the configuration (did you mean 'routes'?)"}}});
}

TEST_CASE("no text is too long, too deep or too wrong", "[config]") {
  CHECK(printed(parse_config(std::string(kMaxConfigBytes + 1, ' ')).errors) ==
        std::vector<std::string>{"1:1: larger than 16 MiB"});
  CHECK(parse_config(std::string(100'000, '[')).errors.size() == 1);
  CHECK(parse_config(std::string(1000, '\0')).errors.size() == 1);
  CHECK(parse_config("ports: [").errors.size() == 1);
  std::string many = "ports: {p: {}}\nlimits:\n";
  for (int i = 0; i < 5000; ++i) many += fmt::format("  key{}: 1\n", i);
  const ConfigResult result = parse_config(many);
  REQUIRE(result.errors.size() == 1001);
  CHECK(result.errors.back().text == "4000 more errors are not shown");
}

TEST_CASE("ten thousand ports and bridges are read without delay", "[config]") {
  std::string text = "ports:\n";
  for (int i = 0; i < 10'000; ++i) text += fmt::format("  port{}: {{device: net_tap{}}}\n", i, i);
  text += "bridges:\n";
  for (int i = 0; i < 10'000; ++i)
    text += fmt::format(
        "  bridge{}: {{ports: [port{}], gateway: {{mac: '02:00:00:00:00:01', "
        "addresses: [10.{}.{}.1/24]}}}}\n",
        i, i, i / 256, i % 256);
  const ConfigResult result = parse_config(text);
  CHECK(printed(result.errors).empty());
  CHECK(printed(result.warnings).empty());
  CHECK(result.config.bridges.size() == 10'000);
}

}  // namespace godwit
