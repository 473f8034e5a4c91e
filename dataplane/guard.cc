#include "dataplane/guard.h"

#include "dataplane/inspect.h"
#include "dataplane/senders.h"
#include "dataplane/snoop.h"
#include "dataplane/worker.h"

namespace godwit {
namespace {

// What is behind a second tag is a customer's own. But if that tag is a mere priority it is what
// receivers see when the first one has been taken off, and they take it for none.
bool is_customers(const BridgeContext& bridge, Burst& burst, uint16_t i, bool trusted) {
  if (burst.is_of_bridge(i, bridge.transparent)) return false;
  if (!trusted && burst.ethernet(i).inner_vid() == 0) burst.drop_frame(i, Drop::kVlanMismatch);
  return true;
}

// More tags than are read, or an encapsulation that some receivers take for the plain one (RFC
// 1042): what is in there nobody here can tell, or looks for.
bool is_hidden(uint16_t ether_type, std::span<const uint8_t> l3) {
  constexpr uint64_t kSnap = 0xaaaa03000000;
  if (is_vlan_tpid(ether_type)) return true;
  if (ether_type >= kLeastEtherType || l3.size() < 8 || load_be64(l3.data()) >> 16 != kSnap)
    return false;
  const uint16_t inside = load_be16(&l3[6]);
  return is_evidence_ethertype(inside) || inside == kEtherTypeIpv4 || is_vlan_tpid(inside);
}

void guard_one(Worker& worker, Burst& burst, uint16_t i) {
  if (burst.bridge[i] == kNoBridge || burst.fate[i] != Fate::kPending) return;
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  if (!bridge.is_guarded) return;
  const bool trusted = bridge.is_trusted(burst.in_port[i]);
  if (is_customers(bridge, burst, i, trusted)) return;
  const BridgeConfig& on = *bridge.config;
  const uint16_t ether_type = burst.ether_type(i);
  const std::span<const uint8_t> l3 = burst.packet(i);
  if (!trusted && is_hidden(ether_type, l3)) return refuse_hidden(worker, burst, i);
  if (on.inspect_dhcp && may_be_dhcp(ether_type, l3) && snoop(worker, burst, i, bridge, trusted) &&
      burst.fate[i] != Fate::kPending)
    return;
  if (on.inspect_arp && !trusted && ether_type != kEtherTypeIpv4) inspect(worker, burst, i, bridge);
}

}  // namespace

void guard(Worker& worker, Burst& burst) {
  if (!worker.topology.has_guards()) return;
  for (uint16_t n = 0; n < burst.suspect_count; ++n) guard_one(worker, burst, burst.suspects[n]);
  if (worker.topology.guards_sources()) check_senders(worker, burst);
}

}  // namespace godwit
