#include "control/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
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

constexpr mode_t kFileMode = 0666;  // less the umask

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw WriteError(path, fmt::format("{}: {}", what, std::strerror(errno)));
}

// Opens, writes at the end and closes; `path` is the name for messages.
void append_to(const std::string& file, const std::string& path, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) fail(path, "cannot be opened for writing");
  try {
    write_fully(fd, path, text);
  } catch (...) {
    ::close(fd);
    throw;
  }
  if (::close(fd) != 0) fail(path, "cannot be written");  // some file systems tell only now
}

// Whether there is a file to replace, at the end of the symlinks; throws when something else is
// there.
bool is_there(const std::string& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::none)
    throw WriteError(path, fmt::format("cannot be examined: {}", error.message()));
  if (type != fs::file_type::not_found && type != fs::file_type::regular)
    throw WriteError(path, "is there already and is no regular file; name another");
  return type == fs::file_type::regular;
}

// Where the new file goes: a symlink stays one.
std::string target_of(const std::string& path) {
  if (!is_there(path)) return path;
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) throw WriteError(path, fmt::format("cannot be followed: {}", error.message()));
  return target.string();
}

// Creates an empty file of a name that nothing else uses, next to `path`.
std::string create_beside(const std::string& path) {
  static std::atomic<unsigned> count = 0;
  const fs::path directory = fs::path(path).parent_path();
  while (true) {
    std::string name = (directory / fmt::format(".godwit-{}-{}.tmp", ::getpid(), count++)).string();
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
    if (fd >= 0) {
      ::close(fd);
      return name;
    }
    if (errno != EEXIST) fail(path, "cannot be created");
  }
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path, size_t buffer_octets)
    : path_(target_of(path)), temporary_(create_beside(path_)), buffer_octets_(buffer_octets) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      backup_(std::move(other.backup_)),
      buffer_(std::move(other.buffer_)),
      buffer_octets_(other.buffer_octets_),
      state_(std::exchange(other.state_, State::kDone)) {}

AtomicFile::~AtomicFile() { revert(); }

void AtomicFile::write(std::span<const uint8_t> octets) {
  write(std::string_view(reinterpret_cast<const char*>(octets.data()), octets.size()));
}

void AtomicFile::write(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() >= buffer_octets_) flush();
}

void AtomicFile::flush() {
  if (buffer_.empty()) return;
  append_to(temporary_, path_, buffer_);
  buffer_.clear();
}

void AtomicFile::commit() {
  AtomicFile* const self = this;
  commit_all({&self, 1});
}

void AtomicFile::publish() {
  if (is_there(path_)) {
    // A second link leaves no moment without a file; where there are no links, a rename must do.
    const std::string backup = temporary_ + ".old";
    if (::link(path_.c_str(), backup.c_str()) != 0 &&
        std::rename(path_.c_str(), backup.c_str()) != 0)
      fail(path_, "cannot be replaced");
    backup_ = backup;
  }
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "cannot be put in place");
  state_ = State::kPublished;
}

void AtomicFile::revert() noexcept {
  if (state_ == State::kDone) return;
  if (state_ == State::kOpen) ::unlink(temporary_.c_str());
  if (!backup_.empty()) {
    // A rename between two links of one file does nothing, so the second link goes by itself.
    if (std::rename(backup_.c_str(), path_.c_str()) == 0) ::unlink(backup_.c_str());
  } else if (state_ == State::kPublished) {
    ::unlink(path_.c_str());
  }
  state_ = State::kDone;
}

void AtomicFile::settle() noexcept {
  if (!backup_.empty()) ::unlink(backup_.c_str());
  state_ = State::kDone;
}

void commit_all(std::span<AtomicFile* const> files) {
  try {
    for (AtomicFile* file : files) file->flush();
    for (AtomicFile* file : files) file->publish();
  } catch (...) {
    for (AtomicFile* file : files) file->revert();
    throw;
  }
  for (AtomicFile* file : files) file->settle();
}

void write_fully(int fd, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) fail(path, "cannot be written");
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace godwit
