// Ports and bridges as the pipeline asks for them: "which bridge does this frame belong to", "who
// else is in it", made from the config and read-only, by any thread.
//
// Control may put another config in its place while workers read (control/reload.h). Whatever is in
// both has the same index in both, and there are as many indices as before, some of them absent
// (lib/config_change.h): so an index that was right may be of nobody now, and is of another port no
// sooner than a reload later. What a reader got a reference to stays as it was, and lives until a
// grace period after that. So a burst may begin under one config and end under the other, and no
// frame is lost by it that neither of them loses.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/config.h"
#include "lib/fdb.h"
#include "lib/units.h"

namespace godwit {

inline constexpr uint16_t kVlanIds = 4096;

// A port as a member of a bridge.
struct Membership {
  BridgeIndex bridge = kNoBridge;
  PortIndex port = 0;
  bool tagged = false;
  bool trusted = false;
};

struct PortContext {
  std::string name;
  bool absent = false;               // in no bridge, and without a device
  BridgeIndex untagged = kNoBridge;  // takes frames without a tag (and with VLAN id 0)
  bool transparent = false;          // ... and, being VLAN-transparent, with any tag not in by_vlan
  std::unique_ptr<BridgeIndex[]> by_vlan;  // kVlanIds bridges by tag, or null: no tagged membership
  std::vector<Membership> memberships;     // by bridge; none while it is not enabled
  bool enabled = true;
  bool isolated = false;
  Location mirror = kNoLocation;  // a port

  BridgeIndex bridge_of_vlan(uint16_t vlan) const { return by_vlan ? by_vlan[vlan] : kNoBridge; }
};

struct BridgeContext {
  std::string name;
  bool absent = false;  // without a member
  BridgeIndex index = kNoBridge;
  uint16_t vlan = 0;  // 0: VLAN-transparent
  bool transparent = false;
  bool is_guarded = false;  // `inspect` has something to do
  uint16_t mtu = 1500;      // octets of an IP packet routed into it
  bool has_gateway = false;
  bool has_gateway_v6 = false;  // the gateway has an IPv6 address, and so a link-local one too
  Mac gateway_mac;              // zero: no gateway
  IpAddress link_local;         // of own_mac (RFC 4291 §2.5.6)
  std::vector<IpAddress> gateway_ips;                // all of its own, the link-local one included
  std::vector<uint32_t> gateway_ips_v4;              // those of IPv4
  uint64_t gateway_key = fdb_key(kNoBridge, Mac{});  // in the FDB; without one, no frame's key
  // What godwit speaks with in the bridge: the gateway's, else one made from the bridge's name. The
  // link-local address goes with it.
  Mac own_mac;
  std::vector<Membership> members;  // by port
  const BridgeConfig* config = nullptr;

  const Membership* member(PortIndex port) const;  // nullptr: not a member
  bool is_trusted(PortIndex port) const {
    const Membership* m = member(port);
    return m != nullptr && m->trusted;
  }
  // An address of the gateway of this bridge, its link-local one included.
  bool is_gateway_ip(const IpAddress& ip) const {
    for (const IpAddress& own : gateway_ips)
      if (own == ip) return true;
    return false;
  }
  // The same of IPv4.
  bool is_gateway_ip(uint32_t ip) const {
    for (const uint32_t own : gateway_ips_v4)
      if (own == ip) return true;
    return false;
  }
  // Whether it answers any question at all.
  bool answers() const { return has_gateway || config->suppress; }
  // The gateway's address to speak to `ip` with: on the same subnet, else any of the family, for
  // IPv6 the link-local one. std::nullopt: the gateway has none of that family.
  std::optional<IpAddress> own_address(const IpAddress& ip) const;
  // The address to ask where `ip` is: as above, else 0.0.0.0 or the link-local one.
  IpAddress asking_address(const IpAddress& ip) const;
  // On one of the gateway's subnets, or link-local; without a gateway of that family, any address
  // is.
  bool is_on_link(const IpAddress& ip) const { return !has_gateway || is_on_subnet(ip); }

 private:
  bool is_on_subnet(const IpAddress& ip) const;
};

// What a Topology says, of one config.
struct TopologyContents {
  explicit TopologyContents(const Config& config_in);

  const Config& config;
  uint64_t number = 0;
  std::unique_ptr<const Config> owned_config;  // unless it is somebody else's
  std::vector<PortContext> ports;
  std::vector<BridgeContext> bridges;
  bool has_guards = false;
  bool guards_sources = false;
  bool any_isolated = false;
  bool any_mirror = false;

 private:
  void join(const Membership& membership);
};

class Topology {
 public:
  // Keeps a reference: `config` must outlive the topology.
  explicit Topology(const Config& config)
      : contents_(std::make_unique<const TopologyContents>(config)), now_(contents_.get()) {}

  const Config& config() const { return now().config; }
  uint64_t number() const { return now().number; }      // of the configs that it followed, from 0
  bool has_guards() const { return now().has_guards; }  // in any bridge
  bool guards_sources() const { return now().guards_sources; }
  std::span<const PortContext> ports() const { return now().ports; }
  std::span<const BridgeContext> bridges() const { return now().bridges; }
  const PortContext& port(PortIndex i) const { return now().ports[i]; }
  const BridgeContext& bridge(BridgeIndex i) const { return now().bridges[i]; }
  bool any_isolated() const { return now().any_isolated; }
  bool any_mirror() const { return now().any_mirror; }
  // Whether these two ports do not talk to each other within a bridge.
  bool are_isolated(PortIndex one, Location other) const {
    const TopologyContents& is = now();
    return is.any_isolated && is.ports[one].isolated && other < is.ports.size() &&
           is.ports[other].isolated;
  }

  // Control's: from now on it is as this config says, which has its numbers from the one before.
  // What was before is the caller's, to keep until a grace period is over.
  std::unique_ptr<const TopologyContents> replace(std::unique_ptr<const Config> config);

 private:
  // Acquire: who sees the pointer sees what it points to, which is never written again.
  const TopologyContents& now() const { return *now_.load(std::memory_order_acquire); }

  std::unique_ptr<const TopologyContents> contents_;  // control's
  std::atomic<const TopologyContents*> now_;
};

}  // namespace godwit
