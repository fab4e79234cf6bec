// SPDX-License-Identifier: Apache-2.0
#include "config/properties.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace odradek::config {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs(std::string_view text) {
  const auto properties = parse_properties(text);
  EXPECT_TRUE(properties) << text;
  Pairs read;
  if (!properties) return read;
  for (const Property& property : *properties) read.emplace_back(property.key, property.value);
  return read;
}

TEST(PropertiesTest, KeyAndValueAreSeparatedByEqualsColonOrWhiteSpace) {
  EXPECT_EQ(
      pairs("a=1\nb:2\nc 3\nd\t4\n  e  =  5\nf = : 6\ng"),
      (Pairs{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}, {"f", ": 6"}, {"g", ""}}));
  EXPECT_EQ(pairs("=x\n:y\n"), (Pairs{{"", "x"}, {"", "y"}}));
}

TEST(PropertiesTest, WhiteSpaceBehindAValueBelongsToIt) {
  EXPECT_EQ(pairs("a = with blanks inside \n"), (Pairs{{"a", "with blanks inside "}}));
}

TEST(PropertiesTest, CommentsBeginALine) {
  EXPECT_EQ(pairs("# one\n! two\n  # three\n\n \t\na=1 # no comment\n"),
            (Pairs{{"a", "1 # no comment"}}));
  EXPECT_EQ(pairs("# a comment is not continued\\\nb=2\n"), (Pairs{{"b", "2"}}));
}

TEST(PropertiesTest, ALineEndsInAnyOfThreeWays) {
  const auto properties = parse_properties("a=1\rb=2\r\nc=3\n\r\nd=4");
  ASSERT_TRUE(properties);
  ASSERT_EQ(properties->size(), 4U);
  EXPECT_EQ((*properties)[0].value, "1");
  EXPECT_EQ((*properties)[2].line, 3);
  EXPECT_EQ((*properties)[3].line, 5);
}

TEST(PropertiesTest, ABackslashContinuesALine) {
  EXPECT_EQ(pairs("long = one,\\\n    two,\\\r\n  # three\n"),
            (Pairs{{"long", "one,two,# three"}}));
  EXPECT_EQ(pairs("a=1\\\\\nb=2"), (Pairs{{"a", "1\\"}, {"b", "2"}}));
  EXPECT_EQ(pairs("a=1\\\n\nb=2"), (Pairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(pairs("a=1\\"), (Pairs{{"a", "1"}}));
}

TEST(PropertiesTest, EscapesStandForCharacters) {
  EXPECT_EQ(pairs(R"(escaped\=key\:\ x = tab\there \n\r\f \q)"),
            (Pairs{{"escaped=key: x", "tab\there \n\r\f q"}}));
  EXPECT_EQ(pairs(R"(a=\u00e9 \u20AC \ud83d\ude00)"),
            (Pairs{{"a", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"}}));
  EXPECT_EQ(pairs(R"(a=\ud83d!\ude00)"), (Pairs{{"a", "\xef\xbf\xbd!\xef\xbf\xbd"}}));
}

TEST(PropertiesTest, AByteOrderMarkIsNoPartOfAKey) {
  EXPECT_EQ(pairs("\xef\xbb\xbf"
                  "a=1"),
            (Pairs{{"a", "1"}}));
}

TEST(PropertiesTest, ABadEscapeIsNamedByItsLine) {
  for (const std::string value : {R"(\u12)", R"(\uxyzw)", R"(\u 123)", R"(\u)"}) {
    const auto properties = parse_properties("a=1\nb=" + value);
    ASSERT_FALSE(properties) << value;
    EXPECT_NE(properties.error().message.find("line 2"), std::string::npos);
  }
}

}  // namespace
}  // namespace odradek::config
