// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "env/sim/seeds.h"
#include "env/sim/sim_world.h"
#include "log/log_manager.h"
#include "record/build.h"

// The logs of one directory through power cuts and clean stops, without a broker above them: what a
// log said to be flushed is there afterwards, byte for byte; what it did not say is there as it was
// appended, or not at all.
namespace odradek::sim_test {
namespace {

constexpr int kPartitions = 3;
constexpr int kLives = 4;
constexpr int kAppendsPerLife = 60;

// What is known of one log from outside of it.
struct Model {
  // Batches as they were appended, by base offset.
  std::map<base::Offset, std::string> appended;
  base::Offset promised_end{0};
  base::Offset start{0};
};

// Notes what a log says to be flushed, while its process is alive to say it.
class PromiseListener final : public log::ProgressListener {
 public:
  PromiseListener(env::sim::SimHost& host, log::Log& log, Model& model)
      : host_(host), log_(log), model_(model) {
    log_.set_listener(this);
  }
  ~PromiseListener() override { log_.set_listener(nullptr); }
  void on_progress() override {
    if (!host_.is_running()) return;
    EXPECT_GE(log_.flushed_end_offset(), model_.promised_end);
    EXPECT_GE(log_.written_end_offset(), log_.flushed_end_offset());
    EXPECT_GE(log_.log_end_offset(), log_.written_end_offset());
    model_.promised_end = log_.flushed_end_offset();
  }
  void on_failure(const base::Error& error) override {
    EXPECT_FALSE(host_.is_running()) << error.message;
  }

 private:
  env::sim::SimHost& host_;
  log::Log& log_;
  Model& model_;
};

class LogRun {
 public:
  LogRun(std::uint64_t seed, env::sim::DiskOptions disk)
      : simulation_(seed), host_(simulation_.add_host("broker", {.disk = disk})) {
    config_.segment_bytes = static_cast<std::int64_t>(simulation_.random().between(14000, 80000));
    config_.index_interval_bytes =
        static_cast<std::int32_t>(simulation_.random().between(100, 4096));
    config_.segment_index_bytes = 4096;
  }

  // Returns the digest of everything that happened.
  std::uint64_t run() {
    for (int life = 0; life < kLives && !testing::Test::HasFailure(); ++life) {
      const bool is_clean_stop = life > 0 && simulation_.random().chance(0.25);
      open();
      append_for_a_while(is_clean_stop);
      if (is_clean_stop) stop_cleanly();
      close();
      host_.restart();
    }
    if (testing::Test::HasFailure()) return 0;
    open();
    stop_cleanly();
    close();
    return simulation_.trace_digest();
  }
  std::size_t lost_batches() const { return lost_batches_; }

 private:
  void open() {
    log::LogManagerOptions options;
    options.paths = {"/data"};
    auto opened = log::LogManager::open(host_.world(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    manager_ = std::move(*opened);
    auto begun = manager_->begin({"a-cluster-of-one-node", base::BrokerId(1)});
    ASSERT_TRUE(begun) << begun.error().message;
    auto loaded = manager_->load_logs([this](const base::TopicPartition&) {
      return log::LogDecision{.is_known = true, .topic_id = kTopicId, .config = config_};
    });
    ASSERT_TRUE(loaded) << loaded.error().message;
    for (int partition = 0; partition < kPartitions; ++partition) open_log(partition);
  }

  void open_log(int partition) {
    auto log = manager_->get_or_create({{"topic", partition}, kTopicId, config_});
    ASSERT_TRUE(log) << log.error().message;
    check((*log)->name(), **log);
    listeners_.push_back(std::make_unique<PromiseListener>(host_, **log, models_[(*log)->name()]));
    logs_.push_back(*log);
  }

  // What is read back is what was appended, whole batches from the start on, and all that was
  // promised. The rest is forgotten.
  void check(const base::TopicPartition& name, log::Log& log) {
    Model& model = models_[name];
    const std::string where = fmt::format("{} of {}..{}, promised up to {}", name.to_string(),
                                          log.log_start_offset().value(),
                                          log.log_end_offset().value(), model.promised_end.value());
    ASSERT_GE(log.log_end_offset(), model.promised_end) << where;
    // Where nothing was promised, a file system without a journal may have lost the first segment's
    // name and kept the next one's.
    const bool may_start_later = model.promised_end == model.start;
    ASSERT_TRUE(may_start_later || log.log_start_offset() <= model.start) << where;
    model.start = log.log_start_offset();
    model.appended.erase(model.appended.begin(), model.appended.lower_bound(model.start));
    base::Offset next = log.log_start_offset();
    while (next < log.log_end_offset()) {
      auto read = log.read(next, log.log_end_offset(), 1000, true);
      ASSERT_TRUE(read) << where << ": " << read.error().message;
      ASSERT_GT(read->bytes.length, 0U) << where << ", nothing at " << next.value();
      std::string bytes(read->bytes.length, '\0');
      auto& file = static_cast<env::File&>(*read->bytes.file);
      auto count = file.read_at(read->bytes.position,
                                {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
      ASSERT_TRUE(count && *count == bytes.size()) << where;
      record::BatchIterator batches(base::as_bytes(bytes));
      for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
        const auto known = model.appended.find((*batch)->base_offset());
        ASSERT_TRUE(known != model.appended.end()) << where << " at " << next.value();
        ASSERT_EQ(base::as_text((*batch)->bytes()), known->second) << where;
        next = (*batch)->next_offset();
      }
    }
    const auto first_lost = model.appended.lower_bound(log.log_end_offset());
    lost_batches_ += static_cast<std::size_t>(std::distance(first_lost, model.appended.end()));
    model.appended.erase(first_lost, model.appended.end());
    model.promised_end = log.log_end_offset();
  }

  void append_for_a_while(bool is_clean_stop) {
    if (!is_clean_stop) {
      const std::uint64_t operations = simulation_.random().between(1, kAppendsPerLife * 6);
      host_.disk().before_operation(host_.disk().operations() + operations,
                                    [this] { host_.cut_power(); });
    }
    for (int i = 0; i < kAppendsPerLife && host_.is_running(); ++i) {
      log::Log& log = *logs_[simulation_.random().below(logs_.size())];
      // Loops append; whoever is free writes out and asks for a flush.
      host_.world().loop(0).post([this, &log] { append(log); });
      simulation_.run_for(simulation_.random().between(
          env::Duration(0), env::Duration(std::chrono::milliseconds(1))));
    }
    simulation_.run_for(std::chrono::milliseconds(5));
    if (!is_clean_stop) host_.cut_power();
  }

  void append(log::Log& log) {
    record::BatchBuilder builder;
    const std::uint64_t records = simulation_.random().between(1, 4);
    for (std::uint64_t i = 0; i < records; ++i) {
      const std::string value(simulation_.random().below(3000), static_cast<char>('a' + i));
      builder.append(host_.world().clock().wall(), std::nullopt, base::as_bytes(value));
    }
    base::SharedBytes batch = builder.build();
    auto appended = log.append(batch, base::LeaderEpoch(0), log::AppendOrigin::kClient);
    if (!appended) {
      EXPECT_FALSE(host_.is_running()) << appended.error().message;
      return;
    }
    // Stamped by now, and kept as it is until it is written.
    models_[log.name()].appended[appended->first_offset] = base::as_text(batch);
    if (simulation_.random().chance(0.5)) {
      log.write_out();
      log.directory().request_flush(log);
    } else {
      log.directory().work_queue().submit([&log] {
        log.write_out();
        log.directory().request_flush(log);
      });
    }
  }

  void stop_cleanly() {
    listeners_.clear();
    auto stopped = manager_->stop(7);
    ASSERT_TRUE(stopped) << stopped.error().message;
    for (auto& [name, model] : models_) {
      if (!model.appended.empty()) {
        const auto& last = model.appended.rbegin()->second;
        model.promised_end = record::BatchView::parse(base::as_bytes(last))->next_offset();
      }
    }
  }

  void close() {
    listeners_.clear();
    logs_.clear();
    manager_.reset();
    host_.cut_power();
    host_.disk().clear_faults();
  }

  static constexpr base::TopicId kTopicId{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

  env::sim::SimWorld simulation_;
  env::sim::SimHost& host_;
  log::LogConfig config_;
  std::map<base::TopicPartition, Model> models_;
  std::unique_ptr<log::LogManager> manager_;
  std::vector<std::shared_ptr<log::Log>> logs_;
  std::vector<std::unique_ptr<PromiseListener>> listeners_;
  std::size_t lost_batches_ = 0;
};

struct LogPowerCutTest : testing::Test {
  LogPowerCutTest() { base::log::set_level(base::log::Level::kOff); }
  ~LogPowerCutTest() override { base::log::set_level(base::log::Level::kInfo); }
};

TEST_F(LogPowerCutTest, WhatWasFlushedIsThereAndTheRestIsWholeOrGone) {
  std::size_t lost = 0;
  for (const std::uint64_t seed : env::sim::seeds(100)) {
    env::sim::DiskOptions disk;
    disk.names_survive_in_order = seed % 2 == 0;
    disk.write_waits_once_in = seed % 3 == 0 ? 10 : 0;
    if (seed % 9 == 0) disk.longest_wait = std::chrono::milliseconds(20);
    LogRun run(seed, disk);
    run.run();
    lost += run.lost_batches();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(lost, 0U) << "no power cut took anything: the test proves nothing";
}

TEST_F(LogPowerCutTest, ASeedRepeatsItself) {
  const auto digest = [](std::uint64_t seed) { return LogRun(seed, {}).run(); };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(digest(seed), digest(seed));
  EXPECT_NE(digest(1), digest(2));
}

}  // namespace
}  // namespace odradek::sim_test
