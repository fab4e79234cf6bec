// SPDX-License-Identifier: Apache-2.0
#include "record/reencode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "record/build.h"
#include "record/compression/compress.h"
#include "record/record_reader.h"
#include "record/validate.h"

namespace odradek::record {
namespace {

using base::Timestamp;

constexpr Codec kCodecs[] = {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};

// Records with and without key, value and headers, of rising and falling times; 100 KiB in all.
base::SharedBytes make_batch(BatchOptions options) {
  BatchBuilder builder(options);
  const std::string large(50000, 'x');
  const Header headers[] = {{"first", base::as_bytes("one")}, {"second", std::nullopt}};
  builder.append(Timestamp(1000), base::as_bytes("key"), base::as_bytes("value"), headers);
  builder.append(Timestamp(3000), std::nullopt, base::as_bytes(large));
  builder.append(Timestamp(500), base::as_bytes("tombstone"), std::nullopt);
  builder.append(Timestamp(2000), base::as_bytes(""), base::as_bytes(large), headers);
  return builder.build();
}

BatchView parse(const base::SharedBytes& bytes) {
  auto batch = BatchView::parse(bytes.view());
  EXPECT_TRUE(batch);
  return *batch;
}

std::vector<std::uint8_t> bytes_of(const base::SharedBytes& bytes) {
  return {bytes.view().begin(), bytes.view().end()};
}

base::SharedBytes reencoded(const base::SharedBytes& bytes, const Reencoding& into) {
  auto result = reencode(parse(bytes), into);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : base::SharedBytes();
}

Reencoding to(Codec codec) { return {.codec = codec, .level = default_compression_level(codec)}; }

TEST(ReencodeTest, EveryCodecBecomesEveryOtherOne) {
  for (const Codec from : kCodecs) {
    for (const Codec into : kCodecs) {
      const auto batch = reencoded(make_batch({.codec = from}), to(into));
      EXPECT_EQ(bytes_of(batch), bytes_of(make_batch({.codec = into})))
          << codec_name(from) << " to " << codec_name(into);
      EXPECT_TRUE(parse(batch).crc_matches());
      EXPECT_TRUE(validate(parse(batch), {.now = Timestamp(3000)}));
    }
  }
}

TEST(ReencodeTest, TheProducersFieldsStay) {
  const BatchOptions options{.producer_id = base::ProducerId(7),
                             .producer_epoch = base::ProducerEpoch(2),
                             .base_sequence = 2147483646,
                             .is_transactional = true};
  const auto bytes = reencoded(make_batch(options), to(Codec::kZstd));
  const BatchView batch = parse(bytes);
  EXPECT_EQ(batch.producer_id(), base::ProducerId(7));
  EXPECT_EQ(batch.producer_epoch(), base::ProducerEpoch(2));
  EXPECT_EQ(batch.base_sequence(), 2147483646);
  EXPECT_TRUE(batch.is_transactional());
  EXPECT_FALSE(batch.is_control());
  EXPECT_EQ(batch.last_offset_delta(), 3);
  EXPECT_EQ(batch.count(), 4);
}

TEST(ReencodeTest, TheTopicSaysWhichTimeTheBatchCarries) {
  const auto source = make_batch({});
  Reencoding into = to(Codec::kGzip);
  const auto created = reencoded(source, into);
  EXPECT_EQ(parse(created).timestamp_type(), TimestampType::kCreateTime);
  EXPECT_EQ(parse(created).max_timestamp(), Timestamp(3000));
  into.timestamp_type = TimestampType::kLogAppendTime;
  into.now = Timestamp(9000);
  const auto bytes = reencoded(source, into);
  EXPECT_EQ(parse(bytes).timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_EQ(parse(bytes).max_timestamp(), Timestamp(9000));
  EXPECT_EQ(parse(bytes).base_timestamp(), Timestamp(1000));
}

// A producer may count from any base; a leader that writes the batch anew counts from the first.
TEST(ReencodeTest, TheBaseTimestampBecomesTheFirstRecords) {
  auto source = make_batch({});
  // The first record's timestamp delta, after its size and attributes: 1 instead of 0.
  source.mutable_view()[position::kRecords + 2] = 2;
  const auto bytes = reencoded(source, to(Codec::kLz4));
  EXPECT_EQ(parse(bytes).base_timestamp(), Timestamp(1001));
  EXPECT_EQ(parse(bytes).max_timestamp(), Timestamp(3000));
  auto reader = RecordReader::open(parse(bytes));
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->next().value()->timestamp, Timestamp(1001));
  EXPECT_EQ(reader->next().value()->timestamp, Timestamp(3000));
}

TEST(ReencodeTest, MaxMessageBytesBoundsTheNewBatch) {
  const auto source = make_batch({.codec = Codec::kZstd});
  Reencoding into = to(Codec::kNone);
  into.max_message_bytes = static_cast<std::int32_t>(make_batch({}).size());
  EXPECT_TRUE(reencode(parse(source), into));
  --into.max_message_bytes;
  const auto refused = reencode(parse(source), into);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kMessageTooLarge);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("max.message.bytes is "));
}

TEST(ReencodeTest, LevelsAreTheCodecs) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * i % 977);
  BatchBuilder builder;
  builder.append(Timestamp(0), std::nullopt, base::as_bytes(text));
  const auto source = builder.build();
  const auto size = [&](Codec codec, int level) {
    return reencoded(source, {.codec = codec, .level = level}).size();
  };
  EXPECT_LT(size(Codec::kGzip, 9), size(Codec::kGzip, 1));
  EXPECT_EQ(size(Codec::kGzip, -1), size(Codec::kGzip, 6));
  EXPECT_LT(size(Codec::kLz4, 17), size(Codec::kLz4, 9)) << "9 is the fast one";
  EXPECT_LT(size(Codec::kZstd, 19), size(Codec::kZstd, -100));
}

}  // namespace
}  // namespace odradek::record
