// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"
#include "env/sim/seeds.h"
#include "sim/scenario.h"

// One broker (server, log, metadata, a group) in a simulated world.
namespace odradek::sim_test {
namespace {

using testing::IsEmpty;

struct BrokerTest : testing::Test {
  BrokerTest() { base::log::set_level(base::log::Level::kOff); }
  ~BrokerTest() override { base::log::set_level(base::log::Level::kInfo); }
};

// The first events in which two runs of one seed differ, for whoever has to find out why.
std::string first_difference(std::uint64_t seed, ScenarioOptions options) {
  std::vector<std::string> first;
  std::vector<std::string> second;
  options.trace_sink = [&](std::string_view line) { first.emplace_back(line); };
  run_scenario(seed, options);
  options.trace_sink = [&](std::string_view line) { second.emplace_back(line); };
  run_scenario(seed, options);
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    if (first[i] != second[i]) return fmt::format("'{}' and '{}'", first[i], second[i]);
  }
  return fmt::format("{} and {} events", first.size(), second.size());
}

TEST_F(BrokerTest, ServesProducersAndAGroup) {
  const Outcome outcome = run_scenario(1, {});
  EXPECT_THAT(outcome.violations, IsEmpty());
  EXPECT_GT(outcome.acknowledged, 50U);
  EXPECT_GE(outcome.shown, outcome.acknowledged);
  EXPECT_GT(outcome.commits, 0U);
  EXPECT_GT(outcome.topics, 1U);
  EXPECT_GT(outcome.flushes, 0U);
  RecordProperty("digest", fmt::format("{:016x}", outcome.digest));
  RecordProperty("disk_waits_on_loops", static_cast<int>(outcome.disk_waits_on_loops));
}

TEST_F(BrokerTest, OneSeedTwiceIsEqualInEveryEvent) {
  const ScenarioOptions options{.power_cuts = 2, .kills = 1, .is_network_shaky = true};
  const Outcome first = run_scenario(42, options);
  const Outcome second = run_scenario(42, options);
  EXPECT_THAT(first.violations, IsEmpty());
  EXPECT_EQ(first.events, second.events);
  EXPECT_EQ(first.digest, second.digest) << first_difference(42, options);
  EXPECT_GT(first.events, 1000U);
  EXPECT_NE(run_scenario(43, options).digest, first.digest);
}

TEST_F(BrokerTest, APowerCutLosesNothingThatWasAcknowledged) {
  int power_cuts = 0;
  std::size_t acknowledged = 0;
  std::size_t commits = 0;
  for (const std::uint64_t seed : env::sim::seeds(40)) {
    ScenarioOptions options{.power_cuts = 2, .kills = 1};
    options.is_network_shaky = seed % 2 == 0;
    options.disk.names_survive_in_order = seed % 3 == 0;
    options.disk.write_waits_once_in = seed % 5 == 0 ? 4 : 0;
    if (seed % 10 == 0) options.disk.longest_wait = std::chrono::milliseconds(40);
    const Outcome outcome = run_scenario(seed, options);
    ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
    power_cuts += outcome.power_cuts;
    acknowledged += outcome.acknowledged;
    commits += outcome.commits;
  }
  RecordProperty("power_cuts", power_cuts);
  RecordProperty("acknowledged", static_cast<int>(acknowledged));
  RecordProperty("commits", static_cast<int>(commits));
  EXPECT_GT(power_cuts, 0);
  EXPECT_GT(acknowledged, 0U);
  EXPECT_GT(commits, 0U);
}

// What a failed flush should have written may be gone although a later one goes well.
TEST_F(BrokerTest, AFailedFlushTakesNothingBackEither) {
  std::size_t acknowledged = 0;
  for (const std::uint64_t seed : env::sim::seeds(20)) {
    const ScenarioOptions options{.power_cuts = 1, .failed_flushes = 2};
    const Outcome outcome = run_scenario(seed, options);
    ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
    acknowledged += outcome.acknowledged;
  }
  EXPECT_GT(acknowledged, 0U);
}

// The same judges find it when the promise is broken: once by the topic's own wish, once by a disk
// that says it has flushed and has not.
TEST_F(BrokerTest, AcknowledgedFromThePageCacheIsLost) {
  int violated = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    ScenarioOptions options{.power_cuts = 2};
    options.topic_configs = {{"write.caching", "true"}};
    options.disk.power_cut_style = env::sim::PowerCutStyle::kLoseAll;
    if (!run_scenario(seed, options).violations.empty()) ++violated;
  }
  EXPECT_GT(violated, 5);
}

TEST_F(BrokerTest, ADiskThatLiesAboutFlushesIsFoundOut) {
  int violated = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    ScenarioOptions options{.power_cuts = 2};
    options.disk.lying_flushes_of = "/events-";
    options.disk.power_cut_style = env::sim::PowerCutStyle::kLoseAll;
    if (!run_scenario(seed, options).violations.empty()) ++violated;
  }
  EXPECT_GT(violated, 5);
}

}  // namespace
}  // namespace odradek::sim_test
