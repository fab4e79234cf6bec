// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/linux/linux_world.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "log/partition_metadata.h"
#include "record/batch_header.h"

// The batches that Apache Kafka got, appended again with the same settings, give the same files,
// byte for byte: segments, indexes, snapshots, epochs (README.md says what the fixtures hold).
namespace odradek::log {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path << ": run this test in its own directory";
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, std::string> files_in(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    files[entry.path().filename()] = content(entry.path());
  }
  return files;
}

class SegmentsGoldenTest : public ::testing::Test {
 protected:
  SegmentsGoldenTest() {
    std::string pattern = (fs::temp_directory_path() / "odradek-golden-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    auto directory = directory::LogDirectory::open(world_, root_ / "data");
    EXPECT_TRUE(directory) << directory.error().message;
    directory_ = std::move(*directory);
  }
  ~SegmentsGoldenTest() override {
    directory_.reset();
    fs::remove_all(root_);
  }

  // All batches of the fixture, in order.
  static std::vector<base::SharedBytes> batches_of(const fs::path& directory) {
    std::vector<base::SharedBytes> batches;
    for (const auto& [name, bytes] : files_in(directory)) {
      if (!name.ends_with(".log")) continue;
      record::BatchIterator iterator(base::as_bytes(bytes));
      for (auto batch = iterator.next(); batch && *batch; batch = iterator.next()) {
        batches.push_back(base::SharedBytes::copy((*batch)->bytes()));
      }
    }
    return batches;
  }

  std::unique_ptr<Log> open(const base::TopicPartition& name, const base::TopicId& id,
                            const LogConfig& config) {
    auto log = Log::open(*directory_, {.name = name,
                                       .topic_id = id,
                                       .config = config,
                                       .recovery_point = directory_->recovery_point(name)});
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }

  // Appends what the fixture holds, each batch on its own, reopening where the leader's epoch
  // changes, and compares the files.
  void expect_same_files(const std::string& topic, const LogConfig& config,
                         const std::vector<std::int32_t>& epochs) {
    const base::TopicPartition name{topic, 0};
    const fs::path fixture = fs::path("segments") / name.to_string();
    const auto id = parse_partition_metadata(content(fixture / "partition.metadata"), "fixture");
    ASSERT_TRUE(id);
    std::vector<base::SharedBytes> batches = batches_of(fixture);
    auto next = batches.begin();
    for (const std::int32_t epoch : epochs) {
      auto log = open(name, *id, config);
      log->begin_leader_epoch(base::LeaderEpoch(epoch));
      for (; next != batches.end(); ++next) {
        const auto batch = record::BatchView::parse(*next);
        if (batch->leader_epoch().value() != epoch) break;
        const AppendOrigin origin =
            batch->is_control() ? AppendOrigin::kCoordinator : AppendOrigin::kClient;
        auto info = log->append(*next, base::LeaderEpoch(epoch), origin);
        ASSERT_TRUE(info) << info.error().message;
        log->write_out();
      }
      ASSERT_TRUE(log->close());
    }
    ASSERT_TRUE(next == batches.end());
    const auto expected = files_in(fixture);
    const auto written = files_in(root_ / "data" / name.to_string());
    for (const auto& [file, bytes] : expected) {
      ASSERT_TRUE(written.contains(file)) << topic << ": " << file << " is missing";
      EXPECT_EQ(written.at(file).size(), bytes.size()) << topic << ": " << file;
      EXPECT_TRUE(written.at(file) == bytes) << topic << ": " << file << " differs";
    }
    EXPECT_EQ(written.size(), expected.size()) << topic;
  }

  env::LinuxWorld world_{{.loop_count = 1, .worker_threads = 2}};
  fs::path root_;
  std::unique_ptr<directory::LogDirectory> directory_;
};

TEST_F(SegmentsGoldenTest, SparseIndexes) {
  expect_same_files("sparse", {.index_interval_bytes = 500}, {0, 2});
}

TEST_F(SegmentsGoldenTest, RollsWhenAnIndexIsFull) {
  expect_same_files("full", {.segment_index_bytes = 72, .index_interval_bytes = 100}, {0, 2});
}

TEST_F(SegmentsGoldenTest, RollsByRecordTime) {
  expect_same_files("timed", {.segment_ms = 10000, .index_interval_bytes = 100}, {0, 2});
}

TEST_F(SegmentsGoldenTest, AnEmptyLog) { expect_same_files("empty", {}, {0, 2}); }

}  // namespace
}  // namespace odradek::log
