// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "env/linux/linux_world.h"
#include "log/log.h"
#include "log/log_test_directory.h"
#include "record/build.h"

namespace odradek::log::testing {

// Counts what it is told.
class CountingListener final : public ProgressListener {
 public:
  void on_progress() override { ++progress; }
  void on_failure(const base::Error& error) override { failure = error; }
  int progress = 0;
  std::optional<base::Error> failure;
};

// A log of one partition, in a directory of the real file system that goes with the test.
class LogFixture : public ::testing::Test {
 protected:
  LogFixture() {
    const char* parent = std::getenv("TMPDIR");
    std::string pattern = std::string(parent != nullptr ? parent : "/tmp") + "/odradek-log-XXXXXX";
    root_ = mkdtemp(pattern.data());
    directory_ = std::make_unique<TestDirectory>(world_, root_ + "/data");
  }
  ~LogFixture() override {
    directory_.reset();
    EXPECT_TRUE(world_.disk().remove_tree(root_));
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
      builder.append(base::Timestamp(first_time + i), std::nullopt, base::as_bytes(value));
    }
    return builder.build();
  }

  static AppendInfo append(Log& log, base::SharedBytes bytes,
                           AppendOrigin origin = AppendOrigin::kClient) {
    auto info = log.append(std::move(bytes), base::LeaderEpoch(3), origin);
    EXPECT_TRUE(info) << info.error().message;
    log.write_out();
    // On a busy machine the writing may have been handed to the pool.
    while (info && log.written_end_offset() <= info->last_offset && !log.directory().failure()) {
      std::this_thread::yield();
    }
    return info.value_or(AppendInfo{});
  }

  // The base offsets of the batches that a read gives.
  static std::vector<std::int64_t> read(Log& log, std::int64_t from, std::int64_t until,
                                        std::uint64_t max_bytes = 1 << 20, bool at_least = true) {
    auto info = log.read(base::Offset(from), base::Offset(until), max_bytes, at_least);
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
  std::unique_ptr<TestDirectory> directory_;
};

}  // namespace odradek::log::testing
