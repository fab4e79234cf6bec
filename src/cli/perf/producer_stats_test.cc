// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/producer_stats.h"

#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

TEST(ProducerStats, TotalAsKafkaPrintsIt) {
  ProducerStats stats(4, 5'000, 1'000);
  for (const std::int64_t latency_ms : {1, 2, 3, 10}) {
    EXPECT_FALSE(stats.add(latency_ms, 1'048'576, 1'500).has_value());
  }
  EXPECT_EQ(stats.total_line(stats.total(3'000)),
            "4 records sent, 2.000000 records/sec (2.00 MB/sec), 4.00 ms avg latency, 10.00 ms max "
            "latency, 3 ms 50th, 10 ms 95th, 10 ms 99th, 10 ms 99.9th.\n");
}

TEST(ProducerStats, AWindowEndsWithTheFirstRecordAfterItsTime) {
  ProducerStats stats(10, 1'000, 0);
  EXPECT_FALSE(stats.add(4, 1'048'576, 999).has_value());
  EXPECT_EQ(stats.add(5, 1'048'576, 2'000),
            "2 records sent, 1.0 records/sec (1.00 MB/sec), 4.5 ms avg latency, 5.0 ms max "
            "latency.\n");
  EXPECT_FALSE(stats.add(5, 1, 2'999).has_value());
}

TEST(ProducerStats, NoRecordIsNotANumber) {
  ProducerStats stats(1, 1'000, 0);
  EXPECT_NE(stats.total_line(stats.total(10)).find("NaN ms avg latency"), std::string::npos);
}

TEST(ProducerStats, TheSteadyStateSaysSo) {
  ProducerStats all(10, 100, 0);
  all.be_silent();
  EXPECT_FALSE(all.add(1, 1, 200).has_value());
  ProducerStats steady(10, 100, 0, true);
  EXPECT_TRUE(steady.add(1, 1, 200)->starts_with("In steady state.\n1 records sent"));
  EXPECT_TRUE(steady.total_line(steady.total(300)).starts_with("1 steady state records sent"));
}

TEST(ProducerStats, OfManyLatenciesSomeAreKept) {
  constexpr std::int64_t kRecords = 2'000'000;
  ProducerStats stats(kRecords, 5'000, 0);
  for (std::int64_t i = 0; i < kRecords; ++i) (void)stats.add(i / 1'000, 1, 1);
  const auto total = stats.total(1'000);
  EXPECT_EQ(total.records, kRecords);
  EXPECT_EQ(total.percentiles_ms, (std::array<std::int64_t, 4>{1'000, 1'900, 1'980, 1'998}));
}

}  // namespace
}  // namespace odradek::cli
