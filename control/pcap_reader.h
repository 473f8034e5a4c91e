// The frames of a classic pcap, with stamps in microseconds or nanoseconds.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "control/record_reader.h"

namespace godwit {

class PcapReader final : public RecordReader {
 public:
  // Reads and checks the file's header.
  PcapReader(const std::string& path, std::span<const uint8_t> bytes);
  bool next(CapturedFrame& out) override;

  // Whether a file that begins with these four octets is a classic pcap.
  static bool is_magic(const uint8_t* magic);

 private:
  ByteOrder order_;
  Nanos tick_;  // what one unit of a stamp's fraction is worth
};

}  // namespace godwit
