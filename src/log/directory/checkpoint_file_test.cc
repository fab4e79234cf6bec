// SPDX-License-Identifier: Apache-2.0
#include "log/directory/checkpoint_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/directory/clean_shutdown_file.h"
#include "log/directory/meta_properties.h"
#include "log/directory/partition_name.h"

namespace odradek::log::directory {
namespace {

using testing::HasSubstr;

TEST(CheckpointFile, WritesVersionCountAndLines) {
  const OffsetEntries offsets = {{{"b", 10}, base::Offset(7)},
                                 {{"a", 2}, base::Offset(0)},
                                 {{"b", 9}, base::Offset(9223372036854775807)}};
  const std::string text = format_offset_checkpoint(offsets);
  EXPECT_EQ(text, "0\n3\na 2 0\nb 9 9223372036854775807\nb 10 7\n");
  EXPECT_EQ(parse_offset_checkpoint(text, "p").value(),
            PartitionOffsets(offsets.begin(), offsets.end()));
  EXPECT_EQ(parse_offset_entries(text, "p")->front(), offsets[1]);
}

TEST(CheckpointFile, OfTwoEntriesOfOneNameTheLaterCounts) {
  EXPECT_EQ(parse_offset_checkpoint("0\n2\na 0 1\na 0 2\n", "p").value(),
            (PartitionOffsets{{{"a", 0}, base::Offset(2)}}));
}

TEST(CheckpointFile, AnEmptyFileHoldsNothing) {
  EXPECT_TRUE(parse_offset_checkpoint("", "p").value().empty());
  EXPECT_TRUE(parse_offset_checkpoint("0\n0\n", "p").value().empty());
}

TEST(CheckpointFile, SaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"1\n0\n", "version 1"},
      {"x\n0\n", "'x' is not a number"},
      {"0\n2\na 0 1\n", "2 entries said, 1 found"},
      {"0\n1\na 0 1\nb 0 1\n", "1 entries said, 2 found"},
      {"0\n1\na 0\n", "line 3: 2 fields instead of 3"},
      {"0\n1\na 0 1 2\n", "line 3: 4 fields instead of 3"},
      {"0\n1\na -1 1\n", "'-1' is not a number between 0 and 2147483647"},
      {"0\n1\na 0 1x\n", "'1x' is not a number"},
      {"0\n1\na 0 9223372036854775808\n", "'9223372036854775808' is not a number"},
      {"0\n-1\n", "'-1' is not a number"},
  };
  for (const auto& [text, reason] : cases) {
    const auto parsed = parse_offset_checkpoint(text, "dir/file");
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(reason));
    EXPECT_THAT(parsed.error().message, HasSubstr("dir/file"));
  }
}

TEST(MetaProperties, ReadsWhatJavaWrites) {
  const auto identity = parse_meta_properties(
      "#\n#Sat Nov 21 09:33:21 UTC 2026\nnode.id=1\ndirectory.id=8eziIdKMw8UeA4ZjPTPqtA\n"
      "version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n",
      "p");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->version, 1);
  EXPECT_EQ(identity->cluster_id, "MkU3OEVBNTcwNTJENDM2Qk");
  EXPECT_EQ(identity->node_id, base::BrokerId(1));
  EXPECT_EQ(identity->directory_id.to_string(), "8eziIdKMw8UeA4ZjPTPqtA");
  EXPECT_EQ(parse_meta_properties(format_meta_properties(*identity), "p"), *identity);
}

TEST(MetaProperties, ReadsVersionZero) {
  const auto identity = parse_meta_properties("version=0\nbroker.id=3\ncluster.id=x\\=y\n", "p");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->version, 0);
  EXPECT_EQ(identity->node_id, base::BrokerId(3));
  EXPECT_EQ(identity->cluster_id, "x=y");
  EXPECT_TRUE(identity->directory_id.is_zero());
  EXPECT_EQ(parse_meta_properties(format_meta_properties(*identity), "p"), *identity);
}

TEST(MetaProperties, SaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"version=2\nnode.id=1\ncluster.id=c\n", "version 2"},
      {"version=1\ncluster.id=c\n", "node.id is missing"},
      {"version=1\nnode.id=-1\ncluster.id=c\n", "node.id '-1'"},
      {"version=1\nnode.id=one\ncluster.id=c\n", "node.id 'one'"},
      {"version=1\nnode.id=1\n", "cluster.id is missing"},
      {"version=0\nbroker.id=1\n", "cluster.id is missing"},
      {"ve", "cluster.id is missing"},
      {"version=1\nnode.id=1\ncluster.id=c\ndirectory.id=short\n", "directory.id 'short'"},
  };
  for (const auto& [text, reason] : cases) {
    const auto parsed = parse_meta_properties(text, "dir/meta.properties");
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(reason));
    EXPECT_THAT(parsed.error().message, HasSubstr("dir/meta.properties"));
  }
}

TEST(CleanShutdownFile, KeepsTheBrokerEpoch) {
  EXPECT_EQ(format_clean_shutdown(28), R"({"version":0,"brokerEpoch":28})");
  EXPECT_EQ(parse_clean_shutdown_epoch(format_clean_shutdown(28)), 28);
  EXPECT_EQ(parse_clean_shutdown_epoch(R"({ "brokerEpoch" : 7, "later": 1 })"), 7);
  EXPECT_EQ(parse_clean_shutdown_epoch(""), -1);
  EXPECT_EQ(parse_clean_shutdown_epoch(R"({"brokerEpoch":null})"), -1);
}

TEST(PartitionName, TellsWhatADirectoryIs) {
  const std::string unique = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(role_of("orders-0"), DirectoryRole::kLog);
  EXPECT_EQ(role_of("a-b-12"), DirectoryRole::kLog);
  EXPECT_EQ(role_of("orders-0." + unique + "-delete"), DirectoryRole::kDelete);
  EXPECT_EQ(role_of("orders-0." + unique + "-future"), DirectoryRole::kFuture);
  EXPECT_EQ(role_of("orders-0." + unique + "-stray"), DirectoryRole::kStray);
  EXPECT_EQ(role_of("orders-delete"), DirectoryRole::kOther);
  for (const auto* name : {"orders", "-1", "orders-", "orders-01", "orders-x", "orders-2147483648",
                           "or ders-1", "..-1"}) {
    EXPECT_EQ(role_of(name), DirectoryRole::kOther) << name;
  }
  EXPECT_EQ(parse_partition_name("a-b-12"), (base::TopicPartition{"a-b", 12}));
}

TEST(PartitionName, CutsLongTopics) {
  const std::string topic(249, 't');
  const std::string name = directory_name({topic, 3}, base::Uuid{}, DirectoryRole::kDelete);
  EXPECT_EQ(name.size(), 255u);
  EXPECT_EQ(role_of(name), DirectoryRole::kDelete);
  EXPECT_EQ(directory_name({"t", 3}, base::Uuid{}, DirectoryRole::kStray),
            "t-3." + std::string(32, '0') + "-stray");
}

}  // namespace
}  // namespace odradek::log::directory
