#include "control/pcap_reader.h"

#include <fmt/core.h>

#include "control/pcap_format.h"

namespace godwit {
namespace {

// The magic number as the writer saw it, whichever byte order makes it one that is known.
bool is_known(uint32_t magic) {
  return magic == pcap::kMagicMicroseconds || magic == pcap::kMagicNanoseconds;
}

}  // namespace

bool PcapReader::is_magic(const uint8_t* magic) {
  return is_known(ByteOrder{true}.u32(magic)) || is_known(ByteOrder{false}.u32(magic));
}

PcapReader::PcapReader(const std::string& path, std::span<const uint8_t> bytes)
    : RecordReader(path, bytes) {
  require(pcap::kHeaderOctets, "the header of the capture");
  order_.is_big_endian = is_known(ByteOrder{true}.u32(at(0)));
  tick_ = order_.u32(at(0)) == pcap::kMagicNanoseconds ? 1 : kMicrosecond;
  const uint16_t major = order_.u16(at(pcap::kMajorAt));
  const uint16_t minor = order_.u16(at(pcap::kMinorAt));
  if (major != pcap::kVersionMajor || minor != pcap::kVersionMinor)
    fail(pcap::kMajorAt, fmt::format("pcap version {}.{} is not known, only 2.4 is (write the "
                                     "capture anew with tcpdump or editcap)",
                                     major, minor));
  check_linktype(pcap::kLinktypeAt, order_.u32(at(pcap::kLinktypeAt)) & pcap::kLinktypeMask);
  offset_ = pcap::kHeaderOctets;
}

bool PcapReader::next(CapturedFrame& out) {
  if (remaining() == 0) return false;
  require(pcap::kRecordOctets, "the header of a record");
  const uint8_t* record = at(offset_);
  const Nanos seconds = order_.u32(record);
  const Nanos fraction = order_.u32(record + pcap::kFractionAt) * tick_;
  const uint32_t captured = order_.u32(record + pcap::kCapturedAt);
  const uint32_t original = order_.u32(record + pcap::kOriginalAt);
  check_lengths(offset_, captured, original);
  if (fraction >= kSecond)
    fail(offset_, fmt::format("a stamp's fraction is {} ns, a second or more (the file is damaged, "
                              "or its magic number tells a wrong unit)",
                              fraction));
  require(pcap::kRecordOctets + captured, "a record");
  out.absolute_ns = seconds * kSecond + fraction;
  out.bytes = {record + pcap::kRecordOctets, captured};
  out.original_length = original;
  offset_ += pcap::kRecordOctets + captured;
  return true;
}

}  // namespace godwit
