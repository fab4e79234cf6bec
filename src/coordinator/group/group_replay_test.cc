// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "coordinator/group/testing/transcript.h"

namespace odradek::coordinator::group {
namespace {

// Requests of two clients in any order, with ids and generations that are sometimes right.
std::string random_request(std::mt19937& random, int time_ms) {
  const auto pick = [&random](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  const char client = static_cast<char>('a' + pick(2));
  const std::string member = fmt::format("{}-{}", client, 1 + pick(2));
  const int generation = 1 + pick(2);
  switch (pick(10)) {
    case 0:
      return fmt::format("> {} join client={} version=3\n", time_ms, client);
    case 1:
      return fmt::format("> {} join client={} member={}\n", time_ms, client, member);
    case 2:
    case 8:
      return fmt::format("> {} sync member={} generation={} assign={}:x\n", time_ms, member,
                         generation, member);
    case 3:
      return fmt::format("> {} leave member={}\n", time_ms, member);
    case 4:
      return fmt::format("> {} commit member={} generation={} at=t:{} offset={}\n", time_ms, member,
                         generation, pick(3), pick(100));
    case 5:
      return fmt::format("> {} commit at=t:{} offset={}\n", time_ms, pick(3), pick(100));
    case 6:
      return fmt::format("> {} join client={} instance=i{}\n", time_ms, client, pick(2));
    default:
      return fmt::format("> {} tick\n", time_ms);
  }
}

// What the log keeps: offsets always, members once their assignment was made.
std::string kept(const std::string& played) {
  return played.substr(played.rfind("> 900000 describe"));
}

TEST(GroupReplayTest, AReloadedGroupIsTheGroupThatWas) {
  GroupSettings settings;
  settings.initial_rebalance_delay_ms = 0;
  const std::string look = "> 900000 describe\n> 900000 fetch\n";
  int stable = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::string history;
    for (int i = 0, time_ms = 0; i < 40; ++i) {
      time_ms += static_cast<int>(random() % 300);
      history += random_request(random, time_ms);
      const std::string before = Transcript(settings).play(history + look);
      // A rebalance that is under way is not logged: only what the group was before it comes back.
      const bool is_stable = before.find("describe NONE Stable") != std::string::npos;
      if (!is_stable && before.find("describe NONE Empty") == std::string::npos) continue;
      stable += is_stable ? 1 : 0;
      const std::string after = Transcript(settings).play(history + "> 900000 reload\n" + look);
      ASSERT_EQ(kept(before), kept(after)) << "seed " << seed << '\n' << before;
    }
  }
  EXPECT_GT(stable, 30);
}

}  // namespace
}  // namespace odradek::coordinator::group
