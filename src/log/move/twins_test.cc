// SPDX-License-Identifier: Apache-2.0
#include "log/move/twins.h"

#include <gtest/gtest.h>

#include <vector>

namespace odradek::log::move {
namespace {

using base::Offset;

TEST(Twins, TheOneThatGoesOnFurtherIsKept) {
  const Twin old{{{Offset(0), 100}, {Offset(10), 50}}, Offset(12)};
  const Twin longer{{{Offset(0), 100}, {Offset(10), 60}}, Offset(3)};
  const Twin rolled{{{Offset(0), 100}, {Offset(10), 50}, {Offset(15), 0}}, Offset(3)};
  EXPECT_EQ(choose_twin(std::vector{old, longer}), 1U);
  EXPECT_EQ(choose_twin(std::vector{longer, old}), 0U);
  EXPECT_EQ(choose_twin(std::vector{longer, rolled, old}), 1U);
}

TEST(Twins, OfTwoThatGoEquallyFarTheFlushedOneIsKept) {
  const std::map<Offset, std::uint64_t> segments = {{Offset(0), 100}};
  EXPECT_EQ(choose_twin(std::vector<Twin>{{segments, Offset(5)}, {segments, Offset(9)}}), 1U);
  EXPECT_EQ(choose_twin(std::vector<Twin>{{segments, Offset(9)}, {segments, Offset(5)}}), 0U);
  EXPECT_EQ(choose_twin(std::vector<Twin>{{{}, Offset(0)}, {segments, Offset(0)}}), 1U);
}

TEST(Twins, OnlyWhatIsInTheKeptOneIsCovered) {
  const Twin kept{{{Offset(10), 50}, {Offset(15), 70}}, Offset(0)};
  EXPECT_TRUE(covers(kept, {{{Offset(10), 50}, {Offset(15), 60}}, Offset(0)}));
  EXPECT_TRUE(covers(kept, {{{Offset(15), 70}}, Offset(0)}));
  EXPECT_TRUE(covers(kept, {{{Offset(3), 0}}, Offset(0)}));
  EXPECT_FALSE(covers(kept, {{{Offset(0), 10}, {Offset(10), 50}}, Offset(0)}));
  EXPECT_FALSE(covers(kept, {{{Offset(10), 51}}, Offset(0)}));
}

}  // namespace
}  // namespace odradek::log::move
