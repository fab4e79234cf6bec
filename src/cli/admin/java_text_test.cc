// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/java_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

using testing::ElementsAre;

TEST(JavaText, WritesDoubles) {
  EXPECT_EQ(java_double(0), "0.0");
  EXPECT_EQ(java_double(1024), "1024.0");
  EXPECT_EQ(java_double(0.1), "0.1");
  EXPECT_EQ(java_double(9999999), "9999999.0");
  EXPECT_EQ(java_double(10000000), "1.0E7");
  EXPECT_EQ(java_double(123456789.5), "1.234567895E8");
  EXPECT_EQ(java_double(0.0005), "5.0E-4");
  EXPECT_EQ(java_double(-2.5), "-2.5");
}

TEST(JavaText, OrdersAsAHashMap) {
  EXPECT_THAT(java_hash_order({"producer_byte_rate", "consumer_byte_rate"}),
              ElementsAre("consumer_byte_rate", "producer_byte_rate"));
  EXPECT_THAT(java_hash_order({"a", "d", "c", "b"}), ElementsAre("a", "b", "c", "d"));
}

}  // namespace
}  // namespace odradek::cli
