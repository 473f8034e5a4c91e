#include "dataplane/flood.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/tx.h"
#include "dataplane/worker.h"

#include "lib/hash.h"

namespace godwit {
namespace {

constexpr size_t kMacs = 12;        // octets of the two addresses
constexpr size_t kMinPayload = 48;  // EtherType and what follows, of the shortest padded frame
constexpr size_t kPrinted = 96;     // octets of EtherType and payload that make the fingerprint

// Ports that a flooded frame leaves by, counted by the form it takes there.
struct Audience {
  uint16_t untagged = 0;  // or as it is
  uint16_t tagged = 0;
  bool trusted = false;  // an uplink among them, which may send it back
};

Audience audience_of(const Worker& worker, const Burst& burst, uint16_t i) {
  Audience audience;
  for_each_hearer(worker.topology, worker.tables.ports, burst, i, [&](const Membership& member) {
    ++(member.tagged ? audience.tagged : audience.untagged);
    audience.trusted |= member.trusted;
  });
  return audience;
}

// Nobody else to hear it: what is for all, a gateway has heard; the rest is lost.
void end_alone(Burst& burst, uint16_t i, const BridgeContext& bridge) {
  if (bridge.has_gateway && burst.ethernet(i).dst.is_group())
    burst.fate[i] = Fate::kConsumed;
  else
    burst.drop_frame(i, Drop::kNoDestination);
}

// One buffer serves all ports that want the same octets, by its reference count.
rte_mbuf* shape(rte_mbuf* frame, const EthernetView& view, TagForm form, uint16_t vlan,
                uint16_t readers) {
  if (frame == nullptr) return nullptr;
  if (!set_tag(frame, view, form, vlan)) {
    rte_pktmbuf_free(frame);
    return nullptr;
  }
  rte_mbuf_refcnt_update(frame, static_cast<int16_t>(readers - 1));
  return frame;
}

// Whether the port floods too much; the frame ends here then.
bool is_beyond_limit(Worker& worker, Burst& burst, uint16_t i, const EthernetView& view) {
  const auto reason = worker.storm.refuse(burst.in_port[i], view.dst, worker.now);
  if (!reason) return false;
  burst.drop_frame(i, *reason);
  worker.complain({.kind = EventKind::kStorm,
                   .evidence = burst.evidence[i],
                   .bridge = burst.bridge[i],
                   .to = burst.in_port[i],
                   .at = worker.now,
                   .mac = view.src,
                   .other_mac = view.dst,
                   .ip = {}});
  return true;
}

void flood_one(Worker& worker, Burst& burst, uint16_t i) {
  // Fragments of a packet whose receiver's place is unknown are not worth a flood each.
  if (burst.routed[i] == Routed::kInFragments) return burst.drop_frame(i, Drop::kTooBig);
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const EthernetView view = burst.ethernet(i);
  const Audience audience = audience_of(worker, burst, i);
  if (audience.untagged + audience.tagged == 0) return end_alone(burst, i, bridge);
  if (is_beyond_limit(worker, burst, i, view)) return;
  if (audience.trusted)
    worker.tables.reflections.note(fingerprint(view, burst.bytes(i)), worker.now);

  rte_mbuf* tagged = nullptr;
  rte_mbuf* untagged = nullptr;
  const TagForm bare = bridge.transparent ? TagForm::kAsIs : TagForm::kUntagged;
  if (audience.tagged > 0) {
    rte_mbuf* frame = burst.mbuf[i];
    if (audience.untagged > 0) frame = rte_pktmbuf_copy(frame, frame->pool, 0, UINT32_MAX);
    tagged = shape(frame, view, TagForm::kTagged, bridge.vlan, audience.tagged);
    worker.counters.copies_lost += tagged == nullptr ? audience.tagged : 0;
  }
  if (audience.untagged > 0)
    untagged = shape(burst.mbuf[i], view, bare, bridge.vlan, audience.untagged);
  for_each_hearer(worker.topology, worker.tables.ports, burst, i, [&](const Membership& member) {
    rte_mbuf* frame = member.tagged ? tagged : untagged;
    if (frame != nullptr) worker.send(member.port, frame);
  });
}

}  // namespace

uint64_t fingerprint(const EthernetView& view, std::span<const uint8_t> frame) {
  const bool outer_tag = view.tags > 0 && view.outer_tpid == kEtherTypeVlan;
  const std::span<const uint8_t> rest = frame.subspan(outer_tag ? kMacs + kVlanTagSize : kMacs);
  std::array<uint64_t, kPrinted / 8> words{};  // zero, as padding is
  std::memcpy(words.data(), rest.data(), std::min(rest.size(), kPrinted));
  const uint64_t length = std::max(rest.size(), kMinPayload);
  uint64_t hash = keyed_hash(view.src.bits ^ length << 48, kFixedSecret);
  hash = keyed_hash(hash ^ view.dst.bits, kFixedSecret);
  const size_t used = (std::min<size_t>(length, kPrinted) + 7) / 8;
  for (size_t w = 0; w < used; ++w) hash = keyed_hash(hash ^ words[w], kFixedSecret);
  return hash;
}

void flood(Worker& worker, Burst& burst) {
  if (burst.flooded == 0) return;
  for (uint16_t i = 0; i < burst.count; ++i)
    if (burst.fate[i] == Fate::kFlooded) flood_one(worker, burst, i);
}

}  // namespace godwit
