// SPDX-License-Identifier: Apache-2.0
#include "cli/producer/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

using testing::HasSubstr;

LineRecord read(const ClientConfig& properties, std::string_view line) {
  auto record = LineReader::make(properties).value().parse(line, 1);
  EXPECT_TRUE(record.has_value()) << record.error().message;
  return record.value_or(LineRecord());
}

std::string refusal(const ClientConfig& properties, std::string_view line) {
  const auto record = LineReader::make(properties).value().parse(line, 7);
  EXPECT_FALSE(record.has_value());
  return record ? "" : record.error().message;
}

TEST(LineReader, AWholeLineIsAValue) {
  EXPECT_EQ(read({}, "a\tb"), (LineRecord{std::nullopt, "a\tb", {}}));
  EXPECT_EQ(read({}, ""), (LineRecord{std::nullopt, "", {}}));
}

TEST(LineReader, KeyAndHeaders) {
  const ClientConfig properties = {{"parse.key", "true"}, {"parse.headers", "TRUE"}};
  EXPECT_EQ(read(properties, "h1:a,h2:b:c\tk\tv\tw"),
            (LineRecord{"k", "v\tw", {{"h1", "a"}, {"h2", "b:c"}}}));
  EXPECT_EQ(read(properties, "h:\t\t"), (LineRecord{"", "", {{"h", ""}}}));
  EXPECT_EQ(read(properties, "h:1,\tk\tv"), (LineRecord{"k", "v", {{"h", "1"}}}));
}

TEST(LineReader, SeparatorsOfOnesOwn) {
  const ClientConfig properties = {{"parse.key", "true"},      {"parse.headers", "true"},
                                   {"key.separator", "=>"},    {"headers.delimiter", "##"},
                                   {"headers.separator", ";"}, {"headers.key.separator", "="}};
  EXPECT_EQ(read(properties, "a=1;b=2##k=>v"), (LineRecord{"k", "v", {{"a", "1"}, {"b", "2"}}}));
}

TEST(LineReader, TheNullMarker) {
  const ClientConfig properties = {
      {"parse.key", "true"}, {"parse.headers", "true"}, {"null.marker", "NULL"}};
  EXPECT_EQ(read(properties, "NULL\tNULL\tNULL"), (LineRecord{std::nullopt, std::nullopt, {}}));
  EXPECT_EQ(read(properties, "h:NULL\tk\tv"), (LineRecord{"k", "v", {{"h", std::nullopt}}}));
  EXPECT_THAT(refusal(properties, "NULL:x\tk\tv"), HasSubstr("can't be null"));
}

TEST(LineReader, AWrongLineIsNamedByLineAndColumn) {
  EXPECT_EQ(refusal({{"parse.key", "true"}}, "no key"),
            "No key separator found on line number 7, from column 1 on: 'no key'");
  EXPECT_THAT(refusal({{"parse.key", "true"}, {"parse.headers", "true"}}, "h:1\tno key"),
              HasSubstr("column 5"));
  EXPECT_EQ(refusal({{"parse.headers", "true"}}, "a:1,b\tv"),
            "No header key separator found in pair 'b' on line number 7, column 5");
}

TEST(LineReader, IgnoredErrors) {
  const ClientConfig properties = {{"parse.key", "true"}, {"ignore.error", "true"}};
  EXPECT_EQ(read(properties, "no key"), (LineRecord{std::nullopt, "no key", {}}));
  EXPECT_EQ(read({{"parse.headers", "true"}, {"ignore.error", "true"}}, "a:1,b\tv"),
            (LineRecord{std::nullopt, "v", {{"a", "1"}, {"b", std::nullopt}}}));
}

TEST(LineReader, EqualSeparatorsAreRefused) {
  const auto refused = [](const ClientConfig& properties) {
    return !LineReader::make(properties).has_value();
  };
  EXPECT_TRUE(refused({{"headers.separator", "\t"}}));
  EXPECT_TRUE(refused({{"headers.key.separator", ","}}));
  EXPECT_TRUE(refused({{"null.marker", "\t"}}));
  EXPECT_TRUE(refused({{"key.separator", ""}}));
  EXPECT_FALSE(refused({{"key.separator", ","}}));
}

}  // namespace
}  // namespace odradek::cli
