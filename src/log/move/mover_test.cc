// SPDX-License-Identifier: Apache-2.0
#include "log/move/mover.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "log/log_test_fixture.h"
#include "record/control_record.h"

namespace odradek::log::move {
namespace {

using base::Offset;
using testing::TestDirectory;

// What a partition is, by all that a reader or a producer sees of it.
struct Facts {
  Offset log_start;
  Offset end;
  std::vector<std::int64_t> batches;
  std::vector<std::int64_t> producers;
  std::vector<std::int64_t> aborted;
  std::vector<std::int64_t> epochs;
  friend bool operator==(const Facts&, const Facts&) = default;
};

class MoverTest : public testing::LogFixture {
 protected:
  MoverTest() {
    config_.segment_bytes = 4000;
    config_.index_interval_bytes = 200;
    config_.producer_id_expiration_ms = std::numeric_limits<std::int64_t>::max();
    other_ = std::make_unique<TestDirectory>(world_, root_ + "/other");
    third_ = std::make_unique<TestDirectory>(world_, root_ + "/third");
    loop_ = std::thread([this] { world_.run(); });
  }
  ~MoverTest() override {
    mover_.reset();
    world_.stop();
    loop_.join();
  }

  void start(MoverOptions options = {}) {
    mover_ = std::make_unique<Mover>(world_, options, [this](const std::shared_ptr<Log>&) {
      const std::lock_guard lock(mutex_);
      ++moved_;
      changed_.notify_all();
    });
  }
  void wait_for_moves(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return moved_ >= count; });
  }

  base::SharedBytes producer_batch(std::int64_t id, int sequence, int count) {
    return batch(count, 1000 + sequence, 50,
                 {.producer_id = base::ProducerId(id),
                  .producer_epoch = base::ProducerEpoch(0),
                  .base_sequence = sequence});
  }

  Facts facts(Log& log) {
    Facts facts{log.log_start_offset(), log.log_end_offset(), {}, {}, {}, {}};
    for (Offset at = log.log_start_offset(); at < log.log_end_offset();) {
      auto some = read(log, at.value(), log.log_end_offset().value());
      EXPECT_FALSE(some.empty());
      if (some.empty()) break;
      facts.batches.insert(facts.batches.end(), some.begin(), some.end());
      at = Offset(some.back()) + 1;
      while (at < log.log_end_offset() && base_of(log, at) == some.back()) at = at + 1;
    }
    for (const ActiveProducer& producer : log.active_producers()) {
      facts.producers.push_back(producer.producer_id.value());
      facts.producers.push_back(producer.last_sequence);
    }
    auto aborted = log.aborted_transactions(log.log_start_offset(), log.log_end_offset());
    EXPECT_TRUE(aborted);
    for (const AbortedTransaction& one : *aborted) facts.aborted.push_back(one.last_offset.value());
    for (int epoch = 0; epoch < 10; ++epoch) {
      facts.epochs.push_back(log.end_offset_for_epoch(base::LeaderEpoch(epoch)).end_offset.value());
    }
    return facts;
  }
  std::int64_t base_of(Log& log, Offset at) {
    auto some = read(log, at.value(), log.log_end_offset().value(), 1);
    return some.empty() ? -1 : some.front();
  }

  std::unique_ptr<Log> reopen(TestDirectory& directory, bool was_clean) {
    auto log = Log::open(directory, {.name = name_,
                                     .topic_id = base::Uuid::from_random(1, 2),
                                     .config = config_,
                                     .recovery_point = directory.recovery_point(name_),
                                     .log_start_offset = directory.log_start_offset(name_),
                                     .was_clean = was_clean});
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }

  // The names in the directory that are neither the partition's nor deleted ones'.
  std::vector<std::string> left_in(const TestDirectory& directory) {
    std::vector<std::string> left;
    const auto entries = world_.disk().list(directory.path());
    EXPECT_TRUE(entries);
    for (const auto& entry : *entries) {
      if (!entry.name.ends_with("-delete")) left.push_back(entry.name);
    }
    return left;
  }

  std::unique_ptr<TestDirectory> other_;
  std::unique_ptr<TestDirectory> third_;
  std::unique_ptr<Mover> mover_;
  std::thread loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int moved_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(MoverTest, AllOfALogMoves) {
  std::shared_ptr<Log> log = open();
  log->begin_leader_epoch(base::LeaderEpoch(3));
  for (int i = 0; i < 60; ++i) {
    append(*log, producer_batch(7, i * 3, 3));
    append(*log, producer_batch(8, i * 2, 2));
    if (i == 20) {
      append(*log, batch(1, 5, 5,
                         {.producer_id = base::ProducerId(9),
                          .producer_epoch = base::ProducerEpoch(0),
                          .base_sequence = 0,
                          .is_transactional = true}));
      append(*log,
             record::end_transaction_marker(
                 {.producer_id = base::ProducerId(9), .producer_epoch = base::ProducerEpoch(0)},
                 base::Timestamp(6), record::ControlRecordType::kAbort, 1),
             AppendOrigin::kCoordinator);
    }
  }
  ASSERT_TRUE(log->delete_records(Offset(40), Offset(100)));
  const Facts before = facts(*log);
  ASSERT_EQ(before.aborted.size(), 1U);
  start();
  ASSERT_TRUE(mover_->begin(log, *other_));
  wait_for_moves(1);
  EXPECT_EQ(&log->directory(), other_.get());
  EXPECT_EQ(facts(*log), before);
  EXPECT_EQ(log->flushed_end_offset(), log->log_end_offset());
  EXPECT_EQ(left_in(*directory_), Names());
  EXPECT_EQ(left_in(*other_), Names{"t-0"});
  EXPECT_TRUE(directory_->recovery_points.empty());
  EXPECT_EQ(other_->recovery_points[name_], before.end);
  EXPECT_EQ(other_->log_starts[name_], Offset(40));
  // A duplicate is known, and what follows goes on in the new place.
  EXPECT_TRUE(append(*log, producer_batch(7, 59 * 3, 3)).is_duplicate);
  EXPECT_EQ(append(*log, producer_batch(7, 60 * 3, 3)).first_offset, before.end);
  const Facts after = facts(*log);
  directory_->carry_out_removals();
  EXPECT_EQ(facts(*log), after);

  // As a crash leaves it, and then as a clean stop does.
  other_->recovery_points[name_] = before.end;
  log.reset();
  auto again = reopen(*other_, false);
  EXPECT_EQ(facts(*again), after);
  ASSERT_TRUE(again->close());
  again = reopen(*other_, true);
  EXPECT_EQ(facts(*again), after);
}

TEST_F(MoverTest, AnIdleAndAnEmptyLogMove) {
  {
    auto log = open();
    for (int i = 0; i < 30; ++i) append(*log, batch(4, i, 100));
    ASSERT_TRUE(log->close());
  }
  std::shared_ptr<Log> log = open();  // nothing of it is open
  start();
  ASSERT_TRUE(mover_->begin(log, *other_));
  wait_for_moves(1);
  append(*log, batch(4, 50, 100));
  EXPECT_EQ(facts(*log).batches.size(), 31U);
  ASSERT_TRUE(log->remove());
  log.reset();
  log = open();
  ASSERT_TRUE(mover_->begin(log, *other_));
  wait_for_moves(2);
  append(*log, batch(1, 1));
  ASSERT_TRUE(mover_->begin(log, *directory_));
  wait_for_moves(3);
  EXPECT_EQ(facts(*log).batches, std::vector<std::int64_t>{0});
  EXPECT_EQ(left_in(*other_), Names());
}

TEST_F(MoverTest, ALogMovesToAndFroWhileItIsWrittenReadAndCut) {
  config_.segment_bytes = 400'000;
  std::shared_ptr<Log> log = open();
  start();
  std::atomic<bool> is_done = false;
  std::int64_t appended = 0;
  std::thread writer([&] {
    for (int i = 0; !is_done; ++i) {
      auto info = log->append(producer_batch(7, i, 1), base::LeaderEpoch(3), AppendOrigin::kClient);
      ASSERT_TRUE(info) << info.error().message;
      ASSERT_FALSE(info->is_duplicate);
      ASSERT_EQ(info->first_offset, Offset(i));
      log->write_out();
      ++appended;
      // Not beyond what the copier can follow on a busy machine.
      while (!is_done && log->written_end_offset().value() + 100 < i) std::this_thread::yield();
      if (i % 1000 == 999) {
        ASSERT_TRUE(log->delete_records(Offset(i - 900), log->written_end_offset()));
      }
    }
  });
  std::thread reader([&] {
    Offset at(0);
    while (!is_done) {
      at = std::max(at, log->log_start_offset());
      auto info = log->read(at, log->written_end_offset(), 5000, true);
      if (!info) {
        ASSERT_EQ(info.error().code, base::ErrorCode::kOffsetOutOfRange) << info.error().message;
        continue;
      }
      if (info->bytes.length == 0) continue;
      // Records of one batch each, without a gap.
      ASSERT_EQ(info->first_batch_offset, at);
      at = at + 1;
      auto found = log->offset_for_timestamp(base::Timestamp(1000), log->written_end_offset());
      ASSERT_TRUE(found) << found.error().message;
    }
  });
  for (int i = 0; i < 6; ++i) {
    TestDirectory* const targets[] = {other_.get(), third_.get(), directory_.get()};
    ASSERT_TRUE(mover_->begin(log, *targets[i % 3]));
    wait_for_moves(i + 1);
  }
  is_done = true;
  writer.join();
  reader.join();
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(log->log_end_offset(), Offset(appended));
  const Facts before = facts(*log);
  EXPECT_EQ(static_cast<std::int64_t>(before.batches.size()),
            log->log_end_offset() - Offset(before.batches.front()));
  EXPECT_TRUE(std::ranges::is_sorted(before.batches));
  log.reset();
  EXPECT_EQ(facts(*reopen(*directory_, false)), before);
  EXPECT_EQ(left_in(*other_), Names());
  EXPECT_EQ(left_in(*third_), Names());
}

TEST_F(MoverTest, TheRateHoldsAndAMoveIsCalledOffOrSentElsewhere) {
  std::shared_ptr<Log> log = open();
  for (int i = 0; i < 30; ++i) append(*log, batch(4, i, 100));
  start({.threads = 1, .bytes_per_second = 0});
  ASSERT_TRUE(mover_->begin(log, *other_));
  auto futures = mover_->futures();
  ASSERT_EQ(futures.size(), 1U);
  EXPECT_EQ(futures.front().target, other_.get());
  EXPECT_EQ(futures.front().name, name_);
  // The same again changes nothing; elsewhere, the copy begins there.
  ASSERT_TRUE(mover_->begin(log, *other_));
  EXPECT_EQ(left_in(*other_).size(), 1U);
  ASSERT_TRUE(mover_->begin(log, *third_));
  EXPECT_EQ(left_in(*other_), Names());
  ASSERT_EQ(left_in(*third_).size(), 1U);
  EXPECT_TRUE(left_in(*third_).front().ends_with("-future"));
  // To where it lies: called off.
  ASSERT_TRUE(mover_->begin(log, *directory_));
  EXPECT_EQ(left_in(*third_), Names());
  EXPECT_TRUE(mover_->futures().empty());
  // Once there is a rate, it goes on.
  ASSERT_TRUE(mover_->begin(log, *third_));
  mover_->set_rate(100'000'000);
  wait_for_moves(1);
  EXPECT_EQ(&log->directory(), third_.get());
  mover_->cancel(name_);
  EXPECT_EQ(left_in(*third_), Names{"t-0"});
}

TEST_F(MoverTest, AnInterruptedMoveGoesOnWithWhatIsThere) {
  namespace fs = std::filesystem;
  enum class Left : std::uint8_t { kAsItWas, kFlipped, kTooLong, kBlank, kStrange };
  for (const Left left :
       {Left::kAsItWas, Left::kFlipped, Left::kTooLong, Left::kBlank, Left::kStrange}) {
    SCOPED_TRACE(static_cast<int>(left));
    std::shared_ptr<Log> log = open();
    for (int i = 0; i < 60; ++i) append(*log, producer_batch(7, i * 4, 4));
    const Facts before = facts(*log);
    std::vector<fs::path> segments;
    for (const auto& entry : fs::directory_iterator(file(""))) {
      if (entry.path().extension() == ".log") segments.push_back(entry.path());
    }
    std::ranges::sort(segments);
    ASSERT_GE(segments.size(), 3U);
    const fs::path future = other_->path() + "/t-0.0123456789abcdef0123456789abcdef-future";
    fs::create_directories(future);
    fs::copy(segments[0], future);
    fs::copy(segments[1], future);
    const fs::path first = future / segments[0].filename();
    const fs::path second = future / segments[1].filename();
    if (left == Left::kFlipped || left == Left::kBlank) {
      std::fstream bytes(second, std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(1000);
      bytes << (left == Left::kFlipped ? std::string("x") : std::string(500, '\0'));
    }
    if (left == Left::kTooLong) std::ofstream(second, std::ios::app) << "more";
    if (left == Left::kAsItWas) fs::resize_file(second, 1234);
    if (left == Left::kStrange) {
      for (const auto name : {"00000000000000000003.log", "00000000000000000000.index",
                              "00000000000000000009.snapshot", "leader-epoch-checkpoint.tmp"}) {
        std::ofstream(future / name) << "strange";
      }
    }
    const auto written = fs::last_write_time(first);
    start();
    ASSERT_TRUE(mover_->resume(log, *other_, future));
    wait_for_moves(1);
    EXPECT_EQ(&log->directory(), other_.get());
    EXPECT_EQ(facts(*log), before);
    EXPECT_EQ(left_in(*other_), Names{"t-0"});
    const fs::path moved = other_->path() + "/t-0";
    EXPECT_EQ(fs::last_write_time(moved / first.filename()), written);
    EXPECT_FALSE(fs::exists(moved / "00000000000000000003.log"));
    EXPECT_FALSE(fs::exists(moved / "00000000000000000009.snapshot"));
    EXPECT_EQ(append(*log, producer_batch(7, 240, 4)).first_offset, before.end);
    const Facts after = facts(*log);
    other_->recovery_points[name_] = before.end;
    log.reset();
    EXPECT_EQ(facts(*reopen(*other_, false)), after);
    mover_.reset();
    moved_ = 0;
    fs::remove_all(moved);
    other_->recovery_points.clear();
    other_->log_starts.clear();
    directory_->carry_out_removals();
  }
}

TEST_F(MoverTest, OthersWaitTheirTurn) {
  start({.threads = 1, .bytes_per_second = 0});
  std::vector<std::shared_ptr<Log>> logs;
  for (int i = 0; i < 4; ++i) {
    auto log = Log::open(*directory_, {.name = {"w", i}, .topic_id = {}, .config = config_});
    ASSERT_TRUE(log);
    logs.push_back(std::move(*log));
    append(*logs.back(), batch(2, 1));
    ASSERT_TRUE(mover_->begin(logs.back(), *other_));
  }
  EXPECT_EQ(mover_->futures().size(), 4U);
  mover_->cancel({"w", 2});
  EXPECT_EQ(mover_->futures().size(), 3U);
  mover_->set_rate(1'000'000);
  wait_for_moves(3);
  EXPECT_EQ(left_in(*other_), (Names{"w-0", "w-1", "w-3"}));
  EXPECT_EQ(&logs[2]->directory(), directory_.get());
}

TEST_F(MoverTest, AFailedTargetLeavesTheLogWhereItIs) {
  std::shared_ptr<Log> log = open();
  append(*log, batch(2, 1));
  other_->fail({base::ErrorCode::kKafkaStorageError, "test", 5});
  start();
  EXPECT_EQ(mover_->begin(log, *other_).error().code, base::ErrorCode::kKafkaStorageError);
  EXPECT_EQ(left_in(*other_), Names());
  append(*log, batch(2, 1));
  EXPECT_EQ(facts(*log).batches.size(), 2U);
}

}  // namespace
}  // namespace odradek::log::move
