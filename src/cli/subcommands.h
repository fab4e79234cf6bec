// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

// Commands that begin with a word, as in `kafka-features describe`: Kafka parses these with
// argparse4j, whose rules and words these are.
namespace odradek::cli {

struct Subcommand {
  std::string_view name;
  // The names of its flags, beside those of every subcommand.
  std::vector<std::string_view> required = {};
  std::vector<std::string_view> optional = {};
};

// Which one the line begins with, with all that it needs and nothing that belongs to another one.
// `common` are the flags of all. An INVALID_REQUEST says what is wrong.
[[nodiscard]] base::Result<std::string_view> chosen_subcommand(
    const Invocation& invocation, std::span<const Subcommand> subcommands,
    std::span<const std::string_view> common);

// "--cluster-id/-t", as Kafka's command has it; letters of our own are not shown.
std::string flag_title(const Invocation& invocation, std::string_view name);

// The number of a flag, which is known to be there.
[[nodiscard]] base::Result<std::int32_t> integer_of(const Invocation& invocation,
                                                    std::string_view name);

// Prints what is wrong with the line, and returns the exit code. For Command::refuse, too.
int argparse_error(const Invocation& invocation, std::string_view message);
// Prints what went wrong, under Kafka's name as the sentence alone; returns the exit code.
int terse_failure(const Invocation& invocation, std::string_view message);
// What the parser of flags says, in argparse4j's words.
std::string in_argparse_words(const Invocation& invocation, std::string_view message);

}  // namespace odradek::cli
