// SPDX-License-Identifier: Apache-2.0
#include "record/validate.h"

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "record/build.h"
#include "record/compression/compress.h"
#include "record/varint.h"

// Batches with one thing wrong each. They are put together by hand: the builder makes none.
namespace odradek::record {
namespace {

using base::ErrorCode;
using base::Timestamp;

using Bytes = std::vector<std::uint8_t>;

constexpr std::int64_t kNow = 1'700'000'000'000;

void add_varint(Bytes& bytes, std::int64_t number) {
  const std::size_t start = bytes.size();
  bytes.resize(start + varint_size(number));
  write_varint(bytes.data() + start, number);
}

void add_field(Bytes& bytes, const std::optional<std::string>& text) {
  add_varint(bytes, text ? static_cast<std::int64_t>(text->size()) : -1);
  if (text) bytes.insert(bytes.end(), text->begin(), text->end());
}

struct RecordSpec {
  std::int64_t offset_delta = 0;
  std::int64_t timestamp_delta = 0;
  std::optional<std::string> key = "key";
  std::optional<std::string> value = "value";
  std::uint8_t attributes = 0;
  // What stands for the headers: their count, and more.
  Bytes headers = {0};
  // Instead of the body's true size.
  std::optional<std::int64_t> size = std::nullopt;
};

Bytes record_bytes(const RecordSpec& spec) {
  Bytes body = {spec.attributes};
  add_varint(body, spec.timestamp_delta);
  add_varint(body, spec.offset_delta);
  add_field(body, spec.key);
  add_field(body, spec.value);
  body.insert(body.end(), spec.headers.begin(), spec.headers.end());
  Bytes bytes;
  add_varint(bytes, spec.size.value_or(static_cast<std::int64_t>(body.size())));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

Bytes three_records() {
  Bytes bytes;
  for (int i = 0; i < 3; ++i) {
    const Bytes record = record_bytes({.offset_delta = i});
    bytes.insert(bytes.end(), record.begin(), record.end());
  }
  return bytes;
}

struct BatchSpec {
  std::int64_t base_offset = 0;
  std::optional<std::int32_t> length = std::nullopt;
  std::int8_t magic = kMagic;
  bool has_wrong_crc = false;
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 2;
  std::int64_t base_timestamp = kNow;
  std::int64_t max_timestamp = kNow;
  std::int64_t producer_id = -1;
  std::int32_t base_sequence = -1;
  std::int32_t count = 3;
  Bytes records = three_records();
  Bytes tail = {};
};

base::SharedBytes batch_bytes(const BatchSpec& spec) {
  Bytes bytes(kBatchHeaderSize);
  bytes.insert(bytes.end(), spec.records.begin(), spec.records.end());
  std::uint8_t* to = bytes.data();
  const auto length = static_cast<std::int32_t>(bytes.size() - kLogOverhead);
  base::store_big_endian(to + position::kBaseOffset, spec.base_offset);
  base::store_big_endian(to + position::kLength, spec.length.value_or(length));
  base::store_big_endian(to + position::kLeaderEpoch, -1);
  base::store_big_endian(to + position::kMagic, spec.magic);
  base::store_big_endian(to + position::kAttributes, spec.attributes);
  base::store_big_endian(to + position::kLastOffsetDelta, spec.last_offset_delta);
  base::store_big_endian(to + position::kBaseTimestamp, spec.base_timestamp);
  base::store_big_endian(to + position::kMaxTimestamp, spec.max_timestamp);
  base::store_big_endian(to + position::kProducerId, spec.producer_id);
  base::store_big_endian(to + position::kProducerEpoch, std::int16_t{0});
  base::store_big_endian(to + position::kBaseSequence, spec.base_sequence);
  base::store_big_endian(to + position::kCount, spec.count);
  const std::uint32_t crc = base::crc32c(base::ByteView(bytes).subspan(position::kAttributes));
  base::store_big_endian(to + position::kCrc, crc ^ (spec.has_wrong_crc ? 1U : 0U));
  bytes.insert(bytes.end(), spec.tail.begin(), spec.tail.end());
  return base::SharedBytes::copy(bytes);
}

// One record that stands for all, and its batch.
BatchSpec one(const RecordSpec& spec) {
  return {.last_offset_delta = 0, .count = 1, .records = record_bytes(spec)};
}

BatchSpec compressed(Codec codec, BatchSpec spec) {
  spec.attributes = static_cast<std::int16_t>(spec.attributes | static_cast<int>(codec));
  spec.records = compress(codec, default_compression_level(codec), spec.records);
  return spec;
}

constexpr std::int16_t kProduceVersion = 13;
ValidationOptions now() { return {.now = Timestamp(kNow)}; }

ErrorCode code_of(const BatchSpec& spec, const ValidationOptions& options = now()) {
  const auto result = validate_produced(batch_bytes(spec), kProduceVersion, options);
  return result ? ErrorCode::kNone : result.error().error.code;
}

struct Damage {
  const char* name;
  BatchSpec spec;
  ErrorCode code;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

class HeaderDamageTest : public testing::TestWithParam<Damage> {};

TEST_P(HeaderDamageTest, HasItsCode) { EXPECT_EQ(code_of(GetParam().spec), GetParam().code); }

// The codes are those that Apache Kafka 4.3.1 answered when it was sent the same batches.
INSTANTIATE_TEST_SUITE_P(
    Damages, HeaderDamageTest,
    testing::Values(
        Damage{"nothing", {}, ErrorCode::kNone},
        Damage{"crc", {.has_wrong_crc = true}, ErrorCode::kCorruptMessage},
        Damage{"magic 0", {.magic = 0}, ErrorCode::kInvalidRecord},
        Damage{"magic 1", {.magic = 1}, ErrorCode::kInvalidRecord},
        Damage{"magic 3", {.magic = 3}, ErrorCode::kCorruptMessage},
        Damage{"magic -1", {.magic = -1}, ErrorCode::kCorruptMessage},
        Damage{"length above what is there", {.length = 5000}, ErrorCode::kInvalidRecord},
        Damage{"length below any batch", {.length = 13}, ErrorCode::kCorruptMessage},
        Damage{"length below a header", {.length = 20}, ErrorCode::kCorruptMessage},
        Damage{"length negative", {.length = -1}, ErrorCode::kCorruptMessage},
        Damage{"length one too small", {.length = 93}, ErrorCode::kCorruptMessage},
        Damage{"a short tail is cut", {.tail = Bytes(5, 'x')}, ErrorCode::kNone},
        Damage{"a tail that is no batch", {.tail = Bytes(20, 'x')}, ErrorCode::kCorruptMessage},
        Damage{"base offset", {.base_offset = 5}, ErrorCode::kInvalidRecord},
        Damage{"no records",
               {.last_offset_delta = -1, .count = 0, .records = {}},
               ErrorCode::kInvalidRecord},
        Damage{"no records, one offset",
               {.last_offset_delta = 0, .count = 0, .records = {}},
               ErrorCode::kInvalidRecord},
        Damage{"count above the records",
               {.last_offset_delta = 3, .count = 4},
               ErrorCode::kInvalidRecord},
        Damage{"count below the records",
               {.last_offset_delta = 1, .count = 2},
               ErrorCode::kInvalidRecord},
        Damage{"last offset delta", {.last_offset_delta = 5}, ErrorCode::kInvalidRecord},
        Damage{"count negative", {.last_offset_delta = -2, .count = -1}, ErrorCode::kInvalidRecord},
        Damage{"control batch", {.attributes = attribute::kControl}, ErrorCode::kInvalidRecord},
        Damage{"transaction without producer",
               {.attributes = attribute::kTransactional},
               ErrorCode::kInvalidRecord},
        Damage{"producer without sequence", {.producer_id = 77}, ErrorCode::kInvalidRecord},
        Damage{"producer with sequence", {.producer_id = 77, .base_sequence = 0}, ErrorCode::kNone},
        Damage{"unused attributes", {.attributes = 0x7f00}, ErrorCode::kNone},
        Damage{"codec 5", {.attributes = 5}, ErrorCode::kUnknownServerError},
        Damage{"codec 7", {.attributes = 7}, ErrorCode::kUnknownServerError},
        Damage{"wrong maximum timestamp", {.max_timestamp = kNow + 99}, ErrorCode::kNone}));

// Damage inside the records, which compression must not hide.
class RecordDamageTest : public testing::TestWithParam<std::tuple<Damage, Codec>> {};

TEST_P(RecordDamageTest, HasItsCode) {
  const auto& [damage, codec] = GetParam();
  EXPECT_EQ(code_of(compressed(codec, damage.spec)), damage.code);
}

BatchSpec with_records(const std::vector<RecordSpec>& specs) {
  BatchSpec batch{.records = {}};
  for (const RecordSpec& spec : specs) {
    const Bytes bytes = record_bytes(spec);
    batch.records.insert(batch.records.end(), bytes.begin(), bytes.end());
  }
  return batch;
}

BatchSpec with_more(Bytes more) {
  BatchSpec batch;
  batch.records.insert(batch.records.end(), more.begin(), more.end());
  return batch;
}

const Damage kRecordDamages[] = {
    {"nothing", {}, ErrorCode::kNone},
    {"record attributes", one({.attributes = 1}), ErrorCode::kNone},
    {"offset deltas start late",
     with_records({{.offset_delta = 5}, {.offset_delta = 6}, {.offset_delta = 7}}),
     ErrorCode::kInvalidRecord},
    {"offset deltas go back",
     with_records({{.offset_delta = 2}, {.offset_delta = 1}, {.offset_delta = 0}}),
     ErrorCode::kInvalidRecord},
    {"one record more", with_more(record_bytes({.offset_delta = 3})), ErrorCode::kInvalidRecord},
    {"one byte more", with_more({0}), ErrorCode::kInvalidRecord},
    {"size beyond the batch", one({.size = 100}), ErrorCode::kInvalidRecord},
    {"size too small", one({.size = 2}), ErrorCode::kInvalidRecord},
    {"size zero", one({.size = 0}), ErrorCode::kInvalidRecord},
    {"size negative", one({.size = -1}), ErrorCode::kInvalidRecord},
    {"size of 2 GiB", one({.size = 2147483647}), ErrorCode::kInvalidRecord},
    {"a byte after the headers", one({.headers = {0, 'x'}}), ErrorCode::kInvalidRecord},
    {"header count -1", one({.headers = {1}}), ErrorCode::kInvalidRecord},
    {"header count of a million", one({.headers = {0x80, 0x89, 0x7a}}), ErrorCode::kInvalidRecord},
    {"header key -1", one({.headers = {2, 1, 0}}), ErrorCode::kInvalidRecord},
    {"header value -1 is null", one({.headers = {2, 0, 1}}), ErrorCode::kNone},
    {"header value -2", one({.headers = {2, 0, 3}}), ErrorCode::kInvalidRecord},
    {"header value beyond the record", one({.headers = {2, 0, 20}}), ErrorCode::kInvalidRecord},
    {"key length -2",
     {.last_offset_delta = 0, .count = 1, .records = {14, 0, 0, 0, 3, 2, 'v', 0}},
     ErrorCode::kInvalidRecord},
    {"size of six bytes",
     {.last_offset_delta = 0, .count = 1, .records = {0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0}},
     ErrorCode::kInvalidRecord},
    {"offset delta of 33 bits", one({.offset_delta = std::int64_t{1} << 32}),
     ErrorCode::kInvalidRecord},
    {"no bytes at all",
     {.last_offset_delta = 0, .count = 1, .records = {}},
     ErrorCode::kInvalidRecord},
};

INSTANTIATE_TEST_SUITE_P(Damages, RecordDamageTest,
                         testing::Combine(testing::ValuesIn(kRecordDamages),
                                          testing::Values(Codec::kNone, Codec::kGzip,
                                                          Codec::kSnappy, Codec::kLz4,
                                                          Codec::kZstd)));

// Damage of what is compressed: the codec's name and its data.
TEST(ValidateTest, WhatCantBeDecompressedHasKafkasCodeAndASentence) {
  for (const Codec codec : {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    const BatchSpec good = compressed(codec, {});
    for (const auto& damage : std::vector<std::function<void(Bytes&)>>{
             [](Bytes& data) { data.clear(); },
             [](Bytes& data) { std::ranges::fill(data, 0xff); },
             [](Bytes& data) { data.resize(data.size() - 3); },
             [](Bytes& data) { data.resize(data.size() / 2); },
         }) {
      BatchSpec bad = good;
      damage(bad.records);
      const auto result = validate_produced(batch_bytes(bad), kProduceVersion, now());
      ASSERT_FALSE(result) << codec_name(codec);
      EXPECT_EQ(result.error().error.code, ErrorCode::kUnknownServerError) << codec_name(codec);
      EXPECT_NE(result.error().error.message.find(codec_name(codec)), std::string::npos);
    }
  }
}

TEST(ValidateTest, TwoBatchesAreRefusedAndAPartialSecondOneIsCut) {
  const base::SharedBytes single = batch_bytes({});
  Bytes two(single.view().begin(), single.view().end());
  two.insert(two.end(), single.view().begin(), single.view().end());
  const auto refused = validate_produced(base::SharedBytes::copy(two), kProduceVersion, now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, ErrorCode::kInvalidRecord);

  two.pop_back();
  const auto cut = validate_produced(base::SharedBytes::copy(two), kProduceVersion, now());
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->bytes, single);
}

TEST(ValidateTest, NothingAtAllIsRefused) {
  EXPECT_EQ(single_batch({}, kProduceVersion).error().code, ErrorCode::kInvalidRecord);
}

TEST(ValidateTest, ZstdNeedsProduceVersion7) {
  const base::SharedBytes batch = batch_bytes(compressed(Codec::kZstd, {}));
  EXPECT_EQ(single_batch(batch, 6).error().code, ErrorCode::kUnsupportedCompressionType);
  EXPECT_TRUE(single_batch(batch, 7));
  EXPECT_TRUE(single_batch(batch_bytes(compressed(Codec::kLz4, {})), 3));
}

TEST(ValidateTest, TheSizeLimitIsInclusiveAndComesBeforeTheCrc) {
  const base::SharedBytes good = batch_bytes({});
  ValidationOptions options = now();
  options.max_message_bytes = static_cast<std::int32_t>(good.size());
  EXPECT_EQ(code_of({}, options), ErrorCode::kNone);
  options.max_message_bytes -= 1;
  EXPECT_EQ(code_of({}, options), ErrorCode::kMessageTooLarge);
  EXPECT_EQ(code_of({.has_wrong_crc = true}, options), ErrorCode::kMessageTooLarge);
}

TEST(ValidateTest, ARecordMayNotUnpackBeyondItsBound) {
  ValidationOptions options = now();
  for (const Codec codec : {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    const BatchSpec large = compressed(codec, one({.value = std::string(5000, 'x')}));
    options.max_decompressed_bytes = 5010;
    EXPECT_EQ(code_of(large, options), ErrorCode::kNone) << codec_name(codec);
    options.max_decompressed_bytes = 5009;
    EXPECT_EQ(code_of(large, options), ErrorCode::kInvalidRecord) << codec_name(codec);
    // It bounds a record, not the batch.
    options.max_decompressed_bytes = 100;
    EXPECT_EQ(code_of(compressed(codec, {}), options), ErrorCode::kNone) << codec_name(codec);
  }
  // Nor what was never compressed.
  EXPECT_EQ(code_of(one({.value = std::string(5000, 'x')}), options), ErrorCode::kNone);
}

TEST(ValidateTest, TimestampsOutOfRangeAreNamedOneByOne) {
  const BatchSpec spec = with_records({{.offset_delta = 0, .timestamp_delta = 3'600'000},
                                       {.offset_delta = 1, .timestamp_delta = 3'600'001},
                                       {.offset_delta = 2, .timestamp_delta = -1001}});
  ValidationOptions options = now();
  options.timestamp_before_max_ms = 1000;
  for (const Codec codec : {Codec::kNone, Codec::kZstd}) {
    const auto result =
        validate_produced(batch_bytes(compressed(codec, spec)), kProduceVersion, options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().error.code, ErrorCode::kInvalidTimestamp);
    ASSERT_EQ(result.error().record_errors.size(), 2U);
    EXPECT_EQ(result.error().record_errors[0].batch_index, 1);
    EXPECT_EQ(result.error().record_errors[1].batch_index, 2);
    EXPECT_NE(result.error().record_errors[0].message.find("message.timestamp.after.max.ms"),
              std::string::npos);
  }
  // The topic's own time does not care.
  options.timestamp_type = TimestampType::kLogAppendTime;
  EXPECT_EQ(code_of(spec, options), ErrorCode::kNone);
}

TEST(ValidateTest, ANegativeTimestampIsNoneAndAlwaysAllowed) {
  ValidationOptions options = now();
  options.timestamp_before_max_ms = 1000;
  EXPECT_EQ(code_of({.base_timestamp = -1, .max_timestamp = -1}, options), ErrorCode::kNone);
  EXPECT_EQ(code_of({.base_timestamp = -5, .max_timestamp = -5}, options),
            ErrorCode::kInvalidTimestamp);
  EXPECT_EQ(code_of({.base_timestamp = -5, .max_timestamp = -5}), ErrorCode::kNone);
}

TEST(ValidateTest, ACompactedTopicNeedsKeys) {
  const BatchSpec spec = with_records(
      {{.offset_delta = 0}, {.offset_delta = 1, .key = std::nullopt}, {.offset_delta = 2}});
  EXPECT_EQ(code_of(spec), ErrorCode::kNone);
  ValidationOptions options = now();
  options.is_compacted = true;
  const auto result = validate_produced(batch_bytes(spec), kProduceVersion, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error.code, ErrorCode::kInvalidRecord);
  ASSERT_EQ(result.error().record_errors.size(), 1U);
  EXPECT_EQ(result.error().record_errors[0].batch_index, 1);

  // A wrong timestamp anywhere decides the code.
  BatchSpec both = with_records({{.offset_delta = 0, .timestamp_delta = 7'200'000},
                                 {.offset_delta = 1, .key = std::nullopt},
                                 {.offset_delta = 2}});
  EXPECT_EQ(code_of(both, options), ErrorCode::kInvalidTimestamp);
}

TEST(ValidateTest, AnEmptyKeyIsAKey) {
  ValidationOptions options = now();
  options.is_compacted = true;
  EXPECT_EQ(code_of(one({.key = ""}), options), ErrorCode::kNone);
}

TEST(ValidateTest, TheListOfRecordErrorsIsBounded) {
  BatchBuilder builder({.codec = Codec::kZstd});
  constexpr std::int32_t kRecords = 50'000;
  for (std::int32_t i = 0; i < kRecords; ++i) {
    builder.append(Timestamp(kNow), std::nullopt, std::nullopt);
  }
  ValidationOptions options = now();
  options.is_compacted = true;
  const auto result = validate_produced(builder.build(), kProduceVersion, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().record_errors.size(), kMaxRecordErrors);
  EXPECT_NE(result.error().error.message.find("50000 of"), std::string::npos);
}

TEST(ValidateTest, AProducerMayNotSetLogAppendTimeWhereTheTopicDoes) {
  const BatchSpec spec = {.attributes = attribute::kLogAppendTime};
  ValidationOptions options = now();
  options.timestamp_type = TimestampType::kLogAppendTime;
  const auto refused = validate_produced(batch_bytes(spec), kProduceVersion, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, ErrorCode::kInvalidTimestamp);
  EXPECT_EQ(refused.error().record_errors.size(), 3U);

  // Elsewhere the flag is taken away, and the records' own times count.
  const auto accepted = validate_produced(batch_bytes(spec), kProduceVersion, now());
  ASSERT_TRUE(accepted);
  const auto batch = BatchView::parse(accepted->bytes);
  EXPECT_EQ(batch->timestamp_type(), TimestampType::kCreateTime);
  EXPECT_TRUE(batch->crc_matches());
}

TEST(ValidateTest, TheSummaryNamesTheFirstOfTheGreatestTimestamps) {
  const BatchSpec spec = with_records({{.offset_delta = 0, .timestamp_delta = -5},
                                       {.offset_delta = 1, .timestamp_delta = 9},
                                       {.offset_delta = 2, .timestamp_delta = 9}});
  const auto result = validate_produced(batch_bytes(spec), kProduceVersion, now());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->summary.record_count, 3);
  EXPECT_EQ(result->summary.max_timestamp, Timestamp(kNow + 9));
  EXPECT_EQ(result->summary.max_timestamp_offset_delta, 1);
  // The header said another maximum; it is corrected.
  EXPECT_EQ(BatchView::parse(result->bytes)->max_timestamp(), Timestamp(kNow + 9));
  EXPECT_TRUE(BatchView::parse(result->bytes)->crc_matches());
}

TEST(ValidateTest, AppendTimeIsStampedWhereTheTopicAsksForIt) {
  ValidationOptions options = now();
  options.timestamp_type = TimestampType::kLogAppendTime;
  const auto result =
      validate_produced(batch_bytes({.base_timestamp = 5}), kProduceVersion, options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->summary.max_timestamp, Timestamp(kNow));
  const auto batch = BatchView::parse(result->bytes);
  EXPECT_EQ(batch->timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_EQ(batch->timestamp_at(0), Timestamp(kNow));
  EXPECT_TRUE(batch->crc_matches());
}

TEST(ValidateTest, TheBrokerItselfMayWriteControlBatches) {
  const base::SharedBytes marker =
      end_transaction_marker({.base_offset = base::Offset(10), .producer_id = base::ProducerId(4)},
                             Timestamp(kNow), ControlRecordType::kCommit, 3);
  const auto batch = BatchView::parse(marker);
  ValidationOptions options = now();
  options.is_compacted = true;
  EXPECT_EQ(validate(*batch, options).error().error.code, ErrorCode::kInvalidRecord);
  options.origin = BatchOrigin::kCoordinator;
  EXPECT_TRUE(validate(*batch, options));
}

}  // namespace
}  // namespace odradek::record
