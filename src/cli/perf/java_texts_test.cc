// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <ctime>

#include "cli/perf/java_date.h"
#include "cli/perf/java_number.h"
#include "cli/perf/throttle.h"

namespace odradek::cli {
namespace {

TEST(JavaNumber, HalvesGoAwayFromZero) {
  EXPECT_EQ(java_fixed(0.125, 2), "0.13");
  EXPECT_EQ(java_fixed(2.675, 2), "2.68");  // binary: 2.67499…
  EXPECT_EQ(java_fixed(1.0, 4), "1.0000");
  EXPECT_EQ(java_fixed(NAN, 2), "NaN");
  EXPECT_EQ(java_fixed(-INFINITY, 2), "-Infinity");
}

TEST(JavaDate, LettersQuotesAndWidths) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const base::Timestamp time(1'700'000'000'042);
  EXPECT_EQ(JavaDate::make("yyyy-MM-dd HH:mm:ss:SSS")->format(time), "2023-11-14 22:13:20:042");
  EXPECT_EQ(JavaDate::make("yy M 'o''clock' h a ''X")->format(time), "23 11 o'clock 10 PM 'Z");
  EXPECT_EQ(JavaDate::make("EEE MMM D z")->format(time), "Tue Nov 318 UTC");
}

TEST(JavaDate, AnUnknownLetterIsNamed) {
  const auto date = JavaDate::make("yyyy b");
  ASSERT_FALSE(date.has_value());
  EXPECT_EQ(date.error().message, "Illegal pattern character 'b'");
}

TEST(Throttle, ShortWaitsAreSavedUp) {
  const env::MonotonicTime start{};
  EXPECT_EQ(Throttle(1'000, start).wait(1, start), env::Duration::zero());
  EXPECT_EQ(Throttle(1'000, start).wait(10, start), std::chrono::milliseconds(10));
  EXPECT_EQ(Throttle(-1, start).wait(1'000'000, start), env::Duration::zero());
  EXPECT_FALSE(Throttle(0, start).wait(1, start).has_value());
}

}  // namespace
}  // namespace odradek::cli
