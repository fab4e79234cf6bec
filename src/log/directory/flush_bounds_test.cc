// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/sim/sim_world.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"

// How much a power cut could take where acknowledged records are cached: the directory bounds it in
// seconds and in bytes, and its recovery points follow.
namespace odradek::log::directory {
namespace {

using base::Offset;
using std::chrono::milliseconds;
using std::chrono::seconds;

class FlushBoundsTest : public testing::Test {
 protected:
  void open(DirectoryOptions options) {
    directory_ = LogDirectory::open(host_.world(), "/data", options).value();
    ASSERT_TRUE(directory_->format({.version = 1,
                                    .cluster_id = "c",
                                    .node_id = base::BrokerId(1),
                                    .directory_id = base::Uuid::from_random(1, 1)}));
    ASSERT_TRUE(directory_->begin());
  }
  Log& add_log(const std::string& topic, std::int64_t flush_ms = 1'000'000'000) {
    LogConfig config;
    config.write_caching = true;
    config.flush_ms = flush_ms;
    auto opened = Log::open(*directory_, {.name = {topic, 0}, .topic_id = {}, .config = config});
    EXPECT_TRUE(opened) << opened.error().message;
    logs_.push_back(std::move(*opened));
    return *logs_.back();
  }
  static void append(Log& log, std::size_t value_size = 10) {
    record::BatchBuilder builder;
    const std::string value(value_size, 'v');
    builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes(value));
    ASSERT_TRUE(log.append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient));
    log.write_out();
  }
  static bool is_flushed(const Log& log) {
    return log.flushed_end_offset() == log.log_end_offset();
  }
  bool until(const std::function<bool()>& condition) {
    return simulation_.run_until(condition, seconds(20));
  }
  bool has_recovery_point(const std::string& line) {
    auto text = host_.world().disk().read_file("/data/recovery-point-offset-checkpoint");
    return text && text->find(line) != std::string::npos;
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
  std::unique_ptr<LogDirectory> directory_;
  std::vector<std::unique_ptr<Log>> logs_;
};

TEST_F(FlushBoundsTest, AfterSoManySecondsTheTailIsFlushed) {
  open({.flush_bounds = {.max_ms = 500}});
  Log& log = add_log("a");
  append(log);
  simulation_.run_for(milliseconds(490));
  EXPECT_FALSE(is_flushed(log));
  EXPECT_GT(directory_->unflushed_bytes(), 0U);
  simulation_.run_for(milliseconds(20));
  EXPECT_TRUE(is_flushed(log));
  EXPECT_EQ(directory_->unflushed_bytes(), 0U);
  EXPECT_EQ(directory_->recovery_point({"a", 0}), Offset(1));
  EXPECT_EQ(directory_->flush_figures().count, 1U);
}

TEST_F(FlushBoundsTest, ATopicsFlushMsIsEarlier) {
  open({.flush_bounds = {.max_ms = 5000}});
  Log& first = add_log("a", 100);
  Log& second = add_log("b");
  append(first);
  append(second);
  simulation_.run_for(milliseconds(110));
  EXPECT_TRUE(is_flushed(first));
  EXPECT_FALSE(is_flushed(second));
}

TEST_F(FlushBoundsTest, ManyLogsAreFlushedByOneSync) {
  open({.flush_bounds = {.max_ms = 1000}});
  for (int i = 0; i < 200; ++i) append(add_log("t" + std::to_string(i)));
  EXPECT_TRUE(until([&] { return directory_->unflushed_bytes() == 0; }));
  EXPECT_EQ(directory_->flush_figures().count, 1U);
}

TEST_F(FlushBoundsTest, FromHalfOfTheBytesOnFlushesBegin) {
  open({.flush_bounds = {.max_ms = 1'000'000, .max_bytes = 10'000}});
  Log& quiet = add_log("a");
  Log& busy = add_log("b");
  append(quiet);
  append(busy, 3000);
  simulation_.run_for(seconds(5));
  EXPECT_FALSE(is_flushed(busy));
  append(busy, 2000);
  EXPECT_TRUE(until([&] { return is_flushed(busy) && is_flushed(quiet); }));
  EXPECT_EQ(directory_->unflushed_bytes(), 0U);
}

TEST_F(FlushBoundsTest, NothingIsAcknowledgedBeyondTheBytes) {
  open({.flush_bounds = {.max_ms = 1'000'000, .max_bytes = 10'000}});
  Log& log = add_log("a");
  for (int i = 0; i < 100; ++i) {
    append(log, 900);
    const std::int64_t unflushed = log.safe_end_offset() - log.flushed_end_offset();
    EXPECT_LE(unflushed, 10);
  }
  EXPECT_TRUE(until([&] { return log.safe_end_offset() == Offset(100); }));
}

TEST_F(FlushBoundsTest, ANewBoundCountsForWhatIsDirty) {
  open({.flush_bounds = {.max_ms = 1'000'000}});
  Log& log = add_log("a");
  append(log);
  simulation_.run_for(seconds(5));
  EXPECT_FALSE(is_flushed(log));
  directory_->set_flush_bounds({.max_ms = 100});
  simulation_.run_for(milliseconds(110));
  EXPECT_TRUE(is_flushed(log));
}

TEST_F(FlushBoundsTest, TheCheckpointFollowsInBytes) {
  open({.flush_bounds = {.max_ms = 10, .max_bytes = 10'000},
        .recovery_point_interval_ms = 1'000'000});
  Log& log = add_log("a");
  append(log, 4000);
  EXPECT_TRUE(until([&] { return is_flushed(log); }));
  append(log, 4000);
  EXPECT_TRUE(until([&] { return is_flushed(log); }));
  simulation_.run_for(seconds(1));
  EXPECT_FALSE(has_recovery_point("a 0 "));
  append(log, 4000);
  EXPECT_TRUE(until([&] { return has_recovery_point("a 0 3"); }));
}

TEST_F(FlushBoundsTest, WhatIsFlushedInTheBackgroundSurvivesAPowerCut) {
  open({.flush_bounds = {.max_ms = 500}});
  Log& log = add_log("a");
  append(log);
  EXPECT_TRUE(until([&] { return is_flushed(log); }));
  append(log);
  host_.cut_power();
  logs_.clear();
  directory_.reset();
  host_.restart();
  directory_ = LogDirectory::open(host_.world(), "/data").value();
  ASSERT_TRUE(directory_->begin());
  auto again =
      Log::open(*directory_, {.name = {"a", 0}, .topic_id = {}, .config = {}, .was_clean = false});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_GE((*again)->log_end_offset(), Offset(1));
}

}  // namespace
}  // namespace odradek::log::directory
