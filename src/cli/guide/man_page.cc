// SPDX-License-Identifier: Apache-2.0
#include "cli/guide/man_page.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/version.h"
#include "cli/guide/sections.h"

namespace odradek::cli {
namespace {

// Text that roff takes as it stands: no escapes, hyphens that can be searched for, and no line that
// begins like a request.
std::string plain(std::string_view text) {
  std::string out;
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    begins_line = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string flag_line(const FlagSpec& flag) {
  std::string line = ".B ";
  if (flag.letter != '\0') line += fmt::format("\\-{}\\fR, \\fB", flag.letter);
  line += plain(fmt::format("--{}", flag.name));
  if (flag.arity != Arity::kNone) {
    const std::string value = plain(flag.value);
    line += flag.arity == Arity::kOptional ? fmt::format(" \\fR[\\fI{}\\fR]", value)
                                           : fmt::format(" \\fI{}\\fR", value);
  }
  return line + "\n";
}

std::string synopsis_of(const Command& command) {
  std::string line = plain(fmt::format("odradek {}", command.name));
  if (!command.verbs.empty()) {
    std::string verbs;
    for (const std::string_view verb : command.verbs) {
      verbs += fmt::format("{}{}", verbs.empty() ? "" : "|", verb);
    }
    line += plain(fmt::format(" [{}]", verbs));
  }
  if (!command.subject.empty()) line += fmt::format(" [\\fI{}\\fR]", plain(command.subject));
  return line + " [\\fIflag\\fR]...";
}

void append_command(std::string& out, const Command& command) {
  out += fmt::format(".SS {}\n", synopsis_of(command));
  out += plain(command.summary) + "\n";
  if (!command.script_name.empty()) {
    out += fmt::format(".br\nKafka's name: \\fB{}\\fR\n", plain(command.script_name));
  }
  for (const FlagSpec& flag : listed_flags(command, true)) {
    out += fmt::format(".TP\n{}{}\n", flag_line(flag), plain(flag.help));
  }
  if (command.examples.empty()) return;
  out += fmt::format(".PP\nExamples:\n.PP\n.nf\n{}.fi\n", plain(command.examples));
}

constexpr std::string_view kDescription =
    "Odradek is a persistent publish/subscribe log that speaks Apache Kafka's protocol. This one\n"
    "program is the server and every tool for it.\n"
    ".PP\n"
    "A command has a name of its own, as in \\fBodradek topics\\fR, and most have one of Kafka's\n"
    "scripts, too: called as \\fBkafka\\-topics\\fR or \\fBkafka\\-topics.sh\\fR, the program "
    "takes that\n"
    "script's flags and prints that script's text. Under its own name a command also takes words:\n"
    "first what to do, then to what, as in \\fBodradek topics describe orders\\fR, and talks to\n"
    "127.0.0.1:9092 unless \\fB\\-\\-bootstrap\\-server\\fR (\\fB\\-b\\fR) says otherwise.\n";

constexpr std::string_view kRest =
    ".SH EXIT STATUS\n"
    "0 where what was asked for was done, 1 where it was not. Under Kafka's names the codes are\n"
    "Kafka's, but for the departures in docs/differences.md.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B NO_COLOR\nWhere it is set and not empty, nothing has colour.\n"
    ".TP\n.B LOG_DIR\nWhere \\fBkafka\\-server\\-start \\-daemon\\fR puts its output (./logs).\n"
    ".SH FILES\n"
    ".TP\n.I etc/odradek/server.properties\n"
    "Below the prefix of the installation (/usr/local): a configuration to start from. Every\n"
    "setting has Kafka's name, unit and default.\n"
    ".SH SEE ALSO\n"
    "\\fBodradek \\fIcommand\\fB \\-\\-help\\fR; docs/tools.md, docs/configuration.md and\n"
    "docs/differences.md of the project.\n";

}  // namespace

std::string man_page() {
  std::string out = fmt::format(
      ".\\\" SPDX-License-Identifier: Apache-2.0\n"
      ".TH ODRADEK 1 \"\" \"Odradek {}\" \"Odradek\"\n"
      ".SH NAME\nodradek \\- a log that speaks Apache Kafka's protocol, "
      "and its tools\n"
      ".SH SYNOPSIS\n.B odradek\n\\fIcommand\\fR [\\fIflag\\fR]...\n"
      ".SH DESCRIPTION\n{}",
      plain(base::odradek_version()), kDescription);
  for (const Section section : kSections) {
    const auto found = commands_of(section);
    if (found.empty()) continue;
    std::string title(section_title(section));
    std::ranges::transform(title, title.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    out += fmt::format(".SH {}\n", title);
    for (const Command* command : found) append_command(out, *command);
  }
  return out + std::string(kRest);
}

}  // namespace odradek::cli
