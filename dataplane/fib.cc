#include "dataplane/fib.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <stdexcept>
#include <string>

#include <fmt/core.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>

#include "dataplane/fib_plan.h"

#include "lib/byte_order.h"

namespace godwit {
namespace {

using Octets16 = std::array<uint8_t, 16>;

constexpr unsigned kDirectBits = 24;          // of an address, looked up in one step
constexpr uint64_t kMaxInTwoOctets = 0x7fff;  // DPDK keeps a bit of each entry to itself
constexpr uint64_t kMaxInFourOctets = 0x7fffffff;

[[noreturn]] void fail(const char* what, int error) {
  throw std::runtime_error(fmt::format("the {}: {}", what, rte_strerror(error)));
}

// DPDK finds its tables by name, so no two may share one. It allows no more than 25 octets.
std::string new_name(const char* version) {
  static std::atomic<unsigned> count{0};
  return fmt::format("godwit-fib{}-{}", version, count++);
}

uint64_t new_number() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

// The hop of the default route, which needs no entry: the table is filled with it.
uint64_t default_hop(std::span<const FibPlan::Route> routes) {
  return !routes.empty() && routes.front().prefix.length == 0 ? routes.front().hop : 0;
}

// Blocks of 256 entries behind the direct table: one for each further octet of each prefix, as if
// no two shared any, which is also how DPDK reserves them.
uint64_t blocks_of(std::span<const FibPlan::Route> routes) {
  uint64_t blocks = 0;
  for (const FibPlan::Route& route : routes)
    if (route.prefix.length > kDirectBits) blocks += (route.prefix.length - kDirectBits + 7) / 8;
  return std::max<uint64_t>(blocks, 1);
}

// True if entries of two octets number so many hops and blocks, and four are not needed.
bool fits_two_octets(uint64_t hops, uint64_t blocks) {
  if (std::max(hops, blocks) > kMaxInFourOctets) throw std::runtime_error("too many routes");
  return std::max(hops, blocks) <= kMaxInTwoOctets;
}

int max_routes(std::span<const FibPlan::Route> routes) {
  return static_cast<int>(std::max<size_t>(routes.size(), 1));
}

Octets16 octets_of(const IpAddress& ip) {
  Octets16 octets;
  store_be64(octets.data(), ip.hi);
  store_be64(octets.data() + 8, ip.lo);
  return octets;
}

rte_fib* create4(std::span<const FibPlan::Route> routes, size_t hops) {
  const uint64_t blocks = blocks_of(routes);
  rte_fib_conf conf{};
  conf.type = RTE_FIB_DIR24_8;
  conf.default_nh = default_hop(routes);
  conf.max_routes = max_routes(routes);
  conf.dir24_8.nh_sz = fits_two_octets(hops, blocks) ? RTE_FIB_DIR24_8_2B : RTE_FIB_DIR24_8_4B;
  conf.dir24_8.num_tbl8 = static_cast<uint32_t>(blocks);
  rte_fib* fib = rte_fib_create(new_name("4").c_str(), SOCKET_ID_ANY, &conf);
  if (fib == nullptr) fail("IPv4 FIB cannot be made", rte_errno);
  return fib;
}

rte_fib6* create6(std::span<const FibPlan::Route> routes, size_t hops) {
  const uint64_t blocks = blocks_of(routes);
  rte_fib6_conf conf{};
  conf.type = RTE_FIB6_TRIE;
  conf.default_nh = default_hop(routes);
  conf.max_routes = max_routes(routes);
  conf.trie.nh_sz = fits_two_octets(hops, blocks) ? RTE_FIB6_TRIE_2B : RTE_FIB6_TRIE_4B;
  conf.trie.num_tbl8 = static_cast<uint32_t>(blocks);
  rte_fib6* fib = rte_fib6_create(new_name("6").c_str(), SOCKET_ID_ANY, &conf);
  if (fib == nullptr) fail("IPv6 FIB cannot be made", rte_errno);
  return fib;
}

// Wider prefixes first, as `routes` has them: each then overwrites one whole range.
void fill(rte_fib* fib, std::span<const FibPlan::Route> routes) {
  for (const auto& [prefix, hop] : routes) {
    if (prefix.length == 0) continue;
    const auto ip = static_cast<uint32_t>(prefix.address.lo);
    if (const int error = rte_fib_add(fib, ip, prefix.length, hop); error != 0)
      fail("IPv4 FIB has no room", -error);
  }
}

void fill(rte_fib6* fib, std::span<const FibPlan::Route> routes) {
  for (const auto& [prefix, hop] : routes) {
    if (prefix.length == 0) continue;
    const Octets16 ip = octets_of(prefix.address);
    if (const int error = rte_fib6_add(fib, ip.data(), prefix.length, hop); error != 0)
      fail("IPv6 FIB has no room", -error);
  }
}

}  // namespace

void FibTable::Free::operator()(rte_fib* fib) const { rte_fib_free(fib); }
void FibTable::Free::operator()(rte_fib6* fib) const { rte_fib6_free(fib); }

FibTable::FibTable(const Config& config) : number_(new_number()) {
  const FibPlan plan(config);
  hops_ = plan.hops();
  if (const auto routes = plan.routes(false); !routes.empty()) {
    v4_.reset(create4(routes, hops_.size()));
    fill(v4_.get(), routes);
  }
  if (const auto routes = plan.routes(true); !routes.empty()) {
    v6_.reset(create6(routes, hops_.size()));
    fill(v6_.get(), routes);
  }
}

void FibTable::lookup(const uint32_t* ips, uint64_t* hops, unsigned n) const {
  if (v4_)
    // DPDK 22.11 forgot a const: it only reads them.
    rte_fib_lookup_bulk(v4_.get(), const_cast<uint32_t*>(ips), hops, static_cast<int>(n));
  else
    std::fill_n(hops, n, 0);
}

void FibTable::lookup6(uint8_t (*ips)[16], uint64_t* hops, unsigned n) const {
  if (v6_)
    rte_fib6_lookup_bulk(v6_.get(), ips, hops, static_cast<int>(n));
  else
    std::fill_n(hops, n, 0);
}

NextHop FibTable::find(const IpAddress& ip) const {
  uint64_t number = 0;
  if (ip.is_v6) {
    uint8_t octets[1][16];
    std::ranges::copy(octets_of(ip), octets[0]);
    lookup6(octets, &number, 1);
  } else {
    const auto host_order = static_cast<uint32_t>(ip.lo);
    lookup(&host_order, &number, 1);
  }
  return hop(number);
}

}  // namespace godwit
