// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <fmt/core.h>

#include <cstdio>

#include "base/version.h"
#include "cli/guide/sections.h"
#include "cli/guide/wrapped.h"

namespace odradek::cli {
namespace {

constexpr std::size_t kFlagColumn = 34;

std::string usage_line(const Command& command, std::string_view called_as) {
  std::string line = fmt::format("usage: {}", called_as);
  const bool is_native = called_as.starts_with("odradek ");
  if (is_native && !command.verbs.empty()) {
    line += " [";
    for (std::size_t i = 0; i < command.verbs.size(); ++i) {
      if (i > 0) line += '|';
      line += command.verbs[i];
    }
    line += ']';
  }
  if (is_native && !command.subject.empty()) line += fmt::format(" [{}]", command.subject);
  return line + " [flag]...\n";
}

}  // namespace

std::string help(const Command& command, std::string_view called_as) {
  std::string out = usage_line(command, called_as);
  append_wrapped(out, command.summary, 0);
  out += "\nflags:\n";
  for (const FlagSpec& flag : listed_flags(command, called_as.starts_with("odradek "))) {
    const std::string title = "  " + flag_title(flag);
    out += title;
    if (title.size() + 1 >= kFlagColumn) out += '\n';
    out.append(kFlagColumn - (title.size() + 1 >= kFlagColumn ? 0 : title.size()), ' ');
    append_wrapped(out, flag.help, kFlagColumn);
  }
  if (!command.examples.empty()) out += fmt::format("\nexamples:\n{}", command.examples);
  return out;
}

std::string version() {
  return fmt::format("{} (Odradek {})", base::kKafkaVersion, base::odradek_version());
}

int usage_error(const Invocation& invocation, std::string_view message) {
  if (!invocation.is_native && !invocation.command.argparse_name.empty()) {
    fmt::print(stderr, "{}: error: ", invocation.command.argparse_name);
  }
  fmt::print(stderr, "{}\n'{} --help' lists every flag.\n", message, invocation.called_as);
  return 1;
}

int failure(const Invocation& invocation, std::string_view message) {
  fmt::print(stderr, "{}: {}\n", invocation.called_as, message);
  return 1;
}

int plain_failure(const Invocation& invocation, std::string_view message) {
  if (invocation.is_native) return failure(invocation, message);
  fmt::print(stderr, "{}\n", message);
  return 1;
}

}  // namespace odradek::cli
