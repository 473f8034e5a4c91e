#include "control/command_line.h"

#include <algorithm>
#include <array>
#include <sstream>

#include <boost/program_options.hpp>
#include <fmt/core.h>

#include "lib/config_units.h"
#include "lib/suggest.h"

namespace godwit {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kUsage =
    "godwit: a virtual switch and gateway for networks whose machines move\n"
    "\n"
    "  godwit check  CONFIG                       say all that is wrong with a configuration\n"
    "  godwit run    CONFIG [-- EAL-ARGUMENTS]    the daemon\n"
    "  godwit replay CONFIG CAPTURE.pcapng        play a capture; each interface is the port of "
    "that "
    "name\n"
    "  godwit replay CONFIG --in PORT=FILE ...    play one capture of received frames for each "
    "port\n"
    "  godwit bench  CONFIG [--in PORT=FILE ...]  run at full speed: packets and cycles, by stage\n"
    "  godwit --version\n"
    "\n"
    "'godwit COMMAND --help' shows a command's options. Exit status: 0 done, 1 failed, 2 bad usage "
    "or "
    "input.\n";

po::options_description replay_description() {
  po::options_description options("Options of godwit replay");
  auto add = options.add_options();
  add("in", po::value<std::vector<std::string>>()->value_name("PORT=FILE"),
      "what PORT received: a pcap or pcapng file; once for each port");
  add("out", po::value<std::string>()->value_name("DIR"),
      "write what each port sent to DIR/PORT.pcap");
  add("report", po::value<std::string>()->value_name("FILE"),
      "write a JSON report to FILE; '-' is standard output");
  add("hints", po::value<std::string>()->value_name("FILE"),
      "what an operator or VM manager says, and when: a YAML list");
  add("until", po::value<std::string>()->value_name("TIME"),
      "let virtual time run on to TIME after the first frame, such as 300s");
  add("explain", po::value<std::string>()->value_name("[=MAC|IP|N]"),
      "tell the way of each frame, of those of one host, or of the first N");
  add("help", "show this");
  add("version", "show the version");
  return options;
}

// Of a command that has no others.
po::options_description plain_description(const std::string& command) {
  po::options_description options("Options of godwit " + command);
  options.add_options()("help", "show this")("version", "show the version");
  return options;
}

po::options_description bench_description() {
  po::options_description options("Options of godwit bench");
  auto add = options.add_options();
  add("in", po::value<std::vector<std::string>>()->value_name("PORT=FILE"),
      "play this capture at PORT in a loop, instead of the configuration's device");
  add("seconds", po::value<std::string>()->value_name("N"), "measure for N seconds (5)");
  add("workers", po::value<std::string>()->value_name("N"),
      "workers (the configuration's workers.count)");
  add("json", "print the result as JSON");
  add("help", "show this");
  add("version", "show the version");
  return options;
}

std::string help_text(const std::string& usage, const po::options_description& options) {
  std::ostringstream text;
  text << "usage: " << usage << "\n\n" << options;
  return text.str();
}

// A bare --explain would swallow the word behind it, since the library knows no optional value that
// must be attached. So it is given its attached value here, the empty one.
std::vector<std::string> attach_values(std::vector<std::string> words) {
  for (std::string& word : words)
    if (word == "--explain") word = "--explain=all";
  return words;
}

po::variables_map parse(const std::vector<std::string>& words,
                        const po::options_description& visible,
                        const po::positional_options_description& positions) {
  po::options_description all;
  all.add(visible).add_options()("config", po::value<std::string>())("capture",
                                                                     po::value<std::string>());
  namespace style = po::command_line_style;
  constexpr int kStyle = style::unix_style & ~style::allow_guessing;
  po::variables_map values;
  try {
    po::store(po::command_line_parser(words).options(all).positional(positions).style(kStyle).run(),
              values);
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError("too many file names; an option's value follows it, as in --out DIR");
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  return values;
}

std::string text_of(const po::variables_map& values, const char* name) {
  return values.count(name) != 0 ? values[name].as<std::string>() : std::string();
}

// A path to write to; empty when the option is not there.
std::string parse_output(const po::variables_map& values, const char* name) {
  std::string path = text_of(values, name);
  if (values.count(name) != 0 && path.empty())
    throw UsageError(fmt::format("--{} '': write a name behind it", name));
  return path;
}

std::string parse_report(const po::variables_map& values) {
  constexpr std::array<std::string_view, 3> kNames = {"/dev/stdout", "/dev/fd/1",
                                                      "/proc/self/fd/1"};
  const std::string path = parse_output(values, "report");
  const bool is_stdout = std::find(kNames.begin(), kNames.end(), path) != kNames.end();
  return is_stdout ? std::string(kStandardOutput) : path;
}

PortCapture parse_input(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw UsageError(fmt::format("--in '{}': write PORT=FILE", text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Nanos parse_until(const std::string& text) {
  const Quantity until = parse_duration(text);
  if (!until.ok()) throw UsageError(fmt::format("--until '{}' {}", text, until.error));
  return until.value;
}

ExplainFilter parse_explain(const std::string& text) {
  const auto filter = parse_explain_filter(text == "all" ? "" : text);
  if (!filter)
    throw UsageError(
        fmt::format("--explain={}: write a MAC, an IP address, or a count of frames", text));
  return *filter;
}

void require_inputs(const ReplayOptions& options) {
  if (options.config.empty()) throw UsageError("replay wants a configuration file");
  if (options.capture.empty() && options.inputs.empty())
    throw UsageError("replay wants captures: CAPTURE.pcapng, or --in PORT=FILE for each port");
  if (!options.capture.empty() && !options.inputs.empty())
    throw UsageError(fmt::format("'{}' and --in: give one capture for all ports, or one for each",
                                 options.capture));
}

CommandLine parse_replay(const std::vector<std::string>& words) {
  po::positional_options_description positions;
  positions.add("config", 1).add("capture", 1);
  const po::options_description visible = replay_description();
  const po::variables_map values = parse(attach_values(words), visible, positions);
  CommandLine line;
  if (values.count("help") != 0) {
    line.help =
        help_text("godwit replay CONFIG CAPTURE.pcapng | --in PORT=FILE ... [options]", visible);
    return line;
  }
  line.command = Command::kVersion;
  if (values.count("version") != 0) return line;
  line.command = Command::kReplay;
  ReplayOptions& options = line.replay;
  options.config = text_of(values, "config");
  options.capture = text_of(values, "capture");
  options.out = parse_output(values, "out");
  options.report = parse_report(values);
  if (values.count("in") != 0)
    for (const std::string& text : values["in"].as<std::vector<std::string>>())
      options.inputs.push_back(parse_input(text));
  options.hints = text_of(values, "hints");
  if (values.count("until") != 0) options.until = parse_until(text_of(values, "until"));
  if (values.count("explain") != 0) options.explain = parse_explain(text_of(values, "explain"));
  require_inputs(options);
  return line;
}

CommandLine parse_check(const std::vector<std::string>& words) {
  po::positional_options_description positions;
  positions.add("config", 1);
  const po::options_description visible = plain_description("check");
  const po::variables_map values = parse(words, visible, positions);
  CommandLine line;
  line.help = help_text("godwit check CONFIG", visible);
  if (values.count("help") != 0) return line;
  line.command = Command::kVersion;
  if (values.count("version") != 0) return line;
  line.command = Command::kCheck;
  line.config = text_of(values, "config");
  if (line.config.empty()) throw UsageError("check wants a configuration file");
  return line;
}

uint64_t parse_number(const char* option, const std::string& text, uint64_t most) {
  const Quantity number = parse_count(text);
  if (!number.ok()) throw UsageError(fmt::format("--{} '{}' {}", option, text, number.error));
  if (number.value == 0 || number.value > most)
    throw UsageError(fmt::format("--{} {}: write 1 to {}", option, text, most));
  return number.value;
}

// What stands behind --, which is EAL's; `words` are left without it.
std::vector<std::string> take_eal_words(std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  std::vector<std::string> eal;
  if (dashes != words.end()) eal.assign(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return eal;
}

CommandLine parse_run(std::vector<std::string> words) {
  CommandLine line;
  line.run.eal = take_eal_words(words);
  po::positional_options_description positions;
  positions.add("config", 1);
  const po::options_description visible = plain_description("run");
  const po::variables_map values = parse(words, visible, positions);
  line.help = help_text("godwit run CONFIG [-- EAL-ARGUMENTS]", visible);
  if (values.count("help") != 0) return line;
  line.command = Command::kVersion;
  if (values.count("version") != 0) return line;
  line.command = Command::kRun;
  line.run.config = text_of(values, "config");
  if (line.run.config.empty()) throw UsageError("run wants a configuration file");
  return line;
}

CommandLine parse_bench(std::vector<std::string> words) {
  CommandLine line;
  line.bench.eal = take_eal_words(words);
  po::positional_options_description positions;
  positions.add("config", 1);
  const po::options_description visible = bench_description();
  const po::variables_map values = parse(words, visible, positions);
  line.help = help_text("godwit bench CONFIG [options] [-- EAL-ARGUMENTS]", visible);
  if (values.count("help") != 0) return line;
  line.command = Command::kVersion;
  if (values.count("version") != 0) return line;
  line.command = Command::kBench;
  BenchOptions& options = line.bench;
  options.config = text_of(values, "config");
  options.json = values.count("json") != 0;
  if (values.count("in") != 0)
    for (const std::string& text : values["in"].as<std::vector<std::string>>())
      options.inputs.push_back(parse_input(text));
  if (values.count("seconds") != 0)
    options.seconds = parse_number("seconds", text_of(values, "seconds"), 86400) * kSecond;
  options.workers = 0;  // the configuration's
  if (values.count("workers") != 0)
    options.workers =
        static_cast<uint16_t>(parse_number("workers", text_of(values, "workers"), 64));
  if (options.config.empty()) throw UsageError("bench wants a configuration file");
  return line;
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  if (argc < 2) throw UsageError("no command: write 'godwit --help' to see them");
  const std::string command = argv[1];
  const std::vector<std::string> words(argv + 2, argv + argc);
  if (command == "replay") return parse_replay(words);
  if (command == "check") return parse_check(words);
  if (command == "bench") return parse_bench(words);
  if (command == "run") return parse_run(words);
  CommandLine line;
  if (command == "--version") {
    line.command = Command::kVersion;
  } else if (command == "--help" || command == "-h" || command == "help") {
    line.help = kUsage;
  } else {
    constexpr std::array<std::string_view, 6> kCommands = {"bench", "check",  "replay",
                                                           "run",   "--help", "--version"};
    throw UsageError(
        fmt::format("unknown command '{}'{}", command, did_you_mean(command, kCommands)));
  }
  return line;
}

}  // namespace godwit
