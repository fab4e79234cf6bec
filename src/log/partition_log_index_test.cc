// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "log/log_test_fixture.h"

// Indexes that are wrong are made anew while the log is used, and nothing else is.
namespace odradek::log {
namespace {

using base::Offset;
using base::Timestamp;
using testing::LogFixture;

constexpr auto kIndex = "00000000000000000000.index";
constexpr auto kTimeIndex = "00000000000000000000.timeindex";

class IndexRebuildTest : public LogFixture {
 protected:
  IndexRebuildTest() { config_.index_interval_bytes = 200; }

  // Twenty batches of two records; closed cleanly. The first segment has half of them, or all.
  void write_and_close(bool with_second_segment) {
    config_.segment_bytes = with_second_segment ? 10 * 300 : 1 << 20;
    auto log = open();
    for (int i = 0; i < 20; ++i) append(*log, batch(2, time_of(2 * i), 100));
    ASSERT_TRUE(log->close());
    log.reset();
    index_ = content(kIndex);
    times_ = content(kTimeIndex);
    ASSERT_GE(index_.size(), 4U * 8);
    ASSERT_GE(times_.size(), 4U * 12);
  }
  static std::int64_t time_of(std::int64_t offset) { return 1000 + 5 * offset; }
  // So that no entry is the same in an index that has another interval.
  std::string content(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void put(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  std::uint64_t rebuilt() const { return directory_->counters().rebuilt_indexes; }
  // Everything that was asked of the directory so far was done.
  void drain() {
    std::atomic<bool> is_done = false;
    directory_->work_queue().submit([&] { is_done = true; });
    while (!is_done) std::this_thread::yield();
  }
  void read_all(Log& log) {
    for (std::int64_t offset = 39; offset >= 0; --offset) {
      const auto batches = read(log, offset, 40, 1);
      ASSERT_EQ(batches.size(), 1U);
      EXPECT_EQ(batches.front(), offset / 2 * 2);
    }
  }
  void look_up_all(Log& log) {
    const std::int64_t end = log.log_end_offset().value();
    for (std::int64_t offset = end - 1; offset >= 0; --offset) {
      auto found = log.offset_for_timestamp(Timestamp(time_of(offset / 2 * 2) + offset % 2),
                                            log.log_end_offset());
      ASSERT_TRUE(found) << found.error().message;
      ASSERT_TRUE(*found) << offset;
      EXPECT_EQ((*found)->offset, Offset(offset));
    }
    auto greatest = log.offset_of_max_timestamp();
    ASSERT_TRUE(greatest);
    EXPECT_EQ((*greatest)->offset, Offset(end - 1));
  }

  std::string index_;
  std::string times_;
};

TEST_F(IndexRebuildTest, EveryFlippedByteOfTheOffsetIndexIsMendedByReads) {
  for (const bool with_second_segment : {true, false}) {
    SCOPED_TRACE(with_second_segment);
    write_and_close(with_second_segment);
    for (std::size_t at = 0; at < index_.size(); ++at) {
      SCOPED_TRACE("byte " + std::to_string(at));
      std::string bytes = index_;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
      put(kIndex, bytes);
      auto log = open();
      const std::uint64_t before = rebuilt();
      read_all(*log);
      drain();
      // An entry whose offset is another one misleads nobody who gets the same batch by it.
      EXPECT_LE(rebuilt(), before + 1);
      if (at % 8 >= 4) {
        EXPECT_EQ(rebuilt(), before + 1);
      }
      if (rebuilt() > before) {
        EXPECT_EQ(content(kIndex), index_);
      }
      read_all(*log);
      drain();
      EXPECT_LE(rebuilt(), before + 1);
      ASSERT_TRUE(log->close());
      log.reset();
      put(kIndex, index_);
      put(kTimeIndex, times_);
    }
    std::filesystem::remove_all(file(""));
    directory_->recovery_points.clear();
  }
}

TEST_F(IndexRebuildTest, EveryFlippedByteOfTheTimeIndexIsMendedByLookups) {
  write_and_close(true);
  for (std::size_t at = 0; at < times_.size(); ++at) {
    SCOPED_TRACE("byte " + std::to_string(at));
    std::string bytes = times_;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    put(kTimeIndex, bytes);
    auto log = open();
    const std::uint64_t before = rebuilt();
    look_up_all(*log);
    drain();
    look_up_all(*log);
    drain();
    EXPECT_LE(rebuilt(), before + 1);
    if (at >= times_.size() - 12) {
      EXPECT_EQ(rebuilt(), before + 1);
    }
    if (rebuilt() > before) {
      EXPECT_EQ(content(kTimeIndex), times_);
    }
    log.reset();
    put(kTimeIndex, times_);
  }
}

TEST_F(IndexRebuildTest, MissingAndCutIndexesAreMadeAnew) {
  write_and_close(true);
  for (const auto name : {kIndex, kTimeIndex}) {
    for (const std::size_t kept : {std::size_t{0}, std::size_t{12}}) {
      SCOPED_TRACE(name + std::to_string(kept));
      std::string whole = content(name);
      put(name, whole.substr(0, kept));
      if (kept == 0) std::filesystem::remove(file(name));
      auto log = open();
      const std::uint64_t before = rebuilt();
      look_up_all(*log);
      drain();
      if (name == kTimeIndex) {
        EXPECT_EQ(rebuilt(), before + 1);
        EXPECT_EQ(content(name), whole);
      }
      log.reset();
      put(kIndex, index_);
      put(kTimeIndex, times_);
    }
  }
}

TEST_F(IndexRebuildTest, AMissingOffsetIndexOfALargeSegmentIsMadeAnew) {
  config_.index_interval_bytes = 4096;
  {
    auto log = open();
    for (int i = 0; i < 60; ++i) append(*log, batch(1, 1000 + i, 4000));
    ASSERT_TRUE(log->close());
  }
  const std::string whole = content(kIndex);
  std::filesystem::remove(file(kIndex));
  auto log = open();
  EXPECT_EQ(read(*log, 59, 60, 1), std::vector<std::int64_t>{59});
  drain();
  EXPECT_EQ(rebuilt(), 1U);
  EXPECT_EQ(content(kIndex), whole);
}

TEST_F(IndexRebuildTest, WhatIsRightIsLeftAlone) {
  write_and_close(true);
  const auto written = std::filesystem::last_write_time(file(kIndex));
  auto log = open();
  read_all(*log);
  look_up_all(*log);
  drain();
  EXPECT_EQ(rebuilt(), 0U);
  EXPECT_EQ(std::filesystem::last_write_time(file(kIndex)), written);
}

TEST_F(IndexRebuildTest, TheActiveSegmentEndsAndTheLogGoesOn) {
  write_and_close(false);
  std::string bytes = index_;
  bytes[8 + 7] ^= 1;
  put(kIndex, bytes);
  auto log = open();
  read_all(*log);
  drain();
  EXPECT_EQ(rebuilt(), 1U);
  EXPECT_EQ(content(kIndex), index_);
  EXPECT_EQ(append(*log, batch(1, 5000)).first_offset, Offset(40));
  EXPECT_TRUE(std::filesystem::exists(file("00000000000000000040.log")));
  EXPECT_EQ(read(*log, 40, 41), std::vector<std::int64_t>{40});
  read_all(*log);
  ASSERT_TRUE(log->close());
}

TEST_F(IndexRebuildTest, ADamagedBatchIsNoReasonToWriteTheIndexAgain) {
  write_and_close(true);
  const std::string log_name = "00000000000000000000.log";
  std::string bytes = content(log_name);
  // Of the batch that the second entry names.
  const auto position = static_cast<std::size_t>(static_cast<std::uint8_t>(index_[14])) * 256 +
                        static_cast<std::uint8_t>(index_[15]);
  bytes[position + 80] ^= 1;
  put(log_name, bytes);
  auto log = open();
  int refused = 0;
  for (std::int64_t offset = 39; offset >= 0; --offset) {
    if (!log->read(Offset(offset), Offset(40), 1, true)) ++refused;
  }
  EXPECT_EQ(refused, 2);
  drain();
  EXPECT_EQ(rebuilt(), 0U);
  EXPECT_EQ(directory_->counters().damaged_partitions, 1);
  EXPECT_EQ(directory_->counters().damaged_ranges, 1);
  // It goes with the segment.
  ASSERT_TRUE(log->delete_records(Offset(30), Offset(40)));
  EXPECT_EQ(directory_->counters().damaged_partitions, 0);
  EXPECT_EQ(directory_->counters().damaged_ranges, 0);
  EXPECT_GE(directory_->counters().deleted[0].segments, 1U);
  EXPECT_GE(directory_->counters().deleted[0].bytes, 1000U);
}

TEST_F(IndexRebuildTest, ReadersGoOnMeanwhile) {
  write_and_close(true);
  for (int round = 0; round < 20; ++round) {
    std::string bytes = index_;
    bytes[8 + 7] ^= 1;
    put(kIndex, bytes);
    auto log = open();
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        read_all(*log);
        look_up_all(*log);
      });
    }
    for (std::thread& reader : readers) reader.join();
    drain();
    EXPECT_EQ(content(kIndex), index_);
    log.reset();
    put(kIndex, index_);
  }
}

}  // namespace
}  // namespace odradek::log
