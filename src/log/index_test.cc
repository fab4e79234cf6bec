// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "env/sim/sim_world.h"
#include "log/file_names.h"
#include "log/offset_index.h"
#include "log/position_cache.h"
#include "log/time_index.h"

// The parts that find a place in a segment, each on its own.
namespace odradek::log {
namespace {

using base::Offset;
using base::Timestamp;

class IndexTest : public testing::Test {
 protected:
  IndexTest() { EXPECT_TRUE(disk().make_directories("/p")); }
  env::Disk& disk() { return host_.world().disk(); }

  void write_out(IndexFile& index, const std::string& path) {
    IndexFile::Batch batch = index.take_pending();
    ASSERT_TRUE(batch.write(disk(), path));
    ASSERT_TRUE(batch.cut_behind());
    index.commit(batch);
  }
  IndexFile open(const std::string& path, std::uint32_t entry_bytes) {
    auto index = IndexFile::open(disk(), path, entry_bytes);
    EXPECT_TRUE(index) << index.error().message;
    return std::move(*index);
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
};

TEST_F(IndexTest, EntriesAreFoundWhereverTheyAre) {
  // Enough for several steps of the search; every third is written out at another time.
  OffsetIndex index{Offset(1000)};
  for (int i = 1; i <= 3000; ++i) {
    index.append(Offset(1000 + 10 * i), 100U * static_cast<unsigned>(i));
    if (i % 900 == 0) write_out(index.file(), "/p/x.index");
  }
  const auto check = [](const OffsetIndex& checked) {
    EXPECT_EQ(checked.lookup(Offset(1009))->position, 0U);
    EXPECT_EQ(checked.lookup(Offset(1009))->offset, Offset(1000));
    for (int i = 1; i <= 3000; ++i) {
      EXPECT_EQ(checked.lookup(Offset(1000 + 10 * i))->position, 100U * static_cast<unsigned>(i));
      EXPECT_EQ(checked.lookup(Offset(1000 + 10 * i + 9))->offset, Offset(1000 + 10 * i));
    }
    EXPECT_EQ(checked.last().offset, Offset(31000));
  };
  check(index);
  write_out(index.file(), "/p/x.index");
  check(index);
  check(OffsetIndex(Offset(1000), open("/p/x.index", OffsetIndex::kEntryBytes)));
}

TEST_F(IndexTest, AnEntryIsEightBytes) {
  OffsetIndex index{Offset(7)};
  index.append(Offset(7 + 0x01020304), 0x0a0b0c0d);
  write_out(index.file(), "/p/x.index");
  EXPECT_EQ(disk().read_file("/p/x.index").value(), std::string("\1\2\3\4\x0a\x0b\x0c\x0d", 8));
}

TEST_F(IndexTest, ATimeEntryIsTwelveBytesAndOnlyForAGreaterTime) {
  TimeIndex index{Offset(7)};
  index.append_if_greater({Timestamp(-1), Offset(7)});
  EXPECT_EQ(index.file().entries(), 0U);
  index.append_if_greater({Timestamp(0x0102030405060708), Offset(7 + 0x090a0b0c)});
  index.append_if_greater({Timestamp(5), Offset(0x10000000)});
  write_out(index.file(), "/p/x.timeindex");
  EXPECT_EQ(disk().read_file("/p/x.timeindex").value(), "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc");
}

TEST_F(IndexTest, TimesAreFound) {
  TimeIndex index{Offset(0)};
  for (int i = 1; i <= 1000; ++i) {
    index.append_if_greater({Timestamp(10 * i), Offset(i)});
    if (i == 700) write_out(index.file(), "/p/x.timeindex");
  }
  const auto look_up = [&](std::int64_t time) {
    const auto pending = index.lookup_pending(Timestamp(time));
    return pending ? *pending
                   : *TimeIndex::lookup_stored(index.file().stored(), Offset(0), Timestamp(time));
  };
  EXPECT_EQ(look_up(9), (TimestampOffset{base::kNoTimestamp, Offset(0)}));
  for (int i = 1; i <= 1000; ++i) EXPECT_EQ(look_up(10 * i + 5).offset, Offset(i));
}

TEST_F(IndexTest, ZerosAreNoEntries) {
  OffsetIndex index{Offset(0)};
  for (unsigned i = 1; i <= 10; ++i) index.append(Offset(i), i);
  write_out(index.file(), "/p/x.index");
  auto file = disk().open("/p/x.index", env::OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->truncate(10485760));
  OffsetIndex again(Offset(0), open("/p/x.index", OffsetIndex::kEntryBytes));
  EXPECT_EQ(again.file().entries(), 10U);
  EXPECT_EQ(again.last().offset, Offset(10));
  again.append(Offset(20), 20);
  write_out(again.file(), "/p/x.index");
  EXPECT_EQ(disk().file_size("/p/x.index").value(), 88U);
}

TEST_F(IndexTest, CutsAtAnOffset) {
  for (const bool is_stored : {false, true}) {
    OffsetIndex index{Offset(0)};
    for (unsigned i = 1; i <= 10; ++i) index.append(Offset(10 * i), i);
    if (is_stored) write_out(index.file(), "/p/x.index");
    ASSERT_TRUE(index.truncate_to(Offset(51)));
    EXPECT_EQ(index.last().offset, Offset(50));
    ASSERT_TRUE(index.truncate_to(Offset(50)));
    EXPECT_EQ(index.last().offset, Offset(40));
    ASSERT_TRUE(index.truncate_to(Offset(0)));
    EXPECT_EQ(index.last().position, 0U);
  }
}

TEST_F(IndexTest, CountsWhatCanBeTrue) {
  OffsetIndex index{Offset(0)};
  for (unsigned i = 1; i <= 10; ++i) index.append(Offset(i), 10 * i);
  write_out(index.file(), "/p/x.index");
  EXPECT_EQ(index.count_sane(1000).value(), 10U);
  EXPECT_EQ(index.count_sane(95).value(), 9U);
  auto file = disk().open("/p/x.index", env::OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->write_at(24, base::as_bytes(std::string(8, '\0'))));
  EXPECT_EQ(index.count_sane(1000).value(), 3U);
}

TEST(PositionCacheTest, KnowsTheNewestBatches) {
  PositionCache cache;
  EXPECT_FALSE(cache.find(Offset(0)));
  for (int i = 0; i < 200; ++i) cache.add(Offset(3 * i), 100U * static_cast<unsigned>(i));
  const int oldest = 200 - static_cast<int>(PositionCache::kCapacity);
  EXPECT_FALSE(cache.find(Offset(3 * oldest - 1)));
  for (int i = oldest; i < 200; ++i) {
    for (int j = 0; j < 3; ++j) {
      const auto found = cache.find(Offset(3 * i + j));
      ASSERT_TRUE(found);
      EXPECT_EQ(found->base_offset, Offset(3 * i));
      EXPECT_EQ(found->position, 100U * static_cast<unsigned>(i));
      EXPECT_EQ(found->next_position.has_value(), i < 199);
    }
    EXPECT_EQ(cache.position_of(Offset(3 * i)), 100U * static_cast<unsigned>(i));
    EXPECT_FALSE(cache.position_of(Offset(3 * i + 1)));
  }
}

TEST(FileNamesTest, AreKafkas) {
  EXPECT_EQ(offset_file_name(Offset(42), kLogSuffix), "00000000000000000042.log");
  const auto name = parse_offset_file_name("00000000000000000042.timeindex.swap");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->offset, Offset(42));
  EXPECT_EQ(name->suffix, kTimeIndexSuffix);
  EXPECT_EQ(name->marker, kSwapSuffix);
  for (const char* other :
       {"leader-epoch-checkpoint", "x.log", "5.log", "00000000000000000005.log.old", ".log", "12",
        "-0000000000000000005.log", "-0000000000000000000.log", "000000000000000000005.log",
        "0000000000000000000x.snapshot", "00000000000000000008",
        "00000000000000000000-0000000001.checkpoint", "99999999999999999999.log"}) {
    EXPECT_FALSE(parse_offset_file_name(other)) << other;
  }
}

}  // namespace
}  // namespace odradek::log
