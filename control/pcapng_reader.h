// The frames of a pcapng, of all its interfaces or of those of one name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/record_reader.h"

namespace godwit {

class PcapngReader final : public RecordReader {
 public:
  // With `only`, the frames of interfaces of other names are checked but not given out.
  PcapngReader(const std::string& path, std::span<const uint8_t> bytes,
               std::optional<std::string_view> only);
  bool next(CapturedFrame& out) override;

  // Called for each interface description that next() comes by.
  std::function<void(const CaptureInterface&)> on_interface;

  // Whether a file that begins with these four octets is a pcapng.
  static bool is_magic(const uint8_t* magic);

 private:
  struct Interface {
    uint32_t snaplen = 0;  // 0: no limit
    uint8_t tsresol;       // option if_tsresol
    int64_t tsoffset = 0;  // option if_tsoffset, seconds
    bool is_wanted = true;
  };
  struct Block {
    uint32_t type;
    std::span<const uint8_t> body;
  };

  Block read_block();
  void read_byte_order();
  void read_section(const Block& block);
  void read_interface(const Block& block);
  void read_option(uint16_t code, std::span<const uint8_t> value, Interface& interface,
                   std::string_view& name) const;
  bool read_packet(const Block& block, CapturedFrame& out);
  bool read_simple_packet(const Block& block, CapturedFrame& out);

  void require_body(const Block& block, size_t octets, const char* what) const;
  void require_frame(const Block& block, size_t head_octets, uint32_t captured) const;
  const Interface& described(uint32_t index) const;
  Nanos to_nanos(const Interface& interface, uint64_t stamp) const;

  ByteOrder order_;
  std::optional<std::string> only_;
  std::vector<Interface> section_;  // the interfaces of the current section, by their index
  Nanos last_ns_ = 0;               // of the last packet that had a stamp, on any interface
};

}  // namespace godwit
