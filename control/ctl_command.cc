#include "control/ctl_command.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "lib/address.h"
#include "lib/suggest.h"

namespace godwit {
namespace {

std::vector<std::string_view> nouns() {
  std::vector<std::string_view> all;
  for (const CtlVerb& verb : ctl_verbs())
    if (std::find(all.begin(), all.end(), verb.noun) == all.end()) all.push_back(verb.noun);
  return all;
}

std::vector<std::string_view> verbs_of(std::string_view noun) {
  std::vector<std::string_view> all;
  for (const CtlVerb& verb : ctl_verbs())
    if (verb.noun == noun) all.push_back(verb.verb);
  return all;
}

std::string did_you_mean_or_list(std::string_view word, std::span<const std::string_view> known) {
  const std::string near = did_you_mean(word, known);
  return near.empty() ? fmt::format(" (there are {})", listed(known)) : near;
}

std::string usage_of(const CtlVerb& verb) {
  std::string text = fmt::format("godwitctl {} {}", verb.noun, verb.verb);
  for (const CtlArgument& argument : verb.arguments)
    text += argument.is_required ? fmt::format(" {}=...", argument.name)
                                 : fmt::format(" [{}=...]", argument.name);
  return text;
}

std::string help() {
  std::string text =
      "godwitctl: shows and rules a godwit that runs\n\n"
      "usage: godwitctl [--socket PATH] [--json] NOUN VERB [ARGUMENT...]\n\n";
  for (const CtlVerb& verb : ctl_verbs())
    text += fmt::format("  {:<9} {:<9} {}\n", verb.noun, verb.verb, verb.help);
  return text +
         "\n"
         "An argument is written name=value, or --name value; the bare value will do where it can\n"
         "be nothing else, as in 'godwitctl fdb add tenant 52:54:00:00:00:02 server1'.\n"
         "'godwitctl NOUN VERB --help' tells a command's arguments.\n\n"
         "  --socket PATH    of the godwit to speak to (GODWIT_SOCKET; /run/godwit/godwit.sock)\n"
         "  --json           print the answer as JSON, schema godwit-api/1\n"
         "  --completion     print a script that completes commands in bash\n"
         "  --version, --help\n\n"
         "Exit status: 0 done, 1 failed, 2 bad usage or input.\n";
}

std::string help_of(const CtlVerb& verb) {
  return fmt::format("{}\n  {}\n", usage_of(verb), verb.help);
}

bool fits(CtlValue value, const std::string& word) {
  switch (value) {
    case CtlValue::kMac:
      return parse_mac(word).has_value();
    case CtlValue::kIp:
      return parse_ip(word).has_value();
    case CtlValue::kIps:
      return parse_ip(word.substr(0, word.find(','))).has_value();
    default:
      return !parse_mac(word) && !parse_ip(word);
  }
}

// Words behind the verb, to the values of its arguments.
class ArgumentParser {
 public:
  explicit ArgumentParser(CtlCommand& command) : command_(command), verb_(*command.verb) {}

  void parse(std::span<const std::string> words) {
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string& word = words[i];
      const size_t equals = word.find('=');
      const bool is_option = word.starts_with("--");
      if (is_option && equals == std::string::npos) {
        if (i + 1 == words.size())
          throw CtlUsageError(fmt::format("{}: write a value behind it", word));
        set(word.substr(2), words[++i]);
      } else if (equals != std::string::npos) {
        const size_t start = is_option ? 2 : 0;
        set(word.substr(start, equals - start), word.substr(equals + 1));
      } else {
        set_bare(word);
      }
    }
    for (const CtlArgument& argument : verb_.arguments)
      if (argument.is_required && !command_.values.contains(argument.name))
        throw CtlUsageError(fmt::format("{} is missing: {}", argument.name, usage_of(verb_)));
  }

 private:
  void set(const std::string& name, const std::string& value) {
    std::vector<std::string_view> names;
    for (const CtlArgument& argument : verb_.arguments) names.push_back(argument.name);
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw CtlUsageError(fmt::format(
          "{} {} takes no '{}'{}", verb_.noun, verb_.verb, name,
          names.empty() ? " (it takes no arguments)" : did_you_mean_or_list(name, names)));
    if (!command_.values.emplace(name, value).second)
      throw CtlUsageError(fmt::format("'{}' is given twice", name));
  }

  // To the first argument that has no value yet and could have this one.
  void set_bare(const std::string& word) {
    for (const CtlArgument& argument : verb_.arguments)
      if (!command_.values.contains(argument.name) && fits(argument.value, word))
        return set(std::string(argument.name), word);
    throw CtlUsageError(fmt::format("what is '{}'? {}", word, usage_of(verb_)));
  }

  CtlCommand& command_;
  const CtlVerb& verb_;
};

std::string encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~:").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c)
                     : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return encoded;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw CtlUsageError(fmt::format("{}: cannot be read", path));
  return text;
}

const CtlVerb* find_verb(const std::string& noun, const std::string& verb) {
  const auto known_nouns = nouns();
  if (std::find(known_nouns.begin(), known_nouns.end(), noun) == known_nouns.end())
    throw CtlUsageError(
        fmt::format("unknown noun '{}'{}", noun, did_you_mean_or_list(noun, known_nouns)));
  const auto known_verbs = verbs_of(noun);
  if (verb.empty())
    throw CtlUsageError(fmt::format("{}: write a verb behind it ({})", noun, listed(known_verbs)));
  for (const CtlVerb& known : ctl_verbs())
    if (known.noun == noun && known.verb == verb) return &known;
  throw CtlUsageError(
      fmt::format("{} has no verb '{}'{}", noun, verb, did_you_mean_or_list(verb, known_verbs)));
}

// Takes the options that every command has out of the words. True for --help.
bool take_options(std::vector<std::string>& words, CtlCommand& command) {
  bool wants_help = false;
  for (auto word = words.begin(); word != words.end();) {
    if (*word == "--json") {
      command.json = true;
    } else if (*word == "--help" || *word == "-h") {
      wants_help = true;
    } else if (*word == "--version") {
      command.text = "godwitctl " GODWIT_VERSION "\n";
    } else if (*word == "--completion") {
      command.text = bash_completion();
    } else if (word->starts_with("--socket=")) {
      command.socket = word->substr(word->find('=') + 1);
    } else if (*word == "--socket") {
      word = words.erase(word);
      if (word == words.end()) throw CtlUsageError("--socket: write a path behind it");
      command.socket = *word;
    } else {
      ++word;
      continue;
    }
    word = words.erase(word);
  }
  return wants_help;
}

}  // namespace

std::string CtlCommand::target() const {
  std::string target(verb->path);
  if (verb->method == "POST") return target;
  char mark = '?';
  for (const auto& [name, value] : values) {
    target += fmt::format("{}{}={}", mark, name, encode(value));
    mark = '&';
  }
  return target;
}

std::string CtlCommand::body() const {
  if (verb->method != "POST") return {};
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const CtlArgument& argument : verb->arguments) {
    const auto value = values.find(argument.name);
    if (value == values.end()) continue;
    if (argument.value == CtlValue::kFile) return read_file(value->second);
    if (argument.value != CtlValue::kIps) {
      json[std::string(argument.name)] = value->second;
      continue;
    }
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (size_t at = 0; at != std::string::npos;) {
      const size_t comma = value->second.find(',', at);
      list.push_back(value->second.substr(at, comma - at));
      at = comma == std::string::npos ? comma : comma + 1;
    }
    json[std::string(argument.name)] = std::move(list);
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

CtlCommand parse_ctl(const std::vector<std::string>& words, const std::string& socket) {
  CtlCommand command;
  command.socket = socket;
  std::vector<std::string> rest = words;
  const bool wants_help = take_options(rest, command);
  if (!command.text.empty()) return command;
  if (wants_help && rest.size() < 2) {
    command.text = help();
    return command;
  }
  if (rest.empty()) throw CtlUsageError("no command: 'godwitctl --help' shows them");
  command.verb = find_verb(rest[0], rest.size() > 1 ? rest[1] : "");
  if (wants_help) {
    command.text = help_of(*command.verb);
    return command;
  }
  ArgumentParser(command).parse(std::span(rest).subspan(2));
  return command;
}

}  // namespace godwit
