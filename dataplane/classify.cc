#include "dataplane/classify.h"

#include <algorithm>

#include "dataplane/worker.h"

#include "lib/fdb.h"

namespace godwit {
namespace {

BridgeIndex bridge_of(const PortContext& port, const EthernetView& view) {
  if (view.tags == 0) return port.untagged;
  if (view.outer_tpid == kEtherTypeVlan) {
    if (view.outer_vid() == 0) return port.untagged;  // a priority, no VLAN: IEEE 802.1Q-2018 §6.9
    const BridgeIndex tagged = port.bridge_of_vlan(view.outer_vid());
    if (tagged != kNoBridge) return tagged;
  }
  return port.transparent ? port.untagged : kNoBridge;
}

void drop_homeless(Burst& burst, uint16_t i, const PortContext& port) {
  burst.drop_frame(i, port.memberships.empty() ? Drop::kNoBridge : Drop::kVlanMismatch);
}

// What a frame says is read even when no bridge takes it: an untagged RARP on a trunk tells of the
// MAC's place in every VLAN.
void read_what_it_says(Burst& burst, uint16_t i) {
  burst.evidence[i] = Evidence::kData;
  if (!may_be_evidence(burst.ethernet[i], burst.bytes(i))) return;
  const FrameEvidence said = read_evidence(burst.ethernet[i], burst.bytes(i));
  if (said.kind == Evidence::kData) return;
  burst.evidence[i] = said.kind;
  burst.said[i] = said;
  burst.speakers[burst.speaker_count++] = i;
}

void classify_one(const Topology& topology, Burst& burst, uint16_t i) {
  const auto view = parse_ethernet(burst.bytes(i));
  if (!view) return burst.drop_frame(i, Drop::kRunt);
  burst.ethernet[i] = *view;
  read_what_it_says(burst, i);
  const PortContext& port = topology.port(burst.in_port[i]);
  const BridgeIndex bridge = bridge_of(port, *view);
  if (bridge == kNoBridge) return drop_homeless(burst, i, port);
  burst.bridge[i] = bridge;
  if (view->src.is_station()) burst.src_key[i] = fdb_key(bridge, view->src);
  if (view->dst.is_station()) burst.dst_key[i] = fdb_key(bridge, view->dst);
}

}  // namespace

void classify(Worker& worker, Burst& burst) {
  const uint16_t n = burst.count;
  burst.speaker_count = 0;
  std::fill_n(burst.fate.begin(), n, Fate::kPending);
  std::fill_n(burst.bridge.begin(), n, kNoBridge);
  std::fill_n(burst.src_key.begin(), n, 0);
  std::fill_n(burst.dst_key.begin(), n, 0);
  std::fill_n(burst.learned.begin(), n, Learned::kNothing);
  std::fill_n(burst.mapped.begin(), n, Mapped::kNothing);
  for (uint16_t i = 0; i < n; ++i) classify_one(worker.topology, burst, i);
  worker.tables.fdb.prefetch(burst.src_key.data(), burst.src_home.data(), n);
  worker.tables.fdb.prefetch(burst.dst_key.data(), burst.dst_home.data(), n);
}

}  // namespace godwit
