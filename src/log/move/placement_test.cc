// SPDX-License-Identifier: Apache-2.0
#include "log/move/placement.h"

#include <gtest/gtest.h>

#include <vector>

namespace odradek::log::move {
namespace {

constexpr std::uint64_t kGiB = 1U << 30U;

// How many of `count` new partitions each place gets, one after the other.
std::vector<std::size_t> fill(std::vector<Place> places, int count) {
  std::vector<std::size_t> got(places.size());
  for (int i = 0; i < count; ++i) {
    const auto chosen = choose_place(places);
    if (!chosen) break;
    ++places[*chosen].log_count;
    ++got[*chosen];
  }
  return got;
}

using Counts = std::vector<std::size_t>;

TEST(Placement, EqualSpaceGivesEqualCounts) {
  EXPECT_EQ(fill({{0, kGiB}, {0, kGiB}, {0, kGiB}}, 31), (Counts{11, 10, 10}));
  EXPECT_EQ(fill({{5, kGiB}, {0, kGiB}}, 9), (Counts{2, 7}));
}

TEST(Placement, SmallDifferencesOfSpaceCountForNothing) {
  EXPECT_EQ(fill({{0, kGiB}, {0, kGiB + 4096}}, 2000), (Counts{1000, 1000}));
  EXPECT_EQ(fill({{0, kGiB * 92 / 100}, {0, kGiB}}, 2000), (Counts{1000, 1000}));
}

TEST(Placement, CountsFollowFreeSpace) {
  EXPECT_EQ(fill({{0, kGiB}, {0, 3 * kGiB}}, 400), (Counts{100, 300}));
  // One that was full of partitions and has room again is not flooded: what it has counts.
  EXPECT_EQ(fill({{0, kGiB}, {90, 3 * kGiB}}, 10), (Counts{10, 0}));
}

TEST(Placement, OfflineFullAndCordonedGetNone) {
  EXPECT_EQ(
      fill({{0, kGiB, true}, {0, kGiB, false, true}, {0, kGiB, false, false, true}, {7, 1}}, 20),
      (Counts{0, 0, 0, 20}));
}

TEST(Placement, WhereAllAreCordonedOrFullTheFirstThatCanTakesIt) {
  EXPECT_EQ(choose_place(std::vector<Place>{{0, 1, true},
                                            {3, kGiB, false, true, false},
                                            {2, 1, false, false, true},
                                            {0, 9, false, false, true}}),
            2U);
  EXPECT_EQ(
      choose_place(std::vector<Place>{{0, 1, true}, {3, 0, false, true}, {0, 0, false, true}}), 1U);
  EXPECT_EQ(choose_place(std::vector<Place>{{0, kGiB, true}, {0, kGiB, true}}), std::nullopt);
  EXPECT_EQ(choose_place({}), std::nullopt);
}

TEST(Placement, UnknownSpaceIsTakenLast) {
  EXPECT_EQ(fill({{0, 0}, {0, kGiB}}, 50), (Counts{0, 50}));
  EXPECT_EQ(fill({{0, 0}, {0, 0}}, 50), (Counts{25, 25}));
}

}  // namespace
}  // namespace odradek::log::move
