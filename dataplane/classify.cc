#include "dataplane/classify.h"

#include <algorithm>
#include <cstring>

#include "dataplane/listen.h"
#include "dataplane/worker.h"

#include "lib/byte_order.h"
#include "lib/fdb.h"
#include "lib/first_look.h"
#include "lib/forget.h"

namespace godwit {
namespace {

constexpr uint16_t kPrefetchAhead = 4;  // frames

BridgeIndex tagged_bridge_of(const PortContext& port, const EthernetView& view) {
  if (view.outer_tpid == kEtherTypeVlan) {
    if (view.outer_vid() == 0) return port.untagged;  // a priority, no VLAN: IEEE 802.1Q-2018 §6.9
    const BridgeIndex tagged = port.bridge_of_vlan(view.outer_vid());
    if (tagged != kNoBridge) return tagged;
  }
  return port.transparent ? port.untagged : kNoBridge;
}

Tags tags_of(const PortContext& port, const EthernetView& view, BridgeIndex bridge) {
  if (view.tags == 0) return Tags::kNone;
  const bool own = view.tags == 1 && view.outer_tpid == kEtherTypeVlan && bridge != kNoBridge &&
                   port.bridge_of_vlan(view.outer_vid()) == bridge;
  return own ? Tags::kOwn : Tags::kOther;
}

// A frame without an address or without a bridge has no keys.
void reject(Burst& burst, uint16_t i, Drop reason) {
  burst.drop_frame(i, reason);
  burst.bridge[i] = kNoBridge;
  burst.src_key[i] = burst.dst_key[i] = Fdb::kNoKey;
}

// Notes a frame for its bridge's gateway; without a branch, for most frames are none or all are.
void note_to_gateway(Burst& burst, uint16_t i, uint64_t gateway_key) {
  burst.to_gateway[burst.to_gateway_count] = i;
  burst.to_gateway_count += burst.dst_key[i] == gateway_key;
}

bool is_from_peer(uint16_t ether_type, Mac dst) {
  return ether_type == kEtherTypeLocal && dst == kForgetGroup;
}

Drop why_homeless(const PortContext& port) {
  if (!port.enabled) return Drop::kPortDown;
  return port.memberships.empty() ? Drop::kNoBridge : Drop::kVlanMismatch;
}

// Any frame at all.
[[gnu::noinline]] void classify_any(const Topology& topology, const PortContext& port, Burst& burst,
                                    uint16_t i) {
  const std::span<const uint8_t> frame = burst.bytes(i);
  burst.head_size[i] = static_cast<uint8_t>(std::min(frame.size(), sizeof(FrameHead)));
  std::memcpy(burst.head[i].octets.data(), frame.data(), burst.head_size[i]);
  const auto view = parse_ethernet(frame);
  burst.suspects[burst.suspect_count++] = i;
  if (!view) return reject(burst, i, Drop::kRunt);
  if (!burst.is_whole(i)) return reject(burst, i, Drop::kOversize);
  if (is_evidence_ethertype(view->ether_type)) burst.speakers[burst.speaker_count++] = i;
  burst.unwritten[i] = false;
  const BridgeIndex bridge = view->tags == 0 ? port.untagged : tagged_bridge_of(port, *view);
  burst.tags[i] = tags_of(port, *view, bridge);
  burst.other_tags += burst.tags[i] == Tags::kOther;
  if (bridge == kNoBridge) return reject(burst, i, why_homeless(port));
  burst.bridge[i] = bridge;
  burst.src_key[i] = fdb_key(bridge, view->src);
  burst.dst_key[i] = fdb_key(bridge, view->dst);
  note_to_gateway(burst, i, topology.bridge(bridge).gateway_key);
  if (is_from_peer(view->ether_type, view->dst)) burst.peers[burst.peer_count++] = i;
}

constexpr size_t kShortest = kEthernetHeaderSize + kArpSize;  // also enough for hear_arp()
static_assert(kShortest >= sizeof(FrameHead) && kShortest >= kEtherTypeAt + kFirstLookSize);

// A port that takes no frames without a tag has none that a first look tells enough of.
constexpr size_t kNeverPlain = SIZE_MAX;

void begin(Burst& burst) {
  burst.suspect_count = burst.to_gateway_count = burst.peer_count = 0;
  burst.speaker_count = burst.heard_count = 0;
  burst.heard_dst = 0xff;
  burst.dropped = burst.other_tags = 0;
  std::fill_n(burst.fate.begin(), burst.count, Fate::kPending);
  std::fill_n(burst.evidence.begin(), burst.count, Evidence::kData);
  std::fill_n(burst.tags.begin(), burst.count, Tags::kNone);
  std::fill_n(burst.head_size.begin(), burst.count, uint8_t{sizeof(FrameHead)});
}

FirstLook look_at(std::span<const uint8_t> frame, size_t type_at) {
  return first_look(&frame[type_at], frame.size() - type_at);
}

// Frame i is of this bridge; it carries data, behind no tag but the bridge's own.
void note_plain(Burst& burst, uint16_t i, const uint8_t* frame, BridgeIndex bridge,
                uint64_t gateway_key) {
  std::memcpy(&burst.head[i], frame, sizeof(FrameHead));
  burst.bridge[i] = bridge;
  burst.dst_key[i] = fdb_key(bridge, load_mac(&frame[0]));
  burst.src_key[i] = fdb_key(bridge, load_mac(&frame[6]));
  note_to_gateway(burst, i, gateway_key);
}

// Data with one tag, of a bridge that has this VLAN: what a trunk carries. False for all else.
bool classify_own(const Topology& topology, const PortContext& port, Burst& burst, uint16_t i) {
  const std::span<const uint8_t> frame = burst.bytes(i);
  if (frame.size() < kShortest + kVlanTagSize || !burst.is_whole(i)) return false;
  if (load_be16(&frame[kEtherTypeAt]) != kEtherTypeVlan) return false;
  const BridgeIndex bridge = port.bridge_of_vlan(load_be16(&frame[kEtherTypeAt + 2]) & kVidMask);
  if (bridge == kNoBridge) return false;
  const FirstLook look = look_at(frame, kEtherTypeAt + kVlanTagSize);
  if (look != FirstLook::kPlain) {
    if (look != FirstLook::kObscure) return false;
    burst.suspects[burst.suspect_count++] = i;
  }
  burst.tags[i] = Tags::kOwn;
  note_plain(burst, i, frame.data(), bridge, topology.bridge(bridge).gateway_key);
  return true;
}

// Frames first .. end - 1, which came in by one port.
void classify_run(Worker& worker, const PortContext& port, Burst& burst, uint16_t first,
                  uint16_t end) {
  const Topology& topology = worker.topology;
  const uint16_t first_speaker = burst.speaker_count;
  const BridgeIndex bridge = port.untagged;
  const uint64_t gateway_key =
      bridge == kNoBridge ? Fdb::kNoKey : topology.bridge(bridge).gateway_key;
  const size_t shortest = bridge == kNoBridge ? kNeverPlain : kShortest;
  for (uint16_t i = first; i < end; ++i) {
    if (i + kPrefetchAhead < end) rte_prefetch0(burst.bytes(i + kPrefetchAhead).data());
    const std::span<const uint8_t> frame = burst.bytes(i);
    const bool whole = frame.size() >= shortest && burst.is_whole(i);
    const FirstLook look = whole ? look_at(frame, kEtherTypeAt) : FirstLook::kAny;
    if (look != FirstLook::kPlain) [[unlikely]] {
      if (look == FirstLook::kAny ||
          is_from_peer(load_be16(&frame[kEtherTypeAt]), load_mac(&frame[0]))) {
        if (!classify_own(topology, port, burst, i)) classify_any(topology, port, burst, i);
        continue;
      }
      if (look != FirstLook::kLocal) burst.suspects[burst.suspect_count++] = i;
      if (look == FirstLook::kArp) hear_arp(worker, burst, i, bridge);
    }
    note_plain(burst, i, frame.data(), bridge, gateway_key);
  }
  if (burst.speaker_count > first_speaker) listen(worker, port, burst, first_speaker);
}

}  // namespace

void classify(Worker& worker, Burst& burst) {
  begin(burst);
  const PortContext* const ports = worker.topology.ports().data();
  const uint16_t count = burst.count;
  for (uint16_t first = 0, end; first < count; first = end) {
    const PortContext& port = ports[burst.in_port[first]];
    for (end = first + 1; end < count && burst.in_port[end] == burst.in_port[first];) ++end;
    classify_run(worker, port, burst, first, end);
  }
  const Fdb& fdb = worker.tables.fdb;
  fdb.prepare(burst.src_key.data(), burst.src_home.data(), burst.count);
  if (burst.to_gateway_count == burst.count) return;  // route gives all of them other destinations
  fdb.prepare(burst.dst_key.data(), burst.dst_home.data(), burst.count);
}

}  // namespace godwit
