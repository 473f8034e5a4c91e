// Reading captures: a file mapped into memory, and streams of frames over it.
//
// Classic pcap (microseconds and nanoseconds) and pcapng are read, each in both byte orders, at any
// size. Nothing is copied: a frame's bytes lie in the mapping, and a stream hands back the pages
// that it has passed. So memory stays small however large the file is and however many streams
// share it: for a pcapng about two octets a frame, which say where it lies, for a pcap none. The
// file must not be shortened while it is mapped. A frame check sequence in the capture stays part
// of its frame.
//
// Everything here throws CaptureError for what is wrong with a file, and belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/capture_error.h"

#include "lib/units.h"

namespace godwit {

struct CapturedFrame {
  Nanos absolute_ns = 0;           // since 1970-01-01 00:00 UTC, below 2^63
  std::span<const uint8_t> bytes;  // as captured; valid as long as the CaptureFile
  uint32_t original_length = 0;    // octets on the wire; above bytes.size() if captured short
};

// One pcapng interface description block.
struct CaptureInterface {
  std::string name;  // option if_name; empty: not given
  uint64_t offset;   // of the block in the file
};

struct PcapngIndex;  // control/pcapng_index.h: where each interface's frames lie
class RecordReader;  // control/record_reader.h: a pass over one file format

class CaptureFile {
 public:
  // Maps a regular file and reads its header; a pcapng is walked to its end, which finds every
  // interface, and any damage, before the first frame is used. Only Ethernet captures pass.
  static std::shared_ptr<const CaptureFile> open(const std::string& path);
  // The same over bytes that the caller keeps alive; `name` stands for the path in messages.
  static std::shared_ptr<const CaptureFile> from_bytes(const std::string& name,
                                                       std::span<const uint8_t> bytes);
  ~CaptureFile();
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  const std::string& path() const { return path_; }
  std::span<const uint8_t> bytes() const { return bytes_; }
  bool is_pcapng() const { return index_ != nullptr; }

  // The interfaces of a capture that is read by their names: each name once, in order of
  // appearance. Throws when the file is a classic pcap, which has none, or when an interface has no
  // name.
  std::vector<CaptureInterface> named_interfaces() const;

  // A pass over the frames of the interfaces called `name`, or of all of them.
  std::unique_ptr<RecordReader> read(std::optional<std::string_view> name) const;

  // Hands the pages from `begin` to `end` back to the kernel, in large steps, and returns where to
  // begin the next time (0 at first). Frames in them stay valid: a page that is touched comes
  // again.
  uint64_t release(uint64_t begin, uint64_t end) const;

 private:
  CaptureFile(std::string path, std::span<const uint8_t> bytes, bool is_mapped);
  void read_header();
  void walk();

  std::string path_;
  std::span<const uint8_t> bytes_;
  bool is_mapped_;
  std::unique_ptr<PcapngIndex> index_;  // none: a classic pcap
};

// The frames of one port, in the order of the file. Stamps never run backward: one that does is
// raised to the stamp of the frame before it.
class CaptureStream {
 public:
  // All the frames of a file, whatever interface they came from.
  explicit CaptureStream(std::shared_ptr<const CaptureFile> file);
  // The frames of the pcapng interfaces of this name, in all sections.
  CaptureStream(std::shared_ptr<const CaptureFile> file, std::string_view interface_name);
  ~CaptureStream();
  CaptureStream(CaptureStream&&) noexcept;
  CaptureStream& operator=(CaptureStream&&) noexcept;

  std::optional<CapturedFrame> next();  // std::nullopt: the end, again and again

  const CaptureFile& file() const { return *file_; }
  uint64_t offset() const;                       // octets of the file read so far
  uint64_t clamped() const { return clamped_; }  // frames whose stamp ran backward
  uint64_t cut() const { return cut_; }          // frames captured short
  // Frames of simple packet blocks, which have no stamp: they take that of the frame before them in
  // the stream, the first ones the first stamp of the file (0 if it has none at all).
  uint64_t unstamped() const;

 private:
  std::shared_ptr<const CaptureFile> file_;
  std::unique_ptr<RecordReader> reader_;
  uint64_t released_ = 0;
  Nanos last_ns_ = 0;
  uint64_t clamped_ = 0;
  uint64_t cut_ = 0;
};

}  // namespace godwit
