#include "dataplane/resolve.h"

#include <algorithm>
#include <array>

#include "dataplane/answer.h"
#include "dataplane/recall.h"
#include "dataplane/route.h"
#include "dataplane/tx.h"
#include "dataplane/worker.h"

#include "lib/neighbor_table.h"

namespace godwit {
namespace {

// Tries of a compare-and-swap that another worker won; see learn.cc.
constexpr int kTries = 4;

// What a frame claims, with what is needed to weigh it.
struct MappingClaim {
  const Burst& burst;
  uint16_t frame;
  BridgeIndex bridge;
  PortIndex port;
  uint64_t key;   // in the neighbor table
  uint32_t home;  // the key's bucket there
  const Mapping& mapping;
  const BridgeContext& context;

  // Asked of few claims, and not for nothing.
  bool trusted() const { return context.is_trusted(port); }
  bool for_gateway() const { return is_for_gateway(context, burst, frame); }
};

Event event_of(const Worker& worker, const Burst& burst, uint16_t i, EventKind kind) {
  return {.kind = kind,
          .evidence = burst.evidence[i],
          .bridge = burst.bridge[i],
          .from = kNoLocation,
          .to = burst.in_port[i],
          .at = worker.now,
          .mac = burst.ethernet(i).src,
          .other_mac = {},
          .ip = {}};
}

// Rules that need no look at the table.
Mapped admit(const BridgeContext& bridge, const MappingClaim& claim) {
  const Mapping& mapping = claim.mapping;
  if (bridge.is_gateway_ip(mapping.ip)) return Mapped::kGatewayIp;
  // A router's virtual MAC is spoken for by the router's own (RFC 5798 §8.1.2).
  if (!mapping.sha_is_source && !claim.trusted() && !mapping.mac.is_virtual_router())
    return Mapped::kForeignSender;
  if (mapping.mac == bridge.gateway_mac) return Mapped::kForeignSender;
  if (!bridge.is_on_link(mapping.ip)) return Mapped::kOffLink;
  return Mapped::kNothing;
}

// The owner of an address has no place in the FDB any more, and did not name the address lately.
// (Not every live host has a place: a learning limit may have refused it.)
bool is_gone(const Tables& tables, const MappingClaim& claim, const NeighborTable::Hit& hit,
             uint32_t now_s) {
  constexpr uint32_t kSilenceSeconds = 5;
  return tables.neighbors.silent_s(hit.slot, now_s) > kSilenceSeconds &&
         !tables.fdb.find(claim.bridge, hit.entry.mac());
}

// What hearing the owner of an address comes to. Only an answer to a question of godwit's shows
// that it can be reached (RFC 4861 §7.2.5); that it speaks at all ends a doubt.
NeighborState heard_state(const MappingClaim& claim, NeighborState state) {
  if (claim.mapping.solicited && claim.for_gateway()) return NeighborState::kReachable;
  return state == NeighborState::kProbe ? NeighborState::kStale : state;
}

// The claim about an IP that has an entry. True when it is done; `was` is the owner before.
bool weigh(Tables& tables, const MappingClaim& claim, const NeighborTable::Hit& hit, uint32_t now_s,
           Mapped& out, Mac& was) {
  was = hit.entry.mac();
  NeighborEntry expected = hit.entry;
  NeighborEntry next = hit.entry;
  if (was == claim.mapping.mac) {
    out = next.state() == NeighborState::kProbe ? Mapped::kConfirmed : Mapped::kSame;
    if ((next.flags() & kStaticNeighbor) == 0)
      next = next.with_state(heard_state(claim, next.state()));
  } else if (claim.mapping.confirms_only) {
    return true;
  } else if (claim.mapping.overrides && !is_pinned(hit.entry) &&
             is_gone(tables, claim, hit, now_s)) {
    out = Mapped::kTakenOver;
    next = next.with_mac(claim.mapping.mac).with_state(NeighborState::kStale).with_next_seq();
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
  if (claim.mapping.confirms_only) return true;
  if (!worker.topology.config().neighbors.learn && !claim.for_gateway()) {
    out = Mapped::kOverheard;
    return true;
  }
  // STALE unless it answers godwit: the host named its address, which does not prove that it can be
  // reached (RFC 4861 §7.2.3, §7.2.5; taken for ARP as well).
  const NeighborEntry entry = NeighborEntry{}
                                  .with_mac(claim.mapping.mac)
                                  .with_state(heard_state(claim, NeighborState::kStale));
  const Location charged = claim.trusted() ? kNoLocation : claim.port;
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
  Mapped out = admit(claim.context, claim);
  if (out != Mapped::kNothing) return out;
  const uint32_t now_s = second_of(worker.now);
  for (int tries = 0; tries < kTries; ++tries) {
    const NeighborTable::Hit hit =
        worker.tables.neighbors.find(claim.key, claim.home, claim.bridge, claim.mapping.ip);
    if (hit ? weigh(worker.tables, claim, hit, now_s, out, was) : create(worker, claim, now_s, out))
      return out;
  }
  return Mapped::kNothing;
}

void complain(Worker& worker, Event event, EventKind kind) {
  event.kind = kind;
  worker.complain(event);
}

// The owner does not hear that another uses its address, be it where it is or where it is about to
// be: a host may give an address up on that (RFC 5227 §2.4), which is what a thief is after, and
// what a migrated machine must not do. The gateway sees to the conflict in its place.
std::array<Location, 2> owner_to_spare(const Worker& worker, const MappingClaim& claim, Mac owner) {
  std::array<Location, 2> spared = {kNoLocation, kNoLocation};
  if (!claim.context.has_gateway) return spared;
  const FdbEntry at = worker.tables.fdb.find(claim.bridge, owner).entry;
  // Behind an uplink are others, who are to hear it.
  const auto is_alone = [&](Location place) { return !claim.context.is_trusted(place); };
  if (!at.is_free() && is_alone(at.location())) spared[0] = at.location();
  if (at.state() == FdbState::kMigrating && is_alone(at.other())) spared[1] = at.other();
  return spared;
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
      if (!worker.hold.empty()) release(worker, {claim.bridge, claim.mapping.ip});
      break;
    case Mapped::kConfirmed:
      event.kind = EventKind::kConfirmed;
      worker.events.post(event);
      break;
    case Mapped::kTakenOver:
      ++worker.counters.remapped;
      event.kind = EventKind::kRemapped;
      worker.events.post(event);
      break;
    case Mapped::kConflict:
      ++worker.counters.conflicts;
      burst.spared[i] = owner_to_spare(worker, claim, was);
      complain(worker, event, EventKind::kConflict);
      break;
    case Mapped::kGatewayIp:
      if (!claim.trusted()) burst.drop_frame(i, Drop::kGatewayClaim);
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

// What speaker s claims, in frame i.
void map(Worker& worker, Burst& burst, uint16_t i, uint16_t s) {
  const auto& mapping = burst.said(i).mapping;
  if (!mapping) return;  // of an ordinary request whose SPA or source is nobody's
  const MappingClaim claim{.burst = burst,
                           .frame = i,
                           .bridge = burst.bridge[i],
                           .port = burst.in_port[i],
                           .key = burst.claim_key[s],
                           .home = burst.claim_home[s],
                           .mapping = *mapping,
                           .context = worker.topology.bridge(burst.bridge[i])};
  Mac was;
  const ConfirmedClaims::Moment moment = moment_of(worker, claim.key);
  burst.mapped[i] = apply(worker, claim, was);
  if (burst.mapped[i] == Mapped::kSame) return remember(worker, burst, s, moment);  // nearly always
  conclude(worker, burst, i, claim, was);
}

// A hypervisor announces a VM by a RARP without a tag, because it does not know the VLANs that the
// VM uses. So the RARP tells of the MAC in every bridge of the port where it is known; it makes no
// entry there. Returns in how many it moved.
uint16_t follow_rarp(Worker& worker, const Burst& burst, uint16_t i) {
  uint16_t moved = 0;
  unsigned looked_at = 0;
  for (const Membership& member : worker.topology.port(burst.in_port[i]).memberships) {
    if (member.bridge == burst.bridge[i]) continue;
    Event event = event_of(worker, burst, i, EventKind::kRarpBeyond);
    event.bridge = member.bridge;
    if (looked_at++ == kRarpBridges) {
      if (worker.far_rarps.take(worker.now)) worker.events.post(event);
      break;
    }
    const Sighting seen{.bridge = member.bridge,
                        .mac = event.mac,
                        .port = member.port,
                        .announcement = true,
                        .may_create = false};
    const Located located =
        locate(worker.tables, worker.topology.bridge(member.bridge), seen, worker.now);
    moved += located.what == Learned::kMoved;
    tell(worker, event, located);
  }
  return moved;
}

bool is_untagged_rarp(const Burst& burst, uint16_t i) {
  if (burst.evidence[i] != Evidence::kRarp) return false;
  const EthernetView view = burst.ethernet(i);
  const bool bare_priority =
      view.tags == 1 && view.outer_tpid == kEtherTypeVlan && view.outer_vid() == 0;
  return view.src.is_station() && (view.tags == 0 || bare_priority);
}

// No bridge took it, so `learn` has not looked at it.
bool is_homeless_reflection(const Worker& worker, const Burst& burst, uint16_t i) {
  const auto& memberships = worker.topology.port(burst.in_port[i]).memberships;
  const bool trusted = std::any_of(memberships.begin(), memberships.end(),
                                   [](const Membership& m) { return m.trusted; });
  return trusted && is_reflection(worker, burst, i);
}

// A host whose place is in doubt answers a question of godwit's. Control wants to know where that
// came in, whether or not the frame is believed.
void note_answer(Worker& worker, const Burst& burst, uint16_t i) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const auto& mapping = burst.said(i).mapping;
  if (!mapping || !mapping->solicited || !mapping->sha_is_source ||
      burst.dst_key[i] != fdb_key(bridge.index, bridge.own_mac))
    return;
  const FdbEntry entry = worker.tables.fdb.find(burst.src_key[i]).entry;
  if (entry.state() == FdbState::kBound || entry.is_free() ||
      !worker.testimonies[burst.in_port[i]].take(worker.now))
    return;
  Event event = event_of(worker, burst, i, EventKind::kAnswered);
  event.ip = mapping->ip;
  worker.events.post(event);
}

// What claims are about comes from memory all at once. Nothing of it is read here: a claim is
// weighed against what the claims before it have left. Those of frames that go no further come to
// nothing.
void prepare_claims(const Worker& worker, Burst& burst) {
  const NeighborTable& neighbors = worker.tables.neighbors;
  for (uint16_t s = 0; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    const bool is_refused = burst.fate[i] != Fate::kPending;
    if (is_refused) burst.mapped[i] = Mapped::kNothing;
    if (is_refused || !burst.is_of_bridge(i, worker.topology.bridge(burst.bridge[i]).transparent))
      burst.claim_key[s] = NeighborTable::kNoKey;
  }
  neighbors.prepare(burst.claim_key.data(), burst.claim_home.data(), burst.speaker_count);
  neighbors.prepare_touch(burst.claim_home.data(), burst.speaker_count);
}

}  // namespace

void resolve(Worker& worker, Burst& burst) {
  if (burst.speaker_count == 0) return;
  prepare_claims(worker, burst);
  for (uint16_t s = 0; s < burst.speaker_count; ++s) {
    const uint16_t i = burst.speakers[s];
    const bool homeless = burst.bridge[i] == kNoBridge;
    const bool refused = !homeless && burst.fate[i] != Fate::kPending;  // or our own flood
    if (!homeless) note_answer(worker, burst, i);
    if (refused || (homeless && is_homeless_reflection(worker, burst, i))) continue;
    if (!homeless) {
      if (burst.claim_key[s] != NeighborTable::kNoKey) map(worker, burst, i, s);
      answer(worker, burst, i);
    }
    if (is_untagged_rarp(burst, i)) burst.followed[i] = follow_rarp(worker, burst, i);
  }
}

}  // namespace godwit
