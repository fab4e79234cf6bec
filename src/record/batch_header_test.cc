// SPDX-License-Identifier: Apache-2.0
#include "record/batch_header.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "record/build.h"

namespace odradek::record {
namespace {

using base::ErrorCode;
using base::Offset;
using base::Timestamp;

base::SharedBytes batch_of(int records, const BatchOptions& options = {}) {
  BatchBuilder builder(options);
  for (int i = 0; i < records; ++i) {
    builder.append(Timestamp(1000 + i), base::as_bytes("k"), base::as_bytes("v"));
  }
  return builder.build();
}

TEST(BatchHeaderTest, EveryFieldIsWhereTheBuilderPutIt) {
  const base::SharedBytes bytes = batch_of(3, {.codec = Codec::kLz4,
                                               .base_offset = Offset(40),
                                               .leader_epoch = base::LeaderEpoch(7),
                                               .producer_id = base::ProducerId(11),
                                               .producer_epoch = base::ProducerEpoch(2),
                                               .base_sequence = 5,
                                               .is_transactional = true});
  const auto batch = BatchView::parse(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->base_offset(), Offset(40));
  EXPECT_EQ(batch->total_size(), bytes.size());
  EXPECT_EQ(batch->leader_epoch(), base::LeaderEpoch(7));
  EXPECT_EQ(batch->magic(), 2);
  EXPECT_TRUE(batch->crc_matches());
  EXPECT_EQ(batch->codec(), Codec::kLz4);
  EXPECT_EQ(batch->timestamp_type(), TimestampType::kCreateTime);
  EXPECT_TRUE(batch->is_transactional());
  EXPECT_FALSE(batch->is_control());
  EXPECT_FALSE(batch->has_delete_horizon());
  EXPECT_EQ(batch->last_offset_delta(), 2);
  EXPECT_EQ(batch->last_offset(), Offset(42));
  EXPECT_EQ(batch->next_offset(), Offset(43));
  EXPECT_EQ(batch->base_timestamp(), Timestamp(1000));
  EXPECT_EQ(batch->max_timestamp(), Timestamp(1002));
  EXPECT_EQ(batch->producer_id(), base::ProducerId(11));
  EXPECT_EQ(batch->producer_epoch(), base::ProducerEpoch(2));
  EXPECT_EQ(batch->base_sequence(), 5);
  EXPECT_EQ(batch->last_sequence(), 7);
  EXPECT_EQ(batch->count(), 3);
}

TEST(BatchHeaderTest, ParseChecksBoundsAndMagic) {
  const base::SharedBytes good = batch_of(1);
  EXPECT_FALSE(BatchHeader::parse(good.view().first(60)));
  EXPECT_TRUE(BatchHeader::parse(good.view().first(61)));
  EXPECT_FALSE(BatchView::parse(good.view().first(good.size() - 1)));

  for (const std::int32_t length : {-1, 0, 48, std::numeric_limits<std::int32_t>::min()}) {
    base::SharedBytes bytes = base::SharedBytes::copy(good);
    base::store_big_endian(bytes.mutable_view().data() + position::kLength, length);
    EXPECT_EQ(BatchHeader::parse(bytes).error().code, ErrorCode::kCorruptMessage) << length;
  }
  base::SharedBytes bytes = base::SharedBytes::copy(good);
  bytes.mutable_view()[position::kMagic] = 1;
  EXPECT_EQ(BatchHeader::parse(bytes).error().code, ErrorCode::kCorruptMessage);
}

TEST(BatchHeaderTest, UnknownCodecBitsAreNoCodec) {
  base::SharedBytes bytes = batch_of(1);
  for (std::uint8_t bits = 5; bits < 8; ++bits) {
    bytes.mutable_view()[position::kAttributes + 1] = bits;
    EXPECT_FALSE(BatchView::parse(bytes)->codec());
  }
}

TEST(BatchHeaderTest, SequencesWrap) {
  constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(increment_sequence(kMax, 0), kMax);
  EXPECT_EQ(increment_sequence(kMax, 1), 0);
  EXPECT_EQ(increment_sequence(kMax - 1, 3), 1);
  EXPECT_EQ(increment_sequence(0, kMax), kMax);
}

TEST(BatchIteratorTest, GivesWholeBatchesAndReportsAPartialTail) {
  std::vector<std::uint8_t> bytes;
  for (const int records : {1, 2, 3}) {
    const base::SharedBytes batch = batch_of(records);
    bytes.insert(bytes.end(), batch.view().begin(), batch.view().end());
  }
  const std::size_t two_batches = bytes.size() - batch_of(3).size();
  // At every cut through the last batch, header included.
  for (std::size_t size = two_batches; size <= bytes.size(); ++size) {
    BatchIterator batches(base::ByteView(bytes).first(size));
    std::vector<std::int32_t> counts;
    while (true) {
      const auto batch = batches.next();
      ASSERT_TRUE(batch);
      if (!*batch) break;
      counts.push_back((*batch)->count());
    }
    const bool is_whole = size == bytes.size();
    EXPECT_EQ(counts.size(), is_whole ? 3U : 2U);
    EXPECT_EQ(batches.position(), is_whole ? size : two_batches);
    EXPECT_EQ(batches.has_partial_tail(), !is_whole && size > two_batches);
  }
}

TEST(BatchIteratorTest, StopsAtACorruptHeader) {
  const base::SharedBytes batch = batch_of(1);
  const std::size_t good = batch.size();
  std::vector<std::uint8_t> bytes(batch.view().begin(), batch.view().end());
  bytes.resize(good + 100);  // zeros: a length of 0
  BatchIterator batches{bytes};
  ASSERT_TRUE(batches.next());
  EXPECT_EQ(batches.next().error().code, ErrorCode::kCorruptMessage);
  EXPECT_EQ(batches.position(), good);
}

TEST(StampTest, OffsetAndEpochLeaveTheCrcAlone) {
  base::SharedBytes bytes = batch_of(2);
  const std::uint32_t crc = BatchView::parse(bytes)->crc();
  stamp_base_offset(bytes.mutable_view(), Offset(1'000'000'000'000));
  stamp_leader_epoch(bytes.mutable_view(), base::LeaderEpoch(9));
  const auto batch = BatchView::parse(bytes);
  EXPECT_EQ(batch->base_offset(), Offset(1'000'000'000'000));
  EXPECT_EQ(batch->leader_epoch(), base::LeaderEpoch(9));
  EXPECT_EQ(batch->crc(), crc);
  EXPECT_TRUE(batch->crc_matches());
}

TEST(StampTest, TheAppendTimeComesWithANewCrc) {
  base::SharedBytes bytes = batch_of(2, {.codec = Codec::kZstd, .is_transactional = true});
  stamp_max_timestamp(bytes.mutable_view(), TimestampType::kLogAppendTime, Timestamp(5000));
  const auto batch = BatchView::parse(bytes);
  EXPECT_EQ(batch->timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_EQ(batch->max_timestamp(), Timestamp(5000));
  EXPECT_EQ(batch->timestamp_at(1), Timestamp(5000));
  EXPECT_EQ(batch->codec(), Codec::kZstd);
  EXPECT_TRUE(batch->is_transactional());
  EXPECT_TRUE(batch->crc_matches());

  stamp_max_timestamp(bytes.mutable_view(), TimestampType::kCreateTime, Timestamp(1001));
  EXPECT_TRUE(std::ranges::equal(
      bytes.view(), batch_of(2, {.codec = Codec::kZstd, .is_transactional = true}).view()));
}

}  // namespace
}  // namespace odradek::record
