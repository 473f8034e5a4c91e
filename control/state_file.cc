#include "control/state_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <boost/crc.hpp>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "control/atomic_file.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

constexpr std::array<char, 16> kMagic = {"godwit-state/1\n"};
constexpr const char* kDirectory = "/var/lib/godwit";

struct Head {
  std::array<char, 16> magic = kMagic;
  uint32_t checksum = 0;  // of everything behind it
  uint32_t ports = 0;
  uint32_t bridges = 0;
  uint32_t names_octets = 0;
  uint64_t records = 0;
};
static_assert(sizeof(Head) == 40);
constexpr size_t kCheckedFrom = offsetof(Head, ports);

template <class T>
std::string_view octets_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string_view octets_of(const std::vector<StateRecord>& records) {
  return {reinterpret_cast<const char*>(records.data()), records.size() * sizeof(StateRecord)};
}

uint32_t checksum(const Head& head, std::string_view names, std::string_view records) {
  boost::crc_32_type crc;
  for (const std::string_view part : {octets_of(head).substr(kCheckedFrom), names, records})
    crc.process_bytes(part.data(), part.size());
  return crc.checksum();
}

class Descriptor {
 public:
  Descriptor(const std::string& file, const std::string& path)
      : fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)), path_(path) {
    require(fd_ >= 0, "cannot be created");
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(std::string_view octets) const { write_fully(fd_, path_, octets); }
  void sync() const { require(::fsync(fd_) == 0, "cannot be synced"); }
  void require(bool done, const char* or_else) const {
    if (!done) throw WriteError(path_, fmt::format("{}: {}", or_else, std::strerror(errno)));
  }

 private:
  int fd_;
  const std::string& path_;
};

std::string read_octets(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) throw StateError(fmt::format("cannot be read: {}", error.message()));
  std::string octets(size, '\0');
  if (!file.read(octets.data(), static_cast<std::streamsize>(octets.size())))
    throw StateError("cannot be read");
  return octets;
}

std::vector<std::string> take_lines(std::string_view& text, uint32_t count) {
  std::vector<std::string> lines;
  for (uint32_t n = 0; n < count; ++n) {
    const size_t end = text.find('\n');
    if (end == text.npos) throw StateError("is damaged: a name is missing");
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

void check(const StateRecord& record, const State& state) {
  const bool has_port = record.port < state.ports.size() || record.port == StateRecord::kNoPort;
  if (static_cast<uint8_t>(record.kind) >= StateRecord::kKinds || !has_port ||
      record.bridge >= state.bridges.size())
    throw StateError("is damaged: a record makes no sense");
}

}  // namespace

void write_state(const std::string& path, const State& state) {
  std::string names;
  for (const auto* list : {&state.ports, &state.bridges})
    for (const std::string& name : *list) names += name + '\n';
  Head head;
  head.ports = static_cast<uint32_t>(state.ports.size());
  head.bridges = static_cast<uint32_t>(state.bridges.size());
  head.names_octets = static_cast<uint32_t>(names.size());
  head.records = state.records.size();
  head.checksum = checksum(head, names, octets_of(state.records));
  const std::string temporary = path + ".tmp";
  const Descriptor file(temporary, path);
  for (const std::string_view part : {octets_of(head), std::string_view(names)}) file.write(part);
  file.write(octets_of(state.records));
  file.sync();
  file.require(std::rename(temporary.c_str(), path.c_str()) == 0, "cannot be put in place");
}

std::optional<State> read_state(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error) && !error) return std::nullopt;
  const std::string octets = read_octets(path);
  Head head;
  if (octets.size() < sizeof head) throw StateError("is cut short");
  std::memcpy(&head, octets.data(), sizeof head);
  if (head.magic != kMagic) throw StateError("is no state of this version of godwit");
  std::string_view rest(octets);
  rest.remove_prefix(sizeof head);
  if (head.names_octets > rest.size() ||
      head.records != (rest.size() - head.names_octets) / sizeof(StateRecord) ||
      (rest.size() - head.names_octets) % sizeof(StateRecord) != 0)
    throw StateError("is cut short");
  std::string_view names = rest.substr(0, head.names_octets);
  rest.remove_prefix(head.names_octets);
  if (checksum(head, names, rest) != head.checksum)
    throw StateError("is damaged: its checksum differs");
  State state;
  state.ports = take_lines(names, head.ports);
  state.bridges = take_lines(names, head.bridges);
  state.records.resize(head.records);
  if (!rest.empty()) std::memcpy(state.records.data(), rest.data(), rest.size());
  for (const StateRecord& record : state.records) check(record, state);
  return state;
}

std::string default_state_path(const std::string& config_path) {
  const char* const given = std::getenv("STATE_DIRECTORY");  // of a service manager
  std::error_code ignored;
  std::string name = fs::absolute(config_path, ignored).lexically_normal().string();
  name.erase(0, 1);
  std::replace(name.begin(), name.end(), '/', '-');
  constexpr size_t kMostOctets = 200;  // of a file's name there may be 255
  if (name.size() > kMostOctets) name.erase(0, name.size() - kMostOctets);
  return fmt::format("{}/{}.state", given != nullptr ? given : kDirectory, name);
}

}  // namespace godwit
