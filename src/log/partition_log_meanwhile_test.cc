// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "env/sim/run_on_worker.h"
#include "env/sim/sim_world.h"
#include "log/log.h"
#include "log/log_test_directory.h"
#include "record/build.h"

// What comes while a log does something else: on a simulated disk, whose operations can be
// interrupted.
namespace odradek::log {
namespace {

using base::Offset;

class MeanwhileTest : public ::testing::Test {
 protected:
  MeanwhileTest() {
    config_.segment_bytes = 4000;
    host_.disk().options().power_cut_style = env::sim::PowerCutStyle::kLoseAll;
    host_.disk().options().names_survive_in_order = true;
  }

  void on_worker(const std::function<void()>& task) {
    EXPECT_TRUE(env::sim::run_on_worker(simulation_, host_, task)) << "stuck";
  }
  void open(bool was_clean = true) {
    directory_ = std::make_unique<testing::TestDirectory>(host_.world(), "/data");
    ASSERT_TRUE(host_.world().disk().sync_directory("/"));
    directory_->recovery_points[name_] = recovery_point_;
    auto log = Log::open(*directory_, {.name = name_,
                                       .topic_id = base::Uuid::from_random(1, 2),
                                       .config = config_,
                                       .recovery_point = recovery_point_,
                                       .was_clean = was_clean});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }
  void append(std::size_t value_size) {
    record::BatchBuilder builder({.producer_id = base::ProducerId(7),
                                  .producer_epoch = base::ProducerEpoch(0),
                                  .base_sequence = sequence_++});
    const std::string value(value_size, 'v');
    builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes(value));
    ASSERT_TRUE(log_->append(builder.build(), base::LeaderEpoch(3), AppendOrigin::kClient));
    log_->write_out();
  }
  void during_operation(std::uint64_t number, const std::function<void()>& action) {
    host_.disk().before_operation(host_.disk().operations() + number, action);
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
  const base::TopicPartition name_{"t", 0};
  LogConfig config_;
  Offset recovery_point_{0};
  std::int32_t sequence_ = 0;
  std::unique_ptr<testing::TestDirectory> directory_;
  std::unique_ptr<Log> log_;
};

TEST_F(MeanwhileTest, AnAppendDuringADeletionIsWritten) {
  on_worker([this] {
    open();
    for (int i = 0; i < 40; ++i) append(1000);
    ASSERT_TRUE(log_->flush());
    during_operation(1, [this] { append(10); });
    ASSERT_TRUE(log_->delete_records(Offset(20), Offset(40)));
    EXPECT_EQ(log_->log_end_offset(), Offset(41)) << "it came meanwhile";
    EXPECT_EQ(log_->written_end_offset(), Offset(41));
    log_.reset();
    directory_.reset();
  });
}

TEST_F(MeanwhileTest, AnAppendDuringRetentionIsWritten) {
  config_.retention_bytes = 8000;
  on_worker([this] {
    open();
    for (int i = 0; i < 40; ++i) append(1000);
    ASSERT_TRUE(log_->flush());
    directory_->set_high_watermark(name_, Offset(40));
    during_operation(1, [this] { append(10); });
    const auto deleted = log_->delete_old_segments({.now = base::Timestamp(2000)});
    ASSERT_TRUE(deleted);
    EXPECT_GT(*deleted, 0U);
    EXPECT_EQ(log_->log_end_offset(), Offset(41)) << "it came meanwhile";
    EXPECT_EQ(log_->written_end_offset(), Offset(41));
    log_.reset();
    directory_.reset();
  });
}

// Of the producers' snapshots that are kept while the log grows, one at least survives a power cut.
TEST_F(MeanwhileTest, ASnapshotOfProducersIsDurableBeforeOlderOnesGo) {
  config_.segment_bytes = 1 << 30;
  on_worker([this] {
    open();
    for (int i = 0; i < 70; ++i) {
      append(100'000);
      ASSERT_TRUE(log_->flush());
    }
    recovery_point_ = log_->flushed_end_offset();
  });
  host_.cut_power();
  simulation_.run_for(std::chrono::milliseconds(20));
  log_.reset();
  directory_.reset();
  host_.restart();
  on_worker([this] {
    const auto files = host_.world().disk().list("/data/t-0");
    ASSERT_TRUE(files);
    int whole = 0;
    for (const auto& file : *files) {
      if (!file.name.ends_with(".snapshot")) continue;
      const auto text = host_.world().disk().read_file("/data/t-0/" + file.name);
      whole += text && !text->empty() ? 1 : 0;
    }
    EXPECT_GE(whole, 1);
    open(false);
    EXPECT_EQ(log_->active_producers().at(0).last_sequence, 69);
    log_.reset();
    directory_.reset();
  });
}

}  // namespace
}  // namespace odradek::log
