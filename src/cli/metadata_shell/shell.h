// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/metadata_shell/shell_node.h"
#include "cli/output/value.h"

namespace odradek::cli {

// Walks about in a tree by the commands of kafka-metadata-shell. Paths may hold `*`, `?` and
// `{a,b}`.
class Shell {
 public:
  // `is_interactive`: there are cd, pwd, history, help, man and exit, too.
  Shell(ShellNode root, bool is_interactive)
      : root_(std::move(root)), is_interactive_(is_interactive) {}

  // Runs one command and returns what it prints.
  std::string run(const std::vector<std::string>& words);
  // The same as data, of ls, cat, tree and find: an object for each place that was found (find: its
  // path only). Contents that are JSON are taken as it. INVALID_REQUEST where nothing is found.
  [[nodiscard]] base::Result<Value> answer(const std::vector<std::string>& words) const;
  // The same as run() of a line, which is remembered; false once it was `exit`.
  bool run_line(std::string_view line, std::string& out);

 private:
  struct Found {
    std::vector<std::string> path;
    const ShellNode* node = nullptr;
  };
  std::vector<Found> find(std::string_view glob) const;
  std::string list(const std::vector<std::string>& targets) const;
  std::string show(std::string_view command, const std::vector<std::string>& targets) const;
  std::string search(const std::vector<std::string>& targets) const;
  std::string change_directory(const std::vector<std::string>& targets);
  std::string history(const std::vector<std::string>& arguments) const;

  const ShellNode root_;
  const bool is_interactive_;
  std::string working_directory_ = "/";
  std::vector<std::string> history_;
};

// The words of a line: white space separates them, quotes and backslashes keep it.
std::vector<std::string> split_words(std::string_view line);
// Whether the name fits the pattern; one whose braces do not match is taken literally.
bool matches_glob(std::string_view pattern, std::string_view name);

}  // namespace odradek::cli
