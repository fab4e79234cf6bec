// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/seeds.h"
#include "env/sim/sim_world.h"
#include "log/cleaner/cleaner.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"
#include "record/record_reader.h"

// Compaction against a model. A partition of a compacted topic is written by idempotent and
// transactional producers and others, with every codec, while it is cleaned and while its machine
// loses power or its process is killed at any operation of the disk. What may be missing afterwards
// is only what a later committed record of the same key superseded, aborted transactions, and
// tombstones whose time is over; nothing changes its offset, order or content. Everything follows
// from the seed.
namespace odradek::log::cleaner {
namespace {

using base::Offset;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kIdempotentProducers = 3;
constexpr int kTransactionalProducers = 3;
constexpr std::int64_t kFirstTransactional = 100;

struct ModelRecord {
  std::string key;
  std::optional<std::string> value;
  base::Timestamp timestamp;
  base::ProducerId producer_id;
  std::int32_t last_sequence = -1;
  base::Timestamp appended_at;
  bool is_transactional = false;
};

struct Marker {
  base::ProducerId producer_id;
  bool is_commit = false;
};

enum class Outcome : std::uint8_t { kCommitted, kAborted, kOpen };

struct ReadRecord {
  Offset offset;
  std::string key;
  std::optional<std::string> value;
  base::Timestamp timestamp;
};

class ModelRun {
 public:
  explicit ModelRun(std::uint64_t seed)
      : simulation_(seed), host_(simulation_.add_host("one", options(seed))) {
    config_.cleanup_compact = true;
    config_.cleanup_delete = false;
    config_.segment_bytes = 1000 + static_cast<std::int64_t>(below(6000));
    config_.index_interval_bytes = 50 + static_cast<std::int32_t>(below(900));
    config_.min_cleanable_dirty_ratio = static_cast<double>(below(50)) / 100;
    config_.delete_retention_ms = static_cast<std::int64_t>(below(3) == 0 ? 0 : below(2000));
    config_.file_delete_delay_ms = static_cast<std::int64_t>(below(500));
    keys_ = 2 + below(40);
    cleaner_options_.threads = 1 + static_cast<int>(below(2));
    cleaner_options_.dedupe_buffer_bytes = static_cast<std::uint64_t>(cleaner_options_.threads) *
                                           OffsetMap::kEntryBytes * (10 + below(60));
    cleaner_options_.io_buffer_bytes = 1 + below(40000);
    if (below(4) == 0) cleaner_options_.io_bytes_per_second = 200'000;
  }

  void run(int rounds) {
    for (int round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
      on_worker([this] { open(); });
      ASSERT_TRUE(log_) << "round " << round;
      on_worker([this] { check_content(); });
      if (::testing::Test::HasFailure()) return;
      write_until_crash();
      end_process();
    }
    on_worker([this] { open(); });
    ASSERT_TRUE(log_);
    on_worker([this] { check_content(); });
    end_process();
  }

  std::uint64_t passes() const { return passes_; }
  std::uint64_t records_gone() const { return records_gone_; }

 private:
  static env::sim::HostOptions options(std::uint64_t seed) {
    env::sim::HostOptions options;
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
    auto log = Log::open(*directory_, {.name = name_,
                                       .topic_id = base::Uuid::from_random(2, 3),
                                       .config = config_,
                                       .recovery_point = directory_->recovery_point(name_),
                                       .log_start_offset = directory_->log_start_offset(name_),
                                       .was_clean = stop->was_clean || is_new_});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    is_new_ = false;
    directory_->set_high_watermark(name_, log_->flushed_end_offset());
    cleaner_ = std::make_unique<Cleaner>(
        host_.world(), [this] { return std::vector<std::shared_ptr<Log>>{log_}; });
    cleaner_->configure(cleaner_options_);
  }

  base::Timestamp wall() { return host_.world().clock().wall(); }

  Outcome outcome_of(Offset offset, const ModelRecord& record) const {
    if (!record.is_transactional) return Outcome::kCommitted;
    for (auto marker = markers_.upper_bound(offset); marker != markers_.end(); ++marker) {
      if (marker->second.producer_id != record.producer_id) continue;
      return marker->second.is_commit ? Outcome::kCommitted : Outcome::kAborted;
    }
    return Outcome::kOpen;
  }

  // What the log holds, and what a read_committed consumer is shown of it.
  struct Content {
    std::map<Offset, ReadRecord> records;
    std::set<Offset> committed;
  };

  void read_batch(const record::BatchView& batch, std::multimap<Offset, base::ProducerId>& aborted,
                  std::set<base::ProducerId>& in_aborted, Content& content) {
    ASSERT_TRUE(batch.crc_matches());
    while (!aborted.empty() && aborted.begin()->first <= batch.last_offset()) {
      in_aborted.insert(aborted.begin()->second);
      aborted.erase(aborted.begin());
    }
    auto reader = record::RecordReader::open(batch);
    ASSERT_TRUE(reader);
    for (auto record = reader->next();; record = reader->next()) {
      ASSERT_TRUE(record) << record.error().message;
      if (!*record) return;
      if (batch.is_control()) {
        auto type = record::parse_control_key(*(*record)->key);
        if (type && *type == record::ControlRecordType::kAbort) {
          in_aborted.erase(batch.producer_id());
        }
        continue;
      }
      ReadRecord read{.offset = (*record)->offset,
                      .key = std::string(base::as_text(*(*record)->key)),
                      .value = std::nullopt,
                      .timestamp = (*record)->timestamp};
      if (read.offset < log_->log_start_offset()) continue;
      if ((*record)->value) read.value = std::string(base::as_text(*(*record)->value));
      const bool is_hidden = batch.is_transactional() && in_aborted.contains(batch.producer_id());
      if (!is_hidden) content.committed.insert(read.offset);
      EXPECT_TRUE(content.records.emplace(read.offset, read).second) << read.offset.value();
    }
  }

  Content read_all() {
    Content content;
    const Offset end = log_->log_end_offset();
    std::multimap<Offset, base::ProducerId> aborted;
    auto found = log_->aborted_transactions(log_->log_start_offset(), end);
    EXPECT_TRUE(found) << found.error().message;
    if (found) {
      for (const auto& one : *found) aborted.emplace(one.first_offset, one.producer_id);
    }
    std::set<base::ProducerId> in_aborted;
    Offset next = log_->log_start_offset();
    while (next < end) {
      auto info = log_->read(next, end, below(3000), true);
      if (!info) ADD_FAILURE() << "at offset " << next.value() << ": " << info.error().message;
      if (!info || info->bytes.length == 0) break;
      std::vector<std::uint8_t> bytes(info->bytes.length);
      auto file = std::dynamic_pointer_cast<env::File>(info->bytes.file);
      EXPECT_EQ(file->read_at(info->bytes.position, bytes).value_or(0), bytes.size());
      record::BatchIterator whole(bytes);
      for (auto batch = whole.next(); batch && *batch; batch = whole.next()) {
        EXPECT_GE((*batch)->next_offset(), next);
        if ((*batch)->base_offset() >= next || next == log_->log_start_offset()) {
          read_batch(**batch, aborted, in_aborted, content);
        }
        next = (*batch)->next_offset();
      }
      if (::testing::Test::HasFailure()) break;
    }
    EXPECT_EQ(next, end) << "the end can't be reached by reading";
    return content;
  }

  void check_content() {
    const Offset end = log_->log_end_offset();
    EXPECT_GE(end, safe_end_);
    records_.erase(records_.lower_bound(end), records_.end());
    markers_.erase(markers_.lower_bound(end), markers_.end());
    recall_producers();
    const Content content = read_all();
    check_what_is_there(content);
    check_what_is_missing(content);
    check_cleaned_part(content);
    check_times(content);
    check_producers();
    EXPECT_EQ(cleaner_->why_uncleanable(name_), std::nullopt);
    log_->begin_leader_epoch(base::LeaderEpoch(epoch_));
  }

  void check_what_is_there(const Content& content) {
    for (const auto& [offset, read] : content.records) {
      const auto expected = records_.find(offset);
      ASSERT_NE(expected, records_.end()) << "a record nobody wrote, at offset " << offset.value();
      EXPECT_EQ(read.key, expected->second.key) << offset.value();
      EXPECT_EQ(read.value, expected->second.value) << offset.value();
      EXPECT_EQ(read.timestamp, expected->second.timestamp) << offset.value();
      const bool is_aborted = outcome_of(offset, expected->second) == Outcome::kAborted;
      EXPECT_EQ(content.committed.contains(offset), !is_aborted) << offset.value();
    }
  }

  void check_what_is_missing(const Content& content) {
    std::map<std::string, Offset> last;
    for (const auto& [offset, record] : records_) {
      if (outcome_of(offset, record) == Outcome::kCommitted) last[record.key] = offset;
    }
    for (const auto& [offset, record] : records_) {
      if (content.records.contains(offset) || offset < greatest_start_) continue;
      ++records_gone_;
      const Outcome outcome = outcome_of(offset, record);
      if (outcome == Outcome::kAborted) continue;
      ASSERT_NE(outcome, Outcome::kOpen) << offset.value();
      if (last.at(record.key) > offset) continue;
      EXPECT_FALSE(record.value) << "the last record of key " << record.key << " is gone, offset "
                                 << offset.value();
      EXPECT_GE(wall().value() - record.appended_at.value(), config_.delete_retention_ms);
    }
  }

  // Below the checkpoint no committed key is there twice, and nothing of an aborted transaction.
  void check_cleaned_part(const Content& content) {
    const auto clean_end = directory_->cleaner_offset(name_);
    if (!clean_end) return;
    EXPECT_LE(*clean_end, log_->log_end_offset());
    std::set<std::string> seen;
    for (const auto& [offset, read] : content.records) {
      if (offset >= *clean_end) break;
      if (offset < greatest_start_) continue;
      EXPECT_EQ(outcome_of(offset, records_.at(offset)), Outcome::kCommitted) << offset.value();
      EXPECT_TRUE(seen.insert(read.key).second)
          << "key " << read.key << " again at offset " << offset.value() << ", below "
          << clean_end->value();
    }
  }

  void check_times(const Content& content) {
    if (content.records.empty()) return;
    auto one = content.records.begin();
    std::advance(one, below(content.records.size()));
    const base::Timestamp wanted = one->second.timestamp;
    const auto first = std::ranges::find_if(
        content.records, [&](const auto& entry) { return entry.second.timestamp >= wanted; });
    auto found = log_->offset_for_timestamp(wanted, log_->log_end_offset());
    ASSERT_TRUE(found && *found) << "time " << wanted.value();
    EXPECT_LE((*found)->offset, first->first);
    EXPECT_GE((*found)->timestamp, wanted);
  }

  // The sequences that the producers go on with are the log's.
  void recall_producers() {
    sequences_.clear();
    last_offsets_.clear();
    open_transactions_.clear();
    for (const auto& [offset, record] : records_) {
      if (record.producer_id == base::kNoProducerId) continue;
      sequences_[record.producer_id] = record.last_sequence + 1;
      last_offsets_[record.producer_id] = offset;
      if (outcome_of(offset, record) == Outcome::kOpen) {
        open_transactions_.insert(record.producer_id);
      }
    }
  }

  // But for those of which DeleteRecords left nothing to recover them from.
  void check_producers() {
    std::map<base::ProducerId, std::int32_t> last;
    for (const ActiveProducer& producer : log_->active_producers()) {
      last[producer.producer_id] = producer.last_sequence;
    }
    for (const auto& [producer_id, next] : sequences_) {
      if (last_offsets_.at(producer_id) < greatest_start_) continue;
      ASSERT_TRUE(last.contains(producer_id)) << "producer " << producer_id.value();
      EXPECT_EQ(last.at(producer_id), next - 1) << "producer " << producer_id.value();
    }
  }

  void write_until_crash() {
    const bool is_power_cut = below(3) != 0;
    const std::uint64_t steps = 1 + below(150);
    if (below(2) == 0) {
      host_.disk().before_operation(host_.disk().operations() + below(steps * 8),
                                    [this, is_power_cut, process = epoch_] {
                                      if (process == epoch_) crash(is_power_cut);
                                    });
    }
    if (below(6) == 0) inject_fault();
    for (std::uint64_t i = 0; i < steps && host_.is_running(); ++i) {
      on_worker([this] { do_something(); });
      simulation_.run_for(microseconds(below(20'000)));
    }
    if (!host_.is_running()) return;
    if (below(2) == 0) clean_to_the_end();
    if (!host_.is_running()) return;
    host_.disk().clear_faults();
    if (!directory_->failure()) {
      on_worker([this] { check_content(); });
    }
    if (host_.is_running()) crash(is_power_cut);
  }

  void clean_to_the_end() {
    for (int i = 0; i < 5 && host_.is_running(); ++i) {
      cleaner_->wake();
      simulation_.run_for(milliseconds(below(1500)));
    }
  }

  void inject_fault() {
    using env::sim::DiskOperation;
    constexpr DiskOperation kOperations[] = {
        DiskOperation::kOpen,  DiskOperation::kWrite,  DiskOperation::kTruncate,
        DiskOperation::kFlush, DiskOperation::kRename, DiskOperation::kSyncDirectory,
        DiskOperation::kRead,  DiskOperation::kRemove};
    constexpr const char* kPaths[] = {"t-0", ".cleaned", ".swap", ""};
    const std::string path = kPaths[below(std::size(kPaths))];
    // An append without room is taken back, which this model does not follow.
    const bool is_cleaners = path.starts_with('.');
    host_.disk().inject({.operation = kOperations[below(std::size(kOperations))],
                         .path_contains = path,
                         .skip = static_cast<int>(below(30)),
                         .times = 1,
                         .os_error = is_cleaners && below(3) == 0 ? ENOSPC : EIO});
  }

  void do_something() {
    const std::uint64_t choice = below(40);
    if (choice < 3) return cleaner_->wake();
    if (choice == 3) return (void)directory_->write_checkpoints();
    if (choice == 4 && below(6) == 0) return delete_records();
    if (choice == 5) return pause_a_while();
    append_one();
    if (below(4) == 0 && log_->flush()) {
      directory_->set_high_watermark(name_, log_->flushed_end_offset());
    }
  }

  void pause_a_while() {
    cleaner_->pause(name_);
    append_one();
    cleaner_->resume(name_);
  }

  void delete_records() {
    const Offset start = log_->log_start_offset();
    const Offset limit = directory_->high_watermark(name_);
    if (limit <= start) return;
    const auto by = below(static_cast<std::uint64_t>(limit - start));
    (void)log_->delete_records(start + static_cast<std::int64_t>(by), limit);
    greatest_start_ = std::max(greatest_start_, log_->log_start_offset());
  }

  void append_one() {
    const std::uint64_t choice = below(kIdempotentProducers + kTransactionalProducers + 2);
    if (choice < kIdempotentProducers) {
      append_data(base::ProducerId(static_cast<std::int64_t>(choice)), false);
    } else if (choice < kIdempotentProducers + kTransactionalProducers) {
      const base::ProducerId id(kFirstTransactional + static_cast<std::int64_t>(choice));
      if (open_transactions_.contains(id) && below(3) == 0) {
        end_transaction(id);
      } else {
        append_data(id, true);
      }
    } else {
      append_data(base::kNoProducerId, false);
    }
  }

  record::BatchOptions batch_options(base::ProducerId id, bool is_transactional) {
    const auto epoch = id == base::kNoProducerId ? base::kNoProducerEpoch : base::ProducerEpoch(0);
    return {.codec = static_cast<record::Codec>(below(5)),
            .producer_id = id,
            .producer_epoch = epoch,
            .is_transactional = is_transactional};
  }

  void append_data(base::ProducerId id, bool is_transactional) {
    record::BatchOptions options = batch_options(id, is_transactional);
    if (id != base::kNoProducerId) options.base_sequence = sequences_[id];
    record::BatchBuilder builder(options);
    const auto count = 1 + below(5);
    std::vector<ModelRecord> written;
    time_ += below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      ModelRecord record{.key = "key-" + std::to_string(below(keys_)),
                         .value = std::nullopt,
                         .timestamp = base::Timestamp(static_cast<std::int64_t>(time_ + below(3))),
                         .producer_id = id,
                         .appended_at = wall(),
                         .is_transactional = is_transactional};
      if (below(4) != 0) record.value = std::string(below(120), static_cast<char>('a' + below(26)));
      std::optional<base::ByteView> value;
      if (record.value) value = base::as_bytes(*record.value);
      const record::Header header{"h", base::as_bytes(record.key)};
      builder.append(record.timestamp, base::as_bytes(record.key), value,
                     std::span(&header, below(2)));
      written.push_back(std::move(record));
    }
    auto info = log_->append(builder.build(), base::LeaderEpoch(epoch_), AppendOrigin::kClient);
    if (!info) return;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (id != base::kNoProducerId) {
        written[i].last_sequence = sequences_[id] + static_cast<std::int32_t>(i);
      }
      records_[info->first_offset + static_cast<std::int64_t>(i)] = std::move(written[i]);
    }
    if (id != base::kNoProducerId) sequences_[id] += static_cast<std::int32_t>(count);
    if (is_transactional) open_transactions_.insert(id);
    log_->write_out();
  }

  void end_transaction(base::ProducerId id) {
    const bool is_commit = below(2) == 0;
    record::BatchOptions options = batch_options(id, true);
    options.codec = record::Codec::kNone;
    auto info = log_->append(
        record::end_transaction_marker(
            options, base::Timestamp(static_cast<std::int64_t>(time_)),
            is_commit ? record::ControlRecordType::kCommit : record::ControlRecordType::kAbort, 1),
        base::LeaderEpoch(epoch_), AppendOrigin::kCoordinator);
    if (!info) return;
    markers_[info->first_offset] = {id, is_commit};
    open_transactions_.erase(id);
    log_->write_out();
  }

  void crash(bool is_power_cut) {
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
    if (cleaner_) passes_ += cleaner_->statistics().passes;
    cleaner_.reset();
    log_.reset();
    directory_.reset();
    host_.restart();
    ++epoch_;
  }

  env::sim::SimWorld simulation_;
  env::sim::SimHost& host_;
  const base::TopicPartition name_{"t", 0};
  LogConfig config_;
  CleanerOptions cleaner_options_;
  std::uint64_t keys_ = 0;
  std::unique_ptr<directory::LogDirectory> directory_;
  std::shared_ptr<Log> log_;
  std::unique_ptr<Cleaner> cleaner_;
  bool is_new_ = true;
  std::int32_t epoch_ = 0;
  std::uint64_t time_ = 4'000'000'000'000;

  std::map<Offset, ModelRecord> records_;
  std::map<Offset, Marker> markers_;
  std::map<base::ProducerId, std::int32_t> sequences_;
  std::map<base::ProducerId, Offset> last_offsets_;
  std::set<base::ProducerId> open_transactions_;
  Offset safe_end_{0};
  // Of DeleteRecords; a power cut may take the log's back, but what lay below it is anybody's.
  Offset greatest_start_{0};
  std::uint64_t passes_ = 0;
  std::uint64_t records_gone_ = 0;
};

TEST(CompactionModel, NothingIsLostThatALaterRecordDidNotSupersede) {
  std::uint64_t count = 0;
  std::uint64_t passes = 0;
  std::uint64_t gone = 0;
  for (const std::uint64_t seed : env::sim::seeds(60)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ModelRun run(seed);
    run.run(5);
    passes += run.passes();
    gone += run.records_gone();
    ++count;
    if (::testing::Test::HasFailure()) return;
  }
  std::cout << count << " seeds: " << passes << " cleanings, " << gone
            << " times a record was found gone\n";
  // The test bites only where there is something to bite.
  if (count < 60) return;  // a few were asked for
  EXPECT_GT(passes, count);
  EXPECT_GT(gone, passes);
}

}  // namespace
}  // namespace odradek::log::cleaner
