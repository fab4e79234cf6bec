// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What a shell offers while a command line is typed. The scripts only ask this program, which knows
// its table of commands, so that they never fall behind it.
namespace odradek::cli {

std::string bash_completion();
std::string zsh_completion();

struct Candidate {
  std::string text;  // the whole word
  std::string_view description = {};
};

struct Completion {
  enum class Paths : std::uint8_t { kNone, kFiles, kDirectories };

  std::vector<Candidate> candidates;
  Paths paths = Paths::kNone;  // the shell adds names of files
  bool goes_on = false;        // the word is not over: no space follows it
};

// What can stand for the last of `words`, which may be empty; the first one is the program. Names
// of topics and groups come from the server that the words name, if it answers within half a
// second.
Completion complete(const std::vector<std::string>& words);

// The words of a command line as far as the cursor; an unfinished quotation ends there.
std::vector<std::string> split_line(std::string_view line);

// Lines for the scripts. The first one is "files", "directories", "words" or "goes-on"; each other
// one is a candidate: for bash quoted, and without what bash, which breaks words at = and :, keeps
// of the current one; for zsh with its description behind a tab.
std::string complete_for_bash(std::string_view line);
std::string complete_for_zsh(const std::vector<std::string>& words);

}  // namespace odradek::cli
