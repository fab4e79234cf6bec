// SPDX-License-Identifier: Apache-2.0
#include "cli/metadata_shell/metadata_shell_command.h"

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <iostream>

#include "base/version.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/metadata_shell/metadata_image.h"
#include "cli/metadata_shell/shell.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"snapshot", kRequired, "file",
             "The metadata snapshot (.checkpoint) or log (.log) to look at, or a directory that "
             "holds them.",
             's'},
    FlagSpec{"command", kRequired, "command",
             "Run this one command, such as 'tree image/topics', instead of reading commands from "
             "standard input."},
};

constexpr std::string_view kExamples =
    "  odradek metadata-shell data/__cluster_metadata-0\n"
    "  odradek metadata-shell data --command 'cat image/topics/byName/orders/0'\n"
    "  kafka-metadata-shell --snapshot 00000000000000000000.log ls image/topics/byName\n";

ShellNode root_of(const ShellImage& image) {
  ShellNode root;
  ShellNode& local = root.directory("local");
  local.add_file("version", version());
  local.add_file("commitId", "unknown");
  root.children["image"] = image.tree();
  return root;
}

void print(const std::string& text) { fmt::print("{}", text); }

void run_interactively(Shell& shell) {
  fmt::print("[ Kafka Metadata Shell ]\n");
  std::string line;
  while (true) {
    fmt::print(">> ");
    std::fflush(stdout);
    if (!std::getline(std::cin, line)) break;
    std::string out;
    if (!shell.run_line(line, out)) return;
    print(out);
  }
  fmt::print("\n");
}

int print_json(const Invocation& invocation, const Shell& shell,
               const std::vector<std::string>& words) {
  if (words.empty()) return usage_error(invocation, "--output json takes the flag --command");
  const auto answer = shell.answer(words);
  if (!answer) return failure(invocation, answer.error().message);
  print(to_json(*answer, JsonLayout::kIndented) + '\n');
  return 0;
}

int run_metadata_shell(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  const auto path = flags.value("snapshot");
  if (!path) return usage_error(invocation, "argument --snapshot/-s is required");
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  const auto image = load_shell_image(world.disk(), *path);
  if (!image) {
    if (invocation.is_native) return failure(invocation, image.error().message);
    fmt::print(stderr, "Unexpected error: {}\n", image.error().message);
    return 1;
  }
  std::vector<std::string> words = flags.arguments();
  if (invocation.is_native) words = split_words(flags.value_or("command", ""));
  const bool is_interactive = words.empty();
  if (invocation.is_native && invocation.output.form == OutputForm::kJson) {
    return print_json(invocation, Shell(root_of(*image), false), words);
  }
  if (is_interactive) fmt::print("Loading...\nStarting...\n");
  Shell shell(root_of(*image), is_interactive);
  if (is_interactive) {
    run_interactively(shell);
  } else {
    print(shell.run(words));
  }
  return 0;
}

}  // namespace

Command metadata_shell_command() {
  return {.name = "metadata-shell",
          .script_name = "kafka-metadata-shell",
          .summary = "Walk about in a metadata log or snapshot as in a directory tree.",
          .verbs = {},
          .subject = "snapshot",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_metadata_shell,
          .section = Section::kForensics,
          .prints_data = true};
}

}  // namespace odradek::cli
