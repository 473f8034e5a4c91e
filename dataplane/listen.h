// What do frames say that may be more than data? `classify` asks: of ARP at once, of others as its
// last step for the frames of one port.
#pragma once

#include <cstdint>

#include "dataplane/burst.h"
#include "dataplane/worker.h"

#include "lib/confirmed_claims.h"
#include "lib/evidence.h"
#include "lib/fdb.h"
#include "lib/neighbor_table.h"

namespace godwit {

struct PortContext;

// Makes a speaker of frame i: ARP without a tag, of this bridge, and not too short. If it is an
// ordinary request, as most are, it is heard, and the line of its claim on its way.
inline void hear_arp(const Worker& worker, Burst& burst, uint16_t i, BridgeIndex bridge) {
  const uint8_t* const frame = burst.bytes(i).data();
  const uint8_t* const l3 = frame + kEthernetHeaderSize;
  const Mac src = load_mac(&frame[6]);
  const uint16_t s = burst.speaker_count++;
  burst.speakers[s] = i;
  burst.unwritten[i] = is_ordinary_request(src, l3);
  if (!burst.unwritten[i]) return;
  ++burst.heard_count;
  burst.heard_dst &= frame[0];
  burst.evidence[i] = Evidence::kArpRequest;
  burst.mapped[i] = Mapped::kNothing;
  burst.asked[i] = burst.claim_asked[s] = load_be32(l3 + kArpTpa);
  burst.claim_key[s] = NeighborTable::key_v4(bridge, load_be32(l3 + kArpSpa));
  burst.claim_print[s] = worker.confirmed_claims.print(fdb_key(bridge, src), burst.claim_key[s]);
  worker.confirmed_claims.prefetch(burst.claim_print[s]);
}

// Hears the others, and leaves in Burst::speakers from the first of this port on those that are
// more than data, but for those that only repeat what was confirmed in this second
// (dataplane/recall.h), with the key and the print of what each claims. They are heard even when no
// bridge takes the frame: an untagged RARP on a trunk tells of the MAC's place in every VLAN.
void listen(Worker& worker, const PortContext& port, Burst& burst, uint16_t first);

}  // namespace godwit
