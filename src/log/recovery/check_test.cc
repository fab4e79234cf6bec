// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "env/sim/sim_world.h"
#include "log/log_test_fixture.h"
#include "log/recovery/repair.h"

namespace odradek::log::recovery {
namespace {

using base::Offset;
using testing::LogFixture;

constexpr auto kLog = "00000000000000000000.log";

class CheckTest : public LogFixture {
 protected:
  CheckTest() {
    config_.index_interval_bytes = 100;
    config_.segment_bytes = 1500;
  }

  // Twenty batches of two records in several segments, closed cleanly.
  void write_and_close() {
    auto log = open();
    for (int i = 0; i < 20; ++i) append(*log, batch(2, 1000 + 10 * i, 100));
    ASSERT_TRUE(log->close());
  }
  std::string content(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void put(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(file(""))) {
      found.push_back(entry.path().filename());
    }
    std::ranges::sort(found);
    return found;
  }
  PartitionCheck check() {
    auto checked = check_partition(world_.disk(), root_ + "/data/t-0", options_);
    EXPECT_TRUE(checked) << checked.error().message;
    return std::move(*checked);
  }
  std::vector<std::string> kinds() {
    std::vector<std::string> found;
    for (const Finding& finding : check().findings) found.push_back(finding.kind);
    return found;
  }
  void repair() {
    const auto done = repair_partition(world_.disk(), check(), options_);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_FALSE(done->empty());
  }

  // The files as they are now, and all of them as they were.
  void keep() {
    for (const std::string& name : names()) kept_[name] = content(name);
  }
  void restore() {
    for (const std::string& left : names()) std::filesystem::remove(file(left));
    for (const auto& [name, text] : kept_) put(name, text);
  }

  std::map<std::string, std::string> kept_;
  CheckOptions options_{.recovery_point = Offset(40)};
};

TEST_F(CheckTest, FindsNothingInWhatIsWhole) {
  write_and_close();
  const PartitionCheck checked = check();
  EXPECT_EQ(checked.findings.size(), 0U);
  EXPECT_EQ(checked.batches, 20U);
  EXPECT_GT(checked.segments.size(), 2U);
  EXPECT_EQ(checked.segments.back().end_offset, Offset(40));
}

TEST_F(CheckTest, NamesEachFileThatIsWrong) {
  write_and_close();
  const std::vector<std::pair<std::string, std::string>> expected = {
      {kLog, "checksum"},
      {"00000000000000000000.index", "index"},
      {"00000000000000000000.timeindex", "index"},
      {"00000000000000000040.snapshot", "snapshot"},
      {"leader-epoch-checkpoint", "epochs"},
      {"partition.metadata", "metadata"}};
  keep();
  for (const auto& [name, kind] : expected) {
    SCOPED_TRACE(name);
    const std::string whole = content(name);
    ASSERT_FALSE(whole.empty());
    std::string bytes = whole;
    bytes[bytes.size() / 2] ^= 1;
    if (kind == "epochs" || kind == "metadata") bytes.resize(bytes.size() / 2);
    put(name, bytes);
    ASSERT_EQ(kinds(), std::vector<std::string>{kind});
    EXPECT_EQ(check().findings.front().file, file(name));
    repair();
    options_.is_repaired = true;
    EXPECT_EQ(kinds(), std::vector<std::string>{});
    options_.is_repaired = false;
    EXPECT_EQ(std::ranges::count(names(), name + std::string(kDamagedSuffix)),
              kind == "index" ? 0 : 1);
    restore();
  }
}

TEST_F(CheckTest, ARepairedLogKeepsItsOffsetsAndWhatIsWhole) {
  write_and_close();
  const std::string whole = content(kLog);
  std::string bytes = whole;
  bytes[300] ^= 1;
  put(kLog, bytes);
  const PartitionCheck checked = check();
  ASSERT_EQ(checked.findings.size(), 1U);
  EXPECT_EQ(checked.findings.front().first_offset, Offset(2));
  EXPECT_EQ(checked.findings.front().last_offset, Offset(3));
  repair();
  EXPECT_EQ(content(std::string(kLog) + ".damaged"), bytes);
  auto log = open();
  EXPECT_EQ(log->log_end_offset(), Offset(40));
  EXPECT_EQ(read(*log, 0, 40, 1), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(read(*log, 2, 40, 1), (std::vector<std::int64_t>{4}));
  EXPECT_EQ(append(*log, batch(1, 9000)).first_offset, Offset(40));
}

TEST_F(CheckTest, OffsetsThatWereLostAtTheEndAreGivenToNoOthers) {
  write_and_close();
  std::string last;
  for (const std::string& name : names()) {
    if (name.ends_with(".log") && name > last) last = name;
  }
  put(last, content(last).substr(0, content(last).size() - 10));
  EXPECT_EQ(kinds(), std::vector<std::string>{"incomplete"});
  repair();
  EXPECT_EQ(kinds(), std::vector<std::string>{});
  auto log = open();
  EXPECT_EQ(log->log_end_offset(), Offset(40));
  EXPECT_EQ(append(*log, batch(1, 9000)).first_offset, Offset(40));
}

TEST_F(CheckTest, WhateverIsDamagedIsFoundAndMended) {
  write_and_close();
  const std::vector<std::string> files = names();
  keep();
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const std::string name = files[random() % files.size()];
    std::string bytes = kept_[name];
    if (bytes.empty()) continue;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + name);
    const std::size_t at = random() % bytes.size();
    switch (random() % 3) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        break;
      case 1:
        bytes.resize(at);
        break;
      default:
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
    }
    put(name, bytes);
    const bool is_log = name.ends_with(".log");
    // A leader epoch is in no checksum, and a number in a text can be another one.
    if (is_log && bytes != kept_[name]) {
      EXPECT_NE(kinds(), std::vector<std::string>{});
    }
    auto done = repair_partition(world_.disk(), check(), options_);
    ASSERT_TRUE(done) << done.error().message;
    options_.is_repaired = true;
    EXPECT_EQ(kinds(), std::vector<std::string>{});
    options_.is_repaired = false;
    restore();
  }
}

TEST_F(CheckTest, TextsThatAreGoneComeBack) {
  write_and_close();
  const std::string epochs = content("leader-epoch-checkpoint");
  const std::string metadata = content("partition.metadata");
  for (const bool is_repaired : {true, false}) {
    SCOPED_TRACE(is_repaired ? "by a repair" : "by a start");
    std::filesystem::remove(file("leader-epoch-checkpoint"));
    EXPECT_EQ(kinds(), std::vector<std::string>{"epochs"});
    if (is_repaired) repair();
    if (!is_repaired) {
      ASSERT_TRUE(open()->close());
    }
    EXPECT_EQ(content("leader-epoch-checkpoint"), epochs);
  }
  std::filesystem::remove(file("partition.metadata"));
  EXPECT_EQ(kinds(), std::vector<std::string>{"metadata"});
  repair();
  EXPECT_EQ(kinds(), std::vector<std::string>{"metadata"}) << "nobody here knows the id";
  std::filesystem::create_directory(root_ + "/data/t-1");
  std::ofstream(root_ + "/data/t-1/partition.metadata") << metadata;
  repair();
  EXPECT_EQ(content("partition.metadata"), metadata);
  EXPECT_EQ(kinds(), std::vector<std::string>{});
}

// As a killed Kafka leaves them.
TEST_F(CheckTest, ZerosAtAnIndexsEndAreNoEntries) {
  write_and_close();
  for (const char* name : {"00000000000000000000.index", "00000000000000000000.timeindex"}) {
    std::filesystem::resize_file(file(name), 10'485'744);
  }
  EXPECT_EQ(kinds(), std::vector<std::string>{});
  std::string bytes = content("00000000000000000000.index");
  bytes[bytes.size() / 2] = 1;
  put("00000000000000000000.index", bytes);
  EXPECT_EQ(kinds(), std::vector<std::string>{"index"});
}

// At every call of the disk that a repair makes: the log is there, or what it was made from.
TEST_F(CheckTest, ARepairMayEndAnywhere) {
  write_and_close();
  std::string damaged = content(kLog);
  damaged[300] ^= 1;
  put(kLog, damaged);
  keep();
  const std::string path = "/data/t-0";
  using env::sim::DiskOperation;
  for (const auto operation :
       {DiskOperation::kRename, DiskOperation::kRemove, DiskOperation::kWrite}) {
    for (int skip = 0;; ++skip) {
      SCOPED_TRACE(std::to_string(static_cast<int>(operation)) + ", " + std::to_string(skip));
      env::sim::SimWorld simulation(1);
      env::sim::SimHost& host = simulation.add_host("one");
      env::Disk& disk = host.world().disk();
      ASSERT_TRUE(disk.make_directories(path));
      for (const auto& [name, text] : kept_) ASSERT_TRUE(disk.write_file(path + '/' + name, text));
      auto found = check_partition(disk, path, options_);
      ASSERT_TRUE(found);
      host.disk().inject({.operation = operation, .path_contains = "/t-0", .skip = skip});
      auto done = repair_partition(disk, *found, options_);
      host.disk().clear_faults();
      const auto log = disk.read_file(path + '/' + kLog, 1U << 20U);
      ASSERT_TRUE(log) << "no segment is gone";
      const auto aside = disk.read_file(path + '/' + kLog + ".damaged", 1U << 20U);
      EXPECT_TRUE(*log == damaged || (aside && *aside == damaged));
      found = check_partition(disk, path, options_);
      ASSERT_TRUE(found);
      ASSERT_TRUE(repair_partition(disk, *found, options_));
      EXPECT_EQ(check_partition(disk, path, options_)->findings.size(), 0U);
      if (done) break;
    }
  }
}

// A transaction of producer 9 that is aborted.
TEST_F(CheckTest, AnIndexOfAbortedTransactionsThatIsSpoiltIsMadeAgain) {
  constexpr base::ProducerId kProducer{9};
  {
    auto log = open();
    for (int i = 0; i < 3; ++i) {
      for (const int sequence : {4 * i, 4 * i + 2}) {
        record::BatchOptions options;
        options.producer_id = kProducer;
        options.producer_epoch = base::ProducerEpoch(0);
        options.base_sequence = sequence;
        options.is_transactional = true;
        append(*log, batch(2, 1000 + 10 * i, 100, options));
      }
      record::BatchOptions marker;
      marker.producer_id = kProducer;
      marker.producer_epoch = base::ProducerEpoch(0);
      append(*log,
             record::end_transaction_marker(marker, base::Timestamp(1005),
                                            record::ControlRecordType::kAbort, 1),
             AppendOrigin::kCoordinator);
    }
    ASSERT_TRUE(log->close());
  }
  options_.recovery_point = Offset(15);
  EXPECT_EQ(kinds(), std::vector<std::string>{});
  const auto aborted_of = [&] {
    auto log = open();
    auto aborted = log->aborted_transactions(Offset(0), Offset(15));
    EXPECT_TRUE(aborted);
    std::vector<std::pair<std::int64_t, std::int64_t>> spans;
    for (const auto& one : *aborted) {
      spans.emplace_back(one.first_offset.value(), one.last_offset.value());
    }
    EXPECT_TRUE(log->close());
    return spans;
  };
  const auto expected = aborted_of();
  ASSERT_EQ(expected.size(), 3U);
  for (const std::string& name : names()) {
    if (!name.ends_with(".txnindex")) continue;
    const std::string whole = content(name);
    for (std::size_t at : {std::size_t{1}, std::size_t{2}, std::size_t{10}, std::size_t{18}}) {
      SCOPED_TRACE(name + " byte " + std::to_string(at));
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x80);
      put(name, bytes);
      EXPECT_EQ(kinds(), std::vector<std::string>{"transaction-index"});
      EXPECT_EQ(aborted_of(), expected);
      EXPECT_EQ(content(name), whole);
    }
    std::string bytes = whole;
    bytes[9] ^= 1;  // another producer: what only the log can tell
    put(name, bytes);
    EXPECT_EQ(kinds(), std::vector<std::string>{"transaction-index"});
    repair();
    EXPECT_EQ(content(name), whole);
    EXPECT_EQ(kinds(), std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace odradek::log::recovery
