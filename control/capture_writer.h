// Writing captures: classic pcap, little endian, nanoseconds, Ethernet, whole frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/atomic_file.h"

#include "lib/units.h"

namespace godwit {

// One capture file, which appears at commit() (see AtomicFile). All errors are WriteError.
class CaptureWriter {
 public:
  explicit CaptureWriter(const std::string& path,
                         size_t buffer_octets = AtomicFile::kDefaultBuffer);

  // `absolute_ns` since 1970, before 2106: the seconds of a pcap have 32 bits. `original_length` is
  // the frame's length on the wire, at least bytes.size().
  void write(Nanos absolute_ns, std::span<const uint8_t> bytes, uint32_t original_length);
  void write(Nanos absolute_ns, std::span<const uint8_t> bytes) {
    write(absolute_ns, bytes, static_cast<uint32_t>(bytes.size()));
  }
  void commit() { file_.commit(); }

  AtomicFile& file() { return file_; }

 private:
  AtomicFile file_;
};

// DIR/<port>.pcap for every port: all of them appear at commit(), or none does. Any number of ports
// works: no descriptor is held, and the buffers share one budget.
class CaptureDirectory {
 public:
  // Makes the directory if it is missing, its parents too. Port names are file names: one that is
  // empty, starts with '.' or contains '/' is refused.
  CaptureDirectory(const std::string& directory, std::span<const std::string> port_names);
  ~CaptureDirectory();
  CaptureDirectory(const CaptureDirectory&) = delete;
  CaptureDirectory& operator=(const CaptureDirectory&) = delete;

  // The file of the port that stands at `port` in port_names.
  CaptureWriter& port(PortIndex port) { return writers_[port]; }

  // `also` (a report, say; may be nullptr) appears together with the captures.
  void commit(AtomicFile* also = nullptr);

 private:
  void make_directories(const std::string& directory);
  void remove_made_directories() noexcept;

  std::vector<std::string> made_;  // directories that were missing, the outermost first
  std::vector<CaptureWriter> writers_;
  bool is_committed_ = false;
};

}  // namespace godwit
