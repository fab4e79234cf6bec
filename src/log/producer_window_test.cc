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
  EXPECT_EQ(refusal(*log, 2), base::ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(refusal(*log, 16), base::ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_FALSE(append(*log, of(5, 14)).is_duplicate);
  EXPECT_TRUE(append(*log, of(5, 6)).is_duplicate);
  EXPECT_EQ(refusal(*log, 4), base::ErrorCode::kOutOfOrderSequenceNumber);
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
  EXPECT_TRUE(append(*log, of(5, 8)).is_duplicate);
  EXPECT_EQ(refusal(*log, 6), base::ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_TRUE(append(*log, of(6, 4)).is_duplicate);
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
  state.complete(entry.producer_id, {{.last_sequence = 19, .last_offset = base::Offset(8)}});
  EXPECT_EQ(state.incomplete_entry_of(old), nullptr);
  ASSERT_NE(state.find(entry.producer_id), nullptr);
  EXPECT_EQ(state.find(entry.producer_id)->batch_count, 2);
  EXPECT_EQ(state.find(entry.producer_id)->last_batch()->last_sequence, 20);
}

}  // namespace
}  // namespace odradek::log
