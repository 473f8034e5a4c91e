// The command line of godwit(8).
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "control/explain.h"

#include "lib/units.h"

namespace godwit {

// What is wrong with the command line, and what to write instead. The program exits with 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct PortCapture {
  std::string port;
  std::string path;
};

// As a path for output; its other names (/dev/stdout) are replaced by it.
inline constexpr std::string_view kStandardOutput = "-";

struct ReplayOptions {
  std::string config;
  std::string capture;              // one pcapng for all ports; empty: see inputs
  std::vector<PortCapture> inputs;  // one capture for each port
  std::string out;                  // directory; empty: none
  std::string report;               // path, kStandardOutput; empty: none
  std::string hints;                // path; empty: none
  std::optional<Nanos> until;
  std::optional<ExplainFilter> explain;

  bool reports_to_stdout() const { return report == kStandardOutput; }
};

struct BenchOptions {
  std::string config;
  std::vector<PortCapture> inputs;  // played in a loop
  Nanos seconds = 5 * kSecond;      // measured
  uint16_t workers = 0;             // 0: the configuration's
  bool json = false;
  std::vector<std::string> eal;  // what stood behind --
};

struct RunOptions {
  std::string config;
  std::vector<std::string> eal;  // what stood behind --
};

enum class Command { kHelp, kVersion, kCheck, kReplay, kBench, kRun };

struct CommandLine {
  Command command = Command::kHelp;
  std::string help;    // kHelp
  std::string config;  // kCheck
  ReplayOptions replay;
  BenchOptions bench;
  RunOptions run;
};

// Throws UsageError.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace godwit
