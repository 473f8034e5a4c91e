// godwit(8): reads the command line and runs one command.

#include <cstdio>
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
  }
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(godwit::parse_command_line(argc, argv));
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
