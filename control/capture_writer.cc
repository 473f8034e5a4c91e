#include "control/capture_writer.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <system_error>

#include <fmt/core.h>

#include "control/pcap_format.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

// What the buffers of all the ports may take, and what each has at least and at most, in octets.
constexpr size_t kBufferBudget = 64 * 1024 * 1024;
constexpr size_t kLeastBuffer = 4 * 1024;

void put_u16(uint8_t* p, uint16_t value) {
  p[0] = static_cast<uint8_t>(value);
  p[1] = static_cast<uint8_t>(value >> 8);
}

void put_u32(uint8_t* p, uint32_t value) {
  put_u16(p, static_cast<uint16_t>(value));
  put_u16(p + 2, static_cast<uint16_t>(value >> 16));
}

std::string file_of(const std::string& directory, const std::string& port) {
  if (port.empty() || port.front() == '.' || port.find('/') != std::string::npos)
    throw CaptureError(directory, fmt::format("port name '{}' is no file name", port));
  return (fs::path(directory) / (port + ".pcap")).string();
}

}  // namespace

CaptureWriter::CaptureWriter(const std::string& path, size_t buffer_octets)
    : file_(path, buffer_octets) {
  std::array<uint8_t, pcap::kHeaderOctets> header{};
  put_u32(header.data(), pcap::kMagicNanoseconds);
  put_u16(&header[pcap::kMajorAt], pcap::kVersionMajor);
  put_u16(&header[pcap::kMinorAt], pcap::kVersionMinor);
  put_u32(&header[pcap::kSnaplenAt], kMaxFrameOctets);
  put_u32(&header[pcap::kLinktypeAt], kLinktypeEthernet);
  file_.write(header);
}

void CaptureWriter::write(Nanos absolute_ns, std::span<const uint8_t> bytes,
                          uint32_t original_length) {
  const Nanos seconds = absolute_ns / kSecond;
  if (seconds > std::numeric_limits<uint32_t>::max())
    throw WriteError(file_.path(), fmt::format("a frame of {} s after 1970 lies after the year "
                                               "2106, which is the last that a pcap can tell",
                                               seconds));
  bytes = bytes.first(std::min<size_t>(bytes.size(), kMaxFrameOctets));
  std::array<uint8_t, pcap::kRecordOctets> record;
  put_u32(record.data(), static_cast<uint32_t>(seconds));
  put_u32(&record[pcap::kFractionAt], static_cast<uint32_t>(absolute_ns % kSecond));
  put_u32(&record[pcap::kCapturedAt], static_cast<uint32_t>(bytes.size()));
  put_u32(&record[pcap::kOriginalAt], original_length);
  file_.write(record);
  file_.write(bytes);
}

MadeDirectory::MadeDirectory(const std::string& directory) {
  std::error_code error;
  std::vector<fs::path> missing;  // the innermost first
  fs::path path = fs::path(directory).lexically_normal();
  for (; !path.empty() && !fs::exists(path, error); path = path.parent_path())
    missing.push_back(path);
  for (; !missing.empty(); missing.pop_back()) {
    const bool is_new = fs::create_directory(missing.back(), error);
    if (error) {
      remove();
      throw WriteError(directory, fmt::format("cannot be made: {}", error.message()));
    }
    if (is_new) made_.push_back(missing.back().string());
  }
  if (!fs::is_directory(directory, error)) throw WriteError(directory, "is no directory");
}

MadeDirectory::~MadeDirectory() { remove(); }

void MadeDirectory::remove() noexcept {
  std::error_code ignored;  // one that someone else put a file into stays
  for (; !made_.empty(); made_.pop_back()) fs::remove(made_.back(), ignored);
}

CaptureDirectory::CaptureDirectory(const std::string& directory,
                                   std::span<const std::string> port_names)
    : directory_(directory) {
  const size_t ports = std::max<size_t>(port_names.size(), 1);
  const size_t buffer = std::clamp(kBufferBudget / ports, kLeastBuffer, AtomicFile::kDefaultBuffer);
  writers_.reserve(port_names.size());
  for (const auto& name : port_names) writers_.emplace_back(file_of(directory, name), buffer);
}

void CaptureDirectory::commit(AtomicFile* also) {
  std::vector<AtomicFile*> files;
  files.reserve(writers_.size() + 1);
  for (auto& writer : writers_) files.push_back(&writer.file());
  if (also != nullptr) files.push_back(also);
  commit_all(files);
  directory_.keep();
}

}  // namespace godwit
