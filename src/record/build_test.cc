// SPDX-License-Identifier: Apache-2.0
#include "record/build.h"

#include <gtest/gtest.h>

#include "record/validate.h"

namespace odradek::record {
namespace {

using base::Offset;
using base::Timestamp;

class BuildTest : public testing::TestWithParam<Codec> {};

TEST_P(BuildTest, WhatIsBuiltIsValidAndReadsBack) {
  const std::vector<Header> headers = {{"trace", base::as_bytes("1")}, {"", std::nullopt}};
  BatchBuilder builder({.codec = GetParam()});
  builder.append(Timestamp(1000), base::as_bytes("key"), base::as_bytes("value"), headers);
  builder.append(Timestamp(3000), std::nullopt, base::ByteView());
  builder.append(Timestamp(2000), base::ByteView(), std::nullopt);
  const base::SharedBytes bytes = builder.build();

  const auto batch = BatchView::parse(bytes);
  ASSERT_TRUE(batch);
  const auto summary = validate(*batch, {.now = Timestamp(5000)});
  ASSERT_TRUE(summary) << summary.error().error.message;
  EXPECT_EQ(summary->record_count, 3);
  EXPECT_EQ(summary->max_timestamp, Timestamp(3000));
  EXPECT_EQ(summary->max_timestamp_offset_delta, 1);
  EXPECT_EQ(summary->plain_size, builder.plain_size() - kBatchHeaderSize);

  auto reader = RecordReader::open(*batch);
  ASSERT_TRUE(reader);
  auto first = reader->next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->offset, Offset(0));
  EXPECT_EQ((*first)->timestamp, Timestamp(1000));
  EXPECT_EQ(base::as_text(*(*first)->key), "key");
  EXPECT_EQ(base::as_text(*(*first)->value), "value");
  EXPECT_TRUE(std::equal(headers.begin(), headers.end(), (*first)->headers.begin()));
  auto second = reader->next();
  ASSERT_TRUE(second && *second);
  EXPECT_FALSE((*second)->key);
  ASSERT_TRUE((*second)->value);
  EXPECT_TRUE((*second)->value->empty());
  EXPECT_TRUE((*second)->headers.empty());
  auto third = reader->next();
  ASSERT_TRUE(third && *third);
  EXPECT_EQ((*third)->offset, Offset(2));
  EXPECT_TRUE((*third)->key);
  EXPECT_FALSE((*third)->value);
  auto end = reader->next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

INSTANTIATE_TEST_SUITE_P(Codecs, BuildTest,
                         testing::Values(Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4,
                                         Codec::kZstd),
                         [](const auto& test) { return std::string(codec_name(test.param)); });

}  // namespace
}  // namespace odradek::record
