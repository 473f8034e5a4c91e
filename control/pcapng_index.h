// Where the frames of each interface name lie in a pcapng, so that a stream of one port need not
// walk the frames of a thousand others. About two octets a frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "control/capture_reader.h"

#include "lib/units.h"

namespace godwit {

// Offsets in rising order, each a multiple of 4 as those of pcapng blocks are. They are kept as
// their distances, in units of 4 octets, seven bits an octet, the low bits first.
class OffsetList {
 public:
  void append(uint64_t offset) {
    uint64_t distance = (offset - last_) / 4;
    for (; distance >= 0x80; distance >>= 7)
      octets_.push_back(static_cast<uint8_t>(distance | 0x80));
    octets_.push_back(static_cast<uint8_t>(distance));
    last_ = offset;
  }

  class Cursor {
   public:
    Cursor() = default;
    explicit Cursor(const OffsetList& list) : octets_(list.octets_), offset_(0) { advance(); }
    uint64_t offset() const { return offset_; }  // kEnd behind the last
    void advance();

    static constexpr uint64_t kEnd = ~uint64_t{0};

   private:
    std::span<const uint8_t> octets_;  // what is left
    uint64_t offset_ = kEnd;
  };

 private:
  std::vector<uint8_t> octets_;
  uint64_t last_ = 0;
};

inline void OffsetList::Cursor::advance() {
  if (octets_.empty()) {
    offset_ = kEnd;
    return;
  }
  uint64_t distance = 0;
  size_t used = 0;
  do {
    distance |= uint64_t{octets_[used] & 0x7fU} << 7 * used;
  } while ((octets_[used++] & 0x80) != 0);
  octets_ = octets_.subspan(used);
  offset_ += distance * 4;
}

struct PcapngIndex {
  OffsetList structure;                            // section headers, interface descriptions
  std::map<std::string_view, OffsetList> packets;  // by interface name, a view into the capture
  std::vector<CaptureInterface> interfaces;        // each name once, in order of appearance
  std::optional<Nanos> first_ns;                   // the first stamp of any packet
};

}  // namespace godwit
