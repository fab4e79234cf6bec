// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/java_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

using testing::ElementsAre;

TEST(JavaText, OrdersAsAHashMap) {
  EXPECT_THAT(java_hash_order({"producer_byte_rate", "consumer_byte_rate"}),
              ElementsAre("consumer_byte_rate", "producer_byte_rate"));
  EXPECT_THAT(java_hash_order({"a", "d", "c", "b"}), ElementsAre("a", "b", "c", "d"));
}

}  // namespace
}  // namespace odradek::cli
