// SPDX-License-Identifier: Apache-2.0
#include "cli/output/output.h"

#include <gtest/gtest.h>

#include "cli/output/progress.h"
#include "cli/output/text.h"

namespace odradek::cli {
namespace {

const Table kTable{.columns = {{"group"}, {"log_end_offset"}, {"state", true}},
                   .rows = {{"a", 7, "Empty"}, {"billing", {1234, Tone::kBad}, {}}},
                   .when_empty = "There are no groups."};

TEST(OutputTest, PlainTextIsAlignedHasAHeadingAndNoDetails) {
  EXPECT_EQ(table_text(kTable, {OutputForm::kPlain, false}),
            "GROUP    LOG-END-OFFSET\n"
            "a        7\n"
            "billing  1234\n");
}

TEST(OutputTest, OneColumnInPlainTextHasNoHeading) {
  const Table table{.columns = {{"topic"}, {"partitions", true}}, .rows = {{"one", 1}, {"two", 2}}};
  EXPECT_EQ(table_text(table, {OutputForm::kPlain, false}), "one\ntwo\n");
}

TEST(OutputTest, ATableShowsDetailsAndNumbersToTheRight) {
  EXPECT_EQ(table_text(kTable, {OutputForm::kTable, false}),
            "GROUP    LOG-END-OFFSET  STATE\n"
            "a                     7  Empty\n"
            "billing            1234  -\n");
}

TEST(OutputTest, ColourIsAroundTheTextAndNotInItsWidth) {
  const Table table{.columns = {{"a"}, {"b"}}, .rows = {{{"x", Tone::kBad}, "y"}}};
  EXPECT_EQ(table_text(table, {OutputForm::kTable, true}),
            "\033[1mA\033[0m  \033[1mB\033[0m\n\033[31mx\033[0m  y\n");
}

TEST(OutputTest, ATableWithoutRowsSaysSoToPeopleOnly) {
  const Table table{.columns = {{"group"}}, .rows = {}, .when_empty = "There are no groups."};
  EXPECT_EQ(table_text(table, {OutputForm::kTable, false}), "There are no groups.\n");
  EXPECT_EQ(table_text(table, {OutputForm::kPlain, false}), "");
}

TEST(OutputTest, NamesMoveNoCursorAndBreakNoLine) {
  EXPECT_EQ(one_line("a\nb\033[2J\t\x7f"), "a\\nb\\x1b[2J\\t\\x7f");
}

TEST(OutputTest, ADocumentIsALineAFactAndItsTables) {
  const Document document{
      .facts = {{"topic_id", "x"}, {"configs", Object{{"retention.ms", "1"}}}, {"none", {}}},
      .tables = {{"partitions", {.columns = {{"partition"}, {"leader"}}, .rows = {{0, 1}}}}}};
  EXPECT_EQ(document_text(document, {OutputForm::kPlain, false}),
            "Topic id: x\n"
            "Configs:\n"
            "  retention.ms: 1\n"
            "None: -\n"
            "PARTITION  LEADER\n"
            "0          1\n");
}

TEST(OutputTest, JsonIsWellFormed) {
  const Value value = Object{{"text",
                              "a\"\\\n\x01"
                              "é"},
                             {"list", List{1, 2.5, true, {}}},
                             {"broken",
                              "\xff"
                              "x"},
                             {"empty", Object{}}};
  EXPECT_EQ(to_json(value, JsonLayout::kOneLine),
            R"({"text":"a\"\\\n\u0001é","list":[1,2.5,true,null],"broken":"\ufffdx","empty":{}})");
  EXPECT_EQ(to_json(Object{{"rows", List{Object{{"n", List{1, 2}}}}}}, JsonLayout::kIndented),
            "{\n  \"rows\": [\n    {\n      \"n\": [1, 2]\n    }\n  ]\n}");
}

TEST(OutputTest, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("奥德"), 4U);
  EXPECT_EQ(display_width("é"), 1U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
}

TEST(OutputTest, AFlagWithAnotherValueIsRefused) {
  for (const auto& [flag, value] : {std::pair("output", "xml"), std::pair("color", "blue")}) {
    Flags flags;
    flags.set(flag, value);
    const auto options = output_options(flags);
    ASSERT_FALSE(options);
    EXPECT_NE(options.error().message.find(value), std::string::npos);
  }
}

TEST(OutputTest, FlagsWinOverTheTerminal) {
  Flags flags;
  flags.set("output", "json");
  flags.set("color", "always");
  const auto options = output_options(flags);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->form, OutputForm::kJson);
  EXPECT_TRUE(options->has_color);
}

class SteppedClock : public env::Clock {
 public:
  env::MonotonicTime monotonic() const override { return now; }
  base::Timestamp wall() const override { return base::Timestamp(0); }
  env::MonotonicTime now{};
};

TEST(ProgressTest, SaysHowFarHowFastAndHowLong) {
  SteppedClock clock;
  Progress progress(false, clock, "deleting topics", 1000);
  clock.now += std::chrono::seconds(2);
  progress.advance(250);
  EXPECT_EQ(progress.text(), "deleting topics 250/1000, 25 %, 125/s, 6 s left");
}

TEST(ProgressTest, IsDrawnOnlyOnceTheWorkTakesAWhileAndGoesAway) {
  SteppedClock clock;
  testing::internal::CaptureStderr();
  {
    Progress progress(true, clock, "reading", std::nullopt);
    progress.advance(5);
    clock.now += std::chrono::seconds(1);
    progress.advance(5);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\r\033[Kreading 10, 10/s\r\033[K");
}

}  // namespace
}  // namespace odradek::cli
