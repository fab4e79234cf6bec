// SPDX-License-Identifier: Apache-2.0
#include "log/producer_window.h"

#include <gtest/gtest.h>

#include "log/log_test_fixture.h"

namespace odradek::log {
namespace {

constexpr std::int64_t kNow = 4'000'000'000'000;

class ProducerWindowTest : public testing::LogFixture {
 protected:
  static base::SharedBytes of(std::int64_t producer, std::int32_t sequence) {
    return batch(2, kNow, 100,
                 {.producer_id = base::ProducerId(producer),
                  .producer_epoch = base::ProducerEpoch(0),
                  .base_sequence = sequence});
  }
  static base::ErrorCode refusal(Log& log, std::int32_t sequence) {
    auto done = log.append(of(5, sequence), base::LeaderEpoch(3), AppendOrigin::kClient);
    return done ? base::ErrorCode::kNone : done.error().code;
  }
  // Seven batches of producer 5, the last at offset 36, between those of two others.
  void write() {
    auto log = open();
    for (std::int32_t sequence = 0; sequence < 14; sequence += 2) {
      for (const std::int64_t producer : {5, 6, 7}) append(*log, of(producer, sequence));
    }
    ASSERT_TRUE(log->close());
  }
};

TEST_F(ProducerWindowTest, TheLastFiveAreKnownAfterAStart) {
  write();
  auto log = open();
  for (const std::int32_t sequence : {4, 6, 8, 10, 12}) {
    const AppendInfo again = append(*log, of(5, sequence));
    EXPECT_TRUE(again.is_duplicate) << sequence;
    EXPECT_EQ(again.first_offset, base::Offset(3 * sequence));
    EXPECT_EQ(again.last_offset, base::Offset(3 * sequence + 1));
  }
  EXPECT_EQ(refusal(*log, 16), base::ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_FALSE(append(*log, of(5, 14)).is_duplicate);
  EXPECT_TRUE(append(*log, of(5, 6)).is_duplicate);
}

TEST_F(ProducerWindowTest, OlderOnesAreFoundInTheLog) {
  write();
  auto log = open();
  EXPECT_EQ(append(*log, of(6, 12)).first_offset, base::Offset(38));
  for (const std::int32_t sequence : {0, 2}) {
    const AppendInfo again = append(*log, of(5, sequence));
    EXPECT_TRUE(again.is_duplicate) << sequence;
    EXPECT_EQ(again.first_offset, base::Offset(3 * sequence));
    EXPECT_EQ(again.last_offset, base::Offset(3 * sequence + 1));
  }
  // No batch begins there, but all records are.
  const AppendInfo among = append(*log, of(5, 1));
  EXPECT_TRUE(among.is_duplicate);
  EXPECT_EQ(among.first_offset, base::kNoOffset);
  EXPECT_EQ(among.last_offset, base::Offset(11));
  append(*log, of(5, 14));
  EXPECT_EQ(append(*log, of(5, 4)).first_offset, base::Offset(12));
  EXPECT_EQ(append(*log, of(5, 6)).first_offset, base::Offset(18));
  EXPECT_EQ(log->log_end_offset(), base::Offset(44));
}

// What a log lost is not known, whatever was known before.
TEST_F(ProducerWindowTest, ACutForgets) {
  auto log = open();
  for (std::int32_t sequence = 0; sequence < 24; sequence += 2) append(*log, of(5, sequence));
  EXPECT_EQ(append(*log, of(5, 10)).first_offset, base::Offset(10));
  ASSERT_TRUE(log->truncate_to(base::Offset(6)));
  for (const std::int32_t lost : {8, 10, 22}) {
    EXPECT_EQ(refusal(*log, lost), base::ErrorCode::kOutOfOrderSequenceNumber) << lost;
  }
  EXPECT_EQ(append(*log, of(5, 0)).first_offset, base::Offset(0));
  EXPECT_FALSE(append(*log, of(5, 6)).is_duplicate);
  EXPECT_EQ(refusal(*log, 10), base::ErrorCode::kOutOfOrderSequenceNumber);
}

TEST_F(ProducerWindowTest, AcrossSegments) {
  config_.segment_bytes = 1000;  // two batches of some 300 bytes with each producer's
  write();
  auto log = open();
  ASSERT_TRUE(world_.disk().exists(file("00000000000000000018.log")));
  EXPECT_TRUE(append(*log, of(5, 4)).is_duplicate);
  EXPECT_FALSE(append(*log, of(5, 14)).is_duplicate);
}

// What came after the start counts among the five.
TEST_F(ProducerWindowTest, BatchesAfterTheStartPushOlderOnesOut) {
  write();
  auto log = open();
  for (const std::int32_t sequence : {14, 16}) append(*log, of(5, sequence));
  EXPECT_EQ(append(*log, of(5, 8)).first_offset, base::Offset(24));
  EXPECT_EQ(append(*log, of(5, 6)).first_offset, base::Offset(18));
  EXPECT_EQ(append(*log, of(6, 4)).first_offset, base::Offset(14));
}

// Those behind the one that was looked for are asked for next: they are found without the log.
TEST_F(ProducerWindowTest, WhatComesBehindIsKnown) {
  ProducerState state;
  std::vector<ProducerBatchSpan> older;
  ProducerBatch batch{.producer_id = base::ProducerId(5), .producer_epoch = base::ProducerEpoch(0)};
  for (std::int32_t i = 0; i < 200; ++i) {
    batch.base_sequence = batch.last_sequence = i;
    batch.first_offset = batch.last_offset = base::Offset(2 * i);
    ASSERT_FALSE(state.append(batch));
    if (i < 195) older.push_back({.last_sequence = i, .last_offset = batch.last_offset});
  }
  const auto offset_of = [&](std::int32_t sequence) {
    batch.base_sequence = batch.last_sequence = sequence;
    const auto known = state.check(batch, AppendOrigin::kClient);
    return known && *known ? (*known)->first_offset : base::Offset(-2);
  };
  EXPECT_EQ(offset_of(100), base::kNoOffset);
  state.complete(batch, older);
  EXPECT_EQ(offset_of(99), base::kNoOffset);
  for (std::int32_t i = 100; i < 164; ++i) EXPECT_EQ(offset_of(i), base::Offset(2 * i));
  EXPECT_EQ(offset_of(164), base::kNoOffset);
  EXPECT_EQ(offset_of(196), base::Offset(392));
  EXPECT_EQ(offset_of(201), base::Offset(-2));
  batch.producer_epoch = base::ProducerEpoch(1);
  EXPECT_EQ(offset_of(100), base::Offset(-2));
}

// A client that is only wrong does not have the log read again and again.
TEST_F(ProducerWindowTest, TheLogIsSearchedOnce) {
  ProducerState state;
  ProducerEntry entry;
  entry.producer_id = base::ProducerId(5);
  entry.add_batch(base::ProducerEpoch(0), {.last_sequence = 20, .last_offset = base::Offset(9)});
  state.load(entry);
  ProducerBatch old;
  old.producer_id = entry.producer_id;
  old.producer_epoch = entry.producer_epoch;
  old.base_sequence = 3;
  old.last_sequence = 4;
  ASSERT_NE(state.incomplete_entry_of(old), nullptr);
  ProducerBatch ahead = old;
  ahead.base_sequence = ahead.last_sequence = 22;
  EXPECT_EQ(state.incomplete_entry_of(ahead), nullptr);
  state.complete(old, {{.last_sequence = 19, .last_offset = base::Offset(8)}});
  EXPECT_EQ(state.incomplete_entry_of(old), nullptr);
  ASSERT_NE(state.find(entry.producer_id), nullptr);
  EXPECT_EQ(state.find(entry.producer_id)->batch_count, 2);
  EXPECT_EQ(state.find(entry.producer_id)->last_batch()->last_sequence, 20);
}

// What was found is known as far back as it has no gap.
TEST_F(ProducerWindowTest, WhatLiesBeforeAGapInTheLogIsNotKnown) {
  ProducerEntry entry;
  entry.add_batch(base::ProducerEpoch(0), {.last_sequence = 20, .last_offset = base::Offset(29)});
  std::vector<ProducerBatchSpan> older;
  for (const std::int32_t sequence : {7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}) {
    older.push_back({.last_sequence = sequence, .last_offset = base::Offset(sequence)});
  }
  entry.add_older_batches(older);
  EXPECT_EQ(entry.batch_count, ProducerEntry::kBatchesRetained);
  EXPECT_EQ(entry.older_from, 10);
  EXPECT_TRUE(entry.holds_older(10, 15));
  for (const std::int32_t other : {7, 8, 9, 16, 21}) EXPECT_FALSE(entry.holds_older(other, other));
  EXPECT_FALSE(entry.holds_older(15, 16));
}

// A search that reaches less far back than what was seen here takes nothing away.
TEST_F(ProducerWindowTest, ASearchThatFindsLessForgetsNothing) {
  ProducerEntry entry;
  for (std::int32_t i = 0; i < 20; ++i) {
    entry.add_batch(base::ProducerEpoch(0), {.last_sequence = i, .last_offset = base::Offset(i)});
  }
  entry.add_older_batches({{.last_sequence = 14, .last_offset = base::Offset(14)}});
  EXPECT_EQ(entry.older_from, 0);
  entry.add_older_batches({});
  EXPECT_EQ(entry.older_from, 0);
}

}  // namespace
}  // namespace odradek::log
