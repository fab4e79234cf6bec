// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <tuple>

#include "log/log_test_fixture.h"

// Damage in what was flushed long ago: found when it is read, never served, and what lies before
// and after it is.
namespace odradek::log {
namespace {

using base::ErrorCode;
using base::Offset;
using ::testing::HasSubstr;
using testing::LogFixture;

constexpr auto kLog = "00000000000000000000.log";
constexpr auto kIndex = "00000000000000000000.index";

class DamageReadTest : public LogFixture {
 protected:
  DamageReadTest() { config_.index_interval_bytes = 200; }

  // Twenty batches of two records; closed cleanly.
  void write_and_close() {
    auto log = open();
    for (int i = 0; i < 20; ++i) append(*log, batch(2, 1000 + 10 * i, 100));
    ASSERT_TRUE(log->close());
    log.reset();
    whole_ = content(kLog);
    index_ = content(kIndex);
    for (std::size_t at = 0; at < whole_.size();) {
      positions_.push_back(at);
      at += record::BatchHeader::parse(base::as_bytes(whole_).subspan(at))->total_size();
    }
    positions_.push_back(whole_.size());
  }
  std::string content(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void put(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  // What a consumer gets that seeks past what it is refused: batches' base offsets, and the offsets
  // that it was refused at.
  struct Consumed {
    std::vector<std::int64_t> batches;
    std::vector<std::int64_t> refused;
  };
  static Consumed consume(Log& log, std::uint64_t max_bytes) {
    Consumed consumed;
    for (Offset next{0}; next < log.log_end_offset();) {
      auto info = log.read(next, log.log_end_offset(), max_bytes, true);
      if (!info) {
        EXPECT_EQ(info.error().code, ErrorCode::kCorruptMessage) << info.error().message;
        EXPECT_EQ(info.error().os_error, 0);
        consumed.refused.push_back(next.value());
        next = next + 1;
        continue;
      }
      if (info->bytes.length == 0) {
        ADD_FAILURE() << "nothing at offset " << next.value();
        break;
      }
      std::vector<std::uint8_t> bytes(info->bytes.length);
      auto file = std::dynamic_pointer_cast<env::File>(info->bytes.file);
      EXPECT_EQ(file->read_at(info->bytes.position, bytes).value_or(0), bytes.size());
      record::BatchIterator batches(bytes);
      const Offset before = next;
      for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
        EXPECT_TRUE((*batch)->crc_matches());
        consumed.batches.push_back((*batch)->base_offset().value());
        next = (*batch)->next_offset();
      }
      if (next <= before) {
        ADD_FAILURE() << "nothing new at offset " << before.value();
        break;
      }
    }
    return consumed;
  }
  // The batches but for [first, last].
  static std::vector<std::int64_t> all_but(int first, int last) {
    std::vector<std::int64_t> offsets;
    for (int i = 0; i < 20; ++i) {
      if (i < first || i > last) offsets.push_back(2 * i);
    }
    return offsets;
  }

  std::string whole_;
  std::string index_;
  std::vector<std::size_t> positions_;
};

TEST_F(DamageReadTest, WhatIsWholeBeforeAndAfterIsServed) {
  write_and_close();
  // Every byte of the eighth batch in turn has a bit flipped.
  for (std::size_t at = positions_[7]; at < positions_[8]; ++at) {
    SCOPED_TRACE("byte " + std::to_string(at - positions_[7]) + " of the batch");
    std::string bytes = whole_;
    bytes[at] ^= static_cast<char>(1U << (at % 8));
    put(kLog, bytes);
    auto log = open(true);
    const std::uint64_t max_bytes = at % 3 == 0 ? 1 : 1000 * (at % 7);
    const Consumed consumed = consume(*log, max_bytes);
    EXPECT_EQ(consumed.batches, all_but(7, 7));
    EXPECT_EQ(consumed.refused, (std::vector<std::int64_t>{14, 15}));
    log.reset();
  }
}

TEST_F(DamageReadTest, SaysWhatIsWrongAndWhere) {
  write_and_close();
  std::string bytes = whole_;
  bytes[positions_[7] + 80] ^= 4;
  put(kLog, bytes);
  auto log = open(true);
  const auto info = log->read(Offset(15), Offset(40), 1000, true);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::kCorruptMessage);
  EXPECT_THAT(info.error().message, HasSubstr("t-0: offset 15 can't be read: "));
  EXPECT_THAT(info.error().message, HasSubstr(kLog));
  EXPECT_THAT(
      info.error().message,
      HasSubstr("a batch's checksum is wrong at position " + std::to_string(positions_[7]) + " (" +
                std::to_string(positions_[8] - positions_[7]) + " bytes): offsets 14 to 15"));
}

// Of which batch which byte.
class DamageCutTest : public DamageReadTest,
                      public ::testing::WithParamInterface<std::tuple<int, int>> {};

// What a replica does that has others to copy from: nothing of the damage stays in the file.
TEST_P(DamageCutTest, ACutWhereItBeginsTakesItAway) {
  const auto damaged = static_cast<std::size_t>(std::get<0>(GetParam()));
  write_and_close();
  std::string bytes = whole_;
  for (const std::size_t batch : {damaged, std::size_t{18}}) {
    char& byte = bytes[positions_[batch] + static_cast<std::size_t>(std::get<1>(GetParam()))];
    byte = static_cast<char>(byte ^ 2);
  }
  put(kLog, bytes);
  auto log = open(true);
  EXPECT_FALSE(log->first_damaged_offset());
  consume(*log, 1000);
  const auto first = log->first_damaged_offset();
  ASSERT_EQ(first, Offset(static_cast<std::int64_t>(2 * damaged)));
  ASSERT_TRUE(log->truncate_to(*first));
  EXPECT_FALSE(log->first_damaged_offset());
  EXPECT_EQ(log->log_end_offset(), *first);
  EXPECT_EQ(content(kLog), whole_.substr(0, positions_[damaged]));
  EXPECT_EQ(directory_->counters().damaged_partitions, 0);
}
INSTANTIATE_TEST_SUITE_P(Places, DamageCutTest,
                         ::testing::Combine(::testing::Values(0, 1, 7, 12, 17),
                                            ::testing::Values(3, 9, 18, 80)));

TEST_F(DamageReadTest, DamageThatWasDeletedIsNoneAnyMore) {
  write_and_close();
  std::string bytes = whole_;
  bytes[positions_[7] + 80] ^= 4;
  put(kLog, bytes);
  auto log = open(true);
  consume(*log, 1000);
  EXPECT_EQ(log->first_damaged_offset(), Offset(14));
  ASSERT_TRUE(log->delete_records(Offset(16), Offset(40)));
  EXPECT_FALSE(log->first_damaged_offset());
}

TEST_F(DamageReadTest, WhoMustNotWaitIsToldToAskAgain) {
  write_and_close();
  std::string bytes = whole_;
  bytes[positions_[7] + 80] ^= 4;
  bytes[positions_[12] + 16] = 1;
  put(kLog, bytes);
  auto log = open(true);
  constexpr ReadMode kMode = ReadMode::kWithoutWaiting;
  for (const std::int64_t from : {0, 14, 24}) {
    EXPECT_TRUE(log->read(Offset(from), Offset(40), 100, true, kMode)->must_wait);
  }
  EXPECT_TRUE(log->read(Offset(0), Offset(40), 100, true));
  EXPECT_FALSE(log->read(Offset(24), Offset(40), 100, true));
  EXPECT_FALSE(log->read(Offset(0), Offset(40), 100, true, kMode)->must_wait);
  EXPECT_EQ(log->read(Offset(24), Offset(40), 100, true, kMode).error().code,
            ErrorCode::kCorruptMessage);
  append(*log, batch(1, 5000));
  EXPECT_FALSE(log->read(Offset(40), Offset(41), 100, true, kMode)->must_wait);
}

TEST_F(DamageReadTest, AnIndexThatIsWrongMisleadsNobody) {
  write_and_close();
  for (std::size_t at = 0; at < index_.size(); ++at) {
    SCOPED_TRACE("byte " + std::to_string(at));
    std::string bytes = index_;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    put(kIndex, bytes);
    auto log = open(true);
    for (std::int64_t offset = 39; offset >= 0; offset -= 3) {
      EXPECT_EQ(read(*log, offset, 40, 1), (std::vector<std::int64_t>{offset / 2 * 2}));
      // Up to a place that is not the end.
      EXPECT_EQ(read(*log, 0, offset / 2 * 2 + 2).size(), offset / 2 + 1);
    }
    log.reset();
    put(kIndex, index_);
  }
}

TEST_F(DamageReadTest, WhateverHappensToTheFileNothingWrongIsServed) {
  write_and_close();
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::string bytes = whole_;
    const std::size_t at = random() % bytes.size();
    const std::size_t length = 1 + random() % (bytes.size() - at);
    switch (random() % 5) {
      case 0:
        bytes[at] ^= static_cast<char>(1U << (random() % 8));
        break;
      case 1:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, '\0');
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        for (std::size_t i = 0; i < std::min<std::size_t>(length, 600); ++i) {
          bytes[at + i] = static_cast<char>(random());
        }
        break;
      default:
        for (std::size_t i = 0; i < 1 + length % 500; ++i) {
          bytes += static_cast<char>(random());
        }
    }
    put(kLog, bytes);
    put(kIndex, index_);
    auto log = open(random() % 2 == 0);
    ASSERT_EQ(log->log_end_offset(), Offset(40));
    const Consumed consumed = consume(*log, random() % 3000);
    // Each offset is served or refused, and what is served is a batch of the log.
    std::vector<std::int64_t> expected = all_but(20, 20);
    EXPECT_TRUE(std::ranges::includes(expected, consumed.batches));
    EXPECT_EQ(consumed.batches.size() * 2 + consumed.refused.size(), 40U);
    // It goes on.
    EXPECT_EQ(append(*log, batch(2, 5000)).first_offset, Offset(40));
    EXPECT_EQ(read(*log, 40, 42), (std::vector<std::int64_t>{40}));
    EXPECT_EQ(read(*log, 41, 42), (std::vector<std::int64_t>{40}));
    ASSERT_TRUE(log->close());
    log.reset();
    std::filesystem::remove_all(file(""));
    std::filesystem::create_directories(file(""));
    directory_->recovery_points[name_] = Offset(40);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace odradek::log
