// SPDX-License-Identifier: Apache-2.0
#include "base/java_double.h"

#include <gtest/gtest.h>

namespace odradek::base {
namespace {

TEST(JavaDoubleTest, ItIsWrittenAsJavaDoes) {
  EXPECT_EQ(java_double(0), "0.0");
  EXPECT_EQ(java_double(1024), "1024.0");
  EXPECT_EQ(java_double(0.1), "0.1");
  EXPECT_EQ(java_double(9999999), "9999999.0");
  EXPECT_EQ(java_double(10000000), "1.0E7");
  EXPECT_EQ(java_double(123456789.5), "1.234567895E8");
  EXPECT_EQ(java_double(0.0005), "5.0E-4");
  EXPECT_EQ(java_double(-2.5), "-2.5");
}

}  // namespace
}  // namespace odradek::base
