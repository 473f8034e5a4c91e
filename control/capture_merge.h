// Merging the captures of several ports into one sequence of frames by time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "control/capture_reader.h"

#include "lib/units.h"

namespace godwit {

struct MergedFrame {
  PortIndex port = 0;
  CapturedFrame frame;
};

// A merge of any number of streams, one frame of look-ahead each. The earliest stamp comes first;
// of equal stamps, the lower port; of one port, the order of add() and then of the file. Frames of
// one timestamp are never collected, so that a million of them cost no memory: the caller takes as
// many as its burst holds and asks peek_time() whether more of the same instant follow.
//
//   while (auto now = merge.peek_time()) {
//     for (size_t n = 0; n < burst && merge.peek_time() == now; n++) merge.next(frame);
//     ...
//   }
//
// A frame's bytes stay valid as long as the merge. A damaged record throws CaptureError from add()
// or from next() before any frame behind it is seen.
class CaptureMerge {
 public:
  void add(PortIndex port, CaptureStream stream);

  std::optional<Nanos> peek_time() const;  // of the frame that next() gives; std::nullopt: the end
  bool next(MergedFrame& out);             // false: the end, `out` is as it was

  // Progress: octets of all streams. Streams that share a file count it once each.
  uint64_t total_bytes() const;
  uint64_t consumed_bytes() const;

  const CaptureStream& stream(size_t i) const { return sources_[i].stream; }  // in order of add()
  size_t stream_count() const { return sources_.size(); }
  PortIndex port(size_t i) const { return sources_[i].port; }

 private:
  struct Source {
    PortIndex port;
    CaptureStream stream;
    CapturedFrame head;
  };
  struct Turn {  // a source that has a head
    Nanos time;
    PortIndex port;
    size_t source;  // index in sources_
    bool operator>(const Turn& o) const {
      return std::tie(time, port, source) > std::tie(o.time, o.port, o.source);
    }
  };

  void advance(size_t source);

  std::vector<Source> sources_;
  std::vector<Turn> turns_;  // a heap, the next turn at the front
};

}  // namespace godwit
