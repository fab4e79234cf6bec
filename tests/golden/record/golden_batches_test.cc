// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "record/build.h"
#include "record/validate.h"

// What Apache Kafka's own code wrote; README.md says what the fixtures hold.
namespace odradek::record {
namespace {

using base::Offset;
using base::Timestamp;

constexpr std::int64_t kTime = 1'700'000'000'000;

base::SharedBytes fixture(const std::string& name) {
  std::ifstream file(name + ".batch", std::ios::binary);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_FALSE(bytes.empty()) << name << ".batch: run this test in its own directory";
  return base::SharedBytes::copy(base::as_bytes({bytes.data(), bytes.size()}));
}

struct Expected {
  std::int64_t timestamp = kTime;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<Header> headers = {};
};

std::vector<Expected> expected_records() {
  std::vector<Expected> records = {
      {kTime, "key", "value"},
      {kTime + 5, std::nullopt, "no key"},
      {kTime - 70000, "no value", std::nullopt},
      {kTime + 1, "", ""},
      {kTime + 2,
       "headers",
       "4",
       {{"trace", base::as_bytes("1")},
        {"null", std::nullopt},
        {"", base::ByteView()},
        {"zażółć", base::as_bytes("ü")}}},
  };
  std::string large(70000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i % 251);
  records.push_back({kTime + 3, "large", large});
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    records.push_back({kTime + 10 + i, "k" + number, "value number " + number});
  }
  return records;
}

std::optional<std::string> text_of(std::optional<base::ByteView> bytes) {
  if (!bytes) return std::nullopt;
  return std::string(base::as_text(*bytes));
}

std::optional<base::ByteView> bytes_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return base::as_bytes(*text);
}

void expect_records(const BatchView& batch, const std::vector<Expected>& expected) {
  auto reader = RecordReader::open(batch);
  ASSERT_TRUE(reader);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto record = reader->next();
    ASSERT_TRUE(record && *record) << i;
    EXPECT_EQ((*record)->offset, batch.base_offset() + static_cast<std::int64_t>(i));
    EXPECT_EQ((*record)->timestamp, Timestamp(expected[i].timestamp)) << i;
    EXPECT_EQ(text_of((*record)->key), expected[i].key) << i;
    EXPECT_EQ(text_of((*record)->value), expected[i].value) << i;
    const HeaderRange& headers = (*record)->headers;
    EXPECT_EQ(std::vector<Header>(expected[i].headers), [&] {
      std::vector<Header> read;
      for (const Header& header : headers) read.push_back(header);
      return read;
    }()) << i;
  }
  const auto end = reader->next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

base::SharedBytes rebuilt(const BatchOptions& options, const std::vector<Expected>& records) {
  BatchBuilder builder(options);
  for (const Expected& record : records) {
    builder.append(Timestamp(record.timestamp), bytes_of(record.key), bytes_of(record.value),
                   record.headers);
  }
  return builder.build();
}

std::vector<Expected> first_five() {
  std::vector<Expected> records = expected_records();
  records.resize(5);
  return records;
}

class GoldenCodecTest : public testing::TestWithParam<Codec> {};

TEST_P(GoldenCodecTest, IsValidAndReadsBack) {
  const base::SharedBytes bytes = fixture(std::string(codec_name(GetParam())));
  const auto batch = BatchView::parse(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->codec(), GetParam());
  const auto result = validate_produced(bytes, 13, {.now = Timestamp(kTime)});
  ASSERT_TRUE(result) << result.error().error.message;
  EXPECT_EQ(result->summary.record_count, 206);
  EXPECT_EQ(result->summary.max_timestamp, Timestamp(kTime + 209));
  EXPECT_EQ(result->summary.max_timestamp_offset_delta, 205);
  // The header was right: nothing was stamped.
  EXPECT_EQ(result->bytes, fixture(std::string(codec_name(GetParam()))));
  expect_records(*batch, expected_records());
}

INSTANTIATE_TEST_SUITE_P(Codecs, GoldenCodecTest,
                         testing::Values(Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4,
                                         Codec::kZstd),
                         [](const auto& test) { return std::string(codec_name(test.param)); });

TEST(GoldenBatchTest, TheBuilderWritesTheSameBytes) {
  EXPECT_EQ(rebuilt({}, expected_records()), fixture("none"));
  EXPECT_EQ(rebuilt({.leader_epoch = base::LeaderEpoch(9),
                     .producer_id = base::ProducerId(4711),
                     .producer_epoch = base::ProducerEpoch(3),
                     .base_sequence = 2147483646},
                    first_five()),
            fixture("idempotent"));
  EXPECT_EQ(rebuilt({.base_offset = Offset(100),
                     .leader_epoch = base::LeaderEpoch(9),
                     .producer_id = base::ProducerId(4711),
                     .producer_epoch = base::ProducerEpoch(3),
                     .base_sequence = 42,
                     .is_transactional = true},
                    first_five()),
            fixture("transactional"));
}

TEST(GoldenBatchTest, SequencesWrap) {
  const base::SharedBytes bytes = fixture("idempotent");
  const auto batch = BatchView::parse(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->last_sequence(), 2);
  expect_records(*batch, first_five());
}

TEST(GoldenBatchTest, TransactionMarkersAreTheSame) {
  const BatchOptions options = {.base_offset = Offset(7),
                                .leader_epoch = base::LeaderEpoch(3),
                                .producer_id = base::ProducerId(4711),
                                .producer_epoch = base::ProducerEpoch(2)};
  EXPECT_EQ(end_transaction_marker(options, Timestamp(kTime), ControlRecordType::kCommit, 5),
            fixture("commit"));
  EXPECT_EQ(end_transaction_marker(options, Timestamp(kTime), ControlRecordType::kAbort, 5),
            fixture("abort"));

  const base::SharedBytes bytes = fixture("commit");
  auto reader = RecordReader::open(*BatchView::parse(bytes));
  ASSERT_TRUE(reader);
  const auto record = reader->next();
  ASSERT_TRUE(record && *record);
  EXPECT_EQ(parse_control_key(*(*record)->key), ControlRecordType::kCommit);
  EXPECT_EQ(parse_end_transaction_value(*(*record)->value), 5);
}

TEST(GoldenBatchTest, TheMetadataLogsControlRecordsAreTheSame) {
  const auto control = [](ControlRecordType type, const std::vector<std::uint8_t>& value) {
    return control_batch({.base_offset = Offset(7), .leader_epoch = base::LeaderEpoch(3)},
                         Timestamp(kTime), type, value);
  };
  const std::vector<Voter> voters = {{.id = 1}};
  EXPECT_EQ(control(ControlRecordType::kLeaderChange, leader_change_value(0, 1, voters, voters)),
            fixture("leader_change"));
  EXPECT_EQ(control(ControlRecordType::kSnapshotHeader, snapshot_header_value(kTime - 1)),
            fixture("snapshot_header"));
  EXPECT_EQ(control(ControlRecordType::kSnapshotFooter, snapshot_footer_value()),
            fixture("snapshot_footer"));
  EXPECT_EQ(control(ControlRecordType::kKraftVersion, kraft_version_value(1)),
            fixture("kraft_version"));
}

}  // namespace
}  // namespace odradek::record
