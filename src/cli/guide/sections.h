// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "cli/command.h"

// How everything that explains the commands is arranged: the help, the man page, docs/tools.md.
namespace odradek::cli {

inline constexpr std::array kSections = {
    Section::kServer,  Section::kRecords,   Section::kGroups, Section::kConfiguration,
    Section::kCluster, Section::kForensics, Section::kLoad,   Section::kThisProgram,
};

std::string_view section_title(Section section);

// The commands of a section, in the table's order; hidden ones, which have no summary, left out.
std::vector<const Command*> commands_of(Section section);

// The flags that the help lists, by name: of its own name those of the output, too.
std::vector<FlagSpec> listed_flags(const Command& command, bool is_native);

// "-t, --topic <topic>", with nothing before a flag without a letter.
std::string flag_title(const FlagSpec& flag);

}  // namespace odradek::cli
