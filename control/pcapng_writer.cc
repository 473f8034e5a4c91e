#include "control/pcapng_writer.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "control/atomic_file.h"
#include "control/pcap_format.h"

namespace godwit {
namespace {

constexpr mode_t kMode = 0640;
constexpr size_t kBuffer = 64 * 1024;
constexpr uint8_t kNanoseconds = 9;  // if_tsresol
constexpr uint64_t kUnknownLength = ~uint64_t{0};

std::span<const uint8_t> octets_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

PcapngWriter::PcapngWriter(const std::string& path)
    : path_(path),
      file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode)) {
  if (file_ < 0)
    throw WriteError(path, errno == EEXIST
                               ? "is there already; name another, or remove it"
                               : fmt::format("cannot be made: {}", std::strerror(errno)));
  begin_block(pcapng::kSectionHeader);
  put(pcapng::kByteOrderMagic);
  put(pcapng::kVersionMajor);
  put(uint16_t{0});
  put(kUnknownLength);
  put_option(pcapng::kUserAppl, "godwit " GODWIT_VERSION);
  put_option(pcapng::kEndOfOptions, "");
  end_block();
}

PcapngWriter::~PcapngWriter() { ::close(file_); }

uint32_t PcapngWriter::add_interface(std::string_view name, uint32_t snaplen) {
  begin_block(pcapng::kInterfaceDescription);
  put(static_cast<uint16_t>(kLinktypeEthernet));
  put(uint16_t{0});
  put(snaplen);
  put_option(pcapng::kIfName, name);
  put_option(pcapng::kIfTsresol, std::span(&kNanoseconds, 1));
  put_option(pcapng::kEndOfOptions, "");
  end_block();
  return interfaces_++;
}

void PcapngWriter::write(const Frame& frame) {
  begin_block(pcapng::kEnhancedPacket);
  put(frame.interface);
  put(static_cast<uint32_t>(frame.at >> 32));
  put(static_cast<uint32_t>(frame.at));
  put(static_cast<uint32_t>(frame.octets.size()));
  put(frame.length);
  put(frame.octets);
  pad();
  if (frame.direction != Direction::kUnknown) {
    const auto flags = static_cast<uint32_t>(frame.direction);
    put_option(pcapng::kPacketFlags, {reinterpret_cast<const uint8_t*>(&flags), sizeof flags});
  }
  if (!frame.comment.empty()) put_option(pcapng::kComment, frame.comment);
  put_option(pcapng::kEndOfOptions, "");
  end_block();
  if (buffer_.size() >= kBuffer) flush();
}

void PcapngWriter::flush() {
  write_fully(file_, path_, buffer_);
  buffer_.clear();
}

void PcapngWriter::put(std::span<const uint8_t> octets) {
  buffer_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
}

template <class Value>
void PcapngWriter::put(Value value) {
  put(std::span(reinterpret_cast<const uint8_t*>(&value), sizeof value));
}

void PcapngWriter::put_option(uint16_t code, std::span<const uint8_t> value) {
  put(code);
  put(static_cast<uint16_t>(value.size()));
  put(value);
  pad();
}

void PcapngWriter::put_option(uint16_t code, std::string_view text) {
  put_option(code, octets_of(text));
}

void PcapngWriter::pad() { buffer_.append((4 - (buffer_.size() - block_) % 4) % 4, '\0'); }

void PcapngWriter::begin_block(uint32_t type) {
  block_ = buffer_.size();
  put(type);
  put(uint32_t{0});  // the length, which end_block knows
}

void PcapngWriter::end_block() {
  const auto length = static_cast<uint32_t>(buffer_.size() - block_ + sizeof(uint32_t));
  put(length);
  std::memcpy(&buffer_[block_ + sizeof(uint32_t)], &length, sizeof length);
  octets_ += length;
}

}  // namespace godwit
