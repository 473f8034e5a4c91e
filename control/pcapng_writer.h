// Writing a pcapng while frames come in: one section, an interface for each port, times in
// nanoseconds. The file may be read at any time, and ends behind the last block that was flushed.
//
// DPDK's rte_pcapng is of no use here: its interfaces are ethdevs and no others, which vhost ports
// and packet sockets are not, and in 22.11 it writes no comment to a frame.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/capture_error.h"

#include "lib/units.h"

namespace godwit {

class PcapngWriter {
 public:
  // Makes the file, and never writes over one: who may ask for a capture may not be allowed to
  // replace what the daemon can. Throws WriteError, as all that writes does.
  explicit PcapngWriter(const std::string& path);
  ~PcapngWriter();
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  // Returns the interface's number.
  uint32_t add_interface(std::string_view name, uint32_t snaplen);

  enum class Direction : uint8_t { kUnknown, kInbound, kOutbound };
  struct Frame {
    uint32_t interface = 0;
    Nanos at = 0;  // since 1970
    Direction direction = Direction::kUnknown;
    std::span<const uint8_t> octets{};
    uint32_t length = 0;         // on the wire
    std::string_view comment{};  // none if empty
  };
  void write(const Frame& frame);

  void flush();
  uint64_t octets() const { return octets_; }  // of the file, with what is not flushed yet
  const std::string& path() const { return path_; }

 private:
  void put(std::span<const uint8_t> octets);
  template <class Value>
  void put(Value value);
  void put_option(uint16_t code, std::span<const uint8_t> value);
  void put_option(uint16_t code, std::string_view text);
  void pad();
  void begin_block(uint32_t type);
  void end_block();

  std::string path_;
  int file_;
  std::string buffer_;
  size_t block_ = 0;  // where the block under way begins in the buffer
  uint64_t octets_ = 0;
  uint32_t interfaces_ = 0;
};

}  // namespace godwit
