// The numbers of the two capture formats: classic pcap (draft-ietf-opsawg-pcap) and pcapng
// (draft-ietf-opsawg-pcapng). Fields are in the byte order of the machine that wrote the file,
// which the magic number tells; positions are octets from the start of the header, record or block.
#pragma once

#include <cstddef>
#include <cstdint>

namespace godwit {

inline constexpr uint32_t kLinktypeEthernet = 1;
// The longest frame that is believed; libpcap's limit for Ethernet too. A longer one means damage.
inline constexpr uint32_t kMaxFrameOctets = 256 * 1024;

// Classic pcap: one header, then records to the end of the file.
namespace pcap {

inline constexpr uint32_t kMagicMicroseconds = 0xa1b2c3d4;
inline constexpr uint32_t kMagicNanoseconds = 0xa1b23c4d;
inline constexpr uint16_t kVersionMajor = 2;
inline constexpr uint16_t kVersionMinor = 4;

// File header: magic 32, major 16, minor 16, reserved 64, snaplen 32, link type 32.
inline constexpr size_t kHeaderOctets = 24;
inline constexpr size_t kMajorAt = 4;
inline constexpr size_t kMinorAt = 6;
inline constexpr size_t kSnaplenAt = 16;
inline constexpr size_t kLinktypeAt = 20;
inline constexpr uint32_t kLinktypeMask = 0x0000ffff;  // the rest tells of frame check sequences

// Record header: seconds 32, fraction 32, captured length 32, original length 32; then the frame.
inline constexpr size_t kRecordOctets = 16;
inline constexpr size_t kFractionAt = 4;
inline constexpr size_t kCapturedAt = 8;
inline constexpr size_t kOriginalAt = 12;

}  // namespace pcap

// pcapng: blocks of type 32, total length 32, body, total length 32 again. The total length is a
// multiple of 4. A section header opens a section, in which interfaces count from 0.
namespace pcapng {

inline constexpr uint32_t kSectionHeader = 0x0a0d0d0a;  // the same in both byte orders
inline constexpr uint32_t kInterfaceDescription = 1;
inline constexpr uint32_t kPacket = 2;  // obsolete, still found in old files
inline constexpr uint32_t kSimplePacket = 3;
inline constexpr uint32_t kEnhancedPacket = 6;

inline constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
inline constexpr uint16_t kVersionMajor = 1;

inline constexpr size_t kBlockHeadOctets = 8;
inline constexpr size_t kBlockTailOctets = 4;
inline constexpr size_t kBlockFrameOctets = kBlockHeadOctets + kBlockTailOctets;

// Section header body: byte-order magic 32, major 16, minor 16, section length 64, options.
inline constexpr size_t kSectionBodyOctets = 16;
inline constexpr size_t kSectionMajorAt = 4;
inline constexpr size_t kSectionMinorAt = 6;

// Interface description body: link type 16, reserved 16, snaplen 32, options.
inline constexpr size_t kInterfaceBodyOctets = 8;
inline constexpr size_t kSnaplenAt = 4;

// Enhanced packet body: interface 32, timestamp high 32 and low 32, captured length 32, original
// length 32, frame. The obsolete packet block has a 16-bit interface and a drop count in its place.
inline constexpr size_t kPacketBodyOctets = 20;
inline constexpr size_t kTimeHighAt = 4;
inline constexpr size_t kTimeLowAt = 8;
inline constexpr size_t kCapturedAt = 12;
inline constexpr size_t kOriginalAt = 16;

// Simple packet body: original length 32, frame up to the snaplen of interface 0; no timestamp.
inline constexpr size_t kSimpleBodyOctets = 4;

// Options: code 16, length 16, value, padding to 4 octets.
inline constexpr size_t kOptionHeadOctets = 4;
inline constexpr uint16_t kEndOfOptions = 0;
inline constexpr uint16_t kComment = 1;      // text; of any block
inline constexpr uint16_t kUserAppl = 4;     // of a section: the program that wrote it
inline constexpr uint16_t kPacketFlags = 2;  // 32 bits, of which the lowest two: 1 in, 2 out
inline constexpr uint16_t kIfName = 2;
inline constexpr uint16_t kIfTsresol = 9;    // 8 bits: 10^-n seconds, with bit 7 set 2^-n
inline constexpr uint16_t kIfTsoffset = 14;  // 64 bits, signed: seconds to add
inline constexpr uint8_t kTsresolBinary = 0x80;
inline constexpr uint8_t kDefaultTsresol = 6;  // microseconds

}  // namespace pcapng

}  // namespace godwit
