#include "control/record_reader.h"

#include <array>
#include <string_view>

#include <fmt/core.h>

#include "control/pcap_format.h"

namespace godwit {
namespace {

struct LinktypeName {
  uint32_t number;
  std::string_view name;
};

// The link types that a capture of the wrong kind usually has.
constexpr std::array kLinktypeNames = std::to_array<LinktypeName>({
    {0, "BSD loopback"},
    {6, "Token Ring"},
    {9, "PPP"},
    {10, "FDDI"},
    {101, "raw IP"},
    {104, "Cisco HDLC"},
    {105, "IEEE 802.11"},
    {108, "OpenBSD loopback"},
    {113, "Linux cooked"},
    {127, "IEEE 802.11 with radiotap"},
    {228, "raw IPv4"},
    {229, "raw IPv6"},
    {239, "Linux netfilter log"},
    {249, "USB"},
    {276, "Linux cooked, version 2"},
});

std::string_view linktype_name(uint32_t linktype) {
  for (const auto& entry : kLinktypeNames)
    if (entry.number == linktype) return entry.name;
  return "unknown to godwit";
}

}  // namespace

void RecordReader::fail(uint64_t offset, const std::string& text) const {
  throw CaptureError(path_, offset, text);
}

void RecordReader::require(uint64_t octets, const char* what) const {
  if (octets > remaining())
    fail(offset_,
         fmt::format("the file ends inside {}: {} octets are needed, {} are left (the file "
                     "was cut; copy it again)",
                     what, octets, remaining()));
}

void RecordReader::check_linktype(uint64_t offset, uint32_t linktype) const {
  if (linktype != kLinktypeEthernet)
    fail(offset, fmt::format("link type {} ({}), but godwit switches Ethernet, link type 1 "
                             "(capture on an Ethernet interface, not on \"any\" or a tunnel)",
                             linktype, linktype_name(linktype)));
}

void RecordReader::check_lengths(uint64_t offset, uint32_t captured, uint32_t original) const {
  if (captured > kMaxFrameOctets)
    fail(offset, fmt::format("record of {} octets is longer than any frame (the file is damaged "
                             "or cut)",
                             captured));
  if (captured > original)
    fail(offset, fmt::format("record holds {} octets of a frame of only {} (the file is damaged)",
                             captured, original));
}

}  // namespace godwit
