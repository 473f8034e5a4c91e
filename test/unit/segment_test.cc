#include "lib/segment.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <catch2/catch.hpp>

#include "test/unit/frames.h"

#include "lib/byte_order.h"
#include "lib/packet.h"

namespace godwit {
namespace {

using frames::Octets;

constexpr size_t kL3 = kEthernetHeaderSize;

// What a guest hands to its card: a TCP packet with so many octets of payload, flags PSH, FIN, CWR
// and ACK.
Octets large_tcp(bool v6, size_t payload) {
  Octets frame = frames::octets("525400000001 525400000002");
  const Octets ip = v6 ? frames::octets(R"(86dd 60000000 0000 06 40
      fd000009000000000000000000000002 fd000009000000000000000000000001)")
                       : frames::octets("0800 4500 0000 1234 4000 40 06 0000 0a090002 0a090001");
  const Octets tcp =
      frames::octets("c350 1451 fffffff0 00000001 80 99 0200 0000 0000 0101080a 00000001 00000002");
  frame.insert(frame.end(), ip.begin(), ip.end());
  frame.insert(frame.end(), tcp.begin(), tcp.end());
  const size_t headers = frame.size();
  frame.resize(headers + payload);
  std::iota(frame.begin() + static_cast<std::ptrdiff_t>(headers), frame.end(), uint8_t{1});
  return frame;
}

IpAddress address(const Octets& frame, bool v6, size_t v4_at, size_t v6_at) {
  return v6 ? load_ipv6(&frame[kL3 + v6_at]) : load_ipv4(&frame[kL3 + v4_at]);
}

Octets segment(const Segmenter& segmenter, size_t n) {
  Octets out(2048);
  out.resize(segmenter.write(n, out));
  return out;
}

// Over a message that holds its own checksum.
uint16_t transport_sum(const Octets& frame, bool v6, size_t l4, uint8_t protocol) {
  return transport_checksum(address(frame, v6, 12, 8), address(frame, v6, 16, 24), protocol,
                            std::span(frame).subspan(l4));
}

}  // namespace

TEST_CASE("a large TCP packet is cut into whole ones", "[segment]") {
  const bool v6 = GENERATE(false, true);
  const size_t l4 = kL3 + (v6 ? kIpv6HeaderSize : kIpv4HeaderSize);
  const size_t headers = l4 + 32;
  const Octets whole = large_tcp(v6, 2500);
  const auto segmenter = Segmenter::of(whole, 1000);
  REQUIRE(segmenter);
  REQUIRE(segmenter->count() == 3);
  Octets payload;
  for (size_t n = 0; n < 3; ++n) {
    const Octets one = segment(*segmenter, n);
    INFO("segment " << n);
    CHECK(one.size() == headers + (n < 2 ? 1000 : 500));
    CHECK(std::equal(one.begin(), one.begin() + kL3, whole.begin()));
    if (v6) {
      CHECK(load_be16(&one[kL3 + 4]) == one.size() - l4);
    } else {
      CHECK(load_be16(&one[kL3 + 2]) == one.size() - kL3);
      CHECK(load_be16(&one[kL3 + 4]) == 0x1234 + n);
      CHECK(ipv4_checksum_ok(std::span(one).subspan(kL3)));
    }
    CHECK(load_be32(&one[l4 + 4]) == static_cast<uint32_t>(0xfffffff0 + 1000 * n));
    CHECK(one[l4 + 13] == (n == 0 ? 0x90 : n == 1 ? 0x10 : 0x19));
    CHECK(transport_sum(one, v6, l4, 6) == 0);
    payload.insert(payload.end(), one.begin() + static_cast<std::ptrdiff_t>(headers), one.end());
  }
  CHECK(std::equal(payload.begin(), payload.end(),
                   whole.begin() + static_cast<std::ptrdiff_t>(headers), whole.end()));
}

TEST_CASE("a large UDP packet is cut into datagrams", "[segment]") {
  Octets whole = frames::octets(R"(525400000001 525400000002 0800
      4500 0000 0001 0000 40 11 0000 0a090002 0a090001 c350 1451 0000 0000)");
  whole.resize(whole.size() + 30, 7);
  const auto segmenter = Segmenter::of(whole, 20);
  REQUIRE(segmenter);
  REQUIRE(segmenter->count() == 2);
  for (size_t n = 0; n < 2; ++n) {
    const Octets one = segment(*segmenter, n);
    const size_t l4 = kL3 + kIpv4HeaderSize;
    CHECK(load_be16(&one[l4 + 4]) == (n == 0 ? 28 : 18));
    CHECK(transport_sum(one, false, l4, 17) == 0);
  }
}

TEST_CASE("a tagged packet is cut, tags and all", "[segment]") {
  Octets whole = large_tcp(false, 100);
  const Octets tag = frames::octets("8100 000a");
  whole.insert(whole.begin() + 12, tag.begin(), tag.end());
  const auto segmenter = Segmenter::of(whole, 60);
  REQUIRE(segmenter);
  CHECK(segment(*segmenter, 1).size() == whole.size() - 60);
}

TEST_CASE("what is no TCP or UDP packet is not cut", "[segment]") {
  Octets fragment = large_tcp(false, 100);
  fragment[kL3 + 6] = 0x20;
  Octets icmp = large_tcp(false, 100);
  icmp[kL3 + 9] = 1;
  Octets bad_offset = large_tcp(false, 100);
  bad_offset[kL3 + kIpv4HeaderSize + 12] = 0xf0;
  bad_offset.resize(kL3 + kIpv4HeaderSize + 40);
  Octets short_header = large_tcp(false, 100);
  short_header[kL3] = 0x44;
  for (const Octets& frame : {fragment, icmp, bad_offset, short_header, frames::kLinuxGarp,
                              frames::kNs, Octets(10), Octets()})
    CHECK_FALSE(Segmenter::of(frame, 50));
  CHECK_FALSE(Segmenter::of(large_tcp(false, 100), 0));
  for (size_t size = 0; size < 80; ++size) {
    const Octets cut = frames::prefix(large_tcp(size % 2 == 0, 20), size);
    if (const auto segmenter = Segmenter::of(cut, 5))
      for (size_t n = 0; n < segmenter->count(); ++n) segment(*segmenter, n);
  }
}

TEST_CASE("a checksum that was left to the card is filled in", "[segment]") {
  Octets frame = large_tcp(false, 33);
  const size_t l4 = kL3 + kIpv4HeaderSize;
  // The sum of the pseudo header, as the stack leaves it.
  const auto length = static_cast<uint16_t>(frame.size() - l4);
  const Octets pseudo = {10,
                         9,
                         0,
                         2,
                         10,
                         9,
                         0,
                         1,
                         0,
                         6,
                         static_cast<uint8_t>(length >> 8),
                         static_cast<uint8_t>(length)};
  store_be16(&frame[l4 + 16], static_cast<uint16_t>(~internet_checksum(pseudo)));
  REQUIRE(fill_checksum(frame, l4, 16));
  CHECK(transport_sum(frame, false, l4, 6) == 0);

  CHECK_FALSE(fill_checksum(frame, frame.size(), 0));
  CHECK_FALSE(fill_checksum(frame, frame.size() - 1, 0));
  CHECK_FALSE(fill_checksum(frame, 20, frame.size()));
  CHECK_FALSE(fill_checksum(frame, SIZE_MAX, 4));
}

}  // namespace godwit
