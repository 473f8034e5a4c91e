// What the readers of the two capture formats share: walking a mapped file record by record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "control/capture_reader.h"

namespace godwit {

// Integers in the byte order of the machine that wrote a file; any alignment.
struct ByteOrder {
  bool is_big_endian = false;

  uint16_t u16(const uint8_t* p) const {
    return static_cast<uint16_t>(is_big_endian ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
  }
  uint32_t u32(const uint8_t* p) const {
    const uint32_t first = u16(p), second = u16(p + 2);
    return is_big_endian ? first << 16 | second : second << 16 | first;
  }
  uint64_t u64(const uint8_t* p) const {
    const uint64_t first = u32(p), second = u32(p + 4);
    return is_big_endian ? first << 32 | second : second << 32 | first;
  }
};

// One pass over a capture. Throws CaptureError at the first octet that makes no sense.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  virtual bool next(CapturedFrame& out) = 0;  // false: the end; stamps are as the file has them
  uint64_t offset() const { return offset_; }
  uint64_t unstamped() const { return unstamped_; }

 protected:
  // `path` and `bytes` outlive the reader.
  RecordReader(const std::string& path, std::span<const uint8_t> bytes)
      : path_(path), bytes_(bytes) {}

  const uint8_t* at(uint64_t offset) const { return bytes_.data() + offset; }
  uint64_t size() const { return bytes_.size(); }
  uint64_t remaining() const { return bytes_.size() - offset_; }
  [[noreturn]] void fail(uint64_t offset, const std::string& text) const;

  // Throws unless `octets` are left; `what` completes "the file ends inside …".
  void require(uint64_t octets, const char* what) const;
  void check_linktype(uint64_t offset, uint32_t linktype) const;
  void check_lengths(uint64_t offset, uint32_t captured, uint32_t original) const;

  uint64_t offset_ = 0;  // of the next record
  uint64_t unstamped_ = 0;

 private:
  const std::string& path_;
  std::span<const uint8_t> bytes_;
};

}  // namespace godwit
