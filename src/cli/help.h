// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

namespace odradek::cli {

// What `odradek --help` says, and what `odradek <command> --help` says.
std::string overview();
std::string help(const Command& command, std::string_view called_as);
// "4.4.0 (Odradek 0.1.0)": first Kafka's version, which scripts read.
std::string version();

// Says on stderr what is wrong with the command line and where help is. Returns exit code 1.
int usage_error(const Invocation& invocation, std::string_view message);
// Says on stderr why the command failed: "odradek topics: <message>". Returns exit code 1.
int failure(const Invocation& invocation, std::string_view message);
// The same, under Kafka's name without what calls it: where the message is Kafka's own.
int plain_failure(const Invocation& invocation, std::string_view message);

}  // namespace odradek::cli
