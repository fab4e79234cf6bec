// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/batch_cleaner.h"

#include <gtest/gtest.h>

#include <string>

#include "record/build.h"

namespace odradek::log::cleaner {
namespace {

using base::Offset;
using base::Timestamp;
using Fate = CleanedBatch::Fate;

constexpr std::int64_t kNow = 1'000'000;
constexpr std::int64_t kRetentionMs = 5'000;
constexpr base::ProducerId kProducer{7};

struct Written {
  const char* key;
  const char* value;
};

base::SharedBytes batch_of(std::initializer_list<Written> records,
                           record::BatchOptions options = {}) {
  record::BatchBuilder builder(options);
  std::int64_t timestamp = 100;
  const auto bytes = [](const char* text) {
    return text == nullptr ? std::nullopt : std::optional(base::as_bytes(text));
  };
  for (const Written& one : records) {
    builder.append(Timestamp(timestamp++), bytes(one.key), bytes(one.value));
  }
  return builder.build();
}

record::BatchView view(base::ByteView bytes) { return record::BatchView::parse(bytes).value(); }

std::string keys_of(base::ByteView bytes) {
  std::string keys;
  auto reader = record::RecordReader::open(view(bytes));
  for (auto record = reader->next(); record && *record; record = reader->next()) {
    keys += base::as_text(*(*record)->key);
    keys += '@' + std::to_string((*record)->offset.value()) + '/' +
            std::to_string((*record)->timestamp.value()) + ' ';
  }
  return keys;
}

class BatchCleanerTest : public ::testing::Test {
 protected:
  BatchCleanerTest() { map_.set_latest_offset(Offset(1'000)); }

  void last(const char* key, std::int64_t offset) {
    EXPECT_TRUE(map_.put(base::as_bytes(key), Offset(offset)));
  }
  CleanedBatch clean(const base::SharedBytes& batch, std::int64_t now = kNow) {
    BatchCleaner cleaner({Timestamp(now), kRetentionMs, Offset(upper_bound_)}, map_, transactions_);
    cleaner.set_last_records(last_records_);
    auto cleaned = cleaner.clean(view(batch));
    EXPECT_TRUE(cleaned) << cleaned.error().message;
    return cleaned ? std::move(*cleaned) : CleanedBatch{};
  }

  OffsetMap map_{24'000, 0.9, KeyHasher(1, 2)};
  CleanedTransactions transactions_;
  LastRecords last_records_;
  std::int64_t upper_bound_ = 500;
};

TEST_F(BatchCleanerTest, TheLastRecordOfAKeyStaysWithItsOffsetAndTime) {
  last("a", 12);
  last("b", 11);
  const auto batch = batch_of({{"a", "1"}, {"b", "2"}, {"a", "3"}},
                              {.codec = record::Codec::kZstd, .base_offset = Offset(10)});
  const CleanedBatch cleaned = clean(batch);
  ASSERT_EQ(cleaned.fate, Fate::kRewritten);
  const record::BatchView rewritten = view(cleaned.bytes);
  EXPECT_TRUE(rewritten.crc_matches());
  EXPECT_EQ(rewritten.codec(), record::Codec::kZstd);
  EXPECT_EQ(rewritten.base_offset(), Offset(10));
  EXPECT_EQ(rewritten.last_offset(), Offset(12));
  EXPECT_EQ(keys_of(cleaned.bytes), "b@11/101 a@12/102 ");
}

TEST_F(BatchCleanerTest, WhatLosesNothingKeepsItsBytes) {
  last("a", 0);
  EXPECT_EQ(clean(batch_of({{"a", "1"}, {"unknown", "2"}})).fate, Fate::kKept);
  last("z", 2'000);
  EXPECT_EQ(clean(batch_of({{"z", "1"}}, {.base_offset = Offset(1'001)})).fate, Fate::kKept)
      << "beyond what the map knows";
  EXPECT_EQ(clean(batch_of({{"z", "1"}})).fate, Fate::kRemoved);
  EXPECT_EQ(clean(batch_of({{nullptr, "no key"}})).records_without_key, 1);
}

TEST_F(BatchCleanerTest, ATombstoneGetsAHorizonAndGoesWhenItIsPast) {
  const CleanedBatch first = clean(batch_of({{"gone", nullptr}, {"b", "2"}}));
  ASSERT_EQ(first.fate, Fate::kRewritten);
  EXPECT_TRUE(view(first.bytes).has_delete_horizon());
  EXPECT_EQ(view(first.bytes).base_timestamp(), Timestamp(kNow + kRetentionMs));
  EXPECT_EQ(keys_of(first.bytes), "gone@0/100 b@1/101 ");
  EXPECT_EQ(clean(first.bytes, kNow + kRetentionMs - 1).fate, Fate::kKept);
  const CleanedBatch later = clean(first.bytes, kNow + kRetentionMs);
  EXPECT_EQ(keys_of(later.bytes), "b@1/101 ");
  EXPECT_EQ(view(later.bytes).base_timestamp(), Timestamp(kNow + kRetentionMs));
}

TEST_F(BatchCleanerTest, AProducersLastBatchIsEmptiedNotRemoved) {
  last("a", 900);
  record::BatchOptions options{.codec = record::Codec::kGzip,
                               .base_offset = Offset(20),
                               .leader_epoch = base::LeaderEpoch(4),
                               .producer_id = kProducer,
                               .producer_epoch = base::ProducerEpoch(1),
                               .base_sequence = 8};
  const auto batch = batch_of({{"a", "1"}, {"a", "2"}}, options);
  EXPECT_EQ(clean(batch).fate, Fate::kRemoved);
  last_records_[kProducer] = {.last_data_offset = Offset(21)};
  const CleanedBatch cleaned = clean(batch);
  ASSERT_EQ(cleaned.fate, Fate::kRewritten);
  const record::BatchView emptied = view(cleaned.bytes);
  EXPECT_TRUE(emptied.crc_matches());
  EXPECT_EQ(emptied.count(), 0);
  EXPECT_EQ(emptied.total_size(), record::kBatchHeaderSize);
  EXPECT_EQ(emptied.last_sequence(), 9);
  EXPECT_EQ(emptied.last_offset(), Offset(21));
  EXPECT_EQ(emptied.leader_epoch(), base::LeaderEpoch(4));
  EXPECT_EQ(emptied.codec(), record::Codec::kNone);
  EXPECT_EQ(clean(cleaned.bytes).bytes, cleaned.bytes);
  last_records_.clear();
  EXPECT_EQ(clean(cleaned.bytes).fate, Fate::kRemoved);
  upper_bound_ = 22;
  EXPECT_EQ(clean(batch).fate, Fate::kRewritten) << "it ends where cleaning ends";
}

TEST_F(BatchCleanerTest, AbortedRecordsGoAtOnceAndTheirMarkerLater) {
  record::BatchOptions options{.base_offset = Offset(30),
                               .producer_id = kProducer,
                               .producer_epoch = base::ProducerEpoch(0),
                               .base_sequence = 0,
                               .is_transactional = true};
  const auto data = batch_of({{"a", "1"}}, options);
  options.base_offset = Offset(31);
  options.base_sequence = record::kNoSequence;
  const auto marker =
      record::end_transaction_marker(options, Timestamp(200), record::ControlRecordType::kAbort, 1);
  const std::vector<AbortedTransaction> aborted{{kProducer, Offset(30), Offset(31), Offset(30)}};
  transactions_.add_aborted(aborted);
  EXPECT_EQ(clean(data).fate, Fate::kRemoved);
  EXPECT_EQ(clean(marker).fate, Fate::kKept) << "a reader may have the records still";

  transactions_.add_aborted(aborted);
  const CleanedBatch with_horizon = clean(marker);
  ASSERT_EQ(with_horizon.fate, Fate::kRewritten);
  EXPECT_TRUE(view(with_horizon.bytes).has_delete_horizon());
  EXPECT_TRUE(view(with_horizon.bytes).is_control());
  EXPECT_EQ(clean(with_horizon.bytes).fate, Fate::kKept);
  EXPECT_EQ(clean(with_horizon.bytes, kNow + kRetentionMs).fate, Fate::kRemoved);
}

// An adopted log may have one: its checksum matches, whatever wrote it.
TEST_F(BatchCleanerTest, ABatchWhoseRecordsAreOutOfOrderIsNotRewritten) {
  last("a", 900);
  base::SharedBytes batch = batch_of({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  // The second record's offset delta: behind length, attributes and the time's.
  const std::size_t first_bytes = 1 + batch.mutable_view()[record::kBatchHeaderSize] / 2U;
  batch.mutable_view()[record::kBatchHeaderSize + first_bytes + 3] = 0;
  BatchCleaner cleaner({Timestamp(kNow), kRetentionMs, Offset(500)}, map_, transactions_);
  EXPECT_EQ(cleaner.clean(view(batch)).error().code, base::ErrorCode::kCorruptMessage);
}

TEST(OffsetMap, KeepsTheLastOffsetsOfAsManyKeysAsItTakes) {
  OffsetMap map(100 * OffsetMap::kEntryBytes, 0.5, KeyHasher(3, 4));
  ASSERT_EQ(map.capacity(), 50u);
  for (int round = 0; round < 3; ++round) {
    for (int key = 0; key < 50; ++key) {
      ASSERT_TRUE(map.put(base::as_bytes(std::to_string(key)), Offset(round * 100 + key)));
    }
  }
  EXPECT_FALSE(map.put(base::as_bytes("another"), Offset(400)));
  for (int key = 0; key < 50; ++key) {
    EXPECT_EQ(map.get(base::as_bytes(std::to_string(key))), Offset(200 + key));
  }
  EXPECT_EQ(map.get(base::as_bytes("another")), base::kNoOffset);
}

// The published vectors of SipHash-2-4-128: key 00 01 … 0f, input 00 01 ….
TEST(KeyHasher, IsSipHash) {
  const KeyHasher hasher(0x0706050403020100U, 0x0f0e0d0c0b0a0908U);
  EXPECT_EQ(hasher({}), (KeyHash{0xe6a825ba047f81a3U, 0x930255c71472f66dU}));
  const std::uint8_t one[] = {0};
  EXPECT_EQ(hasher(one), (KeyHash{0x44af996bd8c187daU, 0x45fc229b11597634U}));
}

}  // namespace
}  // namespace odradek::log::cleaner
