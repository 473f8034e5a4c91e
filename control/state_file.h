// The file in which a daemon keeps over a restart what it knows of its hosts. Ports and bridges
// stand in it by name, since their numbers may be others next time; instants in seconds of the Unix
// epoch, since every run has a clock of its own.
//
// A head with a checksum of all the rest; the names, one a line; then records of one size, in the
// order of octets of the machine, which is the one that reads them again. A file is whole or it is
// refused: nothing is taken from half of one.
//
// Pure functions over files; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace godwit {

struct StateRecord {
  enum class Kind : uint8_t { kHost, kPinnedHost, kMapping, kPinnedMapping, kLease };
  static constexpr uint8_t kKinds = 5;
  static constexpr uint16_t kNoPort = 0xffff;
  static constexpr uint64_t kForever = ~uint64_t{0};

  Kind kind = Kind::kHost;
  uint8_t is_v6 = 0;
  uint16_t bridge = 0;      // index into State::bridges
  uint16_t port = kNoPort;  // index into State::ports; a mapping's: by which it was learned
  uint16_t unused = 0;
  uint64_t when_s = 0;  // last heard; a lease's end
  uint64_t mac = 0;
  uint64_t ip_hi = 0;  // not of hosts
  uint64_t ip_lo = 0;
  bool operator==(const StateRecord&) const = default;
};
static_assert(sizeof(StateRecord) == 40);

struct State {
  std::vector<std::string> ports;
  std::vector<std::string> bridges;
  std::vector<StateRecord> records;
};

// What is wrong with the file, in words that follow its path.
struct StateError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Under another name beside it, synced, then renamed: whenever the power fails, the file is the old
// or the new. Readable by its owner only. Throws WriteError.
void write_state(const std::string& path, const State& state);

// std::nullopt: there is no such file. Throws StateError when it cannot be read, or is not whole.
std::optional<State> read_state(const std::string& path);

// Where the state goes of a daemon whose configuration says nothing of it: a file that is named
// after the configuration's path, so that two daemons do not share one.
std::string default_state_path(const std::string& config_path);

}  // namespace godwit
