// SPDX-License-Identifier: Apache-2.0
#include "cli/guide/sections.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace odradek::cli {

std::string_view section_title(Section section) {
  switch (section) {
    case Section::kServer:
      return "Server";
    case Section::kRecords:
      return "Topics and records";
    case Section::kGroups:
      return "Groups";
    case Section::kConfiguration:
      return "Configuration";
    case Section::kCluster:
      return "Cluster";
    case Section::kForensics:
      return "Forensics";
    case Section::kLoad:
      return "Load";
    case Section::kThisProgram:
      break;
  }
  return "This program";
}

std::vector<const Command*> commands_of(Section section) {
  std::vector<const Command*> found;
  for (const Command& command : commands()) {
    if (command.section == section && !command.summary.empty()) found.push_back(&command);
  }
  return found;
}

std::vector<FlagSpec> listed_flags(const Command& command, bool is_native) {
  std::vector<FlagSpec> flags;
  std::ranges::copy_if(command.flags, std::back_inserter(flags),
                       [](const FlagSpec& flag) { return !flag.help.empty(); });
  if (is_native && command.prints_data)
    std::ranges::copy(output_flags(), std::back_inserter(flags));
  std::ranges::sort(flags, {}, &FlagSpec::name);
  return flags;
}

std::string flag_title(const FlagSpec& flag) {
  std::string title;
  if (flag.letter != '\0') title += fmt::format("-{}, ", flag.letter);
  title += fmt::format("--{}", flag.name);
  if (flag.arity == Arity::kNone) return title;
  return title + (flag.arity == Arity::kOptional ? fmt::format(" [{}]", flag.value)
                                                 : fmt::format(" <{}>", flag.value));
}

}  // namespace odradek::cli
