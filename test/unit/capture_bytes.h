// Captures built octet by octet, in either byte order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {
namespace test {

using Bytes = std::vector<uint8_t>;

}  // namespace test

// Appends. In this namespace, and so found by every test without being named.
inline test::Bytes operator+(test::Bytes left, const test::Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

namespace test {

// Integers and records in one byte order.
struct Encoder {
  bool is_big_endian = false;

  Bytes integer(uint64_t value, unsigned octets) const {
    Bytes out(octets);
    for (unsigned i = 0; i < octets; i++)
      out[is_big_endian ? octets - 1 - i : i] = static_cast<uint8_t>(value >> 8 * i);
    return out;
  }
  Bytes u16(uint64_t value) const { return integer(value, 2); }
  Bytes u32(uint64_t value) const { return integer(value, 4); }
  Bytes u64(uint64_t value) const { return integer(value, 8); }

  // Classic pcap.
  Bytes pcap_header(uint32_t magic, uint32_t linktype = 1) const {
    return u32(magic) + u16(2) + u16(4) + u64(0) + u32(262144) + u32(linktype);
  }
  Bytes pcap_record(uint32_t seconds, uint32_t fraction, const Bytes& frame,
                    uint32_t original_length) const {
    return u32(seconds) + u32(fraction) + u32(frame.size()) + u32(original_length) + frame;
  }
  Bytes pcap_record(uint32_t seconds, uint32_t fraction, const Bytes& frame) const {
    return pcap_record(seconds, fraction, frame, static_cast<uint32_t>(frame.size()));
  }

  // pcapng.
  Bytes block(uint32_t type, Bytes body) const {
    body.resize((body.size() + 3) / 4 * 4);
    const auto total = static_cast<uint32_t>(body.size() + 12);
    return u32(type) + u32(total) + body + u32(total);
  }
  Bytes option(uint16_t code, Bytes value) const {
    const auto length = static_cast<uint16_t>(value.size());
    value.resize((value.size() + 3) / 4 * 4);
    return u16(code) + u16(length) + value;
  }
  Bytes name(std::string_view text) const { return option(2, Bytes(text.begin(), text.end())); }
  Bytes section() const {
    return block(0x0a0d0d0a, u32(0x1a2b3c4d) + u16(1) + u16(0) + u64(~uint64_t{0}));
  }
  Bytes interface(const Bytes& options, uint32_t linktype = 1, uint32_t snaplen = 0) const {
    return block(1, u16(linktype) + u16(0) + u32(snaplen) + options);
  }
  Bytes enhanced_packet(uint32_t interface, uint64_t stamp, const Bytes& frame,
                        uint32_t original_length) const {
    return block(6, u32(interface) + u32(stamp >> 32) + u32(stamp & 0xffffffff) +
                        u32(frame.size()) + u32(original_length) + frame);
  }
  Bytes enhanced_packet(uint32_t interface, uint64_t stamp, const Bytes& frame) const {
    return enhanced_packet(interface, stamp, frame, static_cast<uint32_t>(frame.size()));
  }
  Bytes obsolete_packet(uint16_t interface, uint64_t stamp, const Bytes& frame) const {
    return block(2, u16(interface) + u16(0xffff) + u32(stamp >> 32) + u32(stamp & 0xffffffff) +
                        u32(frame.size()) + u32(frame.size()) + frame);
  }
  Bytes simple_packet(const Bytes& frame, uint32_t original_length) const {
    return block(3, u32(original_length) + frame);
  }
};

inline constexpr uint32_t kMicroMagic = 0xa1b2c3d4;
inline constexpr uint32_t kNanoMagic = 0xa1b23c4d;

// A frame of `octets` octets that all are `fill`.
inline Bytes frame_of(uint8_t fill, size_t octets = 60) { return Bytes(octets, fill); }

}  // namespace test
}  // namespace godwit
