// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace odradek::cli {

Command run_class_command();

// Whether there is a class in the arguments of kafka-run-class.
bool names_class(const std::vector<std::string>& words);

// The command line of the script that runs the Java class in `words`, which name one:
// "kafka.tools.GetOffsetShell --topic t" is "kafka-get-offsets --topic t". An INVALID_REQUEST where
// none of the scripts that are here runs it.
[[nodiscard]] base::Result<std::vector<std::string>> script_of_class(
    const std::vector<std::string>& words);

}  // namespace odradek::cli
