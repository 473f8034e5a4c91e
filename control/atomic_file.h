// Files that appear whole or not at all: written under a temporary name in the same directory, then
// renamed. A reader sees the old content or the new, never a part. A crash of the machine is not
// guarded against (nothing is synced): whatever is written here can be computed again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/capture_error.h"

namespace godwit {

// One file to be. It holds no descriptor between writes, so thousands may be open at once. All
// errors are WriteError; destruction without commit leaves the directory as it was found.
class AtomicFile {
 public:
  static constexpr size_t kDefaultBuffer = 256 * 1024;  // octets

  // Creates the temporary file at once, so that a missing permission shows before any work is done.
  // `path` may name an existing regular file (or a symlink to one, which is followed), nothing
  // else.
  explicit AtomicFile(const std::string& path, size_t buffer_octets = kDefaultBuffer);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  void write(std::span<const uint8_t> octets);
  void write(std::string_view text);
  void flush();   // hands the buffer to the kernel; a full disk shows here at the latest
  void commit();  // flushes, then puts the file in its place

  const std::string& path() const { return path_; }

 private:
  friend void commit_all(std::span<AtomicFile* const> files);
  enum class State : uint8_t { kOpen, kPublished, kDone };

  void publish();          // put in place; the old file, if any, is kept under backup_
  void revert() noexcept;  // undo publish(), or drop the temporary file
  void settle() noexcept;  // forget the old file: there is no way back

  std::string path_;
  std::string temporary_;
  std::string backup_;  // empty: no old file
  std::string buffer_;
  size_t buffer_octets_;
  State state_ = State::kOpen;
};

// Commits every file or none: when one fails, those already in place are taken back, the old files
// return, and WriteError is thrown.
void commit_all(std::span<AtomicFile* const> files);

// Writes all of `text` to an open descriptor; `path` is its name for messages. Throws WriteError.
void write_fully(int fd, const std::string& path, std::string_view text);

}  // namespace godwit
