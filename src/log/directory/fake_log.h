// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/world.h"
#include "log/log.h"
#include "log/move/copy_plan.h"

namespace odradek::log::directory {

// For tests of what drives logs: one file, whose flushing it counts. What a directory never asks of
// a log is answered with nothing.
class FakeLog final : public Log {
 public:
  FakeLog(LogDirectory& directory, std::shared_ptr<env::File> file, std::string topic)
      : directory_(directory), file_(std::move(file)), name_{std::move(topic), 0} {}

  int prepared_in_background = 0;
  int prepared = 0;
  int flushed_singly = 0;
  int flushed_together = 0;
  std::vector<base::Error> failures;
  // Run in the middle of a flush, and after one that went well.
  std::function<void()> during_flush;
  std::function<void()> during_background;
  std::function<void()> after_flush;

  base::Result<> prepare_background_flush() override {
    ++prepared_in_background;
    if (during_background) during_background();
    return {};
  }
  base::Result<> prepare_flush() override {
    ++prepared;
    return {};
  }
  base::Result<> finish_flush(bool file_system_was_synced) override {
    if (during_flush) during_flush();
    if (!file_system_was_synced) {
      if (auto done = file_->flush(); !done) return done;
    }
    ++(file_system_was_synced ? flushed_together : flushed_singly);
    if (after_flush) after_flush();
    return {};
  }
  void on_directory_failure(const base::Error& error) override { failures.push_back(error); }

  const base::TopicPartition& name() const override { return name_; }
  const base::TopicId& topic_id() const override { return topic_id_; }
  LogDirectory& directory() const override { return directory_; }
  void set_listener(ProgressListener*) override {}
  void set_config(const LogConfig&) override {}
  LogConfig config() const override { return {}; }
  base::Result<AppendInfo> append(base::SharedBytes, base::LeaderEpoch, AppendOrigin) override {
    return AppendInfo{};
  }
  void write_out() override {}
  AppendEnd end() const override { return {}; }
  base::Result<> check_kept(const AppendEnd&) const override { return {}; }
  base::Offset log_start_offset() const override { return {}; }
  base::Offset log_end_offset() const override { return {}; }
  base::Offset written_end_offset() const override { return {}; }
  base::Offset answerable_end_offset() const override { return {}; }
  base::Offset flushed_end_offset() const override { return {}; }
  base::Offset safe_end_offset() const override { return {}; }
  std::optional<base::Offset> first_unstable_offset(base::Offset) const override { return {}; }
  std::uint64_t size_bytes() const override { return 0; }
  base::Result<ReadInfo> read(base::Offset, base::Offset, std::uint64_t, bool, ReadMode) override {
    return ReadInfo{};
  }
  base::Result<std::vector<AbortedTransaction>> aborted_transactions(base::Offset,
                                                                     base::Offset) override {
    return std::vector<AbortedTransaction>{};
  }
  base::Result<std::optional<TimestampAndOffset>> offset_for_timestamp(base::Timestamp,
                                                                       base::Offset) override {
    return std::nullopt;
  }
  base::Result<std::optional<TimestampAndOffset>> offset_of_max_timestamp() override {
    return std::nullopt;
  }
  void begin_leader_epoch(base::LeaderEpoch) override {}
  base::LeaderEpoch latest_leader_epoch() const override { return base::kNoLeaderEpoch; }
  base::LeaderEpoch leader_epoch_of(base::Offset) const override { return base::kNoLeaderEpoch; }
  EpochEndOffset end_offset_for_epoch(base::LeaderEpoch) const override { return {}; }
  std::vector<ActiveProducer> active_producers() const override { return {}; }
  base::Result<> delete_records(base::Offset, base::Offset) override { return {}; }
  base::Result<std::size_t> delete_old_segments(const RetentionCheck&) override { return 0U; }
  void expire_producers(base::Timestamp) override {}
  base::Result<> restart_at(base::Offset /*offset*/) override { return {}; }
  base::Result<> truncate_to(base::Offset) override { return {}; }
  base::Result<> flush() override { return {}; }
  base::Result<> close() override { return {}; }
  base::Result<move::CopySource> copy_source() override { return move::CopySource{}; }
  base::Result<> relocate(LogDirectory&, move::PartitionCopy&) override { return {}; }
  base::Result<> remove() override { return {}; }

 private:
  LogDirectory& directory_;
  std::shared_ptr<env::File> file_;
  base::TopicPartition name_;
  base::TopicId topic_id_;
};

}  // namespace odradek::log::directory
