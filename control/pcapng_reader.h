// The frames of a pcapng, of all its interfaces or of those of one name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/pcapng_index.h"
#include "control/record_reader.h"

namespace godwit {

class PcapngReader final : public RecordReader {
 public:
  // The first pass over a file, which fills `index` as it goes.
  PcapngReader(const std::string& path, std::span<const uint8_t> bytes, PcapngIndex& index);
  // A later pass: the frames of the interfaces called `name`, or of all. The index outlives it.
  PcapngReader(const std::string& path, std::span<const uint8_t> bytes, const PcapngIndex& index,
               std::optional<std::string_view> name);
  bool next(CapturedFrame& out) override;

  // Whether a file that begins with these four octets is a pcapng.
  static bool is_magic(const uint8_t* magic);

 private:
  struct Interface {
    uint32_t snaplen = 0;           // 0: no limit
    uint8_t tsresol;                // option if_tsresol
    int64_t tsoffset = 0;           // option if_tsoffset, seconds
    OffsetList* packets = nullptr;  // what to note them in; first pass only
  };
  struct Block {
    uint32_t type;
    std::span<const uint8_t> body;
  };

  bool seek();
  Block read_block();
  void read_byte_order();
  void read_section(const Block& block);
  void read_interface(const Block& block);
  void read_option(uint16_t code, std::span<const uint8_t> value, Interface& interface,
                   std::string_view& name) const;
  void read_packet(const Block& block, CapturedFrame& out);
  void read_simple_packet(const Block& block, CapturedFrame& out);
  void note_interface(Interface& interface, std::string_view name);
  void note_packet(const Interface& interface) const;

  void require_body(const Block& block, size_t octets, const char* what) const;
  void require_frame(const Block& block, size_t head_octets, uint32_t captured) const;
  const Interface& described(uint32_t index) const;
  Nanos to_nanos(const Interface& interface, uint64_t stamp) const;

  ByteOrder order_;
  std::vector<Interface> section_;  // the interfaces of the current section, by their index
  PcapngIndex* noted_ = nullptr;    // first pass only
  bool is_selective_ = false;       // the cursors lead from block to block
  OffsetList::Cursor structure_;
  OffsetList::Cursor packets_;
  std::optional<Nanos> last_ns_;  // what a packet without a stamp takes
};

}  // namespace godwit
