// SPDX-License-Identifier: Apache-2.0
#include "record/varint.h"

#include <array>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace odradek::record {
namespace {

std::vector<std::int64_t> interesting_numbers() {
  std::vector<std::int64_t> numbers = {0, -1, std::numeric_limits<std::int64_t>::min(),
                                       std::numeric_limits<std::int64_t>::max()};
  for (int bit = 0; bit < 63; ++bit) {
    const std::int64_t power = std::int64_t{1} << bit;
    numbers.insert(numbers.end(), {power - 1, power, power + 1, -power, -power - 1});
  }
  return numbers;
}

TEST(VarintTest, EveryLengthComesBack) {
  for (const std::int64_t number : interesting_numbers()) {
    std::array<std::uint8_t, kMaxVarlongSize> bytes{};
    const std::uint8_t* end = write_varint(bytes.data(), number);
    EXPECT_EQ(static_cast<std::size_t>(end - bytes.data()), varint_size(number)) << number;
    std::int64_t read = 0;
    EXPECT_EQ(read_varlong(bytes.data(), end, read), end) << number;
    EXPECT_EQ(read, number);
    // One byte less is not enough.
    EXPECT_EQ(read_varlong(bytes.data(), end - 1, read), nullptr) << number;

    std::int32_t narrow = 0;
    const bool fits = number == static_cast<std::int32_t>(number);
    EXPECT_EQ(read_varint(bytes.data(), end, narrow), fits ? end : nullptr) << number;
    if (fits) {
      EXPECT_EQ(narrow, number);
    }
  }
}

TEST(VarintTest, TooManyBytesOrBitsAreRefused) {
  const std::vector<std::uint8_t> endless(11, 0xff);
  std::int32_t narrow = 0;
  std::int64_t wide = 0;
  EXPECT_EQ(read_varint(endless.data(), endless.data() + endless.size(), narrow), nullptr);
  EXPECT_EQ(read_varlong(endless.data(), endless.data() + endless.size(), wide), nullptr);

  std::vector<std::uint8_t> number = {0xff, 0xff, 0xff, 0xff, 0x0f};
  EXPECT_NE(read_varint(number.data(), number.data() + number.size(), narrow), nullptr);
  number.back() = 0x10;  // the 33rd bit
  EXPECT_EQ(read_varint(number.data(), number.data() + number.size(), narrow), nullptr);
  number = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};  // the 65th bit
  EXPECT_EQ(read_varlong(number.data(), number.data() + number.size(), wide), nullptr);
}

TEST(VarintTest, LongerFormsOfANumberAreRead) {
  const std::vector<std::uint8_t> two = {0x84, 0x80, 0x00};
  std::int32_t number = 0;
  EXPECT_EQ(read_varint(two.data(), two.data() + two.size(), number), two.data() + two.size());
  EXPECT_EQ(number, 2);
}

}  // namespace
}  // namespace odradek::record
