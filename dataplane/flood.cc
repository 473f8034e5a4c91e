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

// Ports that a flooded frame leaves by, counted by the form it takes there. They stand in
// Worker::hearers: asked a second time, a port might have lost its link, and a buffer have fewer
// readers than it counts.
struct Audience {
  uint16_t untagged = 0;  // or as it is
  uint16_t tagged = 0;
  bool trusted = false;  // an uplink among them, which may send it back
};

Audience gather(Worker& worker, const Burst& burst, uint16_t i) {
  Audience audience;
  worker.hearers.clear();
  for_each_hearer(worker.topology, worker.tables.ports, burst, i, [&](const Membership& member) {
    ++(member.tagged ? audience.tagged : audience.untagged);
    audience.trusted |= member.trusted;
    worker.hearers.push_back(&member);
  });
  return audience;
}

// Nobody else to hear it: what is for all, a gateway has heard; the rest is lost.
void end_alone(Burst& burst, uint16_t i, const BridgeContext& bridge) {
  if (bridge.has_gateway && burst.is_to_group(i))
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
bool is_beyond_limit(Worker& worker, Burst& burst, uint16_t i) {
  const auto reason = worker.storm.refuse(burst.in_port[i], burst.dst_mac(i), worker.now);
  if (!reason) return false;
  burst.drop_frame(i, *reason);
  worker.complain({.kind = EventKind::kStorm,
                   .evidence = burst.evidence[i],
                   .bridge = burst.bridge[i],
                   .to = burst.in_port[i],
                   .at = worker.now,
                   .mac = burst.ethernet(i).src,
                   .other_mac = burst.dst_mac(i),
                   .ip = {}});
  return true;
}

// Any frame, to its audience.
void flood_one(Worker& worker, Burst& burst, uint16_t i, const Audience& audience) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const EthernetView view = burst.ethernet(i);
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
  for (const Membership* member : worker.hearers) {
    rte_mbuf* frame = member->tagged ? tagged : untagged;
    if (frame != nullptr) worker.send(member->port, frame);
  }
}

// Frames first .. end - 1, which all go to one audience that takes them as they are.
void flood_as_they_are(Worker& worker, const Burst& burst, uint16_t first, uint16_t end) {
  const auto more_readers = static_cast<int16_t>(worker.hearers.size() - 1);
  if (more_readers > 0)
    for (uint16_t i = first; i < end; ++i) rte_mbuf_refcnt_update(burst.mbuf[i], more_readers);
  const auto count = static_cast<uint16_t>(end - first);
  for (const Membership* member : worker.hearers)
    worker.send(member->port, &burst.mbuf[first], count);
}

// Who hears it is told by its port and its bridge alone.
bool is_plain(const Burst& burst, uint16_t i) {
  return burst.tags[i] == Tags::kNone && burst.routed[i] == Routed::kNo && !is_spared(burst, i);
}

// Behind the last frame that is flooded like frame `first`.
uint16_t run_end(const Burst& burst, uint16_t first) {
  uint16_t i = first + 1;
  if (!is_plain(burst, first)) return i;
  while (i < burst.count && burst.fate[i] == Fate::kFlooded &&
         burst.in_port[i] == burst.in_port[first] && burst.bridge[i] == burst.bridge[first] &&
         is_plain(burst, i))
    ++i;
  return i;
}

// Frames first .. end - 1, which have one audience.
void send_to(Worker& worker, Burst& burst, uint16_t first, uint16_t end, const Audience& audience) {
  if (audience.trusted)
    for (uint16_t i = first; i < end; ++i)
      worker.tables.reflections.note(fingerprint(burst.ethernet(i), burst.bytes(i)), worker.now);
  if (audience.tagged == 0 && burst.tags[first] == Tags::kNone)
    return flood_as_they_are(worker, burst, first, end);
  for (uint16_t i = first; i < end; ++i) flood_one(worker, burst, i, audience);
}

// Frames first .. end - 1: one, or several that are plain and alike.
void flood_run(Worker& worker, Burst& burst, uint16_t first, uint16_t end) {
  // Fragments of a packet whose receiver's place is unknown are not worth a flood each.
  if (burst.routed[first] == Routed::kInFragments) return burst.drop_frame(first, Drop::kTooBig);
  const Audience audience = gather(worker, burst, first);
  if (worker.hearers.empty()) {
    const BridgeContext& bridge = worker.topology.bridge(burst.bridge[first]);
    for (uint16_t i = first; i < end; ++i) end_alone(burst, i, bridge);
    return;
  }
  for (uint16_t i = first; i < end; ++i) {
    if (!is_beyond_limit(worker, burst, i)) continue;
    if (first < i) send_to(worker, burst, first, i, audience);
    first = i + 1;
  }
  if (first < end) send_to(worker, burst, first, end, audience);
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
  for (uint16_t first = 0, end; first < burst.count; first = end) {
    end = first + 1;
    if (burst.fate[first] != Fate::kFlooded) continue;
    end = run_end(burst, first);
    flood_run(worker, burst, first, end);
  }
}

}  // namespace godwit
