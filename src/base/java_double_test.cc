// SPDX-License-Identifier: Apache-2.0
#include "base/java_double.h"

#include <gtest/gtest.h>

#include <limits>

namespace odradek::base {
namespace {

TEST(JavaDouble, ADoubleHasAFractionAndNoMoreDigitsThanItNeeds) {
  EXPECT_EQ(java_double(0), "0.0");
  EXPECT_EQ(java_double(-0.0), "-0.0");
  EXPECT_EQ(java_double(1024), "1024.0");
  EXPECT_EQ(java_double(0.1), "0.1");
  EXPECT_EQ(java_double(-2.5), "-2.5");
  EXPECT_EQ(java_double(0.001), "0.001");
  EXPECT_EQ(java_double(9999999), "9999999.0");
}

TEST(JavaDouble, LargeAndSmallOnesHaveAnExponent) {
  EXPECT_EQ(java_double(1e7), "1.0E7");
  EXPECT_EQ(java_double(123456789.5), "1.234567895E8");
  EXPECT_EQ(java_double(0.0005), "5.0E-4");
  EXPECT_EQ(java_double(-1e100), "-1.0E100");
  EXPECT_EQ(java_double(std::numeric_limits<double>::max()), "1.7976931348623157E308");
}

TEST(JavaDouble, AFloatHasAFloatsDigits) {
  EXPECT_EQ(java_float(0.1F), "0.1");
  EXPECT_EQ(java_float(3.4028235e38F), "3.4028235E38");
  EXPECT_EQ(java_float(0.001F), "0.001");
  // Of two digits, the nearest.
  EXPECT_EQ(java_float(9.8e-45F), "9.8E-45");
  EXPECT_EQ(java_double(4.9e-324), "4.9E-324");
}

TEST(JavaDouble, WhatIsNoNumberHasAName) {
  EXPECT_EQ(java_double(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(java_float(std::numeric_limits<float>::infinity()), "Infinity");
  EXPECT_EQ(java_double(-std::numeric_limits<double>::infinity()), "-Infinity");
}

}  // namespace
}  // namespace odradek::base
