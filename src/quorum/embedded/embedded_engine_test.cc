// SPDX-License-Identifier: Apache-2.0
#include "quorum/embedded/embedded_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "env/linux/linux_world.h"
#include "log/directory/log_directory.h"
#include "quorum/embedded/quorum_state.h"

namespace odradek::quorum {
namespace {

using base::ErrorCode;
using Records = std::vector<std::string>;

constexpr base::BrokerId kNode{1};

// The order in a directory of the real file system, opened, used and closed as a broker does it.
class EmbeddedEngineTest : public ::testing::Test {
 protected:
  EmbeddedEngineTest() {
    const char* parent = std::getenv("TMPDIR");
    std::string pattern =
        std::string(parent != nullptr ? parent : "/tmp") + "/odradek-quorum-XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.node_id = kNode;
  }
  ~EmbeddedEngineTest() override {
    engine_.reset();
    directory_.reset();
    EXPECT_TRUE(world_.disk().remove_tree(root_));
  }

  std::string path() const { return root_ + "/data"; }
  std::string metadata_path() const { return path() + "/__cluster_metadata-0"; }

  // Opens the directory and takes the lead; what was loaded.
  Records start() {
    auto opened = log::directory::LogDirectory::open(world_, path());
    EXPECT_TRUE(opened) << opened.error().message;
    directory_ = std::move(*opened);
    if (!directory_->identity()) {
      EXPECT_TRUE(directory_->format({.cluster_id = "cluster",
                                      .node_id = kNode,
                                      .directory_id = base::Uuid::from_random(1, 2)}));
    }
    options_.was_clean = directory_->begin()->was_clean;
    auto engine = EmbeddedEngine::open(*directory_, options_);
    EXPECT_TRUE(engine) << engine.error().message;
    engine_ = std::move(*engine);
    Records loaded;
    const auto position = engine_->load([&loaded](const base::SharedBytes& record) {
      loaded.emplace_back(record.view().begin(), record.view().end());
      return base::Result<>();
    });
    EXPECT_TRUE(position) << position.error().message;
    const auto led = engine_->take_lead();
    EXPECT_TRUE(led);
    if (led) position_ = *led;
    return loaded;
  }

  void commit(const Records& records) {
    std::vector<base::SharedBytes> encoded;
    for (const std::string& record : records) {
      encoded.push_back(base::SharedBytes::copy(base::as_bytes(record)));
    }
    std::promise<base::Result<Position>> promise;
    engine_->commit(std::move(encoded), now_, [&promise](base::Result<Position> committed) {
      promise.set_value(std::move(committed));
    });
    auto committed = promise.get_future().get();
    ASSERT_TRUE(committed) << committed.error().message;
    position_ = *committed;
  }

  void snapshot(const Records& records) {
    std::vector<base::SharedBytes> encoded;
    for (const std::string& record : records) {
      encoded.push_back(base::SharedBytes::copy(base::as_bytes(record)));
    }
    const auto done = engine_->write_snapshot(position_, encoded, now_);
    ASSERT_TRUE(done) << done.error().message;
  }

  void stop(bool cleanly = true) {
    if (cleanly) {
      EXPECT_TRUE(engine_->close());
      EXPECT_TRUE(directory_->close_cleanly(1));
    }
    engine_.reset();
    directory_.reset();
  }

  int snapshots() {
    int count = 0;
    const auto entries = world_.disk().list(metadata_path()).value();
    for (const auto& entry : entries) {
      count += entry.name.ends_with(".checkpoint") ? 1 : 0;
    }
    return count;
  }

  env::LinuxWorld world_{{}};
  std::string root_;
  EmbeddedOptions options_;
  std::unique_ptr<log::directory::LogDirectory> directory_;
  std::unique_ptr<EmbeddedEngine> engine_;
  Position position_;
  base::Timestamp now_{1'700'000'000'000};
};

TEST_F(EmbeddedEngineTest, WhatWasCommittedIsLoadedInItsOrder) {
  EXPECT_EQ(start(), (Records{}));
  commit({"one", "two"});
  commit({"three"});
  stop();
  EXPECT_EQ(start(), (Records{"one", "two", "three"}));
  commit({"four"});
  stop();
  EXPECT_EQ(start(), (Records{"one", "two", "three", "four"}));
}

TEST_F(EmbeddedEngineTest, WhatWasCommittedSurvivesAnEndWithoutAStop) {
  start();
  commit({"one"});
  stop(/*cleanly=*/false);
  EXPECT_EQ(start(), (Records{"one"}));
}

TEST_F(EmbeddedEngineTest, EveryStartHasAnEpochOfItsOwn) {
  start();
  const base::LeaderEpoch first = position_.epoch;
  stop();
  start();
  EXPECT_EQ(position_.epoch, base::LeaderEpoch(first.value() + 1));
  stop(/*cleanly=*/false);
  start();
  EXPECT_EQ(position_.epoch, base::LeaderEpoch(first.value() + 2));
}

TEST_F(EmbeddedEngineTest, TheEndCountsTheLeadersOwnRecord) {
  start();
  const base::Offset begun = position_.end_offset;
  EXPECT_EQ(begun, base::Offset(1));
  commit({"one", "two"});
  EXPECT_EQ(position_.end_offset, begun + 2);
}

TEST_F(EmbeddedEngineTest, ASnapshotStandsForWhatLiesBeforeIt) {
  start();
  commit({"one", "two"});
  snapshot({"one and two"});
  commit({"three"});
  stop();
  EXPECT_EQ(start(), (Records{"one and two", "three"}));
}

TEST_F(EmbeddedEngineTest, TheNewestSnapshotReplacesTheOlderOnes) {
  start();
  for (const char* record : {"one", "two", "three"}) {
    commit({record});
    snapshot({record});
  }
  EXPECT_EQ(snapshots(), 1);
  stop();
  EXPECT_EQ(start(), (Records{"three"}));
}

TEST_F(EmbeddedEngineTest, TheQuorumsOwnRecordsAreInEverySnapshot) {
  const std::vector<std::uint8_t> version = {0, 0, 0, 1};
  const QuorumRecords before = {
      {record::ControlRecordType::kKraftVersion, base::SharedBytes::copy(version)}};
  const Position formatted{base::Offset(0), base::LeaderEpoch(0)};
  start();
  ASSERT_TRUE(write_snapshot_file(world_.disk(), metadata_path(), formatted, before, {}, now_));
  stop();
  start();
  commit({"one"});
  snapshot({"one"});
  QuorumRecords after;
  const auto path = metadata_path() + '/' + snapshot_file_name(position_);
  ASSERT_TRUE(read_batches(world_.disk(), path, [&after](const base::SharedBytes& batch) {
    return visit_control_records(batch, [&after](auto type, base::ByteView value) {
      after[type] = base::SharedBytes::copy(value);
      return base::Result<>();
    });
  }));
  ASSERT_TRUE(after.contains(record::ControlRecordType::kKraftVersion));
  EXPECT_TRUE(std::ranges::equal(after[record::ControlRecordType::kKraftVersion].view(), version));
}

TEST_F(EmbeddedEngineTest, AnUnfinishedSnapshotIsNone) {
  start();
  commit({"one"});
  stop();
  const auto unfinished = metadata_path() + "/00000000000000000009-0000000001.checkpoint.part";
  ASSERT_TRUE(world_.disk().open(unfinished, env::OpenMode::kCreate));
  EXPECT_EQ(start(), (Records{"one"}));
}

TEST_F(EmbeddedEngineTest, ASnapshotIsDueByBytesOrByTime) {
  options_.max_record_bytes_between_snapshots = 10'000;
  options_.max_snapshot_interval_ms = 1000;
  start();
  const base::Timestamp loaded = world_.clock().wall();
  commit({"small"});
  EXPECT_FALSE(engine_->wants_snapshot(loaded));
  EXPECT_TRUE(engine_->wants_snapshot(base::Timestamp(loaded.value() + 60'000)));
  commit({std::string(10'000, 'x')});
  EXPECT_TRUE(engine_->wants_snapshot(loaded));
  now_ = loaded;
  snapshot({"all"});
  EXPECT_FALSE(engine_->wants_snapshot(base::Timestamp(loaded.value() + 60'000)));
}

TEST_F(EmbeddedEngineTest, ARecordThatCannotBeReplayedEndsTheLoading) {
  start();
  commit({"good", "bad", "never seen"});
  stop();
  auto opened = log::directory::LogDirectory::open(world_, path());
  ASSERT_TRUE(opened);
  auto engine = EmbeddedEngine::open(**opened, options_);
  ASSERT_TRUE(engine);
  int seen = 0;
  const auto loaded = (*engine)->load([&seen](const base::SharedBytes&) -> base::Result<> {
    return ++seen == 2 ? base::fail(ErrorCode::kCorruptMessage, "bad") : base::Result<>();
  });
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, "bad");
  EXPECT_EQ(seen, 2);
}

TEST_F(EmbeddedEngineTest, OtherVotersAreRefusedBeforeAnythingIsTouched) {
  start();
  stop();
  const auto foreign = base::BrokerId(2);
  EXPECT_TRUE(EmbeddedEngine::check_directory(world_.disk(), path(), kNode));
  const auto refused = EmbeddedEngine::check_directory(world_.disk(), path(), foreign);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidConfig);
}

}  // namespace
}  // namespace odradek::quorum
