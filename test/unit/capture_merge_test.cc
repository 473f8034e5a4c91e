#include "control/capture_merge.h"

#include <deque>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/capture_bytes.h"

namespace godwit {
namespace {

using test::Bytes;
using test::Encoder;
using test::frame_of;
using test::kNanoMagic;

const Encoder kEncoder;

// Captures in memory that a merge reads, one stream a port.
class Captures {
 public:
  // Frames of (stamp, octet).
  void add(PortIndex port, const std::vector<std::pair<uint32_t, uint8_t>>& frames) {
    Bytes& file = files_.emplace_back(kEncoder.pcap_header(kNanoMagic));
    for (const auto& [stamp, fill] : frames)
      file = file + kEncoder.pcap_record(0, stamp, frame_of(fill));
    merge.add(port, CaptureStream(CaptureFile::from_bytes("in", file)));
  }

  // (port, octet) in the order of the merge.
  std::vector<std::pair<int, int>> drain() {
    std::vector<std::pair<int, int>> order;
    MergedFrame frame;
    while (const auto time = merge.peek_time()) {
      REQUIRE(merge.next(frame));
      CHECK(frame.frame.absolute_ns == *time);
      order.emplace_back(frame.port, frame.frame.bytes.front());
    }
    CHECK_FALSE(merge.next(frame));
    CHECK(merge.consumed_bytes() == merge.total_bytes());
    return order;
  }

  CaptureMerge merge;

 private:
  std::deque<Bytes> files_;  // stay where they are
};

using Order = std::vector<std::pair<int, int>>;

}  // namespace

TEST_CASE("frames come by time, then by port, then as in the file", "[capture]") {
  Captures captures;
  captures.add(2, {{10, 1}, {20, 2}, {20, 3}, {30, 4}});
  captures.add(0, {{20, 5}, {20, 6}});
  captures.add(1, {});
  captures.add(3, {{5, 7}, {20, 8}, {40, 9}});
  CHECK(captures.drain() ==
        Order{{3, 7}, {2, 1}, {0, 5}, {0, 6}, {2, 2}, {2, 3}, {3, 8}, {2, 4}, {3, 9}});
}

TEST_CASE("two captures of one port keep the order in which they were given", "[capture]") {
  Captures captures;
  captures.add(1, {{10, 1}, {20, 2}});
  captures.add(1, {{10, 3}, {15, 4}});
  CHECK(captures.drain() == Order{{1, 1}, {1, 3}, {1, 4}, {1, 2}});
}

TEST_CASE("a stamp that runs backward in one capture does not move the others", "[capture]") {
  Captures captures;
  captures.add(0, {{30, 1}, {10, 2}, {40, 3}});
  captures.add(1, {{20, 4}, {30, 5}});
  CHECK(captures.drain() == Order{{1, 4}, {0, 1}, {0, 2}, {1, 5}, {0, 3}});
  CHECK(captures.merge.stream(0).clamped() == 1);
  CHECK(captures.merge.stream(1).clamped() == 0);
}

TEST_CASE("the interfaces of one pcapng merge as the ports they name", "[capture]") {
  const Encoder& e = kEncoder;
  const Bytes bytes = e.section() + e.interface(e.name("a")) + e.interface(e.name("b")) +
                      e.enhanced_packet(1, 20, frame_of(1)) +
                      e.enhanced_packet(0, 20, frame_of(2)) +
                      e.enhanced_packet(1, 10, frame_of(3)) + e.enhanced_packet(0, 15, frame_of(4));
  const auto file = CaptureFile::from_bytes("in", bytes);
  CaptureMerge merge;
  merge.add(0, CaptureStream(file, "a"));
  merge.add(1, CaptureStream(file, "b"));
  CHECK(merge.total_bytes() == 2 * bytes.size());
  Order order;
  MergedFrame frame;
  while (merge.next(frame)) order.emplace_back(frame.port, frame.frame.bytes.front());
  CHECK(order == Order{{0, 2}, {0, 4}, {1, 1}, {1, 3}});
}

TEST_CASE("no capture is an empty sequence", "[capture]") {
  CaptureMerge merge;
  MergedFrame frame;
  frame.port = 7;
  CHECK_FALSE(merge.peek_time());
  CHECK_FALSE(merge.next(frame));
  CHECK(frame.port == 7);
}

TEST_CASE("damage shows before any frame behind it is given out", "[capture]") {
  Bytes bytes = kEncoder.pcap_header(kNanoMagic) + kEncoder.pcap_record(0, 1, frame_of(1)) +
                kEncoder.pcap_record(0, 2, frame_of(2));
  bytes.pop_back();
  CaptureMerge merge;
  merge.add(0, CaptureStream(CaptureFile::from_bytes("in", bytes)));
  MergedFrame frame;
  CHECK_THROWS_AS(merge.next(frame), CaptureError);
}

}  // namespace godwit
