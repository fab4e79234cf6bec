// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/producer_ids.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace odradek::broker {
namespace {

class ProducerIdsTest : public testing::Test {
 protected:
  void answer(base::Result<ProducerIds::Block> block) {
    auto handler = std::move(asked_.front());
    asked_.erase(asked_.begin());
    handler(std::move(block));
  }
  void answer_first(std::int64_t first) {
    answer(ProducerIds::Block{base::ProducerId(first), 1000});
  }
  // Asks for one; -1: none yet, -2: an error.
  std::int64_t next() {
    auto found = std::make_shared<std::int64_t>(-1);
    ids_.next(
        [found](const base::Result<base::ProducerId>& id) { *found = id ? id->value() : -2; });
    return *found;
  }

  std::vector<ProducerIds::BlockHandler> asked_;
  ProducerIds ids_{
      [this](ProducerIds::BlockHandler handler) { asked_.push_back(std::move(handler)); }};
};

TEST_F(ProducerIdsTest, ABlockIsAskedForWhenItIsNeeded) {
  std::vector<std::int64_t> given;
  for (int i = 0; i < 3; ++i) {
    ids_.next([&](const base::Result<base::ProducerId>& id) { given.push_back(id->value()); });
  }
  ASSERT_EQ(asked_.size(), 1U);
  answer_first(0);
  EXPECT_EQ(given.size(), 3U);
  for (std::int64_t id = 3; id < 1000; ++id) ASSERT_EQ(next(), id);
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(next(), -1);
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(ProducerIdsTest, AReserveIsThereBeforeItIsNeeded) {
  ids_.keep_reserve();
  ASSERT_EQ(asked_.size(), 1U);
  answer_first(5000);
  for (std::int64_t id = 5000; id < 5900; ++id) ASSERT_EQ(next(), id);
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(next(), 5900);
  ASSERT_EQ(asked_.size(), 1U);
  answer_first(9000);
  for (std::int64_t id = 5901; id < 6000; ++id) ASSERT_EQ(next(), id);
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(next(), 9000);
}

TEST_F(ProducerIdsTest, AnErrorIsToldAndTheNextOneAsksAgain) {
  ids_.keep_reserve();
  answer(base::fail(base::ErrorCode::kNotController, "nobody is"));
  EXPECT_TRUE(asked_.empty());
  std::optional<base::ErrorCode> code;
  ids_.next([&](const base::Result<base::ProducerId>& id) { code = id.error().code; });
  ASSERT_EQ(asked_.size(), 1U);
  answer(base::fail(base::ErrorCode::kNotController, "nobody is"));
  EXPECT_EQ(code, base::ErrorCode::kNotController);
  EXPECT_EQ(next(), -1);
  ASSERT_EQ(asked_.size(), 1U);
  answer_first(7000);
  EXPECT_EQ(next(), 7001);
}

}  // namespace
}  // namespace odradek::broker
