// A burst of frames on its way through the pipeline, as a structure of arrays: `classify` reads
// each header once and fills them, later stages read them. It belongs to one worker and never
// leaves it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <rte_mbuf.h>

#include "dataplane/drop.h"
#include "dataplane/learn.h"
#include "dataplane/resolve.h"

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
  kDropped,    // for the reason in `drop`
};

struct Burst {
  uint16_t count = 0;

  // Filled by rx.
  std::array<rte_mbuf*, kMaxBurst> mbuf;  // not to be touched once sent or freed by `tx`
  std::array<PortIndex, kMaxBurst> in_port;

  // Filled by classify; keys are 0 where no bridge took the frame.
  std::array<BridgeIndex, kMaxBurst> bridge;  // kNoBridge: taken by none
  std::array<EthernetView, kMaxBurst> ethernet;
  std::array<Evidence, kMaxBurst> evidence;
  std::array<uint64_t, kMaxBurst> src_key;
  std::array<uint64_t, kMaxBurst> dst_key;
  std::array<uint32_t, kMaxBurst> src_home;  // the keys' buckets in the FDB
  std::array<uint32_t, kMaxBurst> dst_home;

  // Frames that are more than data, in order; only they have an entry in `said`.
  uint16_t speaker_count = 0;
  std::array<uint16_t, kMaxBurst> speakers;
  std::array<FrameEvidence, kMaxBurst> said;

  // Filled by the stages that decide.
  uint16_t flooded = 0;  // frames whose fate is kFlooded
  std::array<Fate, kMaxBurst> fate;
  std::array<Drop, kMaxBurst> drop;
  std::array<Location, kMaxBurst> out;

  std::array<Learned, kMaxBurst> learned;  // what the source's sighting came to
  std::array<Location, kMaxBurst> was_at;  // where it was before, where that is another place
  std::array<Mapped, kMaxBurst> mapped;    // what the claimed mapping came to
  std::array<uint16_t, kMaxBurst>
      followed;  // other bridges in which a RARP moved its host; speakers'

  // Scratch of the stage at work: what its bulk lookup found.
  std::array<uint64_t, kMaxBurst> found_entry;

  std::span<const uint8_t> bytes(uint16_t i) const {
    return {rte_pktmbuf_mtod(mbuf[i], const uint8_t*), mbuf[i]->data_len};
  }
  void drop_frame(uint16_t i, Drop reason) {
    fate[i] = Fate::kDropped;
    drop[i] = reason;
  }
};

}  // namespace godwit
