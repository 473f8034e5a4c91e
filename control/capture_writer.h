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

// Makes a directory, with its parents, and takes away again what it made unless told to keep it.
class MadeDirectory {
 public:
  explicit MadeDirectory(const std::string& directory);
  ~MadeDirectory();
  MadeDirectory(const MadeDirectory&) = delete;
  MadeDirectory& operator=(const MadeDirectory&) = delete;

  void keep() { made_.clear(); }

 private:
  void remove() noexcept;

  std::vector<std::string> made_;  // what was missing, the outermost first
};

// DIR/<port>.pcap for every port: all of them appear at commit(), or none does. Any number of ports
// works: no descriptor is held, and the buffers share one budget.
class CaptureDirectory {
 public:
  // Makes the directory if it is missing. Port names become file names: one that is empty, starts
  // with '.' or contains '/' is refused with CaptureError. Everything else is WriteError.
  CaptureDirectory(const std::string& directory, std::span<const std::string> port_names);

  // The file of the port that stands at `port` in port_names.
  CaptureWriter& port(PortIndex port) { return writers_[port]; }

  // `also` (a report, say; may be nullptr) appears together with the captures.
  void commit(AtomicFile* also = nullptr);

 private:
  MadeDirectory directory_;  // outlives the files in it
  std::vector<CaptureWriter> writers_;
};

}  // namespace godwit
