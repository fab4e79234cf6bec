// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.h"
#include "cli/output/output.h"
#include "config/properties.h"

namespace odradek::cli {

struct Invocation;

// Where the help lists a command.
enum class Section : std::uint8_t {
  kServer,
  kRecords,  // topics and records
  kGroups,
  kConfiguration,
  kCluster,
  kForensics,
  kLoad,
  kThisProgram,
};

// One command: a line of the table in commands.cc, from which dispatch, help, completion, the man
// page and docs/tools.md come.
struct Command {
  std::string_view name;         // odradek <name>: one word, or two as in "perf produce"
  std::string_view script_name;  // Kafka's name of it, without .sh; empty: none
  std::string_view summary;      // one line
  // Under its own name a command also takes words: first a verb, which is a flag without its
  // dashes, then the value of the `subject` flag, as in `odradek topics describe orders`.
  std::span<const std::string_view> verbs;
  std::string_view subject;
  std::span<const FlagSpec> flags;
  std::string_view examples;  // lines for the help
  // Returns the exit code.
  int (*run)(const Invocation&);
  Section section = Section::kThisProgram;
  // Under its own name it prints by output/output.h and has its flags; else it prints text only.
  bool prints_data = false;
  // What Kafka's tool calls itself where it is made with argparse4j (see Dialect); else empty.
  std::string_view argparse_name = {};
  // What Kafka's tool puts before what is wrong with a line's flags.
  std::string_view misuse_prefix = {};
  // Answers a line with flags that are wrong, and returns the exit code; null: usage_error.
  int (*refuse)(const Invocation&, std::string_view message) = nullptr;
  // What Kafka's tool says of itself to who says nothing at all; empty: its help.
  std::string_view explanation = {};
  // Kafka's tool is made with argparse4j's sub-commands, which take beginnings of flags' names.
  bool has_subcommands = false;
};

// The server lives above this room, so whoever starts the program brings it.
using RunServer = int (*)(const std::string& config_file,
                          const std::vector<config::Property>& overrides);

// A command as it was called.
struct Invocation {
  const Command& command;
  Flags flags;
  // Called under its own name, not under Kafka's: help and errors are ours, and a server need not
  // be named.
  bool is_native;
  // What the user typed: "odradek topics", "kafka-topics".
  std::string called_as;
  // The arguments as they came.
  std::vector<std::string> words;
  RunServer run_server;
  // How to print under its own name.
  OutputOptions output = {};
};

// Every command there is, in the order of the help.
std::span<const Command> commands();

// Runs what the arguments (argv) ask for; returns the exit code.
int run(const std::vector<std::string>& arguments, RunServer run_server);

}  // namespace odradek::cli
