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
#include "log/directory/partition_name.h"
#include "log/log_manager.h"
#include "record/build.h"

// A partition that is written while it moves between three directories, and while its machine loses
// power, its process is killed or a call of a disk fails, at any operation: afterwards it lies in
// one directory, all that was told to be flushed is there once, and moves go on. Everything follows
// from the seed.
namespace odradek::log::move {
namespace {

using base::Offset;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

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
};

class MoveRun {
 public:
  explicit MoveRun(std::uint64_t seed)
      : simulation_(seed), host_(simulation_.add_host("one", options(seed))) {
    config_.segment_bytes = 2000 + static_cast<std::int64_t>(below(6000));
    config_.index_interval_bytes = 100 + static_cast<std::int32_t>(below(900));
    config_.write_caching = below(4) == 0;
    // Where names are lost in any order, segments that were deleted come back one by one, until the
    // checkpoint says where the log starts.
    deletes_ = options(seed).disk.names_survive_in_order;
    config_.file_delete_delay_ms = below(2) == 0 ? 0 : 60'000;
  }

  void run(int rounds) {
    for (int round = 0; round <= rounds && !::testing::Test::HasFailure(); ++round) {
      SCOPED_TRACE("round " + std::to_string(round));
      on_worker([this] { open(); });
      ASSERT_TRUE(log_);
      on_worker([this] { check_content(); });
      if (round < rounds) work_until_crash();
      end_process();
    }
  }
  int moves() const { return moves_; }

 private:
  static env::sim::HostOptions options(std::uint64_t seed) {
    env::sim::HostOptions options;
    options.disk.names_survive_in_order = seed % 2 == 0;
    return options;
  }
  std::uint64_t below(std::uint64_t bound) { return simulation_.random().below(bound); }

  void on_worker(const std::function<void()>& task) {
    const bool is_over = env::sim::run_on_worker(simulation_, host_, task, seconds(600));
    EXPECT_TRUE(is_over) << "stuck";
  }

  void open() {
    LogManagerOptions options;
    options.paths = paths_;
    auto manager = LogManager::open(host_.world(), std::move(options));
    ASSERT_TRUE(manager) << manager.error().message;
    manager_ = std::move(*manager);
    ASSERT_TRUE(manager_->begin({.cluster_id = "c", .node_id = base::BrokerId(1)}));
    manager_->set_move_handler([this](const std::shared_ptr<Log>&) { ++moves_; });
    auto loaded = manager_->load_logs([this](const base::TopicPartition& name) {
      return LogDecision{.is_known = name == name_, .topic_id = topic_id_, .config = config_};
    });
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->logs, is_new_ ? 0U : 1U);
    for (const auto& directory : manager_->directories()) EXPECT_FALSE(directory->failure());
    auto log = manager_->get_or_create({.name = name_, .topic_id = topic_id_, .config = config_});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    EXPECT_EQ(holders(), 1);
    listener_.failure.reset();
    log_->set_listener(&listener_);
    requests_ = host_.world().workers().make_queue("requests", 2);
    is_new_ = false;
  }

  // How many directories bear the partition's name.
  int holders() {
    int count = 0;
    for (const std::string& path : paths_) {
      if (host_.world().disk().exists(path + '/' + name_.to_string())) ++count;
    }
    return count;
  }

  // What survived: all that was flushed, and after a killed process all that was written.
  void check_content() {
    const Offset end = log_->log_end_offset();
    EXPECT_GE(end, safe_end_);
    while (!batches_.empty() && batches_.back().first_offset >= end) batches_.pop_back();
    const Offset start = log_->log_start_offset();
    // Where names are lost in any order, a later segment can survive without the first: then
    // nothing of the first was flushed.
    if (safe_end_ > deleted_to_) {
      EXPECT_LE(start, deleted_to_);
    }
    deleted_to_ = std::max(deleted_to_, start);
    std::vector<std::uint8_t> expected;
    Offset next = start;
    for (const AppendedBatch& batch : batches_) {
      if (batch.last_offset < start) continue;
      const auto bytes = batch.bytes.view();
      expected.insert(expected.end(), bytes.begin(), bytes.end());
      next = batch.last_offset + 1;
    }
    EXPECT_EQ(next, std::max(start, end));
    const std::vector<std::uint8_t> found = read_all(start, end);
    const auto differing = std::ranges::mismatch(found, expected);
    EXPECT_TRUE(differing.in1 == found.end() && differing.in2 == expected.end())
        << "from byte " << differing.in1 - found.begin() << " on, of " << expected.size()
        << " expected and " << found.size() << " found";
    check_duplicate();
    log_->begin_leader_epoch(base::LeaderEpoch(epoch_));
  }

  std::vector<std::uint8_t> read_all(Offset start, Offset end) {
    std::vector<std::uint8_t> all;
    for (Offset next = start; next < end;) {
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

  // The last batch of the producer comes again, as from a client that saw no answer.
  void check_duplicate() {
    next_sequence_ = 0;
    if (batches_.empty()) return;
    const AppendedBatch& last = batches_.back();
    next_sequence_ = record::BatchView::parse(last.bytes)->last_sequence() + 1;
    // Nothing of it is left to know its producer from.
    if (last.last_offset < log_->log_start_offset()) return;
    auto info = log_->append(base::SharedBytes::copy(last.bytes.view()), base::LeaderEpoch(epoch_),
                             AppendOrigin::kClient);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_TRUE(info->is_duplicate);
    EXPECT_EQ(info->first_offset, last.first_offset);
  }

  void work_until_crash() {
    const bool is_power_cut = below(3) != 0;
    const std::uint64_t steps = 20 + below(150);
    if (below(4) != 0) {
      host_.disk().before_operation(host_.disk().operations() + below(steps * 8),
                                    [this, is_power_cut, process = epoch_] {
                                      if (process == epoch_) crash(is_power_cut);
                                    });
    }
    if (below(3) == 0) inject_fault();
    for (std::uint64_t i = 0; i < steps && host_.is_running(); ++i) {
      if (below(15) == 0) ask_for_a_move();
      on_worker([this] { append_one(); });
      if (deletes_ && below(30) == 0) on_worker([this] { delete_some(); });
      simulation_.run_for(microseconds(below(3000)));
    }
    simulation_.run_for(milliseconds(50));
    if (!host_.is_running()) return;
    EXPECT_EQ(log_->directory().failure().has_value(), listener_.failure.has_value());
    crash(is_power_cut);
  }

  void ask_for_a_move() {
    auto& target = *manager_->directories()[below(paths_.size())];
    requests_->submit([this, &target] { (void)manager_->begin_move(name_, target); });
  }

  // One call fails. Only where it is the log's own directory does the log notice.
  void inject_fault() {
    using env::sim::DiskOperation;
    constexpr DiskOperation kOperations[] = {
        DiskOperation::kOpen,  DiskOperation::kWrite,  DiskOperation::kTruncate,
        DiskOperation::kFlush, DiskOperation::kRename, DiskOperation::kSyncDirectory};
    host_.disk().inject({.operation = kOperations[below(std::size(kOperations))],
                         .path_contains = below(2) == 0 ? "-future" : paths_[below(3)],
                         .skip = static_cast<int>(below(20))});
  }

  void append_one() {
    record::BatchBuilder builder({.producer_id = base::ProducerId(7),
                                  .producer_epoch = base::ProducerEpoch(0),
                                  .base_sequence = next_sequence_});
    const auto records = 1 + below(4);
    const std::string value(below(200), 'v');
    for (std::uint64_t i = 0; i < records; ++i) {
      builder.append(base::Timestamp(4'000'000'000'000), std::nullopt, base::as_bytes(value));
    }
    const base::SharedBytes bytes = builder.build();
    auto info = log_->append(bytes, base::LeaderEpoch(epoch_), AppendOrigin::kClient);
    if (!info) {
      EXPECT_TRUE(log_->directory().failure() || !host_.is_running()) << info.error().message;
      return;
    }
    EXPECT_FALSE(info->is_duplicate);
    next_sequence_ += static_cast<std::int32_t>(records);
    batches_.push_back({bytes, info->first_offset, info->last_offset});
    log_->write_out();
    if (below(20) == 0) (void)log_->flush();
  }

  void delete_some() {
    const std::int64_t end = log_->flushed_end_offset().value();
    const Offset to(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(end) + 1)));
    deleted_to_ = std::max(deleted_to_, to);
    (void)log_->delete_records(to, Offset(end));
  }

  void crash(bool is_power_cut) {
    // After a flush that failed the system takes bytes for clean that are not on the disk.
    const bool are_only_flushed_safe = is_power_cut || (log_ && log_->directory().failure());
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
    requests_.reset();
    if (log_) log_->set_listener(nullptr);
    log_.reset();
    manager_.reset();
    host_.restart();
    ++epoch_;
  }

  env::sim::SimWorld simulation_;
  env::sim::SimHost& host_;
  const std::vector<std::string> paths_ = {"/a", "/b", "/c"};
  const base::TopicPartition name_{"t", 0};
  const base::TopicId topic_id_ = base::Uuid::from_random(2, 3);
  LogConfig config_;
  Listener listener_;
  std::unique_ptr<LogManager> manager_;
  std::shared_ptr<Log> log_;
  std::unique_ptr<env::WorkQueue> requests_;
  bool deletes_ = false;
  bool is_new_ = true;
  // Of the leader; each process has its own.
  std::int32_t epoch_ = 0;
  std::vector<AppendedBatch> batches_;
  Offset safe_end_{0};
  Offset deleted_to_{0};
  std::int32_t next_sequence_ = 0;
  int moves_ = 0;
};

TEST(MoveCrash, NothingFlushedIsLostOrDoubled) {
  std::uint64_t moves = 0;
  std::uint64_t seeds = 0;
  for (const std::uint64_t seed : env::sim::seeds(60)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MoveRun run(seed);
    run.run(5);
    ++seeds;
    moves += run.moves();
    if (::testing::Test::HasFailure()) return;
  }
  if (seeds < 60) return;  // a few were asked for
  EXPECT_GT(moves, 4 * seeds) << "partitions hardly moved";
}

}  // namespace
}  // namespace odradek::log::move
