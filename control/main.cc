// godwit(8): reads the command line and runs one command.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include <fmt/format.h>

#include "control/capture_error.h"
#include "control/command_line.h"
#include "control/commands.h"

namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

int run(const godwit::CommandLine& line) {
  switch (line.command) {
    case godwit::Command::kHelp:
      fmt::print("{}", line.help);
      return 0;
    case godwit::Command::kVersion:
      fmt::print("godwit {}\n", GODWIT_VERSION);
      return 0;
    case godwit::Command::kCheck:
      return godwit::check(line.config);
    case godwit::Command::kReplay:
      return godwit::replay(line.replay);
    case godwit::Command::kBench:
      return godwit::bench(line.bench);
    case godwit::Command::kRun:
      return godwit::run(line.run);
  }
  return kFailed;
}

// What is printed is on its way only now, and a full disk shows here. (A standard output that was
// closed from the start is no error of a command that prints nothing.)
void close_stdout() {
  if (std::fflush(stdout) == 0 && (std::fclose(stdout) == 0 || errno == EBADF)) return;
  throw godwit::WriteError("standard output",
                           fmt::format("cannot be written: {}", std::strerror(errno)));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = run(godwit::parse_command_line(argc, argv));
    close_stdout();
    return status;
  } catch (const godwit::WriteError& error) {
    fmt::print(stderr, "godwit: {}\n", error.what());
    return kFailed;
  } catch (const godwit::CaptureError& error) {
    fmt::print(stderr, "godwit: {}\n", error.what());
    return kBadInput;
  } catch (const godwit::UsageError& error) {
    fmt::print(stderr, "godwit: {}\n", error.what());
    return kBadInput;
  } catch (const std::exception& error) {
    fmt::print(stderr, "godwit: {}\n", error.what());
    return kFailed;
  }
}
