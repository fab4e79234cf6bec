// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <gtest/gtest.h>

#include <array>

namespace odradek::base {
namespace {

TEST(Base64, EveryLengthComesBack) {
  constexpr std::array<std::string_view, 5> kTexts = {"", "+w==", "+/8=", "+/8A", "+/8A/w=="};
  constexpr std::array<std::uint8_t, 4> kBytes = {0xfb, 0xff, 0x00, 0xff};
  for (std::size_t size = 0; size < kTexts.size(); ++size) {
    const ByteView bytes(kBytes.data(), size);
    EXPECT_EQ(encode_base64(bytes), kTexts[size]);
    const auto decoded = decode_base64(kTexts[size]);
    ASSERT_TRUE(decoded) << kTexts[size];
    EXPECT_EQ(*decoded, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  }
}

TEST(Base64, PaddingMayBeMissingAndOtherCharactersMayNot) {
  EXPECT_EQ(decode_base64("+w"), decode_base64("+w=="));
  for (const std::string_view text : {"+", "+w=", "-w==", "+w==+w==", "====", "a b="}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

}  // namespace
}  // namespace odradek::base
