// The configuration as the program uses it: plain values, defaults filled in, every name resolved
// to an index. lib/config_parse.h makes one from YAML text and is the only place that checks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/address.h"
#include "lib/units.h"

namespace godwit {

// How strongly a location is held; the arbiter (lib/arbiter.h) says what each means for a claim.
enum class HostClass : uint8_t { kLearned, kRegistered, kLocked, kStatic };

// Which frames from a prepared target count as the VM running there.
enum class Activation : uint8_t { kAny, kTraffic, kAnnounce, kCommit };

// A rate with the burst it allows; per_second 0 means without limit.
struct Rate {
  uint64_t per_second = 0;
  bool operator==(const Rate&) const = default;
};

// What one port may have flooded; 0: without limit.
struct StormConfig {
  Rate broadcast;
  Rate multicast;
  Rate unknown_unicast;
  bool operator==(const StormConfig&) const = default;
};

struct PortConfig {
  std::string name;
  std::string device;   // DPDK device argument, PCI address, "vhost:PATH", "tap:NAME", "memif:PATH"
  uint16_t queues = 1;  // rx queues, at most one a worker polls
  uint16_t mtu = 0;     // octets behind the Ethernet header that the device is set to; 0: as it is
  bool enabled = true;  // else it receives and sends nothing
  bool isolated = false;          // talks to no other isolated port
  Location mirror = kNoLocation;  // a port that gets copies of what it receives and sends
  StormConfig storm;
  bool absent = false;  // there is none of this number: see lib/config_change.h
};

// A port's membership of one bridge.
struct MemberConfig {
  PortIndex port = 0;
  bool tagged = false;   // frames carry the bridge's VLAN id on this port
  bool trusted = false;  // an uplink to other switches: no per-port limits, reflections expected
  bool operator==(const MemberConfig&) const = default;
};

struct StaticHostConfig {
  Mac mac;
  PortIndex port = 0;
  std::optional<IpAddress> ip;
  bool operator==(const StaticHostConfig&) const = default;
};

struct GatewayConfig {
  Mac mac;
  std::vector<IpPrefix> addresses;
  bool operator==(const GatewayConfig&) const = default;
};

struct HoldConfig {
  uint64_t frames = 4096;
  uint64_t bytes = 8U << 20;
  Nanos time = 2 * kSecond;
};

// The arbiter's policy in one bridge.
struct MovesConfig {
  HostClass host_class = HostClass::kLearned;  // class of every host the bridge learns
  Nanos settle = 5 * kSecond;
  Nanos veto = 30 * kSecond;
  Nanos probe_wait = 60 * kMillisecond;
  Nanos probe_timeout = 150 * kMillisecond;
  bool keepalive = false;
  Activation activate = Activation::kTraffic;
  HoldConfig hold;
};

struct BridgeConfig {
  std::string name;
  std::optional<uint16_t> vlan;  // id on tagged members, 1..4094
  std::vector<MemberConfig> members;
  Nanos aging = 300 * kSecond;  // whole seconds, 1 s .. 32000 s
  uint64_t learn_limit = 1U << 20;
  uint64_t learn_limit_per_port = 65536;  // new entries on an untrusted port
  uint64_t learn_floor = 4;               // ... granted though others have used up a limit
  std::optional<GatewayConfig> gateway;
  uint16_t mtu = 1500;  // octets of an IP packet that the gateway sends into the bridge
  bool suppress = false;
  MovesConfig moves;
  bool inspect_arp = false;
  bool inspect_dhcp = false;
  bool inspect_source = false;
  std::vector<StaticHostConfig> static_hosts;
  bool absent = false;  // as of a port

  // No VLAN id and no tagged member: frames pass with whatever tags they carry.
  bool is_vlan_transparent() const {
    if (vlan) return false;
    for (const auto& m : members)
      if (m.tagged) return false;
    return true;
  }
};

struct RouteConfig {
  IpPrefix to;
  IpAddress via;
  bool operator==(const RouteConfig&) const = default;
};

struct LimitsConfig {
  Rate arp_per_source{15};
  Rate arp_per_port{1000};
  Rate punt{50000};
  Rate resolve_per_target{1};
  uint64_t unresolved_per_target = 3;  // frames, 1 .. kMaxBurst
  uint64_t unresolved = 4096;          // frames
  Rate icmp_errors{100};               // of one port
  Rate probes{200000};                 // to one port, of hosts whose place is in doubt
  uint64_t held = 8192;                // frames for hosts that stand still
  uint64_t held_bytes = 32U << 20;
  bool operator==(const LimitsConfig&) const = default;
};

struct NeighborsConfig {
  uint64_t limit = 1U << 20;
  uint64_t per_port = 65536;
  uint64_t per_mac = 64;
  uint64_t floor = 4;  // of a port, though others have used up the limit
  bool learn = true;   // make entries from ARP and ND that godwit only overhears
};

struct ControlConfig {
  std::string socket = "/run/godwit/godwit.sock";
  std::string metrics;  // ADDRESS:PORT, empty: none
  std::string listen;   // likewise: the API by TCP
  std::string token;    // path of a file; empty: by TCP one may only read
  std::string captures = "/var/lib/godwit/captures";  // a directory
  // The file that keeps what is known over a restart; empty: the daemon's choice.
  std::string state;
  bool keeps_state = true;
  bool operator==(const ControlConfig&) const = default;
};

// Talk with other godwits about hosts that are gone: lib/forget.h.
struct ForgetConfig {
  std::string switch_name;                 // of this one; empty: no talk
  std::vector<std::vector<uint8_t>> keys;  // the first signs, each is accepted
  std::string key_file;                    // where more of them are, until control has read it
  Nanos max_skew = 30 * kSecond;           // between the clocks of two switches, and on the way
  Rate rate{1000};                         // of messages sent

  bool is_on() const { return !switch_name.empty(); }
  bool operator==(const ForgetConfig&) const = default;
};

struct WorkersConfig {
  uint16_t count = 1;
  uint16_t burst = 32;  // frames, 1 .. kMaxBurst
  // How long a worker rests when nothing came in for a while, 0: never. Not given: never, as long
  // as it has a CPU for itself.
  std::optional<Nanos> nap;
  bool operator==(const WorkersConfig&) const = default;
};

inline constexpr uint16_t kMaxBurst = 256;

struct Config {
  std::vector<PortConfig> ports;      // in the order of the file
  std::vector<BridgeConfig> bridges;  // in the order of the file
  std::vector<RouteConfig> routes;
  LimitsConfig limits;
  NeighborsConfig neighbors;
  ControlConfig control;
  ForgetConfig forget;
  WorkersConfig workers;
  uint64_t fdb_limit = 0;  // entries of the whole FDB (key fdb.limit); default: see config_parse.cc
  bool names_fdb_limit = false;  // the file says it
  uint64_t mbufs = 0;            // memory.mbufs; 0: auto
  // How many ports and bridges there may be while a switch runs (memory.ports, memory.bridges); 0:
  // some more than the file has.
  uint64_t port_room = 0;
  uint64_t bridge_room = 0;
  bool forward_bpdu = false;  // bpdu: forward
};

}  // namespace godwit
