// Where a routed packet goes next: longest prefix match over the gateways' subnets and the config's
// routes, in DPDK's DIR24-8 (IPv4) and trie (IPv6).
//
// It names a neighbor and the bridge that has it, never a MAC or a port: those are looked up in the
// neighbor table and the FDB for each packet, so that a move changes nothing here.
//
// Link-local IPv6 addresses are not in it: they mean something on one link only, so the bridge that
// a packet came in by decides what they are (RFC 4291 §2.5.6).
//
// A table is read-only once made; any number of threads may look up. Control may put another in its
// place, for which whoever looks up takes the table once: the numbers of hops are the table's own.
// Made and destroyed by one thread, while DPDK's environment (EAL) is up. A table takes 32 MiB for
// each IP version that has a prefix.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/address.h"
#include "lib/config.h"
#include "lib/units.h"

struct rte_fib;
struct rte_fib6;

namespace godwit {

struct NextHop {
  enum class Kind : uint8_t {
    kNone,       // no route
    kLocal,      // a gateway's address, or the subnet-router anycast address of one of its subnets
    kOnLink,     // the destination is itself the neighbor
    kVia,        // `via` is the neighbor
    kBroadcast,  // a subnet's number or directed broadcast address (RFC 1812 §4.2.2.11, RFC 2644)
  };

  Kind kind = Kind::kNone;
  BridgeIndex bridge = kNoBridge;  // that has the neighbor, the address or the subnet
  IpAddress via;                   // kVia only

  auto operator<=>(const NextHop&) const = default;
};

class FibTable {
 public:
  // `config` has passed its check. A connected subnet outranks a route to the very same prefix.
  // Throws std::runtime_error when memory is short. Without a gateway it takes no memory, and has
  // no route.
  explicit FibTable(const Config& config);

  // The number of each destination's next hop, for hop(); 0 is "no route". IPv4 in host order, IPv6
  // as on the wire.
  void lookup(const uint32_t* ips, uint64_t* hops, unsigned n) const;
  void lookup6(uint8_t (*ips)[16], uint64_t* hops, unsigned n) const;
  const NextHop& hop(uint64_t index) const { return hops_[index]; }

  uint64_t number() const { return number_; }  // its own: of no other table, ever

  // One destination, for control and tests.
  NextHop find(const IpAddress& ip) const;

 private:
  struct Free {
    void operator()(rte_fib* fib) const;
    void operator()(rte_fib6* fib) const;
  };

  uint64_t number_;
  std::vector<NextHop> hops_;           // by number; the first is "no route"
  std::unique_ptr<rte_fib, Free> v4_;   // null: no IPv4 prefix
  std::unique_ptr<rte_fib6, Free> v6_;  // null: no IPv6 prefix
};

class Fib {
 public:
  explicit Fib(const Config& config)
      : owned_(std::make_unique<const FibTable>(config)), now_(owned_.get()) {}

  // Stays until the caller's quiescent state.
  const FibTable& table() const { return *now_.load(std::memory_order_acquire); }
  NextHop find(const IpAddress& ip) const { return table().find(ip); }

  // Control's. The table before is the caller's, to keep until a grace period is over.
  std::unique_ptr<const FibTable> replace(std::unique_ptr<const FibTable> next) {
    now_.store(next.get(), std::memory_order_release);
    owned_.swap(next);
    return next;
  }

 private:
  std::unique_ptr<const FibTable> owned_;  // control's
  std::atomic<const FibTable*> now_;
};

}  // namespace godwit
