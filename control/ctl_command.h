// The commands of godwitctl: one table of nouns and verbs, from which the parser, the help and the
// completion of the shell are made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

// What is wrong with the command line, and what to write instead. The program exits with 2.
class CtlUsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class CtlValue : uint8_t {
  kText,
  kBridge,  // a name that the daemon knows, for completion
  kPort,
  kMac,
  kIp,
  kIps,   // several, separated by commas
  kFile,  // its contents are what is sent
};

struct CtlArgument {
  std::string_view name;
  CtlValue value = CtlValue::kText;
  bool is_required = false;
};

// How the answer is shown to people.
enum class CtlLayout : uint8_t {
  kQuiet,  // done is done
  kFdb,
  kNeighbors,
  kMoves,
  kAlarms,
  kPorts,
  kBridges,
  kWorkers,
  kStats,
  kVersion,
  kTrace,
  kTraceState,
  kCapture,
  kCheck,   // of a configuration
  kFollow,  // events, for ever
};

struct CtlVerb {
  std::string_view noun;
  std::string_view verb;
  std::string_view method;
  std::string_view path;
  CtlLayout layout;
  std::string_view help;
  std::span<const CtlArgument> arguments;
};

std::span<const CtlVerb> ctl_verbs();

struct CtlCommand {
  std::string socket;
  bool json = false;
  std::string text;  // to be printed, and nothing else: help, version, completion
  const CtlVerb* verb = nullptr;
  std::map<std::string, std::string, std::less<>> values;  // by argument

  std::string target() const;  // of the request, with its query
  std::string body() const;    // JSON; empty for a request without
};

// `socket` is the default. Throws CtlUsageError.
CtlCommand parse_ctl(const std::vector<std::string>& words, const std::string& socket);

// A script for bash that completes nouns, verbs, arguments and, by asking the daemon, the names of
// bridges and ports.
std::string bash_completion();

}  // namespace godwit
