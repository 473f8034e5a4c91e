// What a command writes to a path that the user named: a file that appears whole, or, where the
// path is no file to replace (a pipe, /dev/stderr), words written in place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "control/atomic_file.h"

namespace godwit {

// All errors are WriteError.
class OutputFile {
 public:
  // Opens at once, so that a path that cannot be written shows before any work is done. A pipe
  // waits here for its reader.
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  // All is written: hands it to the kernel, and closes what is written in place. A full disk shows
  // here at the latest.
  void finish();
  // What is still to be committed; nullptr when written in place.
  AtomicFile* file() { return file_ ? &*file_ : nullptr; }

 private:
  void flush();

  std::string path_;
  std::optional<AtomicFile> file_;
  int in_place_ = -1;  // descriptor
  std::string buffer_;
};

}  // namespace godwit
