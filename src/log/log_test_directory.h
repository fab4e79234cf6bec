// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "log/directory/log_directory.h"
#include "log/log.h"
#include "log/open_files.h"

namespace odradek::log::testing {

// A log directory for unit tests of a log: checkpoints in memory, flushes when the test says so,
// removals listed and carried out when it says so. What a real one does on its own is its tests'.
class TestDirectory : public directory::LogDirectory {
 public:
  TestDirectory(env::World& world, std::string path)
      : world_(world),
        path_(std::move(path)),
        queue_(world.workers().make_queue("test directory", 1)) {
    EXPECT_TRUE(world.disk().make_directories(path_));
  }

  // Flushes the logs that asked for it as a group does.
  void run_group(bool by_file_system) {
    for (Log* log : std::exchange(wants_flush, {})) {
      ASSERT_TRUE(log->prepare_flush());
      if (by_file_system) {
        ASSERT_TRUE(world_.disk().sync_file_system(path_));
      }
      ASSERT_TRUE(log->finish_flush(by_file_system));
    }
  }
  void carry_out_removals() {
    for (const std::string& path : std::exchange(removals, {})) {
      EXPECT_TRUE(world_.disk().remove_tree(path));
    }
  }

  const std::string& path() const override { return path_; }
  const std::optional<directory::DirectoryIdentity>& identity() const override { return identity_; }
  base::Result<> format(const directory::DirectoryIdentity&) override { return {}; }
  base::Result<LastStop> begin() override { return LastStop{}; }
  base::Result<directory::FoundLogs> find_logs() override { return directory::FoundLogs{}; }
  base::Offset recovery_point(const base::TopicPartition& name) const override {
    const auto found = recovery_points.find(name);
    return found == recovery_points.end() ? base::Offset(0) : found->second;
  }
  base::Offset log_start_offset(const base::TopicPartition& name) const override {
    const auto found = log_starts.find(name);
    return found == log_starts.end() ? base::Offset(0) : found->second;
  }
  base::Offset high_watermark(const base::TopicPartition& name) const override {
    const auto found = high_watermarks.find(name);
    return found == high_watermarks.end() ? base::Offset(0) : found->second;
  }
  void set_high_watermark(const base::TopicPartition& name, base::Offset offset) override {
    high_watermarks[name] = offset;
  }
  void set_recovery_point(const base::TopicPartition& name, base::Offset offset) override {
    recovery_points[name] = offset;
  }
  void set_recovery_point_at_close(const base::TopicPartition& name, base::Offset offset) override {
    recovery_points[name] = offset;
  }
  void set_log_start_offset(const base::TopicPartition& name, base::Offset offset) override {
    log_starts[name] = offset;
  }
  std::optional<base::Offset> cleaner_offset(const base::TopicPartition& name) const override {
    const auto found = cleaner_offsets.find(name);
    return found == cleaner_offsets.end() ? std::nullopt : std::optional(found->second);
  }
  void set_cleaner_offset(const base::TopicPartition& name, base::Offset offset) override {
    cleaner_offsets[name] = offset;
  }
  void forget(const base::TopicPartition& name) override {
    recovery_points.erase(name);
    log_starts.erase(name);
  }
  base::Result<> settle_forgotten(const base::TopicPartition&) override { return {}; }
  base::Result<> write_checkpoints() override { return {}; }
  base::Result<> add_log(Log&) override { return {}; }
  void forget_log(Log& log) override {
    wants_flush.erase(&log);
    flushes_within.erase(&log);
    background_flushes.erase(&log);
  }
  void request_flush(Log& log) override { wants_flush.insert(&log); }
  void hold_flushes() override {}
  void release_flushes() override {}
  void request_flush_within(Log& log, env::Duration delay) override {
    flushes_within[&log] = delay;
  }
  void request_background_flush(Log& log) override { background_flushes.insert(&log); }
  void add_unflushed(std::uint64_t bytes) override { unflushed += bytes; }
  void remove_unflushed(std::uint64_t bytes, bool) override { unflushed -= bytes; }
  std::uint64_t unflushed_bytes() const override { return unflushed; }
  bool may_leave_unflushed() const override { return unflushed < max_unflushed; }
  void set_flush_bounds(const directory::FlushBounds&) override {}
  void count_flush(env::Duration) override { ++flushes; }
  directory::FlushFigures flush_figures() const override { return {}; }
  directory::Room& room() override { return room_; }
  void set_room_handler(std::function<void(bool)>) override {}
  env::WorkQueue& work_queue() override { return *queue_; }
  env::World& world() override { return world_; }
  OpenFiles& open_files() override { return *files; }
  void remove_later(std::string path, env::Duration) override {
    removals.push_back(std::move(path));
  }
  void fail(const base::Error& error) override {
    if (!failure_) failure_ = error;
  }
  std::optional<base::Error> failure() const override { return failure_; }
  void set_failure_handler(std::function<void(const base::Error&)>) override {}
  base::Result<> close_cleanly(std::int64_t) override { return {}; }

 private:
  env::World& world_;

 public:
  std::map<base::TopicPartition, base::Offset> recovery_points;
  std::map<base::TopicPartition, base::Offset> log_starts;
  std::map<base::TopicPartition, base::Offset> cleaner_offsets;
  std::map<base::TopicPartition, base::Offset> high_watermarks;
  std::set<Log*> wants_flush;
  std::map<Log*, env::Duration> flushes_within;
  std::set<Log*> background_flushes;
  std::atomic<std::uint64_t> unflushed = 0;
  std::uint64_t max_unflushed = std::uint64_t{1} << 40U;
  std::atomic<int> flushes = 0;
  std::shared_ptr<OpenFiles> files = OpenFiles::make(world_.disk(), 1000);
  std::vector<std::string> removals;

 private:
  std::string path_;
  std::optional<directory::DirectoryIdentity> identity_;
  std::optional<base::Error> failure_;
  directory::Room room_{world_, path_, 0};
  std::unique_ptr<env::WorkQueue> queue_;
};

}  // namespace odradek::log::testing
