// SPDX-License-Identifier: Apache-2.0
#include "wire/reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "wire/version.h"

namespace odradek::wire {
namespace {

base::SharedBytes block(const std::vector<int>& bytes) {
  std::vector<std::uint8_t> content(bytes.begin(), bytes.end());
  return base::SharedBytes::copy(content);
}

std::string failure(const Reader& reader) { return reader.ok() ? "" : reader.error().message; }

TEST(Reader, NumbersAreBigEndian) {
  Reader reader(block({0x01, 0xff, 0xfe, 0xff, 0xfe, 0x00, 0x00, 0x00, 0x07, 0x80, 0, 0, 0,
                       0,    0,    0,    0,    0x3f, 0xf8, 0,    0,    0,    0,    0, 0}));
  EXPECT_TRUE(reader.read_bool());
  EXPECT_EQ(reader.read_int16(), -2);
  EXPECT_EQ(reader.read_uint16(), 0xfffe);
  EXPECT_EQ(reader.read_int32(), 7);
  EXPECT_EQ(reader.read_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(reader.read_float64(), 1.5);
  EXPECT_TRUE(reader.expect_end());
}

TEST(Reader, VarintsAreSevenBitsAByteTheSignedOnesZigZag) {
  Reader reader(block({0x00, 0x7f, 0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x01, 0x02,
                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
  EXPECT_EQ(reader.read_unsigned_varint(), 0U);
  EXPECT_EQ(reader.read_unsigned_varint(), 127U);
  EXPECT_EQ(reader.read_unsigned_varint(), 128U);
  EXPECT_EQ(reader.read_unsigned_varint(), 0xffffffffU);
  EXPECT_EQ(reader.read_varint(), -1);
  EXPECT_EQ(reader.read_varint(), 1);
  EXPECT_EQ(reader.read_varlong(), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(reader.expect_end());
}

TEST(Reader, AVarintThatDoesNotEndIsAnError) {
  Reader varint(block({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}));
  EXPECT_EQ(varint.read_unsigned_varint(), 0U);
  EXPECT_EQ(failure(varint), "a varint of more than 5 bytes");
  Reader varlong(block({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}));
  varlong.read_varlong();
  EXPECT_EQ(failure(varlong), "a varlong of more than 10 bytes");
  Reader cut(block({0x80, 0x80}));
  EXPECT_EQ(cut.read_unsigned_varint(), 0U);
  EXPECT_EQ(failure(cut), "1 bytes are needed, 0 are left");
}

TEST(Reader, TheFirstFailureSticks) {
  Reader reader(block({0, 0, 0}), base::ErrorCode::kCorruptMessage);
  EXPECT_EQ(reader.read_int32(), 0);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.read_int8(), 0);
  EXPECT_EQ(reader.read_text(3), "");
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_EQ(reader.error(),
            (base::Error{base::ErrorCode::kCorruptMessage, "4 bytes are needed, 3 are left"}));
  EXPECT_FALSE(reader.expect_end());
}

TEST(Reader, TrailingBytesAreAnError) {
  Reader reader(block({1, 2, 3}));
  reader.read_int8();
  auto end = reader.expect_end();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().message, "2 bytes too many");
}

TEST(Reader, LengthsOfBothForms) {
  Reader reader(block({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x01}));
  EXPECT_EQ(reader.read_string_length(false), -1);
  EXPECT_EQ(reader.read_bytes_length(false), -1);
  EXPECT_EQ(reader.read_string_length(true), -1);
  EXPECT_EQ(reader.read_bytes_length(true), -1);
  EXPECT_EQ(reader.read_string_length(true), 0);
  EXPECT_TRUE(reader.expect_end());
}

TEST(Reader, ALengthIsCheckedAgainstWhatIsLeft) {
  Reader string(block({0x00, 0x05, 'a'}));
  EXPECT_EQ(string.read_string_length(false), 0);
  EXPECT_EQ(failure(string), "5 bytes are needed, 1 are left");
  Reader bytes(block({0x7f, 0xff, 0xff, 0xff, 'a'}));
  bytes.read_bytes_length(false);
  EXPECT_EQ(failure(bytes), "2147483647 bytes are needed, 1 are left");
  Reader negative(block({0xff, 0xff, 0xff, 0xfe}));
  negative.read_bytes_length(false);
  EXPECT_EQ(failure(negative), "a length of -2");
}

TEST(Reader, AStringIsNotLongerThanKafkaAllows) {
  std::vector<std::uint8_t> content(40'000, 'a');
  content[0] = 0x81;
  content[1] = 0x80;
  content[2] = 0x02;
  Reader reader(base::SharedBytes::copy(content));
  reader.read_string_length(true);
  EXPECT_EQ(failure(reader), "a string of 32768 bytes, at most 32767 are allowed");
}

TEST(Reader, AnArrayFitsIntoWhatIsLeft) {
  Reader fits(block({0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2}));
  EXPECT_EQ(fits.read_array_size(false, 4, 4), 2);
  Reader short_by_one(block({0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0}));
  short_by_one.read_array_size(false, 4, 4);
  EXPECT_EQ(failure(short_by_one), "an array of 2 elements, 7 bytes are left");
  Reader null(block({0x00}));
  EXPECT_EQ(null.read_array_size(true, 1, 8), -1);
  EXPECT_TRUE(null.ok());
}

TEST(Reader, AnArrayHasAMillionElementsAtMost) {
  std::vector<std::uint8_t> content(1'100'000);
  base::store_big_endian(content.data(), kMaxArraySize + 1);
  Reader reader(base::SharedBytes::copy(content));
  reader.read_array_size(false, 1, 1);
  EXPECT_EQ(failure(reader), "an array of 1000001 elements, at most 1000000 are allowed");
  base::store_big_endian(content.data(), kMaxArraySize);
  Reader most(base::SharedBytes::copy(content));
  EXPECT_EQ(most.read_array_size(false, 1, 1), 1'000'000);
}

TEST(Reader, ASmallMessageIsNotUnpackedIntoALargeOne) {
  Reader reader(block({0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0}));
  reader.set_memory_limit(1000);
  EXPECT_EQ(reader.read_array_size(false, 1, 300), 3);
  reader.read_int32();
  EXPECT_EQ(reader.read_array_size(false, 1, 300), 0);
  EXPECT_EQ(failure(reader),
            "the message's arrays and strings take more than the 1000 bytes of memory allowed");
}

TEST(Reader, TaggedFieldsAreSkippedWithinTheirCap) {
  Reader reader(block({2, 0, 1, 0xaa, 5, 2, 0xbb, 0xcc, 0x07}));
  reader.skip_tagged_fields();
  EXPECT_EQ(reader.read_int8(), 7);
  Reader many(block({0x91, 0x4e}));
  many.skip_tagged_fields();
  EXPECT_EQ(failure(many), "10001 tagged fields, at most 10000 are allowed");
}

TEST(Reader, ALimitHidesTheRest) {
  Reader reader(block({1, 2, 3, 4}));
  std::size_t hidden = reader.limit(2);
  EXPECT_EQ(reader.read_int16(), 0x0102);
  EXPECT_EQ(reader.remaining(), 0U);
  reader.restore(hidden);
  EXPECT_EQ(reader.read_int16(), 0x0304);
  EXPECT_TRUE(reader.expect_end());
}

TEST(Reader, ASliceSharesTheBlock) {
  base::SharedBytes bytes = block({1, 2, 3, 4});
  Reader reader(bytes);
  reader.read_int8();
  EXPECT_EQ(reader.read_shared(2).data(), bytes.data() + 1);
  EXPECT_EQ(reader.read_shared(2).size(), 0U);
  EXPECT_EQ(failure(reader), "2 bytes are needed, 1 are left");
}

TEST(Reader, AnEmptyBlockHasNothing) {
  Reader reader{base::SharedBytes()};
  EXPECT_TRUE(reader.expect_end());
  reader.read_int8();
  EXPECT_EQ(failure(reader), "1 bytes are needed, 0 are left");
}

}  // namespace
}  // namespace odradek::wire
