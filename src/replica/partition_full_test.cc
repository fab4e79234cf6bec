// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/seeds.h"
#include "env/sim/sim_world.h"
#include "log/directory/log_directory.h"
#include "record/build.h"
#include "record/record_reader.h"
#include "replica/partition.h"

// Idempotent producers with several batches on their way write to a disk that somebody else fills
// and empties, at any moment, to the last byte; the machine loses power, the process is killed.
// What was acknowledged is there once, in order, and each producer gets on again without an error
// that it could not try again after. Everything follows from the seed.
namespace odradek::replica {
namespace {

using base::ErrorCode;
using base::Offset;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kInFlightMax = 5;
constexpr std::uint64_t kRoomBytes = std::uint64_t{4} << 20U;

// What a client's producer does with its batches: five on their way at most, and after an error
// nothing but the first that is open until it is acknowledged.
class Producer {
 public:
  struct Batch {
    std::int32_t sequence = 0;
    std::int32_t count = 0;
    std::size_t value_size = 0;
    bool is_on_its_way = false;
    bool has_failed = false;
  };

  explicit Producer(std::int64_t id) : id_(id) {}

  base::ProducerId id() const { return base::ProducerId(id_); }
  std::int32_t acknowledged_sequence() const { return acknowledged_; }
  std::int32_t next_sequence() const { return next_sequence_; }

  // The sequence of the batch that may be sent next; nothing when none may.
  std::optional<std::int32_t> next(std::int32_t count, std::size_t value_size) {
    for (Batch& batch : open_) {
      if (!batch.has_failed) continue;
      if (&batch != &open_.front() || batch.is_on_its_way) return std::nullopt;
      return batch.sequence;
    }
    if (open_.size() >= kInFlightMax) return std::nullopt;
    open_.push_back({.sequence = next_sequence_, .count = count, .value_size = value_size});
    next_sequence_ += count;
    return open_.back().sequence;
  }
  base::SharedBytes bytes_of(std::int32_t sequence) {
    Batch& batch = *find(sequence);
    batch.is_on_its_way = true;
    batch.has_failed = false;
    record::BatchBuilder builder(
        {.producer_id = id(), .producer_epoch = base::ProducerEpoch(0), .base_sequence = sequence});
    for (std::int32_t i = 0; i < batch.count; ++i) {
      std::string value = std::to_string(sequence + i) + ' ';
      value.resize(std::max(value.size(), batch.value_size), 'v');
      builder.append(base::Timestamp(4'000'000'000'000 + sequence), std::nullopt,
                     base::as_bytes(value));
    }
    return builder.build();
  }
  void told(std::int32_t sequence, const base::Result<>& result) {
    Batch* const batch = find(sequence);
    if (batch == nullptr) return;  // of a process that is gone
    batch->is_on_its_way = false;
    if (!result) {
      const ErrorCode code = result.error().code;
      const bool is_first = batch == &open_.front();
      EXPECT_TRUE(code == ErrorCode::kKafkaStorageError ||
                  (code == ErrorCode::kOutOfOrderSequenceNumber && !is_first))
          << id_ << ": " << sequence << ": " << result.error().message;
      batch->has_failed = true;
      return;
    }
    acknowledged_ = std::max(acknowledged_, batch->sequence + batch->count);
    batch->count = -batch->count;  // done
    while (!open_.empty() && open_.front().count < 0) open_.pop_front();
  }
  // The connection is gone: nobody answers any more.
  void disconnected() {
    for (Batch& batch : open_) {
      if (batch.count < 0) continue;
      batch.is_on_its_way = false;
      batch.has_failed = true;
    }
  }

 private:
  Batch* find(std::int32_t sequence) {
    for (Batch& batch : open_) {
      if (batch.sequence == sequence && batch.count > 0) return &batch;
    }
    return nullptr;
  }

  const std::int64_t id_;
  std::deque<Batch> open_;
  std::int32_t next_sequence_ = 0;
  std::int32_t acknowledged_ = 0;
};

class FullRun {
 public:
  explicit FullRun(std::uint64_t seed)
      : simulation_(seed), host_(simulation_.add_host("one", options(seed))) {
    config_.segment_bytes = 14000 + static_cast<std::int64_t>(below(20000));
    config_.index_interval_bytes = 100 + static_cast<std::int32_t>(below(900));
    config_.write_caching = below(3) == 0;  // then only the process is killed
    reserve_bytes_ = below(2) == 0 ? 0 : 65536;
    for (std::int64_t id = 1; id <= 3; ++id) producers_.emplace_back(id);
  }

  void run(int rounds) {
    for (int round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
      on_worker([this] { open(); });
      ASSERT_TRUE(partition_) << "round " << round;
      for (int step = 0; step < 60 && host_.is_running(); ++step) take_step();
      end_process();
    }
    set_free_bytes(kRoomBytes);
    on_worker([this] { open(); });
    ASSERT_TRUE(partition_);
    for (int step = 0; step < 30; ++step) produce();
    simulation_.run_for(seconds(1));
    on_worker([this] { check_content(); });
    EXPECT_GT(refusals_ + told_, 0U);
    end_process();
  }
  std::uint64_t refusals() const { return refusals_; }

 private:
  static env::sim::HostOptions options(std::uint64_t seed) {
    env::sim::HostOptions options;
    if (seed % 3 == 0) {
      // Long enough for the pool to take the writes over.
      options.disk.write_waits_once_in = 5;
      options.disk.longest_wait = milliseconds(20);
    }
    options.disk.names_survive_in_order = true;
    return options;
  }
  std::uint64_t below(std::uint64_t bound) { return simulation_.random().below(bound); }

  void on_worker(const std::function<void()>& task) {
    EXPECT_TRUE(env::sim::run_on_worker(simulation_, host_, task)) << "stuck";
  }

  // Somebody else's files take what is left.
  void set_free_bytes(std::uint64_t bytes) {
    host_.disk().options().capacity_bytes = host_.disk().taken_bytes() + bytes;
  }

  void open() {
    auto directory = log::directory::LogDirectory::open(host_.world(), "/data",
                                                        {.reserve_bytes = reserve_bytes_});
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
    const base::TopicPartition name{"t", 0};
    auto log = log::Log::open(*directory_, {.name = name,
                                            .topic_id = base::Uuid::from_random(2, 3),
                                            .config = config_,
                                            .recovery_point = directory_->recovery_point(name),
                                            .log_start_offset = directory_->log_start_offset(name),
                                            .was_clean = stop->was_clean});
    ASSERT_TRUE(log) << log.error().message;
    partition_ = std::make_shared<Partition>(std::move(*log), base::Uuid::from_random(2, 3));
    partition_->become_leader(base::LeaderEpoch(epoch_));
  }

  void take_step() {
    const std::uint64_t what = below(20);
    if (what < 3) {
      set_free_bytes(below(3) == 0 ? 0 : below(40000));
    } else if (what < 5) {
      set_free_bytes(kRoomBytes);
    } else if (what == 5) {
      simulation_.run_for(milliseconds(below(30)));
    } else if (what < 8) {
      on_worker([this] { directory_->room().check(); });
    } else if (what == 8 && below(10) == 0) {
      config_.write_caching || below(2) == 0 ? host_.kill() : host_.cut_power();
    } else {
      produce();
    }
    ASSERT_FALSE(directory_->failure()) << directory_->failure()->message;
  }

  // Several at once: they meet in the queue.
  void produce() {
    on_worker([this] {
      for (std::uint64_t i = 0; i < 1 + below(4); ++i) {
        Producer& producer = producers_[below(producers_.size())];
        const auto sequence =
            producer.next(1 + static_cast<std::int32_t>(below(4)), below(1 + below(3000)));
        if (sequence) send(producer, *sequence);
      }
      partition_->write_out();
    });
  }

  void send(Producer& producer, std::int32_t sequence) {
    auto appended = partition_->enqueue(producer.bytes_of(sequence), log::AppendOrigin::kClient);
    if (below(2) == 0) partition_->write_out();
    if (!appended) {
      ++refusals_;
      producer.told(sequence, std::unexpected(appended.error()));
      return;
    }
    partition_->when_committed(appended->end(), [this, &producer, sequence,
                                                 process = process_](const base::Result<>& result) {
      if (process != process_) return;
      ++told_;
      if (!result) ++refusals_;
      producer.told(sequence, result);
    });
  }

  void end_process() {
    ++process_;
    if (host_.is_running()) {
      config_.write_caching || below(2) == 0 ? host_.kill() : host_.cut_power();
    }
    simulation_.run_for(milliseconds(50));
    for (Producer& producer : producers_) producer.disconnected();
    partition_.reset();
    directory_.reset();
    host_.restart();
    ++epoch_;
  }

  void check_content() {
    const log::Log& log = partition_->log();
    EXPECT_EQ(log.end().offset, log.written_end_offset());
    std::map<base::ProducerId, std::int32_t> next;
    Offset at = log.log_start_offset();
    while (at < log.log_end_offset()) {
      auto read = partition_->log().read(at, log.log_end_offset(), 1 << 16, true);
      ASSERT_TRUE(read) << read.error().message;
      ASSERT_GT(read->bytes.length, 0U);
      std::vector<std::uint8_t> bytes(read->bytes.length);
      auto file = std::dynamic_pointer_cast<env::File>(read->bytes.file);
      ASSERT_EQ(file->read_at(read->bytes.position, bytes).value_or(0), bytes.size());
      record::BatchIterator batches(bytes);
      const Offset before = at;
      for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
        EXPECT_EQ((*batch)->base_offset(), at);
        EXPECT_TRUE((*batch)->crc_matches());
        EXPECT_EQ((*batch)->base_sequence(), next[(*batch)->producer_id()]);
        next[(*batch)->producer_id()] += (*batch)->count();
        at = (*batch)->next_offset();
      }
      ASSERT_GT(at, before);
    }
    for (const Producer& producer : producers_) {
      EXPECT_GE(next[producer.id()], producer.acknowledged_sequence()) << producer.id().value();
    }
  }

  env::sim::SimWorld simulation_;
  env::sim::SimHost& host_;
  log::LogConfig config_;
  std::int64_t reserve_bytes_ = 0;
  std::unique_ptr<log::directory::LogDirectory> directory_;
  std::shared_ptr<Partition> partition_;
  std::vector<Producer> producers_;
  std::int32_t epoch_ = 0;
  int process_ = 0;
  std::uint64_t refusals_ = 0;
  std::uint64_t told_ = 0;
};

TEST(PartitionFullTest, NothingAcknowledgedIsLostOrDoubledAndProducersGetOn) {
  std::uint64_t refusals = 0;
  std::uint64_t seeds = 0;
  for (const std::uint64_t seed : env::sim::seeds(60)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    FullRun run(seed);
    run.run(3);
    refusals += run.refusals();
    ++seeds;
    if (HasFailure()) return;
  }
  if (seeds < 60) return;  // a few were asked for
  EXPECT_GT(refusals, 5 * seeds) << "the disk was hardly ever full";
}

}  // namespace
}  // namespace odradek::replica
