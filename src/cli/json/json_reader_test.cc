// SPDX-License-Identifier: Apache-2.0
#include "cli/json/json_reader.h"

#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

TEST(JsonReader, ReadsWhatItWasGiven) {
  const auto value =
      parse_json(R"({"a": [1, -2.5, "x", null, true], "b": {"c": 9007199254740993}})");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(to_json(*value, JsonLayout::kOneLine).find("9007199254740993") != std::string::npos,
            true);
  const auto object = as_object(*value);
  ASSERT_TRUE(object);
  const auto list = as_list(*find_member(**object, "a"));
  ASSERT_TRUE(list);
  EXPECT_EQ(as_int32((**list)[0]), 1);
  EXPECT_EQ(as_string((**list)[2]), "x");
  EXPECT_TRUE((**list)[3].is_nothing());
}

TEST(JsonReader, SaysWhereItIsNoJson) {
  const auto broken = parse_json("{\"a\": 1,\n \"b\" 2}");
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("line 2, column 6"), std::string::npos)
      << broken.error().message;
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json("{} x"));
  EXPECT_FALSE(parse_json(std::string(100'000, '[')));
}

TEST(JsonReader, SaysWhatIsMissingOrOfAnotherKind) {
  const auto value = parse_json(R"({"topic": "t", "partition": "1", "large": 3000000000})");
  ASSERT_TRUE(value);
  const Object& object = **as_object(*value);
  EXPECT_EQ(int64_member(object, "offset").error().message, "No such field exists: `offset`");
  EXPECT_EQ(partition_members(object).error().message, "Expected `Integer` value, received \"1\"");
  EXPECT_FALSE(int32_member(object, "large"));
  EXPECT_EQ(int64_member(object, "large"), 3000000000);
}

}  // namespace
}  // namespace odradek::cli
