// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "log/log_test_fixture.h"

// One log, used by many threads at once, as connections and the directory's group do.
namespace odradek::log {
namespace {

using base::Offset;

class PartitionLogThreadsTest : public testing::LogFixture {};

TEST_F(PartitionLogThreadsTest, AppendsReadsFlushesAndDeletesAtOnce) {
  constexpr int kWriters = 3;
  constexpr int kBatches = 400;
  config_.segment_bytes = 20000;
  config_.index_interval_bytes = 300;
  config_.write_caching = true;  // the test flushes
  auto log = open();
  std::mutex leader;  // as the partition's: appends follow each other
  std::atomic<int> writing = kWriters;
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kBatches; ++n) {
        {
          const std::lock_guard lock(leader);
          ASSERT_TRUE(
              log->append(batch(2, 1000 + n, 100), base::LeaderEpoch(1), AppendOrigin::kClient));
        }
        log->write_out();
      }
      --writing;
    });
  }
  threads.emplace_back([&] {
    while (writing > 0) {
      ASSERT_TRUE(log->prepare_flush());
      ASSERT_TRUE(log->finish_flush(false));
      ASSERT_TRUE(log->flush());
    }
  });
  threads.emplace_back([&] {
    while (writing > 0) {
      const Offset end = log->written_end_offset();
      const Offset start = log->log_start_offset();
      for (Offset next = start; next < end;) {
        const auto offsets = read(*log, next.value(), end.value(), 5000);
        ASSERT_FALSE(offsets.empty());
        next = Offset(offsets.back() + 2);
      }
      ASSERT_TRUE(log->offset_for_timestamp(base::Timestamp(1100), end));
    }
  });
  for (auto& thread : threads) thread.join();
  log->write_out();
  const std::int64_t end = 2 * kWriters * kBatches;
  EXPECT_EQ(log->log_end_offset(), Offset(end));
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(log->flushed_end_offset(), Offset(end));
  ASSERT_TRUE(log->delete_records(Offset(end / 2), Offset(end)));
  ASSERT_TRUE(log->close());
  log = open();
  EXPECT_EQ(read(*log, end - 1, end), (std::vector<std::int64_t>{end - 2}));
}

}  // namespace
}  // namespace odradek::log
