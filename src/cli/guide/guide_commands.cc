// SPDX-License-Identifier: Apache-2.0
#include "cli/guide/guide_commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cli/flag_checks.h"
#include "cli/guide/completion.h"
#include "cli/guide/man_page.h"
#include "cli/guide/sections.h"
#include "cli/help.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

constexpr std::array kShells = {std::string_view("bash"), std::string_view("zsh")};

constexpr std::array kHelpFlags = {
    FlagSpec{"command", Arity::kRequired, "command", "The command to explain."},
};

Table command_table() {
  Table table{.columns = {{"command"}, {"script"}, {"section"}, {"summary"}}, .rows = {}};
  for (const Section section : kSections) {
    for (const Command* command : commands_of(section)) {
      const Value script = command->script_name.empty() ? Value() : Value(command->script_name);
      table.rows.push_back({command->name, script, section_title(section), command->summary});
    }
  }
  return table;
}

int run_help(const Invocation& invocation) {
  const auto name = invocation.flags.value("command");
  if (!name) {
    if (invocation.output.form == OutputForm::kJson) {
      Output(invocation.output).print(command_table());
    } else {
      fmt::print("{}", overview());
    }
    return 0;
  }
  const auto found = std::ranges::find_if(commands(), [&](const Command& command) {
    return command.name == *name || command.script_name == *name;
  });
  if (found == commands().end()) {
    return usage_error(invocation, fmt::format("there is no command '{}'", *name));
  }
  const bool is_native = found->name == *name;
  fmt::print("{}", help(*found, is_native ? fmt::format("odradek {}", *name) : *name));
  return 0;
}

int run_man(const Invocation&) {
  fmt::print("{}", man_page());
  return 0;
}

int run_completion(const Invocation& invocation) {
  if (count_given(invocation.flags, kShells) != 1) {
    return usage_error(invocation, "For which shell? bash or zsh");
  }
  fmt::print("{}", invocation.flags.has("bash") ? bash_completion() : zsh_completion());
  return 0;
}

constexpr std::array kCompleteFlags = {
    FlagSpec{"bash", Arity::kRequired, "line", ""},
    FlagSpec{"zsh", Arity::kRequired, "word", "", '\0', true},
};

// What it cannot find out it leaves out: a shell has no use for an error while somebody types.
int run_complete(const Invocation& invocation) {
  if (const auto line = invocation.flags.value("bash")) {
    fmt::print("{}", complete_for_bash(*line));
  } else {
    fmt::print("{}", complete_for_zsh(invocation.flags.values("zsh")));
  }
  return 0;
}

constexpr std::array kShellFlags = {
    FlagSpec{"bash", Arity::kNone, "", "The script for bash (the bash-completion package)."},
    FlagSpec{"zsh", Arity::kNone, "", "The script for zsh."},
};

constexpr std::string_view kHelpExamples =
    "  odradek help\n"
    "  odradek help topics\n"
    "  odradek help kafka-topics\n";
constexpr std::string_view kManExamples = "  odradek man | man -l -\n";
constexpr std::string_view kCompletionExamples =
    "  source <(odradek completion bash)                in ~/.bashrc\n"
    "  odradek completion zsh > ~/.zfunc/_odradek       in a directory of zsh's fpath\n";

}  // namespace

Command help_command() {
  return {.name = "help",
          .script_name = "",
          .summary = "List every command, or explain one.",
          .verbs = {},
          .subject = "command",
          .flags = kHelpFlags,
          .examples = kHelpExamples,
          .run = run_help,
          .section = Section::kThisProgram,
          .prints_data = true};
}

Command man_command() {
  return {.name = "man",
          .script_name = "",
          .summary = "Print the manual page, odradek(1).",
          .verbs = {},
          .subject = "",
          .flags = {},
          .examples = kManExamples,
          .run = run_man,
          .section = Section::kThisProgram};
}

Command completion_command() {
  return {.name = "completion",
          .script_name = "",
          .summary = "Print the script with which a shell completes commands, flags and names.",
          .verbs = kShells,
          .subject = "",
          .flags = kShellFlags,
          .examples = kCompletionExamples,
          .run = run_completion,
          .section = Section::kThisProgram};
}

Command complete_command() {
  return {.name = "__complete",
          .script_name = "",
          .summary = "",
          .verbs = {},
          .subject = "",
          .flags = kCompleteFlags,
          .examples = "",
          .run = run_complete,
          .section = Section::kThisProgram};
}

}  // namespace odradek::cli
