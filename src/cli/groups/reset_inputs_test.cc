// SPDX-License-Identifier: Apache-2.0
#include "cli/groups/reset_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

TEST(ParseDatetime, ZonesAndFractions) {
  EXPECT_EQ(parse_datetime("1970-01-01T00:00:00.000").value(), 0);
  EXPECT_EQ(parse_datetime("2026-11-21T10:30:00.250Z").value(), 1'795'257'000'250);
  EXPECT_EQ(parse_datetime("2026-11-21T10:30:00").value(), 1'795'257'000'000);
  for (const char* same : {"2026-11-21T11:30:00.000+01", "2026-11-21T11:30:00.000+0100",
                           "2026-11-21T11:30:00.000+01:00", "2026-11-21T09:00:00.000-01:30"}) {
    EXPECT_EQ(parse_datetime(same).value(), 1'795'257'000'000) << same;
  }
}

TEST(ParseDatetime, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "2026-11-21", "2026-13-21T10:30:00.000", "2026-02-30T10:30:00.000",
        "2026-11-21T24:00:00.000", "2026-11-21T10:30:00.000X", "2026-11-21 10:30:00"}) {
    EXPECT_FALSE(parse_datetime(text).has_value()) << text;
  }
}

TEST(ParseDuration, Parts) {
  EXPECT_EQ(parse_duration_ms("P1D").value(), 86'400'000);
  EXPECT_EQ(parse_duration_ms("PT1H30M").value(), 5'400'000);
  EXPECT_EQ(parse_duration_ms("P1DT2H3M4.5S").value(), 93'784'500);
  EXPECT_EQ(parse_duration_ms("-PT1M").value(), -60'000);
  EXPECT_EQ(parse_duration_ms("PT-1M").value(), -60'000);
}

TEST(ParseDuration, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "P", "PT", "1D", "P1M", "PT1D", "P1.5D", "P1", "PTS", "P1DT"}) {
    EXPECT_FALSE(parse_duration_ms(text).has_value()) << text;
  }
}

TEST(ParseResetFile, WithAndWithoutGroups) {
  const std::map<std::string, OffsetPlan> expected = {{"g", {{{"t", 0}, 5}, {{"t", 1}, 6}}}};
  EXPECT_EQ(parse_reset_file("t,0,5\nt,1,6\n", "g").value(), expected);
  EXPECT_EQ(parse_reset_file("\"g\",t,0,5\r\ng,t,1,6", "").value(), expected);
}

TEST(ParseResetFile, AWrongLineIsNamed) {
  EXPECT_THAT(parse_reset_file("t,0,5\nt,x,5\n", "g").error().message,
              testing::HasSubstr("line 2"));
  EXPECT_FALSE(parse_reset_file("t,0,5", "").has_value());
}

}  // namespace
}  // namespace odradek::cli
