#include "control/pcapng_reader.h"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "control/pcap_format.h"

namespace godwit {
namespace {

__extension__ typedef __int128 Int128;  // a 64-bit stamp times 10^9 needs 94 bits

constexpr Int128 power_of_ten(unsigned exponent) {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

constexpr unsigned kNanoExponent = 9;
constexpr unsigned kLargestPower = 20;  // 10^20 is above every stamp

// A stamp in nanoseconds, rounded down; `tsresol` as in option if_tsresol.
Int128 scale_stamp(uint64_t stamp, uint8_t tsresol) {
  const unsigned exponent = tsresol & ~pcapng::kTsresolBinary;
  if ((tsresol & pcapng::kTsresolBinary) != 0) return Int128{stamp} * kSecond >> exponent;
  if (exponent <= kNanoExponent) return stamp * power_of_ten(kNanoExponent - exponent);
  return stamp / power_of_ten(std::min(exponent - kNanoExponent, kLargestPower));
}

constexpr size_t padded(size_t octets) { return (octets + 3) & ~size_t{3}; }

}  // namespace

bool PcapngReader::is_magic(const uint8_t* magic) {
  return ByteOrder{}.u32(magic) == pcapng::kSectionHeader;
}

PcapngReader::PcapngReader(const std::string& path, std::span<const uint8_t> bytes,
                           PcapngIndex& index)
    : RecordReader(path, bytes), noted_(&index) {}

PcapngReader::PcapngReader(const std::string& path, std::span<const uint8_t> bytes,
                           const PcapngIndex& index, std::optional<std::string_view> name)
    : RecordReader(path, bytes), is_selective_(name.has_value()), last_ns_(index.first_ns) {
  if (!name) return;
  structure_ = OffsetList::Cursor(index.structure);
  const auto found = index.packets.find(*name);
  if (found != index.packets.end()) packets_ = OffsetList::Cursor(found->second);
}

// Goes to the next block that matters to this pass; false: there is none.
bool PcapngReader::seek() {
  if (!is_selective_) return remaining() > 0;
  if (packets_.offset() == OffsetList::Cursor::kEnd) {
    offset_ = size();
    return false;
  }
  auto& nearest = structure_.offset() < packets_.offset() ? structure_ : packets_;
  offset_ = nearest.offset();
  nearest.advance();
  return true;
}

bool PcapngReader::next(CapturedFrame& out) {
  while (seek()) {
    const Block block = read_block();
    bool is_frame = false;
    switch (block.type) {
      case pcapng::kSectionHeader:
        read_section(block);
        break;
      case pcapng::kInterfaceDescription:
        read_interface(block);
        break;
      case pcapng::kEnhancedPacket:
      case pcapng::kPacket:
        read_packet(block, out);
        is_frame = true;
        break;
      case pcapng::kSimplePacket:
        read_simple_packet(block, out);
        is_frame = true;
        break;
      default:  // statistics, names, comments, secrets: nothing that a switch would see
        break;
    }
    offset_ += block.body.size() + pcapng::kBlockFrameOctets;
    if (is_frame) return true;
  }
  return false;
}

PcapngReader::Block PcapngReader::read_block() {
  require(pcapng::kBlockFrameOctets, "the header of a block");
  if (is_magic(at(offset_))) read_byte_order();
  const uint32_t type = order_.u32(at(offset_));
  const uint32_t total = order_.u32(at(offset_ + 4));
  if (total < pcapng::kBlockFrameOctets || total % 4 != 0)
    fail(offset_,
         fmt::format("block of type {:#x} gives its length as {} octets, which is {} (the "
                     "file is damaged)",
                     type, total, total % 4 != 0 ? "no multiple of 4" : "less than the least, 12"));
  require(total, "a block");
  const uint32_t repeated = order_.u32(at(offset_ + total - pcapng::kBlockTailOctets));
  if (repeated != total)
    fail(offset_, fmt::format("block of type {:#x} is {} octets long by its head and {} by its "
                              "tail (the file is damaged)",
                              type, total, repeated));
  return {type, {at(offset_ + pcapng::kBlockHeadOctets), total - pcapng::kBlockFrameOctets}};
}

// A section may come from another machine than the one before it.
void PcapngReader::read_byte_order() {
  const uint8_t* magic = at(offset_ + pcapng::kBlockHeadOctets);
  order_.is_big_endian = ByteOrder{true}.u32(magic) == pcapng::kByteOrderMagic;
  if (order_.u32(magic) != pcapng::kByteOrderMagic)
    fail(offset_ + pcapng::kBlockHeadOctets,
         fmt::format("byte-order magic {:#010x} of a section, where 0x1a2b3c4d is expected (the "
                     "file is damaged)",
                     ByteOrder{true}.u32(magic)));
}

void PcapngReader::read_section(const Block& block) {
  require_body(block, pcapng::kSectionBodyOctets, "section header");
  const uint16_t major = order_.u16(&block.body[pcapng::kSectionMajorAt]);
  if (major != pcapng::kVersionMajor)
    fail(offset_, fmt::format("pcapng version {}.{} is not known, only 1.x is (write the capture "
                              "anew with editcap)",
                              major, order_.u16(&block.body[pcapng::kSectionMinorAt])));
  section_.clear();
  if (noted_ != nullptr) noted_->structure.append(offset_);
}

void PcapngReader::read_interface(const Block& block) {
  require_body(block, pcapng::kInterfaceBodyOctets, "interface description");
  check_linktype(offset_, order_.u16(block.body.data()));
  Interface interface;
  interface.snaplen = order_.u32(&block.body[pcapng::kSnaplenAt]);
  interface.tsresol = pcapng::kDefaultTsresol;
  std::string_view name;
  auto options = block.body.subspan(pcapng::kInterfaceBodyOctets);
  while (options.size() >= pcapng::kOptionHeadOctets) {
    const uint16_t code = order_.u16(options.data());
    const uint16_t length = order_.u16(&options[2]);
    if (code == pcapng::kEndOfOptions) break;
    options = options.subspan(pcapng::kOptionHeadOctets);
    if (padded(length) > options.size())
      fail(offset_, fmt::format("option {} of an interface description is {} octets long, past the "
                                "end of its block (the file is damaged)",
                                code, length));
    read_option(code, options.first(length), interface, name);
    options = options.subspan(padded(length));
  }
  note_interface(interface, name);
  section_.push_back(interface);
}

void PcapngReader::read_option(uint16_t code, std::span<const uint8_t> value, Interface& interface,
                               std::string_view& name) const {
  const auto check_size = [&](size_t octets) {
    if (value.size() != octets)
      fail(offset_, fmt::format("option {} of an interface description is {} octets long, not {} "
                                "(the file is damaged)",
                                code, value.size(), octets));
  };
  if (code == pcapng::kIfName) {
    name = {reinterpret_cast<const char*>(value.data()), value.size()};
    name = name.substr(0, name.find('\0'));  // some writers count a terminator
  } else if (code == pcapng::kIfTsresol) {
    check_size(1);
    interface.tsresol = value[0];
  } else if (code == pcapng::kIfTsoffset) {
    check_size(8);
    interface.tsoffset = static_cast<int64_t>(order_.u64(value.data()));
  }
}

void PcapngReader::read_packet(const Block& block, CapturedFrame& out) {
  require_body(block, pcapng::kPacketBodyOctets, "packet");
  const uint8_t* body = block.body.data();
  const Interface& interface =
      described(block.type == pcapng::kPacket ? order_.u16(body) : order_.u32(body));
  const uint64_t high = order_.u32(body + pcapng::kTimeHighAt);
  const uint32_t captured = order_.u32(body + pcapng::kCapturedAt);
  const uint32_t original = order_.u32(body + pcapng::kOriginalAt);
  check_lengths(offset_, captured, original);
  require_frame(block, pcapng::kPacketBodyOctets, captured);
  last_ns_ = to_nanos(interface, high << 32 | order_.u32(body + pcapng::kTimeLowAt));
  note_packet(interface);
  out = {*last_ns_, block.body.subspan(pcapng::kPacketBodyOctets, captured), original};
}

void PcapngReader::read_simple_packet(const Block& block, CapturedFrame& out) {
  require_body(block, pcapng::kSimpleBodyOctets, "simple packet");
  const Interface& interface = described(0);
  const uint32_t original = order_.u32(block.body.data());
  const uint32_t captured =
      interface.snaplen == 0 ? original : std::min(original, interface.snaplen);
  check_lengths(offset_, captured, original);
  require_frame(block, pcapng::kSimpleBodyOctets, captured);
  note_packet(interface);
  out = {last_ns_.value_or(0), block.body.subspan(pcapng::kSimpleBodyOctets, captured), original};
  unstamped_++;
}

void PcapngReader::note_interface(Interface& interface, std::string_view name) {
  if (noted_ == nullptr) return;
  noted_->structure.append(offset_);
  const auto [place, is_new] = noted_->packets.try_emplace(name);
  if (is_new) noted_->interfaces.push_back({std::string(name), offset_});
  interface.packets = &place->second;
}

void PcapngReader::note_packet(const Interface& interface) const {
  if (noted_ == nullptr) return;
  interface.packets->append(offset_);
  if (!noted_->first_ns) noted_->first_ns = last_ns_;
}

void PcapngReader::require_body(const Block& block, size_t octets, const char* what) const {
  if (block.body.size() < octets)
    fail(offset_, fmt::format("{} block of {} octets is too short, {} is the least (the file is "
                              "damaged)",
                              what, block.body.size() + pcapng::kBlockFrameOctets,
                              octets + pcapng::kBlockFrameOctets));
}

void PcapngReader::require_frame(const Block& block, size_t head_octets, uint32_t captured) const {
  if (captured > block.body.size() - head_octets)
    fail(offset_, fmt::format("a frame of {} octets does not fit its block, which has room for {} "
                              "(the file is damaged)",
                              captured, block.body.size() - head_octets));
}

const PcapngReader::Interface& PcapngReader::described(uint32_t index) const {
  if (index >= section_.size())
    fail(offset_, fmt::format("packet of interface {}, but its section describes only {} "
                              "interfaces (the file is damaged)",
                              index, section_.size()));
  return section_[index];
}

Nanos PcapngReader::to_nanos(const Interface& interface, uint64_t stamp) const {
  const Int128 since_1970 =
      scale_stamp(stamp, interface.tsresol) + Int128{interface.tsoffset} * kSecond;
  if (since_1970 < 0 || since_1970 > std::numeric_limits<int64_t>::max())
    fail(offset_, fmt::format("timestamp {} lies {} (the file is damaged, or if_tsresol or "
                              "if_tsoffset of its interface is wrong)",
                              stamp, since_1970 < 0 ? "before 1970" : "after the year 2262"));
  return static_cast<Nanos>(since_1970);
}

}  // namespace godwit
