// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/sticky_partition.h"

#include <gtest/gtest.h>

#include <set>

namespace odradek::cli {
namespace {

TEST(StickyPartition, StaysForABatchAndThenMoves) {
  StickyPartition sticky(6, 1'000, 7);
  std::set<std::int32_t> seen;
  for (int batch = 0; batch < 100; ++batch) {
    const std::int32_t first = sticky.next(100);
    EXPECT_LT(first, 6);
    seen.insert(first);
    for (int i = 1; i < 10; ++i) EXPECT_EQ(sticky.next(100), first);
    EXPECT_NE(StickyPartition(sticky).next(100), first);
  }
  EXPECT_EQ(seen.size(), 6U);
}

TEST(StickyPartition, OnePartitionIsAlwaysTheOne) {
  StickyPartition sticky(1, 10, 7);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sticky.next(100), 0);
}

}  // namespace
}  // namespace odradek::cli
