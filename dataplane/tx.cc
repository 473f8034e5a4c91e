#include "dataplane/tx.h"

#include <cstring>

#include "dataplane/fragment.h"
#include "dataplane/worker.h"

#include "lib/byte_order.h"

namespace godwit {
namespace {

constexpr size_t kMacs = 12;  // octets of the two addresses, in front of any tag

// The outer tag is the bridge's own business: a C-tag, the VLAN's or a bare priority.
bool has_own_tag(const EthernetView& view) {
  return view.tags > 0 && view.outer_tpid == kEtherTypeVlan;
}

// Whether frames of this bridge, which is none that is VLAN-transparent or its frame has no tag,
// have a tag at this port.
bool wants_tag(const Worker& worker, BridgeIndex bridge, PortIndex port) {
  return worker.topology.port(port).untagged != bridge;
}

bool insert_tag(rte_mbuf* frame, uint16_t vlan) {
  auto* start = reinterpret_cast<uint8_t*>(rte_pktmbuf_prepend(frame, kVlanTagSize));
  if (start == nullptr) return false;
  std::memmove(start, start + kVlanTagSize, kMacs);
  store_be16(start + kMacs, kEtherTypeVlan);
  store_be16(start + kMacs + 2, vlan);
  return true;
}

void strip_tag(rte_mbuf* frame) {
  auto* start = rte_pktmbuf_mtod(frame, uint8_t*);
  std::memmove(start + kVlanTagSize, start, kMacs);
  rte_pktmbuf_adj(frame, kVlanTagSize);
}

// The tag is not as the port wants it.
[[gnu::noinline]] void forward_retagged(Worker& worker, Burst& burst, uint16_t i) {
  const BridgeContext& bridge = worker.topology.bridge(burst.bridge[i]);
  const PortContext& port = worker.topology.port(burst.out[i]);
  const EthernetView view = burst.ethernet(i);
  if (!may_leave(bridge, port, view)) return burst.drop_frame(i, Drop::kVlanMismatch);
  const TagForm form = tag_form(bridge, port);
  if (!set_tag(burst.mbuf[i], view, form, bridge.vlan)) return burst.drop_frame(i, Drop::kNoMbuf);
  worker.send(burst.out[i], burst.mbuf[i]);
}

// Neither forwarded nor flooded: the frame ends here.
[[gnu::noinline]] void end(Worker& worker, Burst& burst, uint16_t i) {
  PortCounters& counters = worker.port_counters[burst.in_port[i]];
  if (burst.fate[i] == Fate::kHeld) {
    ++counters.held;
    return;
  }
  if (burst.fate[i] == Fate::kConsumed) {
    ++counters.consumed;
  } else {
    ++counters.drops[static_cast<size_t>(burst.drop[i])];
    if (BurstObserver* const watching = worker.observed())
      watching->dropped(burst.mbuf[i], burst.in_port[i], burst.drop[i], worker.now);
  }
  rte_pktmbuf_free(burst.mbuf[i]);
}

[[gnu::noinline]] void forward_in_fragments(Worker& worker, Burst& burst, uint16_t i) {
  if (!send_in_fragments(worker, burst, i)) burst.drop_frame(i, Drop::kNoMbuf);
}

void tx_one(Worker& worker, Burst& burst, uint16_t i) {
  if (burst.fate[i] == Fate::kForwarded && burst.routed[i] == Routed::kInFragments) [[unlikely]] {
    forward_in_fragments(worker, burst, i);
  } else if (burst.fate[i] == Fate::kForwarded) {
    const bool as_it_is =
        burst.tags[i] != Tags::kOther &&
        (burst.tags[i] == Tags::kOwn) == wants_tag(worker, burst.bridge[i], burst.out[i]);
    if (as_it_is)
      worker.send(burst.out[i], burst.mbuf[i]);
    else
      forward_retagged(worker, burst, i);
  }
  if (burst.fate[i] == Fate::kForwarded || burst.fate[i] == Fate::kFlooded)
    ++worker.port_counters[burst.in_port[i]].forwarded;
  else
    end(worker, burst, i);
}

// Gives frames first .. end - 1 the tag of their bridge, or takes it from them. False if one has no
// room for it, and is dropped.
[[gnu::noinline]] bool retag_run(Worker& worker, Burst& burst, uint16_t first, uint16_t end) {
  if (burst.tags[first] == Tags::kOwn) {
    for (uint16_t i = first; i < end; ++i) strip_tag(burst.mbuf[i]);
    return true;
  }
  const uint16_t vlan = worker.topology.bridge(burst.bridge[first]).vlan;
  const uint16_t dropped = burst.dropped;
  for (uint16_t i = first; i < end; ++i)
    if (!insert_tag(burst.mbuf[i], vlan)) burst.drop_frame(i, Drop::kNoMbuf);
  return burst.dropped == dropped;
}

void send_run(Worker& worker, Burst& burst, uint16_t first, uint16_t end) {
  const auto count = static_cast<uint16_t>(end - first);
  worker.send(burst.out[first], &burst.mbuf[first], count);
  worker.port_counters[burst.in_port[first]].forwarded += count;
}

// Frames first .. end - 1: all are forwarded from one port to another in one bridge, and all have
// its tag or all have none.
void tx_run(Worker& worker, Burst& burst, uint16_t first, uint16_t end) {
  const bool tagged = burst.tags[first] == Tags::kOwn;
  if (tagged == wants_tag(worker, burst.bridge[first], burst.out[first]) ||
      retag_run(worker, burst, first, end))
    return send_run(worker, burst, first, end);
  for (uint16_t i = first; i < end; ++i)
    burst.fate[i] == Fate::kDropped ? godwit::end(worker, burst, i)
                                    : send_run(worker, burst, i, i + 1);
}

// Behind the last frame that goes from the same port to the same port in the same bridge, with the
// same tag.
uint16_t run_end(const Burst& burst, uint16_t first) {
  uint16_t i = first + 1;
  while (i < burst.count && burst.out[i] == burst.out[first] &&
         burst.in_port[i] == burst.in_port[first] && burst.bridge[i] == burst.bridge[first] &&
         burst.tags[i] == burst.tags[first])
    ++i;
  return i;
}

}  // namespace

bool speaks_to_gateway(const BridgeContext& bridge, const Burst& burst, uint16_t i) {
  if (burst.tags[i] != Tags::kOther) return true;
  const EthernetView view = burst.ethernet(i);
  if (view.tags > 1) return false;
  return !bridge.transparent || (has_own_tag(view) && view.outer_vid() == 0);
}

TagForm tag_form(const BridgeContext& bridge, const PortContext& port) {
  if (bridge.transparent) return TagForm::kAsIs;
  return port.untagged == bridge.index ? TagForm::kUntagged : TagForm::kTagged;
}

bool may_leave(const BridgeContext& bridge, const PortContext& port, const EthernetView& view) {
  if (!has_own_tag(view)) return true;
  if (bridge.transparent) return port.bridge_of_vlan(view.outer_vid()) == kNoBridge;
  const bool bares_inner_tag = view.tags > 1 && port.untagged == bridge.index;
  return !(bares_inner_tag && port.by_vlan != nullptr);
}

bool set_tag(rte_mbuf* frame, const EthernetView& view, TagForm form, uint16_t vlan) {
  const bool tagged = has_own_tag(view);
  if (form == TagForm::kTagged && !tagged) return insert_tag(frame, vlan);
  if (form == TagForm::kTagged) {
    const auto tci = static_cast<uint16_t>((view.outer_tci & ~kVidMask) | vlan);
    store_be16(rte_pktmbuf_mtod(frame, uint8_t*) + kMacs + 2, tci);
  } else if (form == TagForm::kUntagged && tagged) {
    strip_tag(frame);
  }
  return true;
}

void tx(Worker& worker, Burst& burst) {
  if (burst.other_tags != 0 || burst.to_fragment != 0 || !burst.all_forwarded) {
    for (uint16_t i = 0; i < burst.count; ++i) tx_one(worker, burst, i);
    return;
  }
  for (uint16_t first = 0, end; first < burst.count; first = end) {
    end = run_end(burst, first);
    tx_run(worker, burst, first, end);
  }
}

}  // namespace godwit
