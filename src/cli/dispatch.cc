// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <system_error>

#include "cli/command.h"
#include "cli/flag_checks.h"
#include "cli/guide/guide_commands.h"
#include "cli/help.h"
#include "cli/run_class/run_class_command.h"
#include "env/linux/terminal.h"

namespace odradek::cli {
namespace {

constexpr FlagSpec kHelpFlag{"help", Arity::kNone, "", "Print this help.", 'h'};
constexpr FlagSpec kVersionFlag{"version", Arity::kNone, "", "Print the version."};

// The last part of a path, without .sh.
std::string_view base_name(std::string_view path) {
  path.remove_prefix(std::min(path.rfind('/') + 1, path.size()));
  if (path.ends_with(".sh")) path.remove_suffix(3);
  return path;
}

const Command* find_script(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &Command::script_name);
  return found == commands().end() ? nullptr : &*found;
}

// The command of one or two words that `words` begin with.
const Command* find_named(const std::vector<std::string>& words) {
  if (words.size() > 1) {
    const auto found =
        std::ranges::find(commands(), fmt::format("{} {}", words[0], words[1]), &Command::name);
    if (found != commands().end()) return &*found;
  }
  const auto found = std::ranges::find(commands(), words[0], &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

// The commands of which `name` is the first word only.
int missing_second_word(std::string_view name, bool asks_help) {
  std::FILE* out = asks_help ? stdout : stderr;
  fmt::print(out, "odradek {} is one of:\n", name);
  for (const Command& command : commands()) {
    if (!command.name.starts_with(fmt::format("{} ", name))) continue;
    fmt::print(out, "  odradek {:<22}{}\n", command.name, command.summary);
  }
  return asks_help ? 0 : 1;
}

bool is_first_word(std::string_view word) {
  return std::ranges::any_of(commands(), [&](const Command& command) {
    return command.name.starts_with(fmt::format("{} ", word));
  });
}

int unknown_command(std::string_view name) {
  std::vector<std::string_view> names;
  std::ranges::transform(commands(), std::back_inserter(names), &Command::name);
  std::ranges::transform(commands(), std::back_inserter(names), &Command::script_name);
  fmt::print(stderr, "odradek: there is no command '{}'\n", name);
  if (const auto nearest = nearest_name(name, names); !nearest.empty()) {
    fmt::print(stderr, "The nearest one is {}.\n", nearest);
  }
  fmt::print(stderr, "'odradek --help' lists every command.\n");
  return 1;
}

base::Result<> unknown_verb(const Command& command, const std::string& word) {
  std::string message = fmt::format("{} cannot '{}'", command.name, word);
  if (const auto nearest = nearest_name(word, command.verbs); !nearest.empty()) {
    message += fmt::format("\nThe nearest one is {}.", nearest);
  }
  return base::fail(base::ErrorCode::kInvalidRequest, std::move(message));
}

// What the name is of may be left out where it may be of anything: `odradek why orders`.
bool is_subject_enough(const Command& command) { return command.name == "why"; }

// `odradek topics describe orders` is `odradek topics --describe --topic orders`.
base::Result<> take_words(const Command& command, Flags& flags) {
  std::size_t next = 0;
  const auto& words = flags.arguments();
  if (next < words.size() && std::ranges::count(command.verbs, words[next]) > 0) {
    flags.set(words[next++], std::nullopt);
  } else if (next < words.size() && !command.verbs.empty() && !is_subject_enough(command) &&
             count_given(flags, command.verbs) == 0) {
    return unknown_verb(command, words[next]);
  }
  if (next < words.size() && !command.subject.empty() && !flags.has(command.subject)) {
    flags.set(command.subject, words[next++]);
  }
  if (next == words.size()) return {};
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("'{}' is one word too many", words[next]));
}

// What was printed is only done when it has arrived: a full disk is an error, the end of whoever
// reads a pipe (`| head -1`) is not.
int flushed(const Invocation& invocation, int exit_code) {
  const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (is_written || env::stdout_is_pipe()) return exit_code;
  const int failed = failure(invocation, "standard output takes no more: what was printed is cut");
  return exit_code == 0 ? failed : exit_code;
}

Dialect dialect_of(const Command& command, bool is_native) {
  if (is_native) return Dialect::kJopt;
  if (!command.argparse_name.empty()) return Dialect::kArgparse;
  return command.has_subcommands ? Dialect::kPrefixes : Dialect::kJopt;
}

int run_and_flush(const Invocation& invocation) {
  try {
    return flushed(invocation, invocation.command.run(invocation));
  } catch (const std::system_error&) {
    // fmt throws it where standard output takes no more.
    return flushed(invocation, 0);
  }
}

// The arguments name a Java class: they are the command line of another command.
int run_class(const Invocation& invocation) {
  const auto line = script_of_class(invocation.words);
  if (line) return run(*line, invocation.run_server);
  return failure(invocation, line.error().message);
}

int run_command(const Command& command, bool is_native, const std::vector<std::string>& arguments,
                RunServer run_server) {
  std::vector<FlagSpec> specs(command.flags.begin(), command.flags.end());
  specs.push_back(kHelpFlag);
  specs.push_back(kVersionFlag);
  if (is_native && command.prints_data)
    std::ranges::copy(output_flags(), std::back_inserter(specs));
  Invocation invocation{
      command,
      {},
      is_native,
      is_native ? fmt::format("odradek {}", command.name) : std::string(command.script_name),
      arguments,
      run_server};
  const bool is_argparse = !is_native && !command.argparse_name.empty();
  // Kafka's tools explain themselves to who says nothing at all, but for those with sub-commands.
  if (!is_native && arguments.empty() && command.section != Section::kServer &&
      !command.has_subcommands) {
    if (!command.explanation.empty()) return usage_error(invocation, command.explanation);
    fmt::print(is_argparse ? stdout : stderr, "{}", help(command, invocation.called_as));
    return is_argparse ? 0 : 1;
  }
  if (command.name == run_class_command().name && names_class(arguments)) {
    return run_class(invocation);
  }
  auto flags = parse_flags(specs, arguments, dialect_of(command, is_native));
  const auto refuse = command.refuse == nullptr ? usage_error : command.refuse;
  if (!flags) {
    const std::string_view prefix = is_native ? std::string_view() : command.misuse_prefix;
    return refuse(invocation, fmt::format("{}{}", prefix, flags.error().message));
  }
  invocation.flags = *std::move(flags);
  if (invocation.flags.has("help")) {
    // Kafka's tools print it on stderr, those with argparse4j on stdout, and most exit with 1.
    const bool refuses = command.refuse != nullptr;
    fmt::print(is_native || is_argparse || refuses ? stdout : stderr, "{}",
               help(command, invocation.called_as));
    return is_native || refuses ? 0 : 1;
  }
  if (invocation.flags.has("version")) {
    fmt::print("{}\n", version());
    return 0;
  }
  if (is_argparse && !invocation.flags.arguments().empty()) {
    return usage_error(invocation, fmt::format("unrecognized arguments: '{}'",
                                               invocation.flags.arguments().front()));
  }
  if (is_native) {
    if (auto taken = take_words(command, invocation.flags); !taken) {
      return usage_error(invocation, taken.error().message);
    }
    const auto output = output_options(invocation.flags);
    if (!output) return usage_error(invocation, output.error().message);
    invocation.output = *output;
  }
  return run_and_flush(invocation);
}

}  // namespace

int run(const std::vector<std::string>& arguments, RunServer run_server) {
  const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1),
                                      arguments.end());
  const bool asks_to_complete = !rest.empty() && rest[0] == complete_command().name;
  if (!arguments.empty() && !asks_to_complete) {
    if (const Command* command = find_script(base_name(arguments[0]))) {
      return run_command(*command, false, rest, run_server);
    }
  }
  if (rest.empty() || rest[0] == "--help" || rest[0] == "-h") {
    fmt::print(rest.empty() ? stderr : stdout, "{}", overview());
    return rest.empty() ? 1 : 0;
  }
  if (rest[0] == "--version" || rest[0] == "version") {
    fmt::print("{}\n", version());
    return 0;
  }
  if (const Command* command = find_named(rest)) {
    const auto words = std::ranges::count(command->name, ' ') + 1;
    return run_command(*command, true, {rest.begin() + words, rest.end()}, run_server);
  }
  const std::vector<std::string> flags(rest.begin() + 1, rest.end());
  if (const Command* command = find_script(base_name(rest[0]))) {
    return run_command(*command, false, flags, run_server);
  }
  if (is_first_word(rest[0])) {
    const bool asks_help = rest.size() > 1 && (rest[1] == "--help" || rest[1] == "-h");
    return missing_second_word(rest[0], asks_help);
  }
  return unknown_command(rest[0]);
}

}  // namespace odradek::cli
