// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "base/version.h"

namespace odradek::cli {
namespace {

constexpr std::size_t kWidth = 96;
constexpr std::size_t kFlagColumn = 34;

// Appends `text` in lines of kWidth that begin at column `indent`, where the first one already is.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

std::string flag_title(const FlagSpec& flag) {
  std::string title = "  ";
  if (flag.letter != '\0') title += fmt::format("-{}, ", flag.letter);
  title += fmt::format("--{}", flag.name);
  if (flag.arity == Arity::kRequired) title += fmt::format(" <{}>", flag.value);
  if (flag.arity == Arity::kOptional) title += fmt::format(" [{}]", flag.value);
  return title;
}

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

std::string overview() {
  std::string out =
      "odradek: a persistent publish/subscribe log that speaks Apache Kafka's protocol\n\n"
      "usage: odradek <command> [flag]...\n\ncommands, and the names that Kafka's scripts have:\n";
  for (const Command& command : commands()) {
    out += fmt::format("  {:<14}{:<27}", command.name, command.script_name);
    append_wrapped(out, command.summary, 43);
  }
  out +=
      "\nThe program answers to Kafka's names, with and without .sh, through links in bin/, and\n"
      "takes Kafka's flags under either name. Under its own names a command talks to\n"
      "127.0.0.1:9092 unless --bootstrap-server (-b) says otherwise.\n\n"
      "a first session:\n"
      "  odradek server &                          a server in ./data, on 127.0.0.1:9092\n"
      "  odradek topics create greetings           a topic\n"
      "  echo hello | odradek produce greetings    a record in it\n"
      "  odradek consume greetings --from-beginning --max-messages 1\n\n"
      "  odradek <command> --help                  the flags of a command, with examples\n"
      "  odradek --version                         the version\n";
  return out;
}

std::string help(const Command& command, std::string_view called_as) {
  std::string out = usage_line(command, called_as);
  append_wrapped(out, command.summary, 0);
  out += "\nflags:\n";
  std::vector<FlagSpec> all(command.flags.begin(), command.flags.end());
  if (command.prints_data && called_as.starts_with("odradek ")) {
    std::ranges::copy(output_flags(), std::back_inserter(all));
  }
  std::vector<const FlagSpec*> flags;
  for (const FlagSpec& flag : all) {
    if (!flag.help.empty()) flags.push_back(&flag);
  }
  std::ranges::sort(flags, {}, [](const FlagSpec* flag) { return flag->name; });
  for (const FlagSpec* flag : flags) {
    const std::string title = flag_title(*flag);
    out += title;
    if (title.size() + 1 >= kFlagColumn) out += '\n';
    out.append(kFlagColumn - (title.size() + 1 >= kFlagColumn ? 0 : title.size()), ' ');
    append_wrapped(out, flag->help, kFlagColumn);
  }
  if (!command.examples.empty()) out += fmt::format("\nexamples:\n{}", command.examples);
  return out;
}

std::string version() {
  return fmt::format("{} (Odradek {})", base::kKafkaVersion, base::odradek_version());
}

int usage_error(const Invocation& invocation, std::string_view message) {
  fmt::print(stderr, "{}\n'{} --help' lists every flag.\n", message, invocation.called_as);
  return 1;
}

int failure(const Invocation& invocation, std::string_view message) {
  fmt::print(stderr, "{}: {}\n", invocation.called_as, message);
  return 1;
}

}  // namespace odradek::cli
