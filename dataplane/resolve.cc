#include "dataplane/resolve.h"

#include "dataplane/worker.h"

#include "lib/neighbor_table.h"

namespace godwit {
namespace {

// Tries of a compare-and-swap that another worker won; see learn.cc.
constexpr int kTries = 4;

// What a frame claims, with what is needed to weigh it.
struct MappingClaim {
  BridgeIndex bridge;
  PortIndex port;
  Mapping mapping;
  bool trusted;
  bool for_gateway;  // addressed to a gateway's own address, which makes it more than overheard
};

Event event_of(const Worker& worker, const Burst& burst, uint16_t i, EventKind kind) {
  return {.kind = kind,
          .evidence = burst.evidence[i],
          .bridge = burst.bridge[i],
          .from = kNoLocation,
          .to = burst.in_port[i],
          .at = worker.now,
          .mac = burst.ethernet[i].src,
          .other_mac = {},
          .ip = {}};
}

// An ARP that answers, or a solicited NA, shows that its sender is reached; anything else only
// tells its address (RFC 4861 §7.2.3, §7.2.5, taken for ARP as well).
NeighborState state_after(const Mapping& mapping) {
  return mapping.solicited ? NeighborState::kReachable : NeighborState::kStale;
}

// Rules that need no look at the table.
Mapped admit(const BridgeContext& bridge, const MappingClaim& claim) {
  const Mapping& mapping = claim.mapping;
  if (bridge.is_gateway_ip(mapping.ip)) return Mapped::kGatewayIp;
  if (!mapping.sha_is_source && !claim.trusted) return Mapped::kForeignSender;
  if (!bridge.is_on_link(mapping.ip)) return Mapped::kOffLink;
  return Mapped::kNothing;
}

bool is_gone(const Tables& tables, const MappingClaim& claim, Mac owner) {
  return !tables.fdb.find(claim.bridge, owner);
}

// The claim about an IP that has an entry. True when it is done; `was` is the owner before.
bool weigh(Tables& tables, const MappingClaim& claim, const NeighborTable::Hit& hit, uint32_t now_s,
           Mapped& out, Mac& was) {
  was = hit.entry.mac();
  NeighborEntry expected = hit.entry;
  NeighborEntry next = hit.entry;
  if (was == claim.mapping.mac) {
    out = Mapped::kSame;
    if (claim.mapping.solicited) next = next.with_state(NeighborState::kReachable);
  } else if (claim.mapping.overrides && is_gone(tables, claim, was)) {
    out = Mapped::kTakenOver;
    next = next.with_mac(claim.mapping.mac).with_state(state_after(claim.mapping)).with_next_seq();
  } else {
    out = Mapped::kConflict;
    return true;
  }
  if (!(next == hit.entry) && !tables.neighbors.compare_exchange(hit.slot, expected, next))
    return false;
  tables.neighbors.touch(hit.slot, now_s);
  return true;
}

bool create(Worker& worker, const MappingClaim& claim, uint32_t now_s, Mapped& out) {
  if (!worker.topology.config().neighbors.learn && !claim.for_gateway) {
    out = Mapped::kOverheard;
    return true;
  }
  const NeighborEntry entry =
      NeighborEntry{}.with_mac(claim.mapping.mac).with_state(state_after(claim.mapping));
  const Location charged = claim.trusted ? kNoLocation : claim.port;
  switch (worker.tables.neighbors.insert(claim.bridge, claim.mapping.ip, entry, charged, now_s)
              .status) {
    case InsertStatus::kInserted:
      out = Mapped::kNew;
      return true;
    case InsertStatus::kExists:
      return false;
    case InsertStatus::kBusy:
      return true;  // another worker makes the entry at this moment
    default:
      out = Mapped::kLimit;
      return true;
  }
}

Mapped apply(Worker& worker, const MappingClaim& claim, Mac& was) {
  Mapped out = admit(worker.topology.bridge(claim.bridge), claim);
  if (out != Mapped::kNothing) return out;
  const auto now_s = static_cast<uint32_t>(worker.now / kSecond);
  for (int tries = 0; tries < kTries; ++tries) {
    const NeighborTable::Hit hit = worker.tables.neighbors.find(claim.bridge, claim.mapping.ip);
    if (hit ? weigh(worker.tables, claim, hit, now_s, out, was) : create(worker, claim, now_s, out))
      return out;
  }
  return Mapped::kNothing;
}

void complain(Worker& worker, Event event, EventKind kind) {
  if (!worker.complaints.take(worker.now)) return;
  event.kind = kind;
  worker.events.post(event);
}

void conclude(Worker& worker, Burst& burst, uint16_t i, const MappingClaim& claim, Mac was) {
  Event event = event_of(worker, burst, i, EventKind::kMapped);
  event.mac = claim.mapping.mac;
  event.other_mac = was;
  event.ip = claim.mapping.ip;
  switch (burst.mapped[i]) {
    case Mapped::kNew:
      ++worker.counters.mapped;
      worker.events.post(event);
      break;
    case Mapped::kTakenOver:
      ++worker.counters.remapped;
      event.kind = EventKind::kRemapped;
      worker.events.post(event);
      break;
    case Mapped::kConflict:
      ++worker.counters.conflicts;
      complain(worker, event, EventKind::kConflict);
      break;
    case Mapped::kGatewayIp:
      if (!claim.trusted) burst.drop_frame(i, Drop::kGatewayClaim);
      complain(worker, event, EventKind::kGatewayClaim);
      break;
    case Mapped::kLimit:
      ++worker.counters.limit_neighbors;
      complain(worker, event, EventKind::kNeighborLimit);
      break;
    default:
      break;
  }
}

// In a bridge with VLAN tags, a second tag is a customer's: what is inside is not of this bridge.
bool speaks_of_this_bridge(const BridgeContext& bridge, const EthernetView& view) {
  return bridge.transparent || view.tags < 2;
}

void map(Worker& worker, Burst& burst, uint16_t i) {
  const FrameEvidence& said = burst.said[i];
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  if (!said.mapping || !speaks_of_this_bridge(bridge, burst.ethernet[i])) return;
  const MappingClaim claim{.bridge = burst.bridge[i],
                           .port = burst.in_port[i],
                           .mapping = *said.mapping,
                           .trusted = bridge.is_trusted(burst.in_port[i]),
                           .for_gateway = bridge.is_gateway_ip(said.target)};
  Mac was;
  burst.mapped[i] = apply(worker, claim, was);
  conclude(worker, burst, i, claim, was);
}

// A hypervisor announces a VM by a RARP without a tag, because it does not know the VLANs that the
// VM uses. So the RARP tells of the MAC in every bridge of the port where it is known; it makes no
// entry there.
void follow_rarp(Worker& worker, Burst& burst, uint16_t i) {
  unsigned looked_at = 0;
  for (const Membership& member : worker.topology.port(burst.in_port[i]).memberships) {
    if (member.bridge == burst.bridge[i]) continue;
    Event event = event_of(worker, burst, i, EventKind::kRarpBeyond);
    event.bridge = member.bridge;
    if (looked_at++ == kRarpBridges) return complain(worker, event, EventKind::kRarpBeyond);
    const Sighting seen{.bridge = member.bridge,
                        .mac = event.mac,
                        .port = member.port,
                        .announcement = true,
                        .may_create = false};
    const Located located =
        locate(worker.tables, worker.topology.bridge(member.bridge), seen, worker.now);
    if (located.what != Learned::kMoved) continue;
    ++worker.counters.moved;
    event.kind = EventKind::kMoved;
    event.from = located.was;
    worker.events.post(event);
  }
}

bool is_untagged_rarp(const Burst& burst, uint16_t i) {
  const EthernetView& view = burst.ethernet[i];
  return burst.evidence[i] == Evidence::kRarp && view.src.is_station() &&
         (view.tags == 0 || (view.outer_tpid == kEtherTypeVlan && view.outer_vid() == 0));
}

}  // namespace

void resolve(Worker& worker, Burst& burst) {
  for (uint16_t s = 0; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    const bool believed = burst.fate[i] == Fate::kPending;  // not refused, nor our own flood
    if (believed && burst.bridge[i] != kNoBridge) map(worker, burst, i);
    const bool homeless = burst.bridge[i] == kNoBridge;
    if ((believed || homeless) && is_untagged_rarp(burst, i)) follow_rarp(worker, burst, i);
  }
}

}  // namespace godwit
