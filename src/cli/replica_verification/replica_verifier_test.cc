// SPDX-License-Identifier: Apache-2.0
#include "cli/replica_verification/replica_verifier.h"

#include <gtest/gtest.h>

#include <string_view>

#include "record/build.h"

namespace odradek::cli {
namespace {

const base::TopicPartition kPartition{"orders", 0};
constexpr base::BrokerId kFirst(1);
constexpr base::BrokerId kSecond(2);

// Batches of one record each, the first one at `base`.
base::SharedBytes batches(std::int64_t base, std::initializer_list<std::string_view> values) {
  std::vector<std::uint8_t> all;
  for (const std::string_view value : values) {
    record::BatchBuilder builder({.base_offset = base::Offset(base++)});
    builder.append(base::Timestamp(1), std::nullopt, base::as_bytes(value));
    const auto batch = builder.build();
    all.insert(all.end(), batch.view().begin(), batch.view().end());
  }
  return base::SharedBytes::copy(all);
}

ReplicaVerifier verifier(std::int64_t from = 0) {
  return ReplicaVerifier({{kPartition, base::Offset(from)}});
}

TEST(ReplicaVerifier, ReplicasThatHoldTheSameAreVerifiedUpToTheHighWatermark) {
  auto verified = verifier();
  verified.add(kPartition, kFirst, {base::Offset(2), batches(0, {"a", "b", "c"})});
  verified.add(kPartition, kSecond, {base::Offset(2), batches(0, {"a", "b", "other"})});
  const auto round = verified.verify();
  ASSERT_TRUE(round);
  EXPECT_TRUE(round->mismatches.empty());
  EXPECT_TRUE(round->has_advanced);
  EXPECT_EQ(round->max_lag, 0);
  EXPECT_EQ(round->partition, kPartition);
  EXPECT_EQ(round->offset, base::Offset(2));
  EXPECT_EQ(verified.offsets().at(kPartition), base::Offset(2));
}

TEST(ReplicaVerifier, ReplicaThatIsBehindHoldsTheOthersUp) {
  auto verified = verifier();
  verified.add(kPartition, kFirst, {base::Offset(3), batches(0, {"a", "b", "c"})});
  verified.add(kPartition, kSecond, {base::Offset(1), batches(0, {"a"})});
  auto round = verified.verify();
  ASSERT_TRUE(round);
  EXPECT_EQ(round->max_lag, 2);
  EXPECT_EQ(round->offset, base::Offset(1));

  verified.add(kPartition, kFirst, {base::Offset(3), batches(1, {"b", "c"})});
  verified.add(kPartition, kSecond, {});  // is down
  round = verified.verify();
  ASSERT_TRUE(round);
  EXPECT_FALSE(round->has_advanced);
  EXPECT_EQ(round->max_lag, 2);

  verified.add(kPartition, kFirst, {base::Offset(3), batches(1, {"b", "c"})});
  verified.add(kPartition, kSecond, {base::Offset(3), batches(1, {"b", "c"})});
  round = verified.verify();
  ASSERT_TRUE(round);
  EXPECT_EQ(round->max_lag, 0);
  EXPECT_EQ(verified.offsets().at(kPartition), base::Offset(3));
}

TEST(ReplicaVerifier, RecordThatDiffersIsNamedAndPassedOver) {
  auto verified = verifier();
  verified.add(kPartition, kFirst, {base::Offset(3), batches(0, {"a", "b", "c"})});
  verified.add(kPartition, kSecond, {base::Offset(3), batches(0, {"a", "B", "c"})});
  const auto round = verified.verify();
  ASSERT_TRUE(round);
  ASSERT_EQ(round->mismatches.size(), 1U);
  const ReplicaMismatch& mismatch = round->mismatches.front();
  EXPECT_FALSE(mismatch.is_lost());
  EXPECT_EQ(mismatch.partition, kPartition);
  EXPECT_EQ(mismatch.first.replica, kFirst);
  EXPECT_EQ(mismatch.second.replica, kSecond);
  EXPECT_EQ(mismatch.second.last_offset, base::Offset(1));
  EXPECT_NE(mismatch.first.crc, mismatch.second.crc);
  EXPECT_EQ(verified.offsets().at(kPartition), base::Offset(3));
}

TEST(ReplicaVerifier, ReplicasWithDifferentOffsetsAreLost) {
  auto verified = verifier();
  verified.add(kPartition, kFirst, {base::Offset(5), batches(0, {"a"})});
  verified.add(kPartition, kSecond, {base::Offset(5), batches(1, {"b"})});
  const auto round = verified.verify();
  ASSERT_TRUE(round);
  ASSERT_EQ(round->mismatches.size(), 1U);
  EXPECT_TRUE(round->mismatches.front().is_lost());
  EXPECT_FALSE(round->has_advanced);
}

TEST(ReplicaVerifier, BatchThatCannotBeReadIsAnErrorThatNamesIt) {
  auto verified = verifier(7);
  auto bytes = batches(7, {"a"});
  std::vector<std::uint8_t> damaged(bytes.view().begin(), bytes.view().end());
  damaged[record::position::kMagic] = 9;
  verified.add(kPartition, kFirst, {base::Offset(8), base::SharedBytes::copy(damaged)});
  const auto round = verified.verify();
  ASSERT_FALSE(round);
  EXPECT_EQ(
      round.error().message.find("Error in processing replica 1 in partition orders-0 at offset 7"),
      0U);
}

TEST(ReplicaVerifier, WithoutPartitionsThereIsNoLag) {
  ReplicaVerifier verified({});
  const auto round = verified.verify();
  ASSERT_TRUE(round);
  EXPECT_EQ(round->max_lag, -1);
}

}  // namespace
}  // namespace odradek::cli
