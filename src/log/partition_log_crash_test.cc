// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/seeds.h"
#include "env/sim/sim_world.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"

// A partition that is written while its machine loses power or its process is killed, at any
// operation of the disk: what was told to be flushed is there afterwards, what is there is what was
// appended, and offsets, times, producers and epochs are found again. Everything follows from the
// seed.
namespace odradek::log {
namespace {

using base::Offset;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::ProducerId kProducer{7};

class Listener final : public ProgressListener {
 public:
  void on_progress() override {}
  void on_failure(const base::Error& error) override { failure = error; }
  std::optional<base::Error> failure;
};

struct AppendedBatch {
  base::SharedBytes bytes;
  Offset first_offset;
  Offset last_offset;
  base::Timestamp max_timestamp;
  base::LeaderEpoch epoch;
};

class CrashRun {
 public:
  explicit CrashRun(std::uint64_t seed)
      : simulation_(seed), host_(simulation_.add_host("one", options(seed))) {
    config_.segment_bytes = 2000 + static_cast<std::int64_t>(below(6000));
    config_.index_interval_bytes = 100 + static_cast<std::int32_t>(below(900));
    config_.write_caching = below(4) == 0;
  }

  void run(int rounds) {
    for (int round = 0; round < rounds && !::testing::Test::HasFatalFailure(); ++round) {
      on_worker([this] { open(); });
      ASSERT_TRUE(log_) << "round " << round;
      on_worker([this] { check_content(); });
      write_until_crash();
      end_process();
    }
    on_worker([this] { open(); });
    ASSERT_TRUE(log_);
    on_worker([this] { check_content(); });
    end_process();
  }

 private:
  static env::sim::HostOptions options(std::uint64_t seed) {
    env::sim::HostOptions options;
    if (seed % 3 == 0) {
      // Long enough for the pool to take the writes over.
      options.disk.write_waits_once_in = 5;
      options.disk.longest_wait = milliseconds(20);
    }
    options.disk.names_survive_in_order = seed % 2 == 0;
    return options;
  }
  std::uint64_t below(std::uint64_t bound) { return simulation_.random().below(bound); }

  void on_worker(const std::function<void()>& task) {
    EXPECT_TRUE(env::sim::run_on_worker(simulation_, host_, task)) << "stuck";
  }

  void open() {
    auto directory = directory::LogDirectory::open(host_.world(), "/data");
    ASSERT_TRUE(directory) << directory.error().message;
    directory_ = std::move(*directory);
    if (!directory_->identity()) {
      ASSERT_TRUE(directory_->format({.version = 1,
                                      .cluster_id = "c",
                                      .node_id = base::BrokerId(1),
                                      .directory_id = base::Uuid::from_random(1, 1)}));
    }
    auto stop = directory_->begin();
    ASSERT_TRUE(stop) << stop.error().message;
    EXPECT_FALSE(stop->was_clean && !is_new_);
    auto log = Log::open(*directory_, {.name = name_,
                                       .topic_id = base::Uuid::from_random(2, 3),
                                       .config = config_,
                                       .recovery_point = directory_->recovery_point(name_),
                                       .log_start_offset = directory_->log_start_offset(name_),
                                       .was_clean = stop->was_clean || is_new_});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    listener_.failure.reset();
    log_->set_listener(&listener_);
    is_new_ = false;
  }

  // What survived: all that was flushed, and after a killed process all that was written.
  void check_content() {
    const Offset end = log_->log_end_offset();
    EXPECT_GE(end, safe_end_);
    EXPECT_EQ(log_->flushed_end_offset(), end);
    while (!batches_.empty() && batches_.back().first_offset >= end) batches_.pop_back();
    // Where names are lost in any order, a later segment can survive without the first: then
    // nothing of the first was flushed.
    const Offset start = log_->log_start_offset();
    if (safe_end_ > start_) {
      EXPECT_EQ(start, start_);
    }
    start_ = start;
    std::erase_if(batches_, [&](const AppendedBatch& batch) { return batch.first_offset < start; });
    EXPECT_EQ(batches_.empty() ? start : batches_.back().last_offset + 1, end);
    std::vector<std::uint8_t> expected;
    for (const AppendedBatch& batch : batches_) {
      const auto bytes = batch.bytes.view();
      expected.insert(expected.end(), bytes.begin(), bytes.end());
    }
    EXPECT_EQ(read_all(end), expected);
    for (int i = 0; i < 20 && !batches_.empty(); ++i)
      check_one_batch(batches_[below(batches_.size())]);
    check_epochs();
    check_duplicate();
    log_->begin_leader_epoch(base::LeaderEpoch(epoch_));
  }

  std::vector<std::uint8_t> read_all(Offset end) {
    std::vector<std::uint8_t> all;
    for (Offset next = start_; next < end;) {
      auto info = log_->read(next, end, below(3000), true);
      if (!info || info->bytes.length == 0) {
        ADD_FAILURE() << "at offset " << next.value() << ": "
                      << (info ? "nothing" : info.error().message);
        return all;
      }
      std::vector<std::uint8_t> bytes(info->bytes.length);
      auto file = std::dynamic_pointer_cast<env::File>(info->bytes.file);
      EXPECT_EQ(file->read_at(info->bytes.position, bytes).value_or(0), bytes.size());
      record::BatchIterator whole(bytes);
      for (auto batch = whole.next(); batch && *batch; batch = whole.next()) {
        next = (*batch)->next_offset();
      }
      all.insert(all.end(), bytes.begin(),
                 bytes.begin() + static_cast<std::ptrdiff_t>(whole.position()));
    }
    return all;
  }

  void check_one_batch(const AppendedBatch& batch) {
    const Offset end = log_->log_end_offset();
    const Offset asked =
        batch.first_offset +
        static_cast<std::int64_t>(
            below(static_cast<std::uint64_t>(batch.last_offset - batch.first_offset) + 1));
    auto info = log_->read(asked, end, 1, true);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->first_batch_offset, batch.first_offset);
    EXPECT_EQ(info->bytes.length, batch.bytes.size());
    const auto first = std::ranges::find_if(batches_, [&](const AppendedBatch& candidate) {
      return candidate.max_timestamp >= batch.max_timestamp;
    });
    auto found = log_->offset_for_timestamp(batch.max_timestamp, end);
    ASSERT_TRUE(found && *found) << "time " << batch.max_timestamp.value();
    EXPECT_GE((*found)->offset, first->first_offset);
    EXPECT_LE((*found)->offset, first->last_offset);
  }

  void check_epochs() {
    if (batches_.empty()) return;
    const AppendedBatch& batch = batches_[below(batches_.size())];
    EXPECT_EQ(log_->leader_epoch_of(batch.first_offset), batch.epoch);
    EXPECT_EQ(log_->leader_epoch_of(batches_.back().last_offset), batches_.back().epoch);
  }

  // The last batch of the producer comes again, as from a client that saw no answer.
  void check_duplicate() {
    next_sequence_ = 0;
    if (batches_.empty()) return;
    const AppendedBatch& last = batches_.back();
    next_sequence_ = record::BatchView::parse(last.bytes)->last_sequence() + 1;
    auto info = log_->append(base::SharedBytes::copy(last.bytes.view()), base::LeaderEpoch(epoch_),
                             AppendOrigin::kClient);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_TRUE(info->is_duplicate);
    EXPECT_EQ(info->first_offset, last.first_offset);
  }

  void write_until_crash() {
    const bool is_power_cut = below(4) != 0;
    const std::uint64_t steps = 1 + below(80);
    if (below(2) == 0) {
      host_.disk().before_operation(host_.disk().operations() + below(steps * 3),
                                    [this, is_power_cut, process = epoch_] {
                                      if (process == epoch_) crash(is_power_cut);
                                    });
    }
    if (below(4) == 0) inject_fault();
    for (std::uint64_t i = 0; i < steps && host_.is_running(); ++i) {
      on_worker([this] { append_one(); });
      simulation_.run_for(microseconds(below(3000)));
    }
    simulation_.run_for(milliseconds(50));
    if (!host_.is_running()) return;
    EXPECT_EQ(directory_->failure().has_value(), listener_.failure.has_value());
    crash(is_power_cut);
  }

  // One call fails: then the directory is offline, and nothing after it counts.
  void inject_fault() {
    using env::sim::DiskOperation;
    constexpr DiskOperation kOperations[] = {
        DiskOperation::kOpen,  DiskOperation::kWrite,  DiskOperation::kTruncate,
        DiskOperation::kFlush, DiskOperation::kRename, DiskOperation::kSyncDirectory};
    host_.disk().inject({.operation = kOperations[below(std::size(kOperations))],
                         .path_contains = below(2) == 0 ? "t-0" : "",
                         .skip = static_cast<int>(below(30))});
  }

  void append_one() {
    record::BatchBuilder builder({.producer_id = kProducer,
                                  .producer_epoch = base::ProducerEpoch(0),
                                  .base_sequence = next_sequence_});
    const auto records = 1 + below(4);
    const std::string value(below(200), 'v');
    time_ += below(5);
    for (std::uint64_t i = 0; i < records; ++i) {
      builder.append(base::Timestamp(static_cast<std::int64_t>(time_ + i)), std::nullopt,
                     base::as_bytes(value));
    }
    const base::SharedBytes bytes = builder.build();
    auto info = log_->append(bytes, base::LeaderEpoch(epoch_), AppendOrigin::kClient);
    if (!info) return;
    next_sequence_ += static_cast<std::int32_t>(records);
    batches_.push_back({bytes, info->first_offset, info->last_offset,
                        base::Timestamp(static_cast<std::int64_t>(time_ + records - 1)),
                        base::LeaderEpoch(epoch_)});
    log_->write_out();
    if (below(20) == 0) (void)log_->flush();
    if (below(20) == 0) (void)directory_->write_checkpoints();
  }

  void crash(bool is_power_cut) {
    // After a flush that failed, the system keeps bytes that are not on the disk and takes them for
    // clean: they do not count, though the next process could see them.
    const bool are_only_flushed_safe = is_power_cut || (directory_ && directory_->failure());
    if (log_) {
      safe_end_ = are_only_flushed_safe ? log_->flushed_end_offset() : log_->written_end_offset();
    }
    if (is_power_cut) {
      host_.cut_power();
    } else {
      host_.kill();
    }
  }

  void end_process() {
    if (host_.is_running()) crash(true);
    simulation_.run_for(milliseconds(50));
    host_.disk().clear_faults();
    log_.reset();
    directory_.reset();
    host_.restart();
    ++epoch_;
  }

  env::sim::SimWorld simulation_;
  env::sim::SimHost& host_;
  const base::TopicPartition name_{"t", 0};
  LogConfig config_;
  std::unique_ptr<directory::LogDirectory> directory_;
  Listener listener_;
  std::unique_ptr<Log> log_;
  bool is_new_ = true;
  // Of the leader; each process has its own.
  std::int32_t epoch_ = 0;
  std::vector<AppendedBatch> batches_;
  Offset start_{0};
  Offset safe_end_{0};
  std::int32_t next_sequence_ = 0;
  // Later than the expiration of producers, on the simulated clock.
  std::uint64_t time_ = 4'000'000'000'000;
};

TEST(PartitionLogCrash, NothingFlushedIsLostAndWhatIsThereIsWhole) {
  for (const std::uint64_t seed : env::sim::seeds(150)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    CrashRun(seed).run(5);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace odradek::log
