#include "dataplane/peer.h"

#include "dataplane/punt.h"
#include "dataplane/tx.h"
#include "dataplane/worker.h"

namespace godwit {
namespace {

void complain(Worker& worker, const Burst& burst, uint16_t i) {
  Event event;
  event.kind = EventKind::kForeignPeer;
  event.bridge = burst.bridge[i];
  event.to = burst.in_port[i];
  event.at = worker.now;
  event.mac = burst.ethernet(i).src;
  worker.complain(event);
}

}  // namespace

void peer(Worker& worker, Burst& burst) {
  // Without a key they are frames of somebody else's, and pass as every frame does.
  if (burst.peer_count == 0 || !worker.topology.config().forget.is_on()) return;
  for (uint16_t n = 0; n < burst.peer_count; ++n) {
    const uint16_t i = burst.peers[n];
    if (burst.fate[i] != Fate::kPending) continue;
    const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
    if (!speaks_to_gateway(bridge, burst, i)) continue;  // in a customer's own network
    if (!bridge.is_trusted(burst.in_port[i])) {
      burst.drop_frame(i, Drop::kForeignPeer);
      complain(worker, burst, i);
    } else if (punt(worker, burst, i, PuntKind::kForget)) {
      burst.fate[i] = Fate::kConsumed;
    } else {
      burst.drop_frame(i, Drop::kPuntLimit);
    }
  }
}

}  // namespace godwit
