// SPDX-License-Identifier: Apache-2.0
#include "log/leader_epoch_cache.h"

#include <gtest/gtest.h>

namespace odradek::log {
namespace {

LeaderEpochEntry entry(std::int32_t epoch, std::int64_t start) {
  return {base::LeaderEpoch(epoch), base::Offset(start)};
}

LeaderEpochCache cache(std::vector<LeaderEpochEntry> entries) {
  return LeaderEpochCache(std::move(entries));
}

bool assign(LeaderEpochCache& epochs, std::int32_t epoch, std::int64_t start) {
  return epochs.assign(base::LeaderEpoch(epoch), base::Offset(start));
}

void expect_end(const LeaderEpochCache& epochs, std::int32_t asked, std::int32_t epoch,
                std::int64_t end) {
  const auto found = epochs.end_offset_for(base::LeaderEpoch(asked), base::Offset(100));
  EXPECT_EQ(found.leader_epoch.value(), epoch) << asked;
  EXPECT_EQ(found.end_offset.value(), end) << asked;
}

TEST(LeaderEpochCache, AssignsAscendingEpochs) {
  LeaderEpochCache epochs;
  EXPECT_FALSE(epochs.latest());
  EXPECT_TRUE(assign(epochs, 0, 0));
  EXPECT_FALSE(assign(epochs, 0, 5)) << "the latest epoch goes on";
  EXPECT_TRUE(assign(epochs, 2, 10));
  EXPECT_EQ(epochs.entries(), (std::vector{entry(0, 0), entry(2, 10)}));
  EXPECT_EQ(epochs.latest(), entry(2, 10));
  EXPECT_EQ(epochs.earliest(), entry(0, 0));
}

TEST(LeaderEpochCache, AssigningDropsWhatContradicts) {
  auto epochs = cache({entry(1, 0), entry(2, 10), entry(4, 20)});
  EXPECT_TRUE(assign(epochs, 5, 20)) << "nothing was written in epoch 4";
  EXPECT_EQ(epochs.entries(), (std::vector{entry(1, 0), entry(2, 10), entry(5, 20)}));
  EXPECT_TRUE(assign(epochs, 2, 12)) << "it goes on where a leader of epoch 5 wrote nothing";
  EXPECT_EQ(epochs.entries(), (std::vector{entry(1, 0), entry(2, 10)}));
  EXPECT_TRUE(assign(epochs, 2, 9)) << "it started earlier";
  EXPECT_EQ(epochs.entries(), (std::vector{entry(1, 0), entry(2, 9)}));
  EXPECT_TRUE(assign(epochs, 7, 0));
  EXPECT_EQ(epochs.entries(), std::vector{entry(7, 0)});
}

TEST(LeaderEpochCache, KnowsTheEpochOfAnOffset) {
  const auto epochs = cache({entry(3, 5), entry(6, 10)});
  EXPECT_EQ(epochs.epoch_of(base::Offset(4)), base::kNoLeaderEpoch);
  EXPECT_EQ(epochs.epoch_of(base::Offset(5)).value(), 3);
  EXPECT_EQ(epochs.epoch_of(base::Offset(9)).value(), 3);
  EXPECT_EQ(epochs.epoch_of(base::Offset(10)).value(), 6);
  EXPECT_EQ(epochs.epoch_of(base::Offset(1000)).value(), 6);
}

TEST(LeaderEpochCache, KnowsWhereAnEpochEnds) {
  const auto epochs = cache({entry(2, 5), entry(4, 10), entry(7, 30)});
  expect_end(epochs, -1, -1, -1);
  expect_end(epochs, 0, 0, 5);
  expect_end(epochs, 2, 2, 10);
  expect_end(epochs, 3, 2, 10);
  expect_end(epochs, 4, 4, 30);
  expect_end(epochs, 6, 4, 30);
  expect_end(epochs, 7, 7, 100);
  expect_end(epochs, 8, -1, -1);
  expect_end(LeaderEpochCache(), 0, -1, -1);
}

TEST(LeaderEpochCache, TruncatesFromTheEnd) {
  auto epochs = cache({entry(2, 5), entry(4, 10), entry(7, 30)});
  EXPECT_FALSE(epochs.truncate_from_end(base::Offset(31)));
  EXPECT_TRUE(epochs.truncate_from_end(base::Offset(30)));
  EXPECT_EQ(epochs.entries(), (std::vector{entry(2, 5), entry(4, 10)}));
  EXPECT_TRUE(epochs.truncate_from_end(base::Offset(0)));
  EXPECT_TRUE(epochs.empty());
}

TEST(LeaderEpochCache, TruncatesFromTheStart) {
  auto epochs = cache({entry(2, 5), entry(4, 10), entry(7, 30)});
  EXPECT_FALSE(epochs.truncate_from_start(base::Offset(4)));
  EXPECT_FALSE(epochs.truncate_from_start(base::Offset(5)));
  EXPECT_TRUE(epochs.truncate_from_start(base::Offset(7)));
  EXPECT_EQ(epochs.entries(), (std::vector{entry(2, 7), entry(4, 10), entry(7, 30)}));
  EXPECT_TRUE(epochs.truncate_from_start(base::Offset(29)));
  EXPECT_EQ(epochs.entries(), (std::vector{entry(4, 29), entry(7, 30)}));
  EXPECT_TRUE(epochs.truncate_from_start(base::Offset(50)));
  EXPECT_EQ(epochs.entries(), std::vector{entry(7, 50)});
}

TEST(LeaderEpochCache, FileIsATextCheckpoint) {
  const auto epochs = cache({entry(0, 0), entry(3, 12)});
  EXPECT_EQ(format_leader_epochs(epochs), "0\n2\n0 0\n3 12\n");
  EXPECT_EQ(parse_leader_epochs("0\n2\n0 0\n3 12\n", "p").value().entries(), epochs.entries());
  EXPECT_TRUE(parse_leader_epochs("", "p").value().empty());
  EXPECT_FALSE(parse_leader_epochs("0\n1\n-1 0\n", "p"));
  EXPECT_FALSE(parse_leader_epochs("0\n1\n1 0 0\n", "p"));
}

}  // namespace
}  // namespace odradek::log
