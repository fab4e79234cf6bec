// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/sim_world.h"
#include "log/cleaner/cleaner.h"
#include "log/cleaner/compaction_model.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"

// What a cleaning leaves on the disk. (What it does to records is batch_cleaner_test's, and the
// compaction's histories'.)
namespace odradek::log::cleaner {
namespace {

using base::Offset;
using env::sim::DiskOperation;
using std::chrono::seconds;
using ::testing::EndsWith;

class CleanerRun {
 public:
  CleanerRun() {
    config_.cleanup_compact = true;
    config_.cleanup_delete = false;
    config_.segment_bytes = 800;
    config_.min_cleanable_dirty_ratio = 0;
    config_.file_delete_delay_ms = 100;
  }

  // The disk has no room for one of the renames and syncs with which cleaned segments take their
  // originals' place. The log goes on, the next cleaning ends what was begun, and nothing of it is
  // left for a later start to take for the log's.
  void clean_without_room(DiskOperation operation, int skip) {
    on_worker([this] { open(); });
    ASSERT_TRUE(log_);
    on_worker([this] { append_some(); });
    host_.disk().inject(
        {.operation = operation, .path_contains = "/t-0", .skip = skip, .os_error = ENOSPC});
    clean();
    host_.disk().clear_faults();
    simulation_.run_for(seconds(2));
    EXPECT_FALSE(directory_->failure());
    on_worker([this] { check_content(); });
    on_worker([this] { append_some(); });
    clean();
    const auto files = host_.world().disk().list("/data/t-0");
    ASSERT_TRUE(files);
    for (const env::DirectoryEntry& entry : *files) {
      EXPECT_THAT(entry.name, Not(AnyOf(EndsWith(".swap"), EndsWith(".cleaned"))));
    }
    restart();
    on_worker([this] { check_content(); });
  }

  // As in Kafka: retention takes a file's time where records have none.
  void check_file_times() {
    on_worker([this] { open(); });
    ASSERT_TRUE(log_);
    on_worker([this] { append_some(); });
    const base::Timestamp written = host_.world().clock().wall();
    simulation_.run_for(std::chrono::hours(1));
    clean();
    EXPECT_GT(cleaner_->statistics().passes, 0U);
    on_worker([this, written] {
      for (const auto* suffix : {".log", ".index", ".timeindex"}) {
        const std::string path = "/data/t-0/00000000000000000000" + std::string(suffix);
        EXPECT_LE(host_.world().disk().modification_time(path).value(), written) << path;
      }
    });
  }

  // `mask` is flipped in byte `byte` of the batch at `offset`: the cleaning stops before it, says
  // where, and nothing that it wrote has taken a file's place.
  void clean_damaged(Offset offset, std::size_t byte, std::uint8_t mask) {
    on_worker([this] { open(); });
    ASSERT_TRUE(log_);
    on_worker([this] { append_some(); });
    on_worker([&] { flip(offset, byte, mask); });
    const auto before = segments();
    clean();
    const auto why = cleaner_->why_uncleanable(name_);
    ASSERT_TRUE(why) << "it was cleaned";
    EXPECT_THAT(*why, ::testing::HasSubstr("/data/t-0/"));
    EXPECT_EQ(cleaner_->uncleanable_partitions("/data"), 1U);
    EXPECT_FALSE(directory_->failure());
    EXPECT_TRUE(segments() == before);
  }

 private:
  void flip(Offset offset, std::size_t byte, std::uint8_t mask) {
    auto found = log_->read(offset, log_->flushed_end_offset(), 1, true);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->first_batch_offset, offset);
    auto file = std::dynamic_pointer_cast<env::File>(found->bytes.file);
    std::uint8_t value = 0;
    const std::uint64_t position = found->bytes.position + byte;
    ASSERT_EQ(file->read_at(position, std::span(&value, 1)), 1U);
    value ^= mask;
    ASSERT_TRUE(file->write_at(position, base::ByteView(&value, 1)));
  }

  std::map<std::string, std::string> segments() {
    std::map<std::string, std::string> content;
    on_worker([&] {
      const auto listed = host_.world().disk().list("/data/t-0");
      ASSERT_TRUE(listed);
      for (const env::DirectoryEntry& entry : *listed) {
        if (!entry.name.contains(".log")) continue;
        content[entry.name] = *host_.world().disk().read_file("/data/t-0/" + entry.name, 1U << 20U);
      }
    });
    return content;
  }

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
                                       .was_clean = stop->was_clean});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    directory_->set_high_watermark(name_, log_->flushed_end_offset());
    cleaner_ = std::make_unique<Cleaner>(
        host_.world(), [this] { return std::vector<std::shared_ptr<Log>>{log_}; });
    cleaner_->configure({});
  }

  void append_some() {
    for (int i = 0; i < 60; ++i) {
      testing::WrittenRecord record{.key = "key-" + std::to_string(i % 7),
                                    .value = std::string(static_cast<std::size_t>(i), 'v'),
                                    .timestamp = base::Timestamp(4'000'000'000'000 + i),
                                    .producer_id = base::kNoProducerId,
                                    .appended_at = host_.world().clock().wall()};
      record::BatchBuilder builder;
      builder.append(record.timestamp, base::as_bytes(record.key), base::as_bytes(*record.value));
      auto info = log_->append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient);
      ASSERT_TRUE(info) << info.error().message;
      model_.append(info->first_offset, std::move(record));
      log_->write_out();
    }
    ASSERT_TRUE(log_->flush());
    directory_->set_high_watermark(name_, log_->flushed_end_offset());
  }

  void clean() {
    for (int i = 0; i < 3; ++i) {
      cleaner_->wake();
      simulation_.run_for(seconds(20));
    }
  }

  void check_content() {
    const testing::Content content = testing::ContentReader(*log_, simulation_.random()).read_all();
    model_.check_what_is_there(content);
    model_.check_what_is_missing(content, host_.world().clock().wall(),
                                 config_.delete_retention_ms);
    const auto clean_end = directory_->cleaner_offset(name_);
    if (clean_end) model_.check_cleaned_part(content, *clean_end);
    EXPECT_EQ(cleaner_->why_uncleanable(name_), std::nullopt);
  }

  void restart() {
    host_.kill();
    simulation_.run_for(seconds(1));
    cleaner_.reset();
    log_.reset();
    directory_.reset();
    host_.restart();
    on_worker([this] { open(); });
    ASSERT_TRUE(log_);
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
  const base::TopicPartition name_{"t", 0};
  LogConfig config_;
  std::unique_ptr<directory::LogDirectory> directory_;
  std::shared_ptr<Log> log_;
  std::unique_ptr<Cleaner> cleaner_;
  testing::CompactionModel model_{true};
};

TEST(CleanerTest, TheNextCleaningEndsASwapThatFoundNoRoom) {
  for (const DiskOperation operation : {DiskOperation::kRename, DiskOperation::kSyncDirectory}) {
    for (int skip = 0; skip < 30; ++skip) {
      SCOPED_TRACE((operation == DiskOperation::kRename ? "rename " : "sync ") +
                   std::to_string(skip));
      CleanerRun().clean_without_room(operation, skip);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// A batch's own offset is no part of what its checksum covers, and a key that another one was
// mistaken for would take the other's records with it.
TEST(CleanerTest, NothingIsCleanedByWhatADamagedBatchSays) {
  struct Flip {
    const char* what;
    Offset batch;
    std::size_t byte;
    std::uint8_t mask;
  };
  const std::size_t key = record::kBatchHeaderSize + 5;
  for (const Flip& flip :
       {Flip{"an offset beyond the segment", Offset(24), 5, 0x10},
        Flip{"an offset beyond the next one's", Offset(24), 7, 0x01},
        Flip{"an offset that was", Offset(25), 7, 0x10},
        Flip{"a negative offset", Offset(24), 0, 0x80},
        Flip{"a last offset below the first", Offset(24), 23, 0x80},
        Flip{"another key", Offset(40), key + 4, 0x01}, Flip{"no batch", Offset(24), 16, 0x04}}) {
    SCOPED_TRACE(flip.what);
    CleanerRun().clean_damaged(flip.batch, flip.byte, flip.mask);
  }
}

TEST(CleanerTest, ACleanedSegmentIsAsOldAsItsOriginals) { CleanerRun().check_file_times(); }

}  // namespace
}  // namespace odradek::log::cleaner
