// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "cli/guide/sections.h"
#include "cli/guide/wrapped.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

std::size_t column_width(std::string_view Command::* name) {
  std::size_t width = 0;
  for (const Command& command : commands()) width = std::max(width, (command.*name).size());
  return width + 2;
}

}  // namespace

std::string overview() {
  const std::size_t names = column_width(&Command::name);
  const std::size_t scripts = column_width(&Command::script_name);
  std::string out =
      "odradek: a persistent publish/subscribe log that speaks Apache Kafka's protocol\n\n"
      "usage: odradek <command> [flag]...\n\n"
      "a first session:\n"
      "  odradek server &                          a server in ./data, on 127.0.0.1:9092\n"
      "  odradek topics create greetings           a topic\n"
      "  echo hello | odradek produce greetings    a record in it\n"
      "  odradek consume greetings --from-beginning --max-messages 1\n";
  for (const Section section : kSections) {
    const auto found = commands_of(section);
    if (found.empty()) continue;
    out += fmt::format("\n{}\n", section_title(section));
    for (const Command* command : found) {
      out += fmt::format("  {:<{}}{:<{}}", command->name, names, command->script_name, scripts);
      append_wrapped(out, command->summary, 2 + names + scripts);
    }
  }
  out +=
      "\nThe second column is Kafka's name of the command. The program answers to it, with and\n"
      "without .sh, through links in bin/, with Kafka's flags and text; its flags are those of "
      "the\n"
      "first name, too. Under its own names a command talks to 127.0.0.1:9092 unless\n"
      "--bootstrap-server (-b) says otherwise, and prints JSON with --output json.\n\n"
      "  odradek <command> --help      the flags of a command, with examples\n"
      "  odradek man | man -l -        all of it as a manual page\n"
      "  odradek --version             the version\n";
  return out;
}

}  // namespace odradek::cli
