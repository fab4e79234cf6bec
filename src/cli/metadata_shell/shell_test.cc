// SPDX-License-Identifier: Apache-2.0
#include "cli/metadata_shell/shell.h"

#include <gtest/gtest.h>

#include "cli/metadata_shell/metadata_image.h"

namespace odradek::cli {
namespace {

ShellNode example() {
  ShellNode root;
  root.directory("image").directory("topics").directory("orders").add_file("id", "X");
  root.directory("image").directory("topics").directory("other").add_file("id", "Y");
  root.directory("image").add_file("provenance", "offset 1");
  return root;
}

std::string run(Shell& shell, std::string_view line) {
  std::string out;
  shell.run_line(line, out);
  return out;
}

TEST(Shell, FindsByPathsAndPatterns) {
  Shell shell(example(), true);
  EXPECT_EQ(run(shell, "ls image"), "provenance\ntopics\n");
  EXPECT_EQ(run(shell, "cat image/topics/o*/id"), "X\nY\n");
  EXPECT_EQ(run(shell, "cat 'image/topics/{orders,none}/id'"), "X\n");
  EXPECT_EQ(run(shell, "cd image/topics"), "");
  EXPECT_EQ(run(shell, "pwd"), "/image/topics\n");
  EXPECT_EQ(run(shell, "cat ../provenance"), "offset 1\n");
  EXPECT_EQ(run(shell, "find other"), "other\nother/id\n");
  EXPECT_EQ(run(shell, "cat other"), "cat: other: Is a directory\n");
  EXPECT_EQ(run(shell, "cd nowhere"), "cd: nowhere: no such directory.\n");
}

TEST(Shell, AnswersAsData) {
  const Shell shell(example(), false);
  const auto json = [&](std::vector<std::string> words) {
    const auto answer = shell.answer(words);
    return answer ? to_json(*answer, JsonLayout::kOneLine) : answer.error().message;
  };
  EXPECT_EQ(json({"find", "image/topics/other"}),
            R"(["/image/topics/other","/image/topics/other/id"])");
  EXPECT_EQ(json({"ls", "image"}),
            R"([{"path":"/image","is_directory":true,"children":["provenance","topics"]}])");
  EXPECT_EQ(json({"cat", "/image/topics/*/id"}),
            R"([{"path":"/image/topics/orders/id","content":"X"},)"
            R"({"path":"/image/topics/other/id","content":"Y"}])");
  EXPECT_EQ(json({"tree", "image/topics/other"}),
            R"([{"path":"/image/topics/other","content":{"id":"Y"}}])");
  EXPECT_EQ(json({"ls", "nowhere"}), "nowhere: no such file or directory");
  EXPECT_EQ(json({"pwd"}), "'pwd' has no JSON: ls, cat, tree and find have");
}

TEST(Shell, MatchesWithoutTakingLong) {
  EXPECT_TRUE(matches_glob("a*c?", "abbcd"));
  EXPECT_FALSE(matches_glob("a*c", "abcd"));
  EXPECT_TRUE(matches_glob("\\*", "*"));
  EXPECT_FALSE(matches_glob("\\*", "x"));
  EXPECT_TRUE(matches_glob("{a", "{a"));
  EXPECT_FALSE(matches_glob(std::string(60, '*') + "b", std::string(5000, 'a')));
}

TEST(Shell, OneCommandOnlyHasNoPlaceToStandIn) {
  Shell shell(example(), false);
  EXPECT_EQ(shell.run({"pwd"}),
            "invalid choice: 'pwd' (choose from 'cat', 'find', 'ls', 'tree')\n");
}

TEST(ShellImage, TakesAnyBytes) {
  // What is no record is refused, and what is a damaged one, too; neither does more than that.
  const std::vector<std::uint8_t> record = {1, 2, 0, 4, 'n', 'a', 'm', 1, 2, 3, 4, 5,
                                            6, 7, 8, 9, 0,   1,   2,   3, 4, 5, 6, 0};
  ShellImage whole;
  EXPECT_TRUE(whole.replay(record));
  EXPECT_EQ(whole.tree().children["topics"].children["byName"].children.count("nam"), 1);
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::vector<std::uint8_t> damaged = record;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ShellImage image;
    (void)image.replay(damaged);
    (void)image.tree();
  }
  ShellImage empty;
  EXPECT_FALSE(empty.replay({}));
  empty.set_provenance(0, 0, INT64_MIN);
  EXPECT_NE(empty.tree().children["provenance"].text.find("0001-01-01"), std::string::npos);
}

}  // namespace
}  // namespace odradek::cli
