#include "control/capture_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/pcap_reader.h"
#include "control/pcapng_reader.h"

namespace godwit {
namespace {

constexpr uint64_t kMagicOctets = 4;
constexpr uint64_t kReleaseOctets = 4 * 1024 * 1024;  // a multiple of every page size

struct Descriptor {
  int fd;
  ~Descriptor() { ::close(fd); }
};

// What a first word that is no capture's may mean.
const char* guess(uint32_t magic) {
  if (magic >> 16 == 0x1f8b) return "it is compressed: gunzip it first";
  if (magic == 0x28b52ffd) return "it is compressed: unzstd it first";
  if (magic == 0xfd377a58) return "it is compressed: unxz it first";
  return "a pcap or a pcapng is expected";
}

std::span<const uint8_t> map_file(const std::string& path) {
  // Opening a pipe must not wait for its writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw CaptureError(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
  const Descriptor descriptor{fd};
  struct stat status {};
  if (::fstat(fd, &status) != 0)
    throw CaptureError(path, fmt::format("cannot be examined: {}", std::strerror(errno)));
  if (!S_ISREG(status.st_mode))
    throw CaptureError(path,
                       "is no regular file, and a capture is read through a mapping (write a pipe "
                       "to a file first)");
  if (status.st_size == 0) return {};  // which cannot be mapped
  const auto size = static_cast<size_t>(status.st_size);
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED)
    throw CaptureError(path, fmt::format("cannot be mapped: {}", std::strerror(errno)));
  ::madvise(map, size, MADV_SEQUENTIAL);  // a hint: nothing is lost if it is refused
  return {static_cast<const uint8_t*>(map), size};
}

}  // namespace

CaptureFile::CaptureFile(std::string path, std::span<const uint8_t> bytes, bool is_mapped)
    : path_(std::move(path)), bytes_(bytes), is_mapped_(is_mapped) {}

CaptureFile::~CaptureFile() {
  if (is_mapped_ && !bytes_.empty()) ::munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

std::shared_ptr<const CaptureFile> CaptureFile::open(const std::string& path) {
  const std::shared_ptr<CaptureFile> file(new CaptureFile(path, map_file(path), true));
  file->read_header();
  return file;
}

std::shared_ptr<const CaptureFile> CaptureFile::from_bytes(const std::string& name,
                                                           std::span<const uint8_t> bytes) {
  const std::shared_ptr<CaptureFile> file(new CaptureFile(name, bytes, false));
  file->read_header();
  return file;
}

void CaptureFile::read_header() {
  if (bytes_.size() < kMagicOctets)
    throw CaptureError(path_, 0,
                       fmt::format("the file ends after {} octets, before it says what it is (an "
                                   "empty capture has a header; capture it again)",
                                   bytes_.size()));
  if (PcapngReader::is_magic(bytes_.data())) {
    walk();
  } else if (PcapReader::is_magic(bytes_.data())) {
    PcapReader(path_, bytes_);
  } else {
    const uint32_t magic = ByteOrder{true}.u32(bytes_.data());
    throw CaptureError(
        path_, 0, fmt::format("magic number {:#010x} is no capture's ({})", magic, guess(magic)));
  }
}

void CaptureFile::walk() {
  index_ = std::make_unique<PcapngIndex>();
  PcapngReader reader(path_, bytes_, *index_);
  CapturedFrame frame;
  uint64_t released = 0;
  while (reader.next(frame)) released = release(released, reader.offset());
}

std::vector<CaptureInterface> CaptureFile::named_interfaces() const {
  if (!is_pcapng())
    throw CaptureError(path_,
                       "is a classic pcap, which does not say what port a frame came from (give "
                       "one capture a port: --in PORT=FILE)");
  for (const auto& interface : index_->interfaces)
    if (interface.name.empty())
      throw CaptureError(path_, interface.offset,
                         "interface without a name, so its port is not known (write the capture "
                         "with if_name, or give one capture a port: --in PORT=FILE)");
  return index_->interfaces;
}

std::unique_ptr<RecordReader> CaptureFile::read(std::optional<std::string_view> name) const {
  if (!is_pcapng()) return std::make_unique<PcapReader>(path_, bytes_);
  return std::make_unique<PcapngReader>(path_, bytes_, *index_, name);
}

uint64_t CaptureFile::release(uint64_t begin, uint64_t end) const {
  if (!is_mapped_ || end - begin < kReleaseOctets) return begin;
  end -= end % kReleaseOctets;
  ::madvise(const_cast<uint8_t*>(bytes_.data()) + begin, end - begin, MADV_DONTNEED);
  return end;
}

CaptureStream::CaptureStream(std::shared_ptr<const CaptureFile> file)
    : file_(std::move(file)), reader_(file_->read(std::nullopt)) {}

CaptureStream::CaptureStream(std::shared_ptr<const CaptureFile> file,
                             std::string_view interface_name)
    : file_(std::move(file)), reader_(file_->read(interface_name)) {}

CaptureStream::~CaptureStream() = default;
CaptureStream::CaptureStream(CaptureStream&&) noexcept = default;
CaptureStream& CaptureStream::operator=(CaptureStream&&) noexcept = default;

std::optional<CapturedFrame> CaptureStream::next() {
  CapturedFrame frame;
  if (!reader_->next(frame)) return std::nullopt;
  released_ = file_->release(released_, reader_->offset());
  if (frame.absolute_ns < last_ns_) clamped_++;
  frame.absolute_ns = last_ns_ = std::max(last_ns_, frame.absolute_ns);
  if (frame.bytes.size() < frame.original_length) cut_++;
  return frame;
}

uint64_t CaptureStream::offset() const { return reader_->offset(); }
uint64_t CaptureStream::unstamped() const { return reader_->unstamped(); }

}  // namespace godwit
