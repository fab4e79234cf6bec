// SPDX-License-Identifier: Apache-2.0
#include "cli/guide/completion.h"

#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

using Words = std::vector<std::string>;

Words texts(const Completion& found) {
  Words words;
  for (const Candidate& candidate : found.candidates) words.push_back(candidate.text);
  return words;
}

TEST(CompletionTest, SplitsALineAsAShellDoes) {
  EXPECT_EQ(split_line(""), Words({""}));
  EXPECT_EQ(split_line("odradek  topics "), Words({"odradek", "topics", ""}));
  EXPECT_EQ(split_line("a 'b c' \"d\\\"e\" f\\ g 'unfin ished"),
            Words({"a", "b c", "d\"e", "f g", "unfin ished"}));
  EXPECT_EQ(split_line("a ''"), Words({"a", ""}));
}

TEST(CompletionTest, AWordAfterAFlagIsItsValue) {
  EXPECT_EQ(texts(complete({"odradek", "topics", "--output", "j"})), Words({"json"}));
  EXPECT_EQ(texts(complete({"/usr/bin/kafka-topics.sh", "--command-config", ""})), Words());
  EXPECT_EQ(complete({"kafka-topics", "--command-config", ""}).paths, Completion::Paths::kFiles);
  EXPECT_EQ(texts(complete({"odradek", "topics", "--output=pl"})), Words({"--output=plain"}));
}

TEST(CompletionTest, AnOptionalValueMayBeAFlag) {
  EXPECT_EQ(texts(complete({"odradek", "groups", "--list", "--type", "--verb"})),
            Words({"--verbose"}));
  EXPECT_EQ(texts(complete({"odradek", "groups", "--list", "--type", "cl"})), Words({"classic"}));
}

TEST(CompletionTest, BashGetsWhatItReplacesAndZshWithDescriptions) {
  EXPECT_EQ(complete_for_bash("odradek topics list --output=j"), "words\njson\n");
  EXPECT_EQ(complete_for_zsh({"odradek", "topics", "li"}), "words\nlist\tList the topics.\n");
}

TEST(CompletionTest, NothingIsOfferedForWhatIsNoCommand) {
  EXPECT_EQ(texts(complete({})), Words());
  EXPECT_EQ(texts(complete({"odradek", "topcs", "describe", ""})), Words());
}

}  // namespace
}  // namespace odradek::cli
