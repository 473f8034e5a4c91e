#include "control/output_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

namespace godwit {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBuffer = 64 * 1024;  // octets

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw WriteError(path, fmt::format("{}: {}", what, std::strerror(errno)));
}

// Something is there that no rename should put an end to. (A directory is AtomicFile's to refuse.)
bool is_written_in_place(const std::string& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  return type == fs::file_type::character || type == fs::file_type::fifo ||
         type == fs::file_type::block || type == fs::file_type::socket;
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (!is_written_in_place(path)) {
    file_.emplace(path);
    return;
  }
  in_place_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (in_place_ < 0) fail(path, "cannot be opened for writing");
}

OutputFile::~OutputFile() {
  if (in_place_ >= 0) ::close(in_place_);
}

void OutputFile::write(std::string_view text) {
  if (file_) return file_->write(text);
  buffer_.append(text);
  if (buffer_.size() >= kBuffer) flush();
}

void OutputFile::finish() {
  if (file_) return file_->flush();
  flush();
  // Some file systems tell of a failed write only now.
  if (::close(std::exchange(in_place_, -1)) != 0) fail(path_, "cannot be written");
}

void OutputFile::flush() {
  write_fully(in_place_, path_, buffer_);
  buffer_.clear();
}

}  // namespace godwit
