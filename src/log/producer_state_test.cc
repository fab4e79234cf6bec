// SPDX-License-Identifier: Apache-2.0
#include "log/producer_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "log/producer_state_snapshot.h"

namespace odradek::log {
namespace {

using base::ErrorCode;

constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();

// A partition's log as far as the producer state sees it: appends as a client would.
class Script {
 public:
  struct Data {
    std::int64_t producer = 7;
    std::int16_t epoch = 0;
    std::int32_t sequence = 0;
    std::int32_t records = 1;
    bool is_transactional = false;
    std::int64_t timestamp = 1000;
  };

  // NONE, DUPLICATE_SEQUENCE_NUMBER for a duplicate, or the error.
  ErrorCode append(const Data& data, AppendOrigin origin = AppendOrigin::kClient) {
    ProducerBatch batch{.producer_id = base::ProducerId(data.producer),
                        .producer_epoch = base::ProducerEpoch(data.epoch),
                        .base_sequence = data.sequence,
                        .last_sequence = last_sequence_of(data.sequence, data.records - 1),
                        .max_timestamp = base::Timestamp(data.timestamp),
                        .is_transactional = data.is_transactional};
    const auto checked = state.check(batch, origin);
    if (!checked) return checked.error().code;
    if (*checked) {
      duplicate = **checked;
      return ErrorCode::kDuplicateSequenceNumber;
    }
    take(batch, data.records);
    return ErrorCode::kNone;
  }

  ErrorCode end(std::int64_t producer, std::int16_t epoch, bool is_commit,
                std::int32_t coordinator_epoch = 0, std::int8_t transaction_version = 0) {
    ProducerBatch batch{.producer_id = base::ProducerId(producer),
                        .producer_epoch = base::ProducerEpoch(epoch),
                        .max_timestamp = base::Timestamp(2000),
                        .is_transactional = true,
                        .marker = EndTransactionMarker{.is_commit = is_commit,
                                                       .coordinator_epoch = coordinator_epoch,
                                                       .transaction_version = transaction_version}};
    const auto checked = state.check(batch, AppendOrigin::kCoordinator);
    if (!checked) return checked.error().code;
    take(batch, 1);
    return ErrorCode::kNone;
  }

  std::int64_t first_unstable(std::int64_t high_watermark = kMax) const {
    return state.first_unstable_offset(base::Offset(high_watermark))
        .value_or(base::kNoOffset)
        .value();
  }

  ProducerState state;
  DuplicateBatch duplicate;
  std::optional<AbortedTransaction> aborted;

 private:
  void take(ProducerBatch& batch, std::int32_t records) {
    batch.first_offset = state.end_offset();
    batch.last_offset = batch.first_offset + (records - 1);
    aborted = state.append(batch);
    state.set_end_offset(batch.last_offset + 1);
  }
};

TEST(ProducerState, AnEmptyOneAllocatesNothing) {
  ProducerState state;
  EXPECT_TRUE(state.empty());
  state.expire(base::Timestamp(0), 1);
  state.forget_ended_transactions_below(base::Offset(5));
  EXPECT_TRUE(state.empty());
  EXPECT_FALSE(state.first_unstable_offset(base::Offset(0)));
}

TEST(ProducerState, SequencesFollowEachOther) {
  Script script;
  EXPECT_EQ(script.append({.sequence = 0, .records = 3}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 4}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 2, .records = 2}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 3}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 8, .sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(script.state.size(), 2u);
}

TEST(ProducerState, AnUnknownProducerMayStartAnywhere) {
  Script script;
  EXPECT_EQ(script.append({.epoch = 3, .sequence = 17}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 3, .sequence = 18}), ErrorCode::kNone);
}

TEST(ProducerState, TheLastFiveBatchesAreDuplicates) {
  Script script;
  for (std::int32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(script.append({.sequence = 2 * i, .records = 2}), ErrorCode::kNone);
  }
  for (std::int32_t i = 1; i < 6; ++i) {
    EXPECT_EQ(script.append({.sequence = 2 * i, .records = 2}),
              ErrorCode::kDuplicateSequenceNumber);
    EXPECT_EQ(script.duplicate.first_offset.value(), 2 * i);
    EXPECT_EQ(script.duplicate.last_offset.value(), 2 * i + 1);
  }
  EXPECT_EQ(script.append({.sequence = 10, .records = 1}), ErrorCode::kOutOfOrderSequenceNumber)
      << "not the same batch";
}

TEST(ProducerState, OlderBatchesAreDuplicatesWithoutAnOffset) {
  Script script;
  for (std::int32_t i = 0; i < 8; ++i) {
    EXPECT_EQ(script.append({.sequence = 2 * i, .records = 2}), ErrorCode::kNone);
  }
  for (std::int32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(script.append({.sequence = 2 * i, .records = 2}),
              ErrorCode::kDuplicateSequenceNumber);
    EXPECT_EQ(script.duplicate.first_offset, base::kNoOffset);
    EXPECT_EQ(script.duplicate.last_offset.value(), 5) << "the five begin at 6";
  }
  EXPECT_EQ(script.append({.sequence = 1, .records = 4}), ErrorCode::kDuplicateSequenceNumber)
      << "these records are all there, in whatever batches";
  EXPECT_EQ(script.append({.sequence = 4, .records = 3}), ErrorCode::kOutOfOrderSequenceNumber)
      << "reaches among the five, and is none of them";
  EXPECT_EQ(script.append({.sequence = 6, .records = 1}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 17, .records = 2}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = kMax, .records = 2}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 0}, AppendOrigin::kReplication), ErrorCode::kNone);
}

TEST(ProducerState, OlderBatchesAreKnownFromTheFirstOneOn) {
  Script script;
  for (std::int32_t i = 40; i < 50; ++i)
    EXPECT_EQ(script.append({.sequence = i}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 40}), ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 39}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 39, .records = 2}), ErrorCode::kOutOfOrderSequenceNumber);
  script.state.expire(base::Timestamp(5000), 1000);
  for (std::int32_t i = 50; i < 60; ++i)
    EXPECT_EQ(script.append({.sequence = i}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 50}), ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 49}), ErrorCode::kOutOfOrderSequenceNumber)
      << "the producer was forgotten in between";
}

TEST(ProducerState, NothingOfAnEarlierEpochIsKnown) {
  Script script;
  for (std::int32_t i = 0; i < 10; ++i) EXPECT_EQ(script.append({.sequence = i}), ErrorCode::kNone);
  for (std::int32_t i = 0; i < 2; ++i) {
    EXPECT_EQ(script.append({.epoch = 1, .sequence = i}), ErrorCode::kNone);
  }
  EXPECT_EQ(script.append({.epoch = 0, .sequence = 0}), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(script.append({.epoch = 1, .sequence = 3}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.epoch = 1, .sequence = 4}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.end(7, 2, false), ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 2, .sequence = 1}), ErrorCode::kOutOfOrderSequenceNumber);
}

// A leader accepts none, but another one's log may have it, and compaction leaves it behind.
TEST(ProducerState, WhatLiesBeforeAGapIsNotKnown) {
  Script script;
  for (std::int32_t i = 0; i < 10; ++i) EXPECT_EQ(script.append({.sequence = i}), ErrorCode::kNone);
  for (std::int32_t i = 12; i < 20; ++i) {
    EXPECT_EQ(script.append({.sequence = i}, AppendOrigin::kReplication), ErrorCode::kNone);
  }
  for (const std::int32_t lost : {0, 4, 9, 10, 11}) {
    EXPECT_EQ(script.append({.sequence = lost}), ErrorCode::kOutOfOrderSequenceNumber) << lost;
  }
  EXPECT_EQ(script.append({.sequence = 11, .records = 2}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 12}), ErrorCode::kDuplicateSequenceNumber);
}

// Not by a client: what begins again in the same epoch is not taken for a continuation.
TEST(ProducerState, NumbersThatBeginAgainInTheSameEpochAreKnownFromThereOn) {
  Script script;
  for (std::int32_t i = 10; i < 20; ++i)
    EXPECT_EQ(script.append({.sequence = i}), ErrorCode::kNone);
  for (std::int32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(script.append({.sequence = i}, AppendOrigin::kReplication), ErrorCode::kNone);
  }
  EXPECT_EQ(script.append({.sequence = 5}), ErrorCode::kOutOfOrderSequenceNumber);
  for (std::int32_t i = 3; i < 8; ++i) EXPECT_EQ(script.append({.sequence = i}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 1}), ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(script.append({.sequence = 12}), ErrorCode::kOutOfOrderSequenceNumber);
}

TEST(ProducerState, BatchesWithoutSequencesAreNeverKnown) {
  Script script;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(script.append({.sequence = kNoSequence}, AppendOrigin::kCoordinator),
              ErrorCode::kNone);
  }
  for (std::int32_t i = 0; i < 6; ++i) EXPECT_EQ(script.append({.sequence = i}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 0}), ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(script.append({.sequence = kMax}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.sequence = kMax - 3}), ErrorCode::kOutOfOrderSequenceNumber);
}

TEST(ProducerState, OlderBatchesAreKnownAcrossTheWrap) {
  Script script;
  for (std::int32_t i = 0; i < 8; ++i) {
    const std::int32_t sequence = i < 4 ? kMax - 7 + 2 * i : 2 * (i - 4);
    EXPECT_EQ(script.append({.sequence = sequence, .records = 2}), ErrorCode::kNone);
  }
  EXPECT_EQ(script.append({.sequence = kMax - 7, .records = 2}),
            ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(script.append({.sequence = kMax - 9, .records = 2}),
            ErrorCode::kOutOfOrderSequenceNumber);
  for (std::int32_t i = 4; i < 12; ++i) {
    EXPECT_EQ(script.append({.sequence = 2 * i, .records = 2}), ErrorCode::kNone);
  }
  EXPECT_EQ(script.append({.sequence = kMax, .records = 3}), ErrorCode::kDuplicateSequenceNumber)
      << "over the wrap";
}

// Numbers come again after 2^31: what lies further back than half of that is forgotten.
TEST(ProducerState, WhatIsAheadIsNeverTakenForOlder) {
  constexpr std::int32_t kMany = 1 << 26;
  constexpr std::int32_t kCycle = 32;
  Script script;
  for (std::int32_t i = 0; i < 3 * kCycle; ++i) {
    const auto send = [&](std::int32_t number) {
      return script.append({.sequence = (number + kCycle) % kCycle * kMany, .records = kMany});
    };
    ASSERT_EQ(send(i), ErrorCode::kNone) << i;
    for (std::int32_t ahead = 2; ahead <= kCycle / 2; ++ahead) {
      EXPECT_EQ(send(i + ahead), ErrorCode::kOutOfOrderSequenceNumber) << i << ' ' << ahead;
    }
    for (std::int32_t behind = 0; behind < std::min(i + 1, kCycle / 2); ++behind) {
      EXPECT_EQ(send(i - behind), ErrorCode::kDuplicateSequenceNumber) << i << ' ' << behind;
    }
  }
}

TEST(ProducerState, ADuplicateOfAnOlderEpochIsFenced) {
  Script script;
  EXPECT_EQ(script.append({.epoch = 0, .sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 1, .sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 0, .sequence = 0}), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(script.append({.epoch = 0, .sequence = 1}), ErrorCode::kInvalidProducerEpoch);
}

TEST(ProducerState, ANewEpochStartsWithSequenceZero) {
  Script script;
  EXPECT_EQ(script.append({.epoch = 0, .sequence = 0, .records = 5}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 1, .sequence = 5}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.epoch = 1, .sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 1, .sequence = 1}), ErrorCode::kNone);
}

TEST(ProducerState, SequencesWrap) {
  EXPECT_EQ(last_sequence_of(kMax - 1, 1), kMax);
  EXPECT_EQ(last_sequence_of(kMax, 1), 0);
  EXPECT_EQ(last_sequence_of(kMax - 2, 5), 2);
  EXPECT_EQ(last_sequence_of(kNoSequence, 5), kNoSequence);
  Script script;
  EXPECT_EQ(script.append({.sequence = kMax - 1, .records = 2}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 8, .sequence = kMax - 1, .records = 4}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 8, .sequence = kMax - 1, .records = 4}),
            ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(script.append({.producer = 8, .sequence = 2}), ErrorCode::kNone);
}

TEST(ProducerState, OnlyClientsAreHeldToTheirSequences) {
  Script script;
  EXPECT_EQ(script.append({.sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 9}, AppendOrigin::kCoordinator), ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 4, .sequence = 2}, AppendOrigin::kReplication),
            ErrorCode::kNone);
  EXPECT_EQ(script.append({.epoch = 3, .sequence = 0}, AppendOrigin::kCoordinator),
            ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(script.append({.epoch = 3, .sequence = 0}, AppendOrigin::kReplication),
            ErrorCode::kNone);
}

TEST(ProducerState, AnOpenTransactionHoldsBackTheStableOffset) {
  Script script;
  EXPECT_EQ(script.append({.producer = 1, .sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(script.first_unstable(), -1);
  EXPECT_EQ(script.append({.producer = 2, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 3, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.first_unstable(), 1);
  EXPECT_EQ(script.end(2, 0, true), ErrorCode::kNone);
  EXPECT_FALSE(script.aborted);
  EXPECT_EQ(script.first_unstable(), 2);
  EXPECT_EQ(script.end(3, 0, true), ErrorCode::kNone);
  EXPECT_EQ(script.first_unstable(), -1);
}

TEST(ProducerState, AnEndAboveTheHighWatermarkMayBeLost) {
  Script script;
  EXPECT_EQ(script.append({.is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(7, 0, true), ErrorCode::kNone);  // offset 1
  EXPECT_EQ(script.first_unstable(1), 0);
  EXPECT_EQ(script.first_unstable(2), -1);
  script.state.forget_ended_transactions_below(base::Offset(1));
  EXPECT_EQ(script.first_unstable(1), 0);
  script.state.forget_ended_transactions_below(base::Offset(2));
  EXPECT_EQ(script.first_unstable(1), -1);
}

TEST(ProducerState, AnAbortGoesIntoTheIndex) {
  Script script;
  EXPECT_EQ(script.append({.producer = 1, .records = 2, .is_transactional = true}),
            ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 2, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(1, 0, false), ErrorCode::kNone);
  ASSERT_TRUE(script.aborted);
  EXPECT_EQ(script.aborted->producer_id.value(), 1);
  EXPECT_EQ(script.aborted->first_offset.value(), 0);
  EXPECT_EQ(script.aborted->last_offset.value(), 3);
  EXPECT_EQ(script.aborted->last_stable_offset.value(), 2) << "the other one is open";
  EXPECT_EQ(script.end(2, 0, false), ErrorCode::kNone);
  ASSERT_TRUE(script.aborted);
  EXPECT_EQ(script.aborted->last_stable_offset.value(), 5);
  EXPECT_EQ(script.end(2, 0, false), ErrorCode::kNone);
  EXPECT_FALSE(script.aborted) << "there was nothing to abort";
}

TEST(ProducerState, DataOutsideOfAnOpenTransactionIsRefused) {
  Script script;
  EXPECT_EQ(script.append({.is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 1}), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(script.append({.sequence = 1, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(7, 0, true), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 2}), ErrorCode::kNone);
}

TEST(ProducerState, AnOlderCoordinatorIsFenced) {
  Script script;
  EXPECT_EQ(script.append({.is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(7, 0, true, 5), ErrorCode::kNone);
  EXPECT_EQ(script.append({.sequence = 1, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(7, 0, true, 4), ErrorCode::kTransactionCoordinatorFenced);
  EXPECT_EQ(script.end(7, 0, true, 5), ErrorCode::kNone);
}

TEST(ProducerState, AMarkerOfAnOlderEpochIsFenced) {
  Script script;
  EXPECT_EQ(script.append({.epoch = 2, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(7, 1, false), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(script.end(7, 3, false), ErrorCode::kNone) << "the coordinator fenced the producer";
  EXPECT_EQ(script.append({.epoch = 2, .sequence = 1}), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(script.append({.epoch = 3, .sequence = 1}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(script.append({.epoch = 3, .sequence = 0}), ErrorCode::kNone);
}

TEST(ProducerState, TransactionsOfVersionTwoBumpTheEpoch) {
  Script script;
  EXPECT_EQ(script.append({.epoch = 2, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(7, 2, true, 0, 2), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(script.end(7, 3, true, 0, 2), ErrorCode::kNone);
  EXPECT_EQ(script.end(7, 3, true, 0, 2), ErrorCode::kNone) << "the same marker again";
  EXPECT_EQ(script.end(7, 2, true, 0, 2), ErrorCode::kInvalidProducerEpoch);
}

TEST(ProducerState, ForgetsProducersThatAreSilent) {
  Script script;
  EXPECT_EQ(script.append({.producer = 1, .timestamp = 1000}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 2, .timestamp = 5000}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 3, .is_transactional = true, .timestamp = 1000}),
            ErrorCode::kNone);
  script.state.expire(base::Timestamp(11000), 10000);
  EXPECT_EQ(script.state.find(base::ProducerId(1)), nullptr);
  EXPECT_NE(script.state.find(base::ProducerId(2)), nullptr);
  EXPECT_NE(script.state.find(base::ProducerId(3)), nullptr) << "its transaction is open";
  script.state.expire(base::Timestamp(15000), 10000);
  EXPECT_EQ(script.state.find(base::ProducerId(2)), nullptr);
  EXPECT_EQ(script.append({.producer = 1, .sequence = 40}), ErrorCode::kNone);
}

TEST(ProducerState, DescribesItsProducers) {
  Script script;
  EXPECT_EQ(script.append({.producer = 9, .epoch = 2, .records = 3, .timestamp = 1234}),
            ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 4, .is_transactional = true}), ErrorCode::kNone);
  const auto producers = script.state.active_producers();
  ASSERT_EQ(producers.size(), 2u);
  EXPECT_EQ(producers[0].producer_id.value(), 4);
  EXPECT_EQ(producers[0].current_transaction_start_offset.value(), 3);
  EXPECT_EQ(producers[1].producer_epoch.value(), 2);
  EXPECT_EQ(producers[1].last_sequence, 2);
  EXPECT_EQ(producers[1].last_timestamp.value(), 1234);
  EXPECT_EQ(producers[1].current_transaction_start_offset, base::kNoOffset);
}

TEST(ProducerSnapshot, KeepsProducersAndOpenTransactions) {
  Script script;
  EXPECT_EQ(script.append({.producer = 9, .epoch = 2, .records = 3}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 4, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.append({.producer = 5, .is_transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(script.end(5, 1, false, 3), ErrorCode::kNone);
  const auto bytes = encode_producer_snapshot(script.state);
  EXPECT_EQ(bytes.size(), 10 + 3 * kProducerSnapshotEntrySize);
  const auto entries = decode_producer_snapshot(bytes);
  ASSERT_TRUE(entries) << entries.error().message;
  Script loaded;
  for (const auto& producer : *entries) loaded.state.load(producer);
  loaded.state.set_end_offset(script.state.end_offset());
  EXPECT_EQ(encode_producer_snapshot(loaded.state), bytes);
  EXPECT_EQ(loaded.first_unstable(), 3);
  EXPECT_EQ(loaded.append({.producer = 9, .epoch = 2, .records = 3}),
            ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(loaded.duplicate.first_offset.value(), 0);
  EXPECT_EQ(loaded.append({.producer = 9, .epoch = 2, .sequence = 3}), ErrorCode::kNone);
  EXPECT_EQ(loaded.end(5, 1, false, 2), ErrorCode::kTransactionCoordinatorFenced);
}

TEST(ProducerSnapshot, RefusesEveryDamagedByte) {
  Script script;
  EXPECT_EQ(script.append({.producer = 9}), ErrorCode::kNone);
  const auto bytes = encode_producer_snapshot(script.state);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] ^= 0x40;
    EXPECT_FALSE(decode_producer_snapshot(damaged)) << "byte " << i;
    EXPECT_FALSE(decode_producer_snapshot(base::ByteView(bytes).first(i))) << "length " << i;
  }
}

TEST(ProducerSnapshot, AnEmptyOneIsTenBytes) {
  const auto bytes = encode_producer_snapshot(ProducerState());
  EXPECT_EQ(bytes.size(), 10u);
  EXPECT_TRUE(decode_producer_snapshot(bytes).value().empty());
}

}  // namespace
}  // namespace odradek::log
