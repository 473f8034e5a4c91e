#include "test/fuzz/pipeline_scenes.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "lib/config_parse.h"

namespace godwit::test {
namespace {

struct Sketch {
  std::string_view yaml;
  unsigned events;  // that the ring to control holds
};

// All have four ports, and hosts of 10.9.0.0/24, 10.10.0.0/24 and their like in fd00::/16, as
// test/fuzz/pipeline_frames.cc and the cases have them.
constexpr std::array<Sketch, kScenes> kSketches = {{
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bridges:
  tenant:
    ports: [server1, server2, server3, {port: uplink, trusted: true}]
    aging: 10s
    static: [{mac: "52:54:00:00:00:0e", port: server1, ip: 10.9.0.14}]
)",
     1U << 12},
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bridges:
  red:
    vlan: 10
    ports: [server3, {port: server1, tagged: true}, {port: server2, tagged: true},
            {port: uplink, tagged: true, trusted: true}]
    aging: 5s
  blue:
    vlan: 20
    ports: [{port: server1, tagged: true}, {port: server2, tagged: true},
            {port: uplink, tagged: true, trusted: true}]
    aging: 20s
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
  native: {vlan: 1, aging: 8s, ports: [server1, server2, {port: uplink, trusted: true}]}
)",
     1U << 12},
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bpdu: forward
bridges:
  wire: {ports: [server1, server2, server3], moves: {class: registered}, aging: 3s}
  red: {vlan: 10, ports: [{port: server2, tagged: true}, {port: uplink, tagged: true}], suppress: true, aging: 6s}
workers: {burst: 256}
)",
     1U << 12},
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bridges:
  inside:
    ports: [server1, server2]
    aging: 10s
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}
  outside:
    ports: [server3, {port: uplink, trusted: true}]
    aging: 15s
    mtu: 1280
    gateway: {mac: "02:00:5e:10:00:02", addresses: [10.10.0.254/24, "fd00:10::fe/64"]}
    static: [{mac: "52:54:00:00:00:0e", port: server3, ip: 10.10.0.14}]
routes:
  - {to: 192.0.2.0/24, via: 10.10.0.9}
  - {to: 192.0.2.128/25, via: 10.9.0.9}
  - {to: "2001:db8::/32", via: "fd00:10::9"}
)",
     1U << 12},
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
fdb: {limit: 12}
neighbors: {limit: 8, per_port: 6, per_mac: 2}
limits: {arp_per_source: 5/s, arp_per_port: 10/s, punt: 20/s, icmp_errors: 5/s,
         unresolved: 4, unresolved_per_target: 2, resolve_per_target: 4/s}
bridges:
  inside:
    vlan: 10
    ports: [server3, {port: server1, tagged: true}, {port: server2, tagged: true}]
    aging: 2s
    suppress: true
    learning: {limit: 8, per_port: 4}
    moves: {settle: 1s}
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}
  outside:
    vlan: 20
    ports: [server2, {port: server1, tagged: true}, {port: uplink, tagged: true, trusted: true}]
    aging: 4s
    suppress: true
    mtu: 576
    gateway: {mac: "02:00:5e:10:00:02", addresses: [10.10.0.254/24, 10.10.1.254/24]}
    static: [{mac: "52:54:00:00:00:0e", port: uplink, ip: 10.10.0.14}]
routes: [{to: 0.0.0.0/0, via: 10.10.0.9}]
workers: {burst: 32}
)",
     1U << 3},
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
neighbors: {learn: false}
limits: {unresolved_per_target: 256}
bridges:
  tenant:
    ports: [server1, server2, server3, {port: uplink, trusted: true}]
    suppress: true
    aging: 30s
    moves: {class: locked}
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24, "fd00:9::fe/64"]}
)",
     1U << 12},
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
limits: {probes: 20/s, held: 16, held_bytes: 16Ki}
bridges:
  inside:
    ports: [server1, server2, server3]
    aging: 12s
    moves: {class: registered, keepalive: on, hold: {frames: 8, bytes: 8Ki, time: 1s}}
    gateway: {mac: "02:00:5e:10:00:01", addresses: [10.9.0.254/24]}
  outside:
    ports: [{port: uplink, trusted: true}]
    aging: 15s
    gateway: {mac: "02:00:5e:10:00:02", addresses: [10.10.0.254/24]}
)",
     1U << 12},
    {R"(
ports: {server1: {}, server2: {}, server3: {}, uplink: {}}
bridges:
  red:
    vlan: 10
    ports: [server3, {port: server1, tagged: true}, {port: uplink, tagged: true, trusted: true}]
    aging: 10s
    moves: {keepalive: on, activate: any, settle: 1s, veto: 2s}
    static: [{mac: "52:54:00:00:00:0e", port: server3, ip: 10.9.0.14}]
  blue:
    vlan: 20
    ports: [server2, {port: server1, tagged: true}, {port: uplink, tagged: true, trusted: true}]
    aging: 10s
    moves: {class: locked, activate: announce}
)",
     1U << 5},
}};

// Tables small enough to be made for every input, and to be filled by it.
constexpr uint64_t kMostEntries = 96;
constexpr uint64_t kMostHeld = 768;  // for a neighbor
constexpr uint64_t kMostParked = 128;

Config small_config(std::string_view yaml) {
  ConfigResult result = parse_config(yaml);
  if (!result.ok()) throw std::invalid_argument(result.errors.front().text);
  Config& config = result.config;
  config.fdb_limit = std::min(config.fdb_limit, kMostEntries);
  config.neighbors.limit = std::min(config.neighbors.limit, kMostEntries);
  config.limits.unresolved = std::min(config.limits.unresolved, kMostHeld);
  config.limits.held = std::min(config.limits.held, kMostParked);
  return std::move(config);
}

}  // namespace

Scene::Scene(size_t number_in, std::string_view yaml, unsigned events_in)
    : number(number_in),
      events(events_in),
      config(small_config(yaml)),
      topology(config),
      fib(config) {}

Channel& Scene::fresh_channel() {
  if (!channel_ || channel_->events.lost() != 0) {
    channel_.reset();
    channel_ = std::make_unique<Channel>(("fuzz-" + std::to_string(number)).c_str(), events);
  }
  return *channel_;
}

Scene& scene(size_t number) {
  static std::array<std::unique_ptr<Scene>, kScenes> scenes;
  std::unique_ptr<Scene>& found = scenes[number];
  if (!found) {
    const Sketch& sketch = kSketches[number];
    found = std::make_unique<Scene>(number, sketch.yaml, sketch.events);
  }
  return *found;
}

}  // namespace godwit::test
