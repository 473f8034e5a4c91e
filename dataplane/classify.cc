#include "dataplane/classify.h"

#include "dataplane/worker.h"

#include "lib/fdb.h"

namespace godwit {
namespace {

BridgeIndex tagged_bridge_of(const PortContext& port, const EthernetView& view) {
  if (view.outer_tpid == kEtherTypeVlan) {
    if (view.outer_vid() == 0) return port.untagged;  // a priority, no VLAN: IEEE 802.1Q-2018 §6.9
    const BridgeIndex tagged = port.bridge_of_vlan(view.outer_vid());
    if (tagged != kNoBridge) return tagged;
  }
  return port.transparent ? port.untagged : kNoBridge;
}

// What a frame says is read even when no bridge takes it: an untagged RARP on a trunk tells of the
// MAC's place in every VLAN.
[[gnu::noinline]] void listen(Burst& burst, uint16_t i) {
  if (!may_be_evidence(burst.ethernet[i], burst.bytes(i))) return;
  const FrameEvidence said = read_evidence(burst.ethernet[i], burst.bytes(i));
  if (said.kind == Evidence::kData) return;
  burst.evidence[i] = said.kind;
  burst.said[i] = said;
  burst.speakers[burst.speaker_count++] = i;
}

// A frame without an address or without a bridge has no keys.
[[gnu::noinline]] void reject(Burst& burst, uint16_t i, Drop reason) {
  burst.drop_frame(i, reason);
  burst.bridge[i] = kNoBridge;
  burst.src_key[i] = burst.dst_key[i] = 0;
  burst.src_home[i] = burst.dst_home[i] = 0;
}

// Gives the burst a key to look up later, when its bucket has come into the cache.
void look_up_later(const Fdb::Locator& locator, uint64_t key, uint64_t& key_out,
                   uint32_t& home_out) {
  key_out = key;
  home_out = locator.home(key);
  locator.prefetch(home_out);
}

void classify_one(const PortContext& port, const Fdb::Locator& locator, Burst& burst, uint16_t i) {
  const auto view = parse_ethernet(burst.bytes(i));
  if (!view) [[unlikely]]
    return reject(burst, i, Drop::kRunt);
  burst.ethernet[i] = *view;
  if (is_evidence_ethertype(view->ether_type)) [[unlikely]]
    listen(burst, i);
  const BridgeIndex bridge = view->tags == 0 ? port.untagged : tagged_bridge_of(port, *view);
  if (bridge == kNoBridge) [[unlikely]]
    return reject(burst, i, port.memberships.empty() ? Drop::kNoBridge : Drop::kVlanMismatch);
  burst.bridge[i] = bridge;
  // A group address, or the zero address, is a key that is never found.
  look_up_later(locator, fdb_key(bridge, view->src), burst.src_key[i], burst.src_home[i]);
  look_up_later(locator, fdb_key(bridge, view->dst), burst.dst_key[i], burst.dst_home[i]);
}

}  // namespace

void classify(Worker& worker, Burst& burst) {
  const PortContext* ports = worker.topology.ports().data();
  const Fdb::Locator locator = worker.tables.fdb.locator();  // in registers, not behind a reference
  burst.speaker_count = 0;
  burst.fate.fill(Fate::kPending);
  burst.evidence.fill(Evidence::kData);
  burst.mapped.fill(Mapped::kNothing);
  for (uint16_t i = 0; i < burst.count; ++i)
    classify_one(ports[burst.in_port[i]], locator, burst, i);
}

}  // namespace godwit
