// SPDX-License-Identifier: Apache-2.0
#include "cli/check_config_command.h"

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <optional>

#include "cli/help.h"
#include "cli/output/output.h"
#include "cli/server_commands.h"
#include "config/check.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;
using config::Finding;
using config::Verdict;

constexpr std::array kFlags = {
    FlagSpec{"config", kRequired, "file", "The server.properties to check.", 'c'},
    FlagSpec{"set", kRequired, "key=value", "A setting that wins over the file; may be repeated.",
             '\0', true},
    FlagSpec{"override", kRequired, "key=value", "", '\0', true, "set"},
};

constexpr std::string_view kExamples =
    "  odradek check-config config/server.properties\n"
    "  odradek check-config server.properties --set node.id=2 --output json\n";

base::Result<std::string> read(const std::string& file) {
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  return world.disk().read_file(file);
}

Tone tone_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHonoured:
      return Tone::kGood;
    case Verdict::kAccepted:
      return Tone::kPlain;
    case Verdict::kUnknown:
      return Tone::kWarning;
    case Verdict::kRefused:
      return Tone::kBad;
  }
  return Tone::kPlain;
}

Table table_of(const std::vector<Finding>& findings) {
  Table table{.columns = {{"line"}, {"key"}, {"value"}, {"status"}, {"words"}},
              .rows = {},
              .when_empty = "Nothing is set: every key has its default."};
  for (const Finding& finding : findings) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(finding.line > 0 ? std::optional(finding.line) : std::nullopt);
    row.emplace_back(finding.key);
    row.emplace_back(finding.value);
    row.emplace_back(config::name_of(finding.verdict), tone_of(finding.verdict));
    row.emplace_back(finding.words);
  }
  return table;
}

int run_check_config(const Invocation& invocation) {
  const auto file = invocation.flags.value("config");
  if (!file) return usage_error(invocation, "which file is to be checked?");
  auto overrides = property_overrides(invocation.flags, "set");
  if (!overrides) return usage_error(invocation, overrides.error().message);
  auto text = read(*file);
  if (!text) return failure(invocation, text.error().message);
  const auto checked = config::check_configuration(*file, *text, *overrides);
  Output(invocation.output).print(table_of(checked.findings));
  std::fflush(stdout);
  for (const std::string& problem : checked.problems) failure(invocation, problem);
  return checked.problems.empty() ? 0 : 1;
}

}  // namespace

Command check_config_command() {
  return {.name = "check-config",
          .script_name = "",
          .summary =
              "Say what a server would make of each key of a server.properties: honoured, "
              "accepted with a difference, unknown, or refused. Exits with 0 when it would "
              "start.",
          .verbs = {},
          .subject = "config",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_check_config,
          .section = Section::kConfiguration,
          .prints_data = true};
}

}  // namespace odradek::cli
