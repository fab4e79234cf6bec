// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "env/linux/linux_world.h"
#include "log/log.h"
#include "log/log_test_directory.h"
#include "record/build.h"

namespace odradek::log {
namespace {

using base::Offset;
using base::Timestamp;

class CountingListener final : public ProgressListener {
 public:
  void on_progress() override { ++progress; }
  void on_failure(const base::Error& error) override { failure = error; }
  int progress = 0;
  std::optional<base::Error> failure;
};

class PartitionLogTest : public ::testing::Test {
 protected:
  PartitionLogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "odradek-log-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    directory_ = std::make_unique<testing::TestDirectory>(world_, root_ + "/data");
  }
  ~PartitionLogTest() override {
    directory_.reset();
    std::filesystem::remove_all(root_);
  }

  std::unique_ptr<Log> open(bool was_clean = true) {
    auto log = Log::open(*directory_, {.name = name_,
                                       .topic_id = base::Uuid::from_random(1, 2),
                                       .config = config_,
                                       .recovery_point = directory_->recovery_point(name_),
                                       .log_start_offset = directory_->log_start_offset(name_),
                                       .was_clean = was_clean});
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }

  // One batch of `count` records of `value_size` bytes at time `first_time`, `first_time` + 1 …
  static base::SharedBytes batch(int count, std::int64_t first_time, std::size_t value_size = 10,
                                 record::BatchOptions options = {}) {
    record::BatchBuilder builder(options);
    const std::string value(value_size, 'v');
    for (int i = 0; i < count; ++i) {
      builder.append(Timestamp(first_time + i), std::nullopt, base::as_bytes(value));
    }
    return builder.build();
  }

  static AppendInfo append(Log& log, base::SharedBytes bytes,
                           AppendOrigin origin = AppendOrigin::kClient) {
    auto info = log.append(std::move(bytes), base::LeaderEpoch(3), origin);
    EXPECT_TRUE(info) << info.error().message;
    log.write_out();
    return info.value_or(AppendInfo{});
  }

  // The base offsets of the batches that a read gives.
  static std::vector<std::int64_t> read(Log& log, std::int64_t from, std::int64_t until,
                                        std::uint64_t max_bytes = 1 << 20, bool at_least = true) {
    auto info = log.read(Offset(from), Offset(until), max_bytes, at_least);
    EXPECT_TRUE(info) << info.error().message;
    if (!info || info->bytes.length == 0) return {};
    std::vector<std::uint8_t> bytes(info->bytes.length);
    auto file = std::dynamic_pointer_cast<env::File>(info->bytes.file);
    EXPECT_EQ(file->read_at(info->bytes.position, bytes).value_or(0), bytes.size());
    record::BatchIterator batches(bytes);
    std::vector<std::int64_t> offsets;
    for (auto next = batches.next(); next && *next; next = batches.next()) {
      EXPECT_TRUE((*next)->crc_matches());
      offsets.push_back((*next)->base_offset().value());
    }
    if (!offsets.empty()) {
      EXPECT_EQ(offsets.front(), info->first_batch_offset.value());
    }
    return offsets;
  }

  std::string file(const std::string& name) const { return root_ + "/data/t-0/" + name; }

  env::LinuxWorld world_{{.loop_count = 1, .worker_threads = 2}};
  std::string root_;
  const base::TopicPartition name_{"t", 0};
  LogConfig config_;
  std::unique_ptr<testing::TestDirectory> directory_;
};

TEST_F(PartitionLogTest, AppendsReadsAndReopens) {
  CountingListener listener;
  {
    auto log = open();
    log->set_listener(&listener);
    EXPECT_EQ(append(*log, batch(3, 1000)).first_offset, Offset(0));
    const AppendInfo info = append(*log, batch(2, 2000));
    EXPECT_EQ(info.first_offset, Offset(3));
    EXPECT_EQ(info.last_offset, Offset(4));
    EXPECT_EQ(log->log_end_offset(), Offset(5));
    EXPECT_EQ(log->written_end_offset(), Offset(5));
    EXPECT_EQ(log->flushed_end_offset(), Offset(0));
    EXPECT_EQ(listener.progress, 2);
    directory_->run_group(false);
    EXPECT_EQ(log->flushed_end_offset(), Offset(5));
    EXPECT_EQ(directory_->recovery_points[name_], Offset(5));
    EXPECT_EQ(read(*log, 0, 5), (std::vector<std::int64_t>{0, 3}));
    EXPECT_EQ(read(*log, 4, 5), (std::vector<std::int64_t>{3}));
    EXPECT_EQ(read(*log, 1, 3), (std::vector<std::int64_t>{0}));
    EXPECT_EQ(read(*log, 5, 5), (std::vector<std::int64_t>{}));
    EXPECT_EQ(log->latest_leader_epoch(), base::LeaderEpoch(3));
    log->set_listener(nullptr);
    ASSERT_TRUE(log->close());
  }
  for (const char* suffix : {"log", "index", "timeindex"}) {
    EXPECT_TRUE(std::filesystem::exists(file(std::string("00000000000000000000.") + suffix)));
  }
  auto log = open();
  EXPECT_EQ(log->log_end_offset(), Offset(5));
  EXPECT_EQ(log->latest_leader_epoch(), base::LeaderEpoch(3));
  EXPECT_EQ(read(*log, 0, 5), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(append(*log, batch(1, 3000)).first_offset, Offset(5));
  EXPECT_EQ(read(*log, 3, 6), (std::vector<std::int64_t>{3, 5}));
}

TEST_F(PartitionLogTest, RefusesOffsetsOutOfRange) {
  auto log = open();
  append(*log, batch(3, 1000));
  auto beyond = log->read(Offset(4), Offset(4), 100, false);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, base::ErrorCode::kOffsetOutOfRange);
  ASSERT_TRUE(log->delete_records(Offset(2), Offset(3)));
  auto below = log->read(Offset(1), Offset(3), 100, false);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code, base::ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(log->delete_records(Offset(4), Offset(3)).error().code,
            base::ErrorCode::kOffsetOutOfRange);
}

}  // namespace
}  // namespace odradek::log
