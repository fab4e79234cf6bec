// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "cli/command.h"
#include "cli/guide/completion.h"

namespace odradek::cli {
namespace {

// "odradek kafka-topics kafka-topics.sh …"
std::string every_name() {
  std::string names = "odradek";
  for (const Command& command : commands()) {
    if (!command.script_name.empty()) names += fmt::format(" {0} {0}.sh", command.script_name);
  }
  return names;
}

constexpr std::string_view kBash = R"(# SPDX-License-Identifier: Apache-2.0
# bash completion for odradek and Kafka's names for it: the program itself says what fits.
_odradek() {
  local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]/#\~/$HOME}
  local -a answer
  mapfile -t answer < <("$program" __complete --bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  COMPREPLY=("${answer[@]:1}")
  case ${answer[0]-} in
    files | directories)
      [[ $cur != [=:] ]] || cur=
      local kind=-f
      [[ ${answer[0]} = files ]] || kind=-d
      compopt -o filenames 2>/dev/null
      mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "$kind" -- "$cur")
      ;;
    goes-on) compopt -o nospace 2>/dev/null ;;
  esac
}
)";

constexpr std::string_view kZsh = R"(
# SPDX-License-Identifier: Apache-2.0
# zsh completion for odradek and Kafka's names for it: the program itself says what fits.
_odradek() {
  local -a asked answer names lines
  local word line
  for word in "${(@)words[1,CURRENT]}"; do asked+=(--zsh "$word"); done
  answer=("${(@f)$(_call_program odradek ${(q)words[1]} __complete "${(@q)asked}" 2>/dev/null)}")
  for line in "${(@)answer[2,-1]}"; do
    names+=("${line%%$'\t'*}")
    if [[ $line == *$'\t'* ]]; then
      lines+=("${line%%$'\t'*} -- ${line#*$'\t'}")
    else
      lines+=("$line")
    fi
  done
  case $answer[1] in
    files) _files ;;
    directories) _files -/ ;;
    goes-on) compadd -S '' -- "${names[@]}" ;;
    *) compadd -l -d lines -- "${names[@]}" ;;
  esac
}
if [[ $funcstack[1] == _odradek ]]; then
  _odradek "$@"
else
)";

}  // namespace

std::string bash_completion() {
  return fmt::format("{}complete -F _odradek {}\n", kBash, every_name());
}

// The first line makes it a file of fpath; sourced, it registers itself.
std::string zsh_completion() {
  return fmt::format("#compdef {0}{1}  compdef _odradek {0}\nfi\n", every_name(), kZsh);
}

}  // namespace odradek::cli
