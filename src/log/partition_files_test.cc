// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env/sim/sim_world.h"
#include "log/file_names.h"
#include "log/leader_epoch_cache.h"
#include "log/partition_metadata.h"
#include "log/partition_path.h"
#include "log/producer_state_snapshot.h"
#include "log/segment.h"
#include "log/transaction_index.h"

// The small files of a partition's directory, on a disk that loses what was not flushed.
namespace odradek::log {
namespace {

using env::sim::DiskOperation;
using env::sim::SimHost;
using env::sim::SimWorld;
using testing::ElementsAre;
using testing::HasSubstr;

base::Offset offset(std::int64_t value) { return base::Offset(value); }

class PartitionFilesTest : public testing::Test {
 protected:
  static constexpr auto kPath = "/data/orders-0";

  PartitionFilesTest() {
    EXPECT_TRUE(disk().make_directories(kPath));
    EXPECT_TRUE(disk().sync_file_system("/data"));
  }
  env::Disk& disk() { return host.world().disk(); }
  std::string path_of(const std::string& name) { return std::string(kPath) + '/' + name; }
  void lose_power() {
    host.cut_power();
    host.restart();
  }
  void put(const std::string& name, const std::string& content) {
    ASSERT_TRUE(disk().write_file(path_of(name), content));
  }
  std::string content(const std::string& name) {
    return disk().read_file(path_of(name)).value_or("<missing>");
  }

  SimWorld simulation{1};
  SimHost& host = simulation.add_host("one");
};

TEST_F(PartitionFilesTest, PartitionMetadataSurvivesAPowerCut) {
  const auto id = *base::Uuid::parse("LXQq8qsBSoK00CbBaJ8_Dw");
  EXPECT_EQ(read_partition_metadata(disk(), kPath).value(), std::nullopt);
  EXPECT_TRUE(write_partition_metadata(disk(), kPath, id));
  lose_power();
  EXPECT_EQ(content("partition.metadata"), "version: 0\ntopic_id: LXQq8qsBSoK00CbBaJ8_Dw");
  EXPECT_EQ(read_partition_metadata(disk(), kPath).value(), id);
}

TEST_F(PartitionFilesTest, PartitionMetadataMaySyncWithOthers) {
  const auto id = *base::Uuid::parse("LXQq8qsBSoK00CbBaJ8_Dw");
  EXPECT_TRUE(write_partition_metadata(disk(), kPath, id, true));
  EXPECT_TRUE(disk().sync_file_system("/data"));
  lose_power();
  EXPECT_EQ(read_partition_metadata(disk(), kPath).value(), id);
}

TEST_F(PartitionFilesTest, PartitionMetadataSaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"topic_id: LXQq8qsBSoK00CbBaJ8_Dw", "line 1 is not 'version"},
      {"version: x\ntopic_id: LXQq8qsBSoK00CbBaJ8_Dw", "version 'x'"},
      {"version: 0", "there is no topic_id"},
      {"version: 0\ntopic: a", "line 2 is not 'topic_id"},
      {"version: 0\ntopic_id: short", "'short' is not a topic's id"},
      {"version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA", "is not a topic's id"},
  };
  for (const auto& [text, reason] : cases) {
    put("partition.metadata", text);
    const auto read = read_partition_metadata(disk(), kPath);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr(reason));
  }
  put("partition.metadata", "");
  EXPECT_EQ(read_partition_metadata(disk(), kPath).value(), std::nullopt);
  put("partition.metadata", "version: 1\ntopic_id: LXQq8qsBSoK00CbBaJ8_Dw\nlater: 1\n");
  EXPECT_TRUE(read_partition_metadata(disk(), kPath).value());
}

bool write_in_steps(env::Disk& disk, const LeaderEpochCache& epochs) {
  const auto are_aside = write_leader_epochs_aside(disk, "/p", epochs);
  return are_aside && *are_aside && disk.sync_file_system("/p") &&
         put_leader_epochs_in_place(disk, "/p") && disk.sync_file_system("/p");
}

// At whatever operation the power goes, the epochs are the old ones or the new ones.
TEST(LeaderEpochFileTest, SurvivesAPowerCutAtAnyOperation) {
  for (const bool is_in_steps : {false, true}) {
    bool is_done = false;
    for (std::uint64_t cut_after = 0; !is_done; ++cut_after) {
      SimWorld simulation(cut_after + 1);
      SimHost& host = simulation.add_host("one");
      ASSERT_TRUE(host.world().disk().make_directories("/p"));
      ASSERT_TRUE(host.world().disk().sync_file_system("/p"));
      LeaderEpochCache epochs;
      epochs.assign(base::LeaderEpoch(0), offset(0));
      ASSERT_TRUE(write_leader_epochs(host.world().disk(), "/p", epochs));
      const std::string before = format_leader_epochs(epochs);
      epochs.assign(base::LeaderEpoch(1), offset(10));
      bool is_armed = true;
      host.disk().before_operation(host.disk().operations() + cut_after, [&] {
        if (is_armed) host.cut_power();
      });
      env::Disk& disk = host.world().disk();
      is_done = is_in_steps ? write_in_steps(disk, epochs)
                            : write_leader_epochs(disk, "/p", epochs).has_value();
      is_armed = false;
      if (host.is_running()) host.cut_power();
      host.restart();
      const auto found = read_leader_epochs(host.world().disk(), "/p");
      ASSERT_TRUE(found) << found.error().message;
      if (is_done) {
        EXPECT_EQ(found->entries(), epochs.entries());
      } else {
        EXPECT_THAT(format_leader_epochs(*found),
                    testing::AnyOf(before, format_leader_epochs(epochs)));
      }
    }
  }
}

TEST_F(PartitionFilesTest, LeaderEpochsFlushedByTheCallerCount) {
  LeaderEpochCache epochs;
  epochs.assign(base::LeaderEpoch(3), offset(0));
  EXPECT_FALSE(write_leader_epochs_aside(disk(), kPath, epochs).value());
  EXPECT_TRUE(flush_leader_epochs(disk(), kPath, false));
  EXPECT_TRUE(disk().sync_directory(kPath));
  epochs.assign(base::LeaderEpoch(4), offset(10));
  EXPECT_TRUE(write_leader_epochs_aside(disk(), kPath, epochs).value());
  EXPECT_EQ(read_leader_epochs(disk(), kPath).value().entries().size(), 1U);
  EXPECT_TRUE(flush_leader_epochs(disk(), kPath, true));
  EXPECT_TRUE(put_leader_epochs_in_place(disk(), kPath));
  EXPECT_TRUE(disk().sync_directory(kPath));
  lose_power();
  EXPECT_EQ(read_leader_epochs(disk(), kPath).value().entries(), epochs.entries());
}

AbortedTransaction aborted(std::int64_t producer, std::int64_t first, std::int64_t last,
                           std::int64_t stable) {
  return {.producer_id = base::ProducerId(producer),
          .first_offset = offset(first),
          .last_offset = offset(last),
          .last_stable_offset = offset(stable)};
}

class TransactionIndexTest : public PartitionFilesTest {
 protected:
  base::Result<TransactionIndex> open(std::int64_t base_offset = 0) {
    return TransactionIndex::open(disk(), path_of(kName), offset(base_offset));
  }
  static std::vector<std::int64_t> producers(const std::vector<AbortedTransaction>& found) {
    std::vector<std::int64_t> ids;
    for (const auto& transaction : found) ids.push_back(transaction.producer_id.value());
    return ids;
  }

  static constexpr auto kName = "00000000000000000000.txnindex";
};

TEST_F(TransactionIndexTest, TheFileComesWithTheFirstEntry) {
  auto index = open().value();
  EXPECT_TRUE(index.empty());
  EXPECT_TRUE(index.flush());
  EXPECT_FALSE(disk().exists(path_of(kName)));
  EXPECT_TRUE(index.append(aborted(1, 9, 11, 10)));
  EXPECT_TRUE(index.append(aborted(2, 10, 13, 14)));
  const std::string bytes = content(kName);
  ASSERT_EQ(bytes.size(), 2 * kAbortedTransactionSize);
  EXPECT_EQ(bytes.substr(0, 34), std::string("\0\0"
                                             "\0\0\0\0\0\0\0\1"
                                             "\0\0\0\0\0\0\0\x9"
                                             "\0\0\0\0\0\0\0\xb"
                                             "\0\0\0\0\0\0\0\xa",
                                             34));
  auto again = open().value();
  EXPECT_EQ(again.size(), 2u);
  EXPECT_THAT(producers(again.all().value()), ElementsAre(1, 2));
}

TEST_F(TransactionIndexTest, FindsWhatOverlaps) {
  auto index = open().value();
  ASSERT_TRUE(index.append(aborted(1, 0, 10, 2)));
  ASSERT_TRUE(index.append(aborted(2, 5, 20, 12)));
  ASSERT_TRUE(index.append(aborted(3, 12, 30, 31)));
  const auto collect = [&](std::int64_t from, std::int64_t until) {
    std::vector<AbortedTransaction> found;
    const bool is_complete = index.collect(offset(from), offset(until), found).value();
    auto ids = producers(found);
    if (is_complete) ids.push_back(-1);
    return ids;
  };
  EXPECT_THAT(collect(0, 2), ElementsAre(1, -1));
  EXPECT_THAT(collect(0, 6), ElementsAre(1, 2, -1));
  EXPECT_THAT(collect(11, 12), ElementsAre(2, -1));
  EXPECT_THAT(collect(11, 25), ElementsAre(2, 3, -1));
  EXPECT_THAT(collect(25, 100), ElementsAre(3));
  EXPECT_THAT(collect(31, 100), ElementsAre());
}

TEST_F(TransactionIndexTest, Truncates) {
  auto index = open().value();
  ASSERT_TRUE(index.append(aborted(1, 0, 10, 2)));
  ASSERT_TRUE(index.append(aborted(2, 5, 20, 12)));
  EXPECT_TRUE(index.truncate_to(offset(21)));
  EXPECT_EQ(index.size(), 2u);
  EXPECT_TRUE(index.truncate_to(offset(20)));
  EXPECT_EQ(index.size(), 1u);
  EXPECT_TRUE(index.append(aborted(3, 5, 12, 13)));
  EXPECT_TRUE(index.truncate_to(offset(0)));
  EXPECT_TRUE(index.empty());
  EXPECT_EQ(content(kName), "");
  EXPECT_TRUE(index.append(aborted(4, 1, 2, 3)));
  EXPECT_THAT(producers(open().value().all().value()), ElementsAre(4));
}

TEST_F(TransactionIndexTest, CutsATornEntryAndRefusesDamage) {
  auto index = open().value();
  ASSERT_TRUE(index.append(aborted(1, 0, 10, 2)));
  ASSERT_TRUE(index.append(aborted(2, 5, 20, 12)));
  const std::string whole = content(kName);
  put(kName, whole.substr(0, 60));
  EXPECT_EQ(open().value().size(), 1u);
  EXPECT_EQ(content(kName).size(), 34u);
  std::string other_version = whole;
  other_version[35] = 7;
  put(kName, other_version);
  EXPECT_EQ(open().error().code, base::ErrorCode::kCorruptMessage);
  put(kName, whole.substr(34) + whole.substr(0, 34));
  EXPECT_THAT(open().error().message, HasSubstr("last offset 10 after 20"));
  put(kName, whole);
  EXPECT_FALSE(open(11)) << "it ended before the segment";
  EXPECT_TRUE(TransactionIndex::reset(disk(), path_of(kName)));
  EXPECT_TRUE(open(11).value().empty());
  put(kName, whole + std::string(68, '\0'));
  EXPECT_FALSE(open());
}

// An original's index has its name until the cleaned segment's is renamed.
TEST_F(PartitionFilesTest, AnEmptyIndexOfACleanedSegmentIsNotItsOriginals) {
  put("00000000000000000000.log.swap", "");
  put("00000000000000000000.index.swap", "");
  put("00000000000000000000.index", std::string("\0\0\0\7\0\0\0\x64", 8));
  put("00000000000000000000.timeindex", std::string(11, '\1') + '\7');
  Segment segment(std::make_shared<const PartitionPath>(kPath), offset(0), 0, {}, 0);
  segment.set_marker(Segment::Marker::kSwap);
  auto files = segment.open_files(disk());
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->offset_index.file().entries(), 0U);
  EXPECT_EQ(files->time_index.file().entries(), 1U) << "this one was renamed already";
}

class ProducerSnapshotsTest : public PartitionFilesTest {
 protected:
  static ProducerState state_at(std::int64_t end, std::int64_t producer) {
    ProducerState state;
    ProducerBatch batch;
    batch.producer_id = base::ProducerId(producer);
    batch.producer_epoch = base::ProducerEpoch(0);
    batch.base_sequence = batch.last_sequence = 0;
    batch.first_offset = batch.last_offset = offset(end - 1);
    state.append(batch);
    state.set_end_offset(offset(end));
    return state;
  }
  ProducerSnapshots list() {
    const auto entries = disk().list(kPath);
    EXPECT_TRUE(entries);
    std::vector<base::Offset> offsets;
    for (const env::DirectoryEntry& entry : *entries) {
      const auto name = parse_offset_file_name(entry.name);
      if (name && name->suffix == kSnapshotSuffix) offsets.push_back(name->offset);
    }
    return {disk(), kPath, std::move(offsets)};
  }
  void write(std::int64_t end, std::int64_t producer) {
    const auto encoded = encode_producer_snapshot(state_at(end, producer));
    auto file = ProducerSnapshots::write_file(disk(), kPath, offset(end), encoded);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->flush());
    ASSERT_TRUE(disk().sync_directory(kPath));
  }
  static std::vector<std::int64_t> numbers(const ProducerSnapshots& snapshots) {
    std::vector<std::int64_t> found;
    for (const auto at : snapshots.offsets()) found.push_back(at.value());
    return found;
  }
  // "end offset: producers" after loading.
  std::string load(std::int64_t log_start, std::int64_t log_end) {
    auto snapshots = list();
    ProducerState state;
    EXPECT_TRUE(snapshots.load(state, offset(log_start), offset(log_end)));
    std::string text = std::to_string(state.end_offset().value()) + ":";
    for (const auto& entry : state.entries()) {
      text += ' ' + std::to_string(entry.producer_id.value());
    }
    return text;
  }
};

TEST_F(ProducerSnapshotsTest, NamesAreOffsets) {
  EXPECT_EQ(ProducerSnapshots::file_name_of(offset(8)), "00000000000000000008.snapshot");
}

TEST_F(ProducerSnapshotsTest, LoadsTheNewestWithinTheLog) {
  EXPECT_EQ(load(3, 100), "3:");
  write(5, 1);
  write(10, 2);
  write(20, 3);
  lose_power();
  EXPECT_EQ(load(0, 20), "20: 3");
  EXPECT_EQ(load(0, 19), "10: 2");
  EXPECT_THAT(numbers(list()), ElementsAre(5, 10)) << "what is beyond the log is gone";
  EXPECT_EQ(load(5, 19), "10: 2");
  EXPECT_THAT(numbers(list()), ElementsAre(10)) << "and what is before";
  EXPECT_EQ(load(10, 19), "10:");
}

TEST_F(ProducerSnapshotsTest, ABrokenOneGivesWayToAnOlderOne) {
  write(5, 1);
  write(10, 2);
  put("00000000000000000010.snapshot", content("00000000000000000010.snapshot").substr(0, 30));
  EXPECT_EQ(load(0, 20), "5: 1");
  EXPECT_THAT(numbers(list()), ElementsAre(5));
}

TEST_F(ProducerSnapshotsTest, WantsOnlyWhatIsNew) {
  auto snapshots = list();
  EXPECT_TRUE(snapshots.wants(offset(5)));
  snapshots.add(offset(5));
  EXPECT_FALSE(snapshots.wants(offset(5)));
  EXPECT_FALSE(snapshots.wants(offset(4)));
  EXPECT_TRUE(snapshots.wants(offset(6)));
  EXPECT_THAT(numbers(snapshots), ElementsAre(5));
}

TEST_F(ProducerSnapshotsTest, RemovesWhatSegmentsNoLongerNeed) {
  for (const std::int64_t end : {5, 10, 15, 20}) write(end, end);
  auto snapshots = list();
  EXPECT_TRUE(snapshots.remove_below(offset(10)));
  EXPECT_THAT(numbers(snapshots), ElementsAre(10, 15, 20));
  EXPECT_TRUE(snapshots.remove_beyond(offset(15)));
  EXPECT_THAT(numbers(snapshots), ElementsAre(10, 15));
  EXPECT_THAT(numbers(list()), ElementsAre(10, 15));
}

TEST_F(ProducerSnapshotsTest, RemovesStrays) {
  for (const std::int64_t end : {5, 10, 15, 20}) write(end, end);
  auto snapshots = list();
  EXPECT_TRUE(snapshots.remove_stray({offset(0), offset(10)}));
  EXPECT_THAT(numbers(snapshots), ElementsAre(10, 20)) << "the newest is beyond every segment";
  EXPECT_TRUE(snapshots.remove_stray({offset(0), offset(10), offset(30)}));
  EXPECT_THAT(numbers(snapshots), ElementsAre(10));
}

TEST_F(ProducerSnapshotsTest, AFailedRemovalKeepsTheRest) {
  for (const std::int64_t end : {5, 10, 15}) write(end, end);
  auto snapshots = list();
  host.disk().inject({.operation = DiskOperation::kRemove, .path_contains = "10.snapshot"});
  EXPECT_FALSE(snapshots.remove_below(offset(20)));
  EXPECT_THAT(numbers(snapshots), ElementsAre(10, 15));
  EXPECT_TRUE(snapshots.remove_below(offset(20)));
  EXPECT_TRUE(list().offsets().empty());
}

}  // namespace
}  // namespace odradek::log
