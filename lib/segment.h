// What a sender leaves to its network card, done in software: the checksum of a packet that says
// where it goes, and the cutting of a large TCP or UDP packet into ones that fit the wire. Frames
// of virtual interfaces come so, because no card ever sees them.
//
// Pure functions: any thread, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace godwit {

// Fills in the checksum at `start + offset` of what is from `start` on; the sum of the pseudo
// header stands there. False when that is not in the frame.
bool fill_checksum(std::span<uint8_t> frame, size_t start, size_t offset);

// A frame with a TCP or UDP packet of IPv4 (no fragment) or IPv6 (no extension headers) that is to
// leave as several, with at most `size` octets of payload each.
class Segmenter {
 public:
  // std::nullopt for any other frame. The octets must outlive the segmenter.
  static std::optional<Segmenter> of(std::span<const uint8_t> frame, size_t size);

  size_t count() const { return (payload_size() + size_ - 1) / size_; }
  // Writes segment `n`, whole, with its lengths, sequence number and checksums; returns its length
  // in octets, or 0 when `out` is too small.
  size_t write(size_t n, std::span<uint8_t> out) const;

 private:
  size_t payload_size() const { return frame_.size() - headers_; }
  void finish_ip(uint8_t* l3, size_t n, size_t l3_size) const;
  void finish_transport(std::span<uint8_t> segment, size_t n) const;

  std::span<const uint8_t> frame_;
  size_t size_ = 0;
  size_t l3_ = 0;       // where the IP header begins,
  size_t l4_ = 0;       // the TCP or UDP header,
  size_t headers_ = 0;  // and the payload
  bool is_v6_ = false;
  uint8_t protocol_ = 0;
};

}  // namespace godwit
