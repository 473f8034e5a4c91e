// A burst of frames on its way through the pipeline, as a structure of arrays: `classify` reads
// each header once and fills them, later stages read them. It belongs to one worker and never
// leaves it.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <span>

#include <rte_mbuf.h>

#include "dataplane/drop.h"
#include "dataplane/learn.h"
#include "dataplane/packet_scratch.h"
#include "dataplane/resolve.h"
#include "dataplane/routed.h"

#include "lib/byte_order.h"
#include "lib/config.h"
#include "lib/evidence.h"
#include "lib/packet.h"
#include "lib/units.h"

namespace godwit {

// What becomes of a frame. Every frame leaves the pipeline as exactly one of these but kPending.
enum class Fate : uint8_t {
  kPending,    // nobody has decided yet
  kForwarded,  // to one port: `out`
  kFlooded,    // to every other port of its bridge
  kConsumed,   // for godwit itself
  kHeld,       // waits for the MAC of its next hop, or for a host that stands still
  kDropped,    // for the reason in `drop`
};

// The VLAN tags of a frame.
enum class Tags : uint8_t {
  kNone,
  kOwn,  // one C-tag, with the VLAN id of its bridge: all that most frames of a trunk have
  kOther,
};

// The first octets of a frame as they came in, which a later stage may rewrite: all that
// parse_ethernet looks at.
struct alignas(32) FrameHead {
  std::array<uint8_t, 32> octets;
};
static_assert(sizeof(FrameHead) >= kEthernetHeaderSize + kMaxVlanTags * kVlanTagSize);

struct Burst {
  uint16_t count = 0;

  bool watched = false;  // somebody looks at it behind the last stage: all is written out

  // Filled by rx.
  std::array<rte_mbuf*, kMaxBurst> mbuf;  // not to be touched once sent or freed by `tx`
  std::array<PortIndex, kMaxBurst> in_port;

  // Filled by classify; keys are Fdb::kNoKey where no bridge took the frame, and for an address
  // that is no station's.
  std::array<BridgeIndex, kMaxBurst> bridge;  // kNoBridge: taken by none
  std::array<FrameHead, kMaxBurst> head;
  std::array<uint8_t, kMaxBurst> head_size;
  std::array<Tags, kMaxBurst> tags;
  std::array<Evidence, kMaxBurst> evidence;
  std::array<uint64_t, kMaxBurst> src_key;
  std::array<uint64_t, kMaxBurst> dst_key;
  std::array<uint32_t, kMaxBurst> src_home;  // the keys' buckets in the FDB
  std::array<uint32_t, kMaxBurst> dst_home;  // filled by route where all go to the gateway

  // Frames sent to the gateway of their bridge, in order.
  uint16_t to_gateway_count = 0;
  std::array<uint16_t, kMaxBurst> to_gateway;

  // Frames of other switches to this one, in order.
  uint16_t peer_count = 0;
  std::array<uint16_t, kMaxBurst> peers;

  // Frames that a first look does not pass as a mere payload, in order: a guard looks at no others.
  uint16_t suspect_count = 0;
  std::array<uint16_t, kMaxBurst> suspects;

  // Frames that are more than data, in order, and say more than what is known to be so. Of any
  // frame that is more than data it can be asked what it said(). That is not written out before
  // somebody asks where it is an ordinary ARP request: most repeat what is known.
  uint16_t speaker_count = 0;
  // While `classify` is at work: of how many it knows what they say, and, of those that it heard
  // where it read them, the first octets of their destinations, and-ed.
  uint16_t heard_count = 0;
  uint8_t heard_dst = 0;
  std::array<uint16_t, kMaxBurst> speakers;
  mutable std::array<FrameEvidence, kMaxBurst> written;
  mutable std::array<bool, kMaxBurst> unwritten;
  std::array<uint32_t, kMaxBurst> asked;  // such a request's TPA

  // What speakers claim, by their place among them: its key in the neighbor table, kNoKey where
  // there is nothing to weigh, its print among the claims confirmed lately, and, filled by resolve,
  // the key's bucket.
  std::array<uint64_t, kMaxBurst> claim_key;
  std::array<uint64_t, kMaxBurst> claim_print;
  std::array<uint32_t, kMaxBurst> claim_asked;  // while `classify` is at work: as `asked`
  std::array<uint32_t, kMaxBurst> claim_home;

  // Filled by the stages that decide.
  uint16_t dropped = 0;        // frames whose fate is kDropped
  uint16_t flooded = 0;        // frames whose fate is kFlooded
  uint16_t other_tags = 0;     // frames whose tags are Tags::kOther
  bool all_forwarded = false;  // no frame has another fate
  std::array<Fate, kMaxBurst> fate;
  std::array<Drop, kMaxBurst> drop;
  std::array<Location, kMaxBurst> out;

  std::array<Learned, kMaxBurst> learned;  // what the source's sighting came to
  std::array<Location, kMaxBurst> was_at;  // where it was before, where that is another place
  std::array<Mapped, kMaxBurst> mapped;    // speakers': what the claimed mapping came to
  // Speakers' of Mapped::kConflict: ports that are not to hear it.
  std::array<std::array<Location, 2>, kMaxBurst> spared;
  std::array<uint16_t, kMaxBurst> followed;  // speakers': other bridges in which a RARP moved it

  // Filled by route. A routed frame is from then on one of its next hop's bridge, written as the
  // gateway sends it there: `bridge`, `head`, `tags`, `dst_key` and `dst_home` are those.
  uint16_t to_fragment = 0;  // frames that are Routed::kInFragments
  std::array<Routed, kMaxBurst> routed;
  std::array<BridgeIndex, kMaxBurst> came_by;  // routed frames': the bridge they came in by

  // Scratch of the stage at work: what its bulk lookup found.
  std::array<uint64_t, kMaxBurst> found_entry;
  PacketScratch packet_scratch;

  std::span<const uint8_t> bytes(uint16_t i) const {
    return {rte_pktmbuf_mtod(mbuf[i], const uint8_t*), mbuf[i]->data_len};
  }
  // Else it is longer than a frame buffer.
  bool is_whole(uint16_t i) const { return mbuf[i]->nb_segs == 1; }
  // As it came in; all zero for a runt.
  EthernetView ethernet(uint16_t i) const {
    if (head_size[i] < kEthernetHeaderSize) return {};
    return view_ethernet({head[i].octets.data(), head_size[i]});
  }
  // Of a frame that is no runt.
  Mac dst_mac(uint16_t i) const { return load_mac(head[i].octets.data()); }
  bool is_to_group(uint16_t i) const { return (head[i].octets[0] & 1) != 0; }  // by the I/G bit
  Mac src_mac(uint16_t i) const { return load_mac(&head[i].octets[6]); }
  const FrameEvidence& said(uint16_t i) const {
    assert(evidence[i] != Evidence::kData);
    if (unwritten[i]) {
      // Whoever shares the frame's memory may have changed it since.
      if (!read_arp(src_mac(i), packet(i), written[i])) written[i].mapping.reset();
      unwritten[i] = false;
    }
    return written[i];
  }
  // As said(i) has it.
  IpAddress target(uint16_t i) const {
    return unwritten[i] ? IpAddress::v4(asked[i]) : written[i].target;
  }
  // Where its packet starts, unless it has other tags than its own.
  size_t l3_offset(uint16_t i) const {
    static_assert(static_cast<int>(Tags::kNone) == 0 && static_cast<int>(Tags::kOwn) == 1);
    return kEthernetHeaderSize + kVlanTagSize * static_cast<size_t>(tags[i]);
  }
  // Of a frame that no stage has written to. Most have no tag but their own; what these say of one
  // is at hand.
  uint16_t ether_type(uint16_t i) const {
    return tags[i] != Tags::kOther ? load_be16(&head[i].octets[l3_offset(i) - 2])
                                   : ethernet(i).ether_type;
  }
  std::span<const uint8_t> packet(uint16_t i) const {  // what follows the EtherType
    const std::span<const uint8_t> frame = bytes(i);
    return tags[i] != Tags::kOther && frame.size() >= l3_offset(i) ? frame.subspan(l3_offset(i))
                                                                   : l3_of(ethernet(i), frame);
  }
  // Whether what it carries is of its own bridge. In one with VLAN tags, a second tag is a
  // customer's, and so is what is inside.
  bool is_of_bridge(uint16_t i, bool transparent) const {
    return tags[i] != Tags::kOther || transparent || ethernet(i).tags < 2;
  }
  void drop_frame(uint16_t i, Drop reason) {
    fate[i] = Fate::kDropped;
    drop[i] = reason;
    ++dropped;
  }
};

}  // namespace godwit
