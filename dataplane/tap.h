// What a worker lets control see of its traffic while somebody looks: copies of frames as ports
// take and give them, or as they are dropped (a capture), and the passages of some host's frames
// through the pipeline (a trace).
//
// Control makes a tap for each worker and publishes it as the worker's observer; without one a
// worker does nothing for it but ask whether there is one, per burst. The worker writes into the
// tap's rings and never waits: what a full ring refuses is counted. A tap does not change. When
// somebody begins or ends to look, control makes another, over the same rings, and lets the former
// go when the worker has passed a quiescent state; so each ring has one producer at any time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "dataplane/burst_observer.h"
#include "dataplane/passage.h"
#include "dataplane/port_state.h"
#include "dataplane/topology.h"

#include "lib/counter.h"
#include "lib/frame_filter.h"
#include "lib/record_ring.h"
#include "lib/units.h"

namespace godwit {

enum class Way : uint8_t { kIn, kOut, kDropped };

// Which frames to copy, and how much of each.
struct CaptureWish {
  bool in = false;
  bool out = false;
  bool drops = false;
  std::optional<PortIndex> port;  // of this one alone
  FrameFilter frames = {};
  uint32_t snaplen = UINT32_MAX;
};

// Which frames to follow through the stages.
struct TraceWish {
  std::optional<PortIndex> port;  // that came in by this one alone
  FrameFilter frames;
};

// What the rings hold: this, and then `captured` octets of the frame; or then `hearers` of Hearer.
struct FrameRecord {
  Nanos at = 0;
  uint32_t length = 0;  // on the wire
  uint32_t captured = 0;
  PortIndex port = 0;
  Way way = Way::kIn;
  Drop why = Drop::kNoBridge;  // kDropped
};
struct TraceRecord {
  Nanos at = 0;
  Passage passage;
  uint32_t hearers = 0;
};

// One worker's part in what is wished.
template <class Wish>
struct TapLine {
  TapLine(Wish wish_in, size_t ring_octets) : wish(std::move(wish_in)), ring(ring_octets) {}

  const Wish wish;
  RecordRing ring;
  Counter lost;  // records that the ring refused
};
using CaptureLine = TapLine<CaptureWish>;
using TraceLine = TapLine<TraceWish>;

class Tap final : public BurstObserver {
 public:
  // Either line may be null: nobody wants that.
  Tap(const Topology& topology, const PortStates& ports, std::shared_ptr<CaptureLine> capture,
      std::shared_ptr<TraceLine> trace);

  void arrived(const Burst& burst, Nanos now) override;
  void seen(const Burst& burst, Nanos now) override;
  void dropped(const rte_mbuf* frame, PortIndex port, Drop why, Nanos now) override;
  void offered(PortIndex port, const rte_mbuf* const* frames, uint16_t count, Nanos now) override;
  void taken(uint16_t count) override;

 private:
  static constexpr size_t kMostHearers = 256;  // that a trace tells of

  struct Mark {
    uint16_t i;
    Arrived came;
  };

  void copy(const rte_mbuf* frame, FrameRecord record);
  void follow(const Burst& burst, const Mark& mark, Nanos now);

  const Topology& topology_;
  const PortStates& ports_;
  const std::shared_ptr<CaptureLine> capture_;
  const std::shared_ptr<TraceLine> trace_;
  uint16_t marked_ = 0;  // frames of the burst under way to be followed
  std::array<Mark, kMaxBurst> marks_;
  uint64_t before_offer_ = 0;  // in the capture's ring
  bool copies_offer_ = false;
  std::array<uint64_t, kMaxBurst> behind_;  // each frame offered, in the capture's ring
};

}  // namespace godwit
