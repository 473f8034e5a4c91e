// Which address a DHCP server gave to which host, and until when (R42): registered bindings.
//
// A grant counts if a trusted port brought it and the host's own request for it was seen; it makes
// the address the host's in the neighbor table, beyond dispute, and the host `registered` in the
// FDB, so that its place changes only when that is verified. Where the host is, only the FDB knows;
// so a binding goes wherever its host goes. It ends with the lease, by a RELEASE or a DECLINE of
// the host, or with the mapping.
//
// Control's thread. Its memory is bounded: requests for each port, leases by the neighbor table.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "dataplane/dhcp_event.h"
#include "dataplane/hold.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"

#include "lib/hash.h"
#include "lib/units.h"

namespace godwit {

class Leases {
 public:
  // Both must outlive this.
  Leases(const Topology& topology, Tables& tables);

  // What a grant that is not followed would have been.
  enum class Refusal : uint8_t { kGatewayIp, kAnothers, kNoRoom };
  struct Grant {
    BridgeIndex bridge = kNoBridge;
    Location port = kNoLocation;  // where the host asked
    Mac mac;
    IpAddress ip;
    Nanos at = 0;
  };
  // The address is the host's now, or was so already. False: it must not be, for a reason that is
  // the caller's.
  std::function<bool(const Grant&)> on_bound;
  std::function<void(const Grant&, Refusal)> on_refused;
  // Takes this mapping out of the neighbor table; false if it has changed.
  std::function<bool(uint32_t slot, NeighborEntry entry)> remove;

  void hear(const DhcpEvent& event);
  // A lease of an earlier run. It is as good as any, but that DHCP may give the address to another
  // host: nobody heard what became of it meanwhile. False if the host may not have it.
  bool take_back(const Grant& grant, Nanos ends);
  // A host was heard for the first time, or again: it may have a lease.
  void learned(uint64_t key);
  // The port's number is another's from now on.
  void forget_port(PortIndex port);
  // The mapping is gone, whoever took it out.
  void unmapped(BridgeIndex bridge, const IpAddress& ip);
  // The host of this FDB key is gone, by the VM manager's word, and so are its leases of these
  // addresses.
  void left(uint64_t key, std::span<const IpAddress> ips);
  // Whether the host of this FDB key has a lease. A place of its own does not age then.
  bool holds(uint64_t key) const { return holders_.contains(key); }

  Nanos next_due() const { return due_.empty() ? kNever : std::get<0>(*due_.begin()); }
  void run(Nanos now);

  size_t count() const { return leases_.size(); }
  // When the lease of this address ends, if it has one; kNever: it never does.
  std::optional<Nanos> ends(BridgeIndex bridge, const IpAddress& ip) const;
  uint64_t begun() const { return begun_; }
  uint64_t ended() const { return ended_; }

 private:
  // Requests of one port that wait for an answer.
  static constexpr size_t kAsks = 65536;  // in all, about
  static constexpr size_t kMostOfPort = 1024;
  static constexpr size_t kLeastOfPort = 16;
  static constexpr Nanos kAskLife = 120 * kSecond;
  static constexpr int kTries = 4;

  struct AskKey {
    uint64_t client = 0;
    uint32_t transaction = 0;
    bool is_v6 = false;
    bool operator==(const AskKey&) const = default;
  };
  struct AskHash {
    size_t operator()(const AskKey& k) const {  // the client is a keyed hash already
      return k.client ^ uint64_t { k.transaction } << 1 ^ uint64_t { k.is_v6 };
    }
  };
  struct Ask {
    BridgeIndex bridge;
    Location port;
    Mac mac;
    Nanos at;
  };
  struct NeighborHash {
    HashSecret secret;
    size_t operator()(const Neighbor& n) const { return hash_of(n, secret); }
  };
  struct Lease {
    uint64_t key;  // the host's, in the FDB
    Nanos ends;
    bool is_taken_back = false;  // and not renewed since
  };

  void ask(const DhcpEvent& event);
  void grant(const DhcpEvent& event);
  void give_up(const DhcpEvent& event);
  bool bind(const Grant& grant, Lease lease);
  bool map(const Grant& grant);
  void hold(const Neighbor& neighbor, Lease lease);
  void end(const Neighbor& neighbor);
  void forget(const Neighbor& neighbor);
  void set_class(uint64_t key, bool registered);

  const Topology& topology_;
  Tables& tables_;
  size_t most_of_port_;
  std::unordered_map<AskKey, Ask, AskHash> asks_;
  std::unordered_map<Location, std::deque<AskKey>> asks_of_;  // by port, the oldest first
  std::unordered_map<Neighbor, Lease, NeighborHash> leases_;
  std::set<std::tuple<Nanos, BridgeIndex, IpAddress>> due_;
  std::unordered_map<uint64_t, uint32_t> holders_;  // FDB key → leases
  uint64_t begun_ = 0;
  uint64_t ended_ = 0;
};

}  // namespace godwit
