#include <string>
#include <string_view>

#include <fmt/core.h>

#include "control/ctl_command.h"

namespace godwit {
namespace {

// Names of ports and bridges come from the daemon; without one there are none.
// clang-format off
constexpr std::string_view kFunctions = R"bash(# Completes godwitctl in bash. Made by: godwitctl --completion
_godwitctl_names() {
  "${COMP_WORDS[0]}" --json "$1" show 2>/dev/null | sed -n 's/^ *{"name":"\([^"]*\)".*/\1/p'
}
_godwitctl() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} name= words=() i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --socket) ((++i)) ;;
      --*) ;;
      *) words+=("${COMP_WORDS[i]}") ;;
    esac
  done
  # bash takes name=value apart into three words.
  if [[ $word == = ]]; then
    name=$before word=
  elif [[ $before == = ]]; then
    name=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $name in
    '') ;;
    bridge) mapfile -t COMPREPLY < <(compgen -W "$(_godwitctl_names bridge)" -- "$word"); return ;;
    port | from | to) mapfile -t COMPREPLY < <(compgen -W "$(_godwitctl_names port)" -- "$word"); return ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    *) return ;;
  esac
  if ((${#words[@]} == 0)); then
    mapfile -t COMPREPLY < <(compgen -W "$_godwitctl_nouns --socket --json --help --version" -- "$word")
  elif ((${#words[@]} == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "${_godwitctl_verbs[${words[0]}]}" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -S = -W "${_godwitctl_arguments[${words[0]}.${words[1]}]}" -- "$word")
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _godwitctl godwitctl
)bash";
// clang-format on

}  // namespace

std::string bash_completion() {
  std::string nouns;
  std::string verbs;
  std::string arguments;
  std::string_view last;
  for (const CtlVerb& verb : ctl_verbs()) {
    if (verb.noun != last) nouns += fmt::format(" {}", verb.noun);
    last = verb.noun;
    verbs += fmt::format("_godwitctl_verbs[{}]+=' {}'\n", verb.noun, verb.verb);
    std::string names;
    for (const CtlArgument& argument : verb.arguments) names += fmt::format(" {}", argument.name);
    arguments += fmt::format("_godwitctl_arguments[{}.{}]='{}'\n", verb.noun, verb.verb, names);
  }
  return fmt::format(
      "{}_godwitctl_nouns='{}'\ndeclare -A _godwitctl_verbs=() _godwitctl_arguments=()\n{}{}",
      kFunctions, nouns, verbs, arguments);
}

}  // namespace godwit
