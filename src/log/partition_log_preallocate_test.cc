// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "env/sim/sim_world.h"
#include "log/log_test_fixture.h"

namespace odradek::log {
namespace {

using base::Offset;

class PreallocateTest : public testing::LogFixture {
 protected:
  PreallocateTest() {
    config_.preallocate = true;
    config_.segment_bytes = kSegmentBytes;
  }
  std::uint64_t size(const std::string& offset) const {
    return std::filesystem::file_size(file(offset + ".log"));
  }
  std::uint64_t taken(const std::string& offset) const {
    struct stat status{};
    EXPECT_EQ(stat(file(offset + ".log").c_str(), &status), 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }

  static constexpr std::uint64_t kSegmentBytes = 65536;
  const std::string first_ = "00000000000000000000";
  const std::string second_ = "00000000000000000002";
};

TEST_F(PreallocateTest, ASegmentHasItsFullSizeUntilItIsFinished) {
  auto log = open();
  append(*log, batch(1, 1000, 30000));
  EXPECT_EQ(size(first_), kSegmentBytes);
  EXPECT_GE(taken(first_), kSegmentBytes);
  EXPECT_LT(log->size_bytes(), 31000u) << "what is written counts";
  append(*log, batch(1, 1000, 30000));
  const std::uint64_t written = log->size_bytes();
  append(*log, batch(1, 1000, 30000));
  EXPECT_EQ(size(first_), written) << "the next one has begun";
  EXPECT_LT(taken(first_), kSegmentBytes);
  EXPECT_EQ(size(second_), kSegmentBytes);
  ASSERT_TRUE(log->close());
  EXPECT_LT(size(second_), 31000u);
  log = open();
  append(*log, batch(1, 1000, 100));
  EXPECT_EQ(read(*log, 0, 4), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(read(*log, 2, 4), (std::vector<std::int64_t>{2, 3}));
}

TEST_F(PreallocateTest, TheZerosThatACrashLeavesAreNoPartOfTheLog) {
  for (const bool is_flushed : {true, false}) {
    auto log = open(false);
    const std::int64_t end = log->log_end_offset().value();
    append(*log, batch(1, 1000, 100));
    if (is_flushed) directory_->run_group(false);
    EXPECT_EQ(size(first_), end == 0 ? kSegmentBytes : size(first_));
    log.reset();
    log = open(false);
    EXPECT_EQ(log->log_end_offset(), Offset(end + 1));
    EXPECT_EQ(size(first_), log->size_bytes());
  }
}

TEST_F(PreallocateTest, WhatIsWrittenAfterACrashNeedsNoCheck) {
  auto log = open();
  append(*log, batch(1, 1000, 100));
  log.reset();
  log = open(false);
  append(*log, batch(1, 1000, 100));
  EXPECT_LT(log->size_bytes(), kSegmentBytes);
  const auto read = log->read(Offset(1), Offset(2), 1 << 20, true, ReadMode::kWithoutWaiting);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->must_wait);
}

TEST_F(PreallocateTest, ATruncatedSegmentEndsWithItsBatches) {
  auto log = open();
  for (int i = 0; i < 4; ++i) append(*log, batch(1, 1000, 100));
  ASSERT_TRUE(log->truncate_to(Offset(2)));
  EXPECT_EQ(size(first_), log->size_bytes());
  append(*log, batch(1, 1000, 100));
  EXPECT_EQ(read(*log, 0, 3), (std::vector<std::int64_t>{0, 1, 2}));
}

TEST(PreallocateSimTest, ADiskWithoutTheRoomTakesTheSegmentAsItGrows) {
  env::sim::SimWorld simulation(1);
  env::sim::HostOptions options;
  options.disk.capacity_bytes = 1 << 20;
  env::World& world = simulation.add_host("one", options).world();
  testing::TestDirectory directory(world, "/data");
  LogConfig config;
  config.preallocate = true;
  auto log = Log::open(directory, {.name = {"t", 0}, .topic_id = {}, .config = config});
  ASSERT_TRUE(log);
  record::BatchBuilder builder;
  builder.append(base::Timestamp(1000), std::nullopt, std::nullopt);
  ASSERT_TRUE((*log)->append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient));
  (*log)->write_out();
  EXPECT_EQ((*log)->written_end_offset(), Offset(1));
  EXPECT_FALSE(directory.failure());
  EXPECT_EQ(world.disk().file_size("/data/t-0/00000000000000000000.log").value(),
            (*log)->size_bytes());
}

}  // namespace
}  // namespace odradek::log
