// SPDX-License-Identifier: Apache-2.0
#include "wire/writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "wire/reader.h"
#include "wire/testing/random_message.h"

namespace odradek::wire {
namespace {

std::vector<int> written(Writer& writer) {
  base::SharedBytes all = testing::flatten(writer.finish());
  return {all.view().begin(), all.view().end()};
}

TEST(Writer, NumbersAreBigEndian) {
  Writer writer;
  writer.write_bool(true);
  writer.write_int16(-2);
  writer.write_uint16(0xfffe);
  writer.write_int32(7);
  writer.write_float64(1.5);
  EXPECT_EQ(written(writer), (std::vector<int>{1, 0xff, 0xfe, 0xff, 0xfe, 0, 0, 0, 7, 0x3f, 0xf8, 0,
                                               0, 0, 0, 0, 0}));
}

TEST(Writer, EveryVarintComesBack) {
  using Ints = std::numeric_limits<std::int32_t>;
  using Longs = std::numeric_limits<std::int64_t>;
  Writer writer(1);
  std::vector<std::int64_t> numbers = {0, 1, -1, 63, 64, -64, -65, Ints::min(), Ints::max()};
  for (std::int64_t number : numbers) {
    writer.write_varint(static_cast<std::int32_t>(number));
    writer.write_unsigned_varint(static_cast<std::uint32_t>(number));
    writer.write_varlong(number);
  }
  writer.write_varlong(Longs::min());
  writer.write_varlong(Longs::max());
  Reader reader(testing::flatten(writer.finish()));
  for (std::int64_t number : numbers) {
    EXPECT_EQ(reader.read_varint(), number);
    EXPECT_EQ(reader.read_unsigned_varint(), static_cast<std::uint32_t>(number));
    EXPECT_EQ(reader.read_varlong(), number);
  }
  EXPECT_EQ(reader.read_varlong(), Longs::min());
  EXPECT_EQ(reader.read_varlong(), Longs::max());
  EXPECT_TRUE(reader.expect_end());
}

TEST(Writer, LengthsOfBothForms) {
  Writer writer;
  writer.write_string_length(false, -1);
  writer.write_string_length(true, -1);
  writer.write_bytes_length(false, 3);
  writer.write_bytes_length(true, 127);
  EXPECT_EQ(written(writer), (std::vector<int>{0xff, 0xff, 0, 0, 0, 0, 3, 0x80, 0x01}));
}

TEST(Writer, GrowsFromNothing) {
  Writer writer(0);
  for (int i = 0; i < 1000; ++i) writer.write_int32(i);
  Reader reader(testing::flatten(writer.finish()));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(reader.read_int32(), i);
  EXPECT_TRUE(reader.expect_end());
}

TEST(Writer, InsertsASizeInFrontOfWhatWasWritten) {
  Writer writer;
  writer.write_int8(9);
  std::size_t mark = writer.mark();
  for (int i = 0; i < 200; ++i) writer.write_int8(1);
  writer.insert_size(mark);
  writer.write_int8(8);
  std::vector<int> expected = {9, 0xc8, 0x01};
  expected.insert(expected.end(), 200, 1);
  expected.push_back(8);
  EXPECT_EQ(written(writer), expected);
}

TEST(Writer, LargeRecordsArePiecesOfTheirOwn) {
  base::SharedBytes batch = base::SharedBytes::allocate(10'000);
  Writer writer;
  writer.write_int32(1);
  writer.write_records(batch);
  writer.write_int32(2);
  EXPECT_EQ(writer.size(), 10'008U);
  base::OutputChain chain = writer.finish();
  ASSERT_EQ(chain.pieces().size(), 3U);
  EXPECT_EQ(std::get<base::SharedBytes>(chain.pieces()[1]).data(), batch.data());
  EXPECT_EQ(writer.size(), 0U);
}

TEST(Writer, SmallRecordsAreCopied) {
  Writer writer;
  writer.write_int32(1);
  writer.write_records(base::SharedBytes::copy(base::as_bytes("small")));
  EXPECT_EQ(writer.finish().pieces().size(), 1U);
}

TEST(Writer, FileRangesTravelAsTheyAre) {
  base::OutputChain records;
  base::FileRange range{nullptr, 4096, 100'000};
  records.append(range);
  Writer writer;
  writer.write_int32(1);
  writer.write_records(std::move(records));
  writer.write_int32(2);
  EXPECT_EQ(writer.size(), 100'008U);
  base::OutputChain chain = writer.finish();
  ASSERT_EQ(chain.pieces().size(), 3U);
  EXPECT_EQ(std::get<base::FileRange>(chain.pieces()[1]), range);
}

TEST(Writer, GrowsAfterRecords) {
  Writer writer(16);
  writer.write_int32(1);
  writer.write_records(base::SharedBytes::allocate(1000));
  for (int i = 0; i < 100; ++i) writer.write_int32(i);
  base::OutputChain chain = writer.finish();
  ASSERT_EQ(chain.pieces().size(), 3U);
  Reader reader(std::get<base::SharedBytes>(chain.pieces()[2]));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(reader.read_int32(), i);
}

}  // namespace
}  // namespace odradek::wire
