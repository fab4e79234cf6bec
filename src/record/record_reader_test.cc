// SPDX-License-Identifier: Apache-2.0
#include "record/record_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "record/build.h"

namespace odradek::record {
namespace {

using base::ErrorCode;
using base::Offset;
using base::Timestamp;

constexpr Codec kCodecs[] = {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};

// The values of the batch's records, or the first error.
base::Result<std::vector<std::string>> values_of(
    const BatchView& batch, std::size_t max_record_size = RecordReader::kMaxRecordSize) {
  auto reader = RecordReader::open(batch, max_record_size);
  if (!reader) return base::fail(std::move(reader));
  std::vector<std::string> values;
  while (true) {
    auto record = reader->next();
    if (!record) return base::fail(std::move(record));
    if (!*record) return values;
    values.emplace_back(base::as_text(*(*record)->value));
  }
}

TEST(RecordReaderTest, RecordsMayStretchOverManyChunks) {
  // Around the chunks' 64 KiB, so that sizes, fields and values fall on their borders.
  const std::vector<std::size_t> sizes = {65530, 1, 200000, 65536, 0, 300, 131072, 7};
  for (const Codec codec : kCodecs) {
    BatchBuilder builder({.codec = codec});
    std::vector<std::string> expected;
    for (const std::size_t size : sizes) {
      expected.emplace_back(size, static_cast<char>('a' + size % 26));
      builder.append(Timestamp(1), std::nullopt, base::as_bytes(expected.back()));
    }
    const base::SharedBytes bytes = builder.build();
    EXPECT_EQ(values_of(*BatchView::parse(bytes)), expected) << codec_name(codec);
  }
}

TEST(RecordReaderTest, CompactionsGapsKeepTheirOffsets) {
  BatchBuilder builder({.base_offset = Offset(100)});
  builder.append_at(3, Timestamp(50), base::as_bytes("a"), base::as_bytes("1"));
  builder.append_at(9, Timestamp(40), base::as_bytes("b"), base::as_bytes("2"));
  const base::SharedBytes bytes = builder.build();
  const auto batch = BatchView::parse(bytes);
  EXPECT_EQ(batch->last_offset(), Offset(109));
  EXPECT_EQ(batch->count(), 2);
  auto reader = RecordReader::open(*batch);
  EXPECT_EQ((*reader->next())->offset, Offset(103));
  const auto second = reader->next();
  EXPECT_EQ((*second)->offset, Offset(109));
  EXPECT_EQ((*second)->timestamp, Timestamp(40));
}

TEST(RecordReaderTest, TheAppendTimeIsEveryRecordsTime) {
  BatchBuilder builder;
  builder.append(Timestamp(10), std::nullopt, base::as_bytes("1"));
  builder.append(Timestamp(20), std::nullopt, base::as_bytes("2"));
  base::SharedBytes bytes = builder.build();
  stamp_max_timestamp(bytes.mutable_view(), TimestampType::kLogAppendTime, Timestamp(777));
  auto reader = RecordReader::open(*BatchView::parse(bytes));
  EXPECT_EQ((*reader->next())->timestamp, Timestamp(777));
  EXPECT_EQ((*reader->next())->timestamp, Timestamp(777));
}

TEST(RecordReaderTest, AnEmptiedBatchHasNoRecords) {
  BatchBuilder builder;
  builder.append(Timestamp(10), std::nullopt, base::as_bytes("1"));
  base::SharedBytes bytes = builder.build().slice(0, kBatchHeaderSize);
  base::store_big_endian(bytes.mutable_view().data() + position::kLength,
                         static_cast<std::int32_t>(kBatchHeaderSize - kLogOverhead));
  base::store_big_endian(bytes.mutable_view().data() + position::kCount, std::int32_t{0});
  EXPECT_EQ(values_of(*BatchView::parse(bytes)), std::vector<std::string>());
}

TEST(RecordReaderTest, ACountThatIsNotTrueIsAnError) {
  for (const Codec codec : kCodecs) {
    for (const std::int32_t count : {1, 3, 1'000'000}) {
      BatchBuilder builder({.codec = codec});
      builder.append(Timestamp(1), std::nullopt, base::as_bytes("1"));
      builder.append(Timestamp(1), std::nullopt, base::as_bytes("2"));
      base::SharedBytes bytes = builder.build();
      base::store_big_endian(bytes.mutable_view().data() + position::kCount, count);
      const auto values = values_of(*BatchView::parse(bytes));
      ASSERT_FALSE(values) << codec_name(codec) << " " << count;
      EXPECT_EQ(values.error().code, ErrorCode::kInvalidRecord);
    }
  }
}

TEST(RecordReaderTest, DamagedDataAndUnknownCodecsAreErrors) {
  for (const Codec codec : kCodecs) {
    BatchBuilder builder({.codec = codec});
    builder.append(Timestamp(1), std::nullopt, base::as_bytes(std::string(1000, 'x')));
    base::SharedBytes bytes = builder.build();
    const std::size_t size = bytes.size() - 5;
    base::store_big_endian(bytes.mutable_view().data() + position::kLength,
                           static_cast<std::int32_t>(size - kLogOverhead));
    const auto values = values_of(*BatchView::parse(bytes));
    ASSERT_FALSE(values) << codec_name(codec);
    EXPECT_EQ(values.error().code,
              codec == Codec::kNone ? ErrorCode::kInvalidRecord : ErrorCode::kCorruptMessage);

    bytes.mutable_view()[position::kAttributes + 1] = 6;
    EXPECT_EQ(RecordReader::open(*BatchView::parse(bytes)).error().code,
              ErrorCode::kUnsupportedCompressionType);
  }
}

TEST(RecordReaderTest, ACompressedRecordHasABound) {
  for (const Codec codec : {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    BatchBuilder builder({.codec = codec});
    builder.append(Timestamp(1), std::nullopt, base::as_bytes(std::string(1000, 'x')));
    const base::SharedBytes bytes = builder.build();
    const auto batch = BatchView::parse(bytes);
    EXPECT_TRUE(values_of(*batch, 1007)) << codec_name(codec);
    EXPECT_EQ(values_of(*batch, 1006).error().code, ErrorCode::kInvalidRecord);
  }
}

TEST(RecordReaderTest, ASizeThatLiesTakesNoMemory) {
  BatchBuilder builder;
  builder.append(Timestamp(1), std::nullopt, base::as_bytes("x"));
  base::SharedBytes bytes = builder.build();
  // The record's size becomes 2^31 - 1, over the fields after it.
  const std::vector<std::uint8_t> size = {0xfe, 0xff, 0xff, 0xff, 0x0f};
  std::copy(size.begin(), size.end(), bytes.mutable_view().data() + position::kRecords);
  EXPECT_EQ(values_of(*BatchView::parse(bytes)).error().code, ErrorCode::kInvalidRecord);

  const std::vector<std::uint8_t> packed = compress(Codec::kZstd, 3, size);
  std::vector<std::uint8_t> batch(bytes.view().begin(), bytes.view().begin() + kBatchHeaderSize);
  batch.insert(batch.end(), packed.begin(), packed.end());
  base::store_big_endian(batch.data() + position::kLength,
                         static_cast<std::int32_t>(batch.size() - kLogOverhead));
  batch[position::kAttributes + 1] = static_cast<std::uint8_t>(Codec::kZstd);
  EXPECT_EQ(values_of(*BatchView::parse(batch)).error().code, ErrorCode::kInvalidRecord);
}

}  // namespace
}  // namespace odradek::record
