// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/log.h"
#include "env/sim/seeds.h"
#include "sim/scenario.h"

// Every call of the disk fails once, in turn, until a run passes untouched: in a start, while
// topics are created, records written, segments rolled, flushed and read, in a stop and in the
// start after it. Nobody is left without an answer, and nothing acknowledged is lost.
namespace odradek::sim_test {
namespace {

using testing::IsEmpty;

// With the sanitizers a run takes ten times as long: they see a sample.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kStep = 17;
#else
constexpr std::uint64_t kStep = 1;
#endif

struct FailingCallsTest : testing::TestWithParam<int> {
  FailingCallsTest() { base::log::set_level(base::log::Level::kOff); }
  ~FailingCallsTest() override { base::log::set_level(base::log::Level::kInfo); }
};

TEST_P(FailingCallsTest, InTurn) {
  // One seed is a run of some thousand calls: more are for those who have the time.
  for (const std::uint64_t seed : env::sim::seeds(1)) {
    ScenarioOptions options;
    options.topic_configs = {{"segment.ms", "100"}};
    std::uint64_t refused_starts = 0;
    std::uint64_t number = 0;
    for (bool was_reached = true; was_reached; number += kStep) {
      options.failing_call = {.number = number, .os_error = GetParam()};
      const Outcome outcome = run_scenario(seed, options);
      ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed << ", call " << number;
      ASSERT_GT(outcome.acknowledged, 50U);
      refused_starts += outcome.was_start_refused ? 1 : 0;
      was_reached = number < outcome.disk_operations;
    }
    fmt::print("seed {}: {} calls failed in turn, {} of them refused a start\n", seed,
               number / kStep, refused_starts);
    EXPECT_GT(number, 500U);
    EXPECT_GT(refused_starts, 0U);
  }
}

// EIO leaves, of a write, any beginning of it; of a flush, nobody knows what (fsyncgate).
INSTANTIATE_TEST_SUITE_P(Errors, FailingCallsTest, testing::Values(EIO, ENOSPC),
                         [](const auto& error) { return strerrorname_np(error.param); });

}  // namespace
}  // namespace odradek::sim_test
