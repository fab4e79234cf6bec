// SPDX-License-Identifier: Apache-2.0
#include "replica/partition_journal.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "log/log_test_fixture.h"

namespace odradek::replica {
namespace {

using base::Offset;
using base::Timestamp;

// A journal in a partition that takes batches of 1,000 bytes.
class PartitionJournalTest : public log::testing::LogFixture {
 protected:
  void SetUp() override {
    config_.max_message_bytes = 1000;
    partition_ = std::make_shared<Partition>(std::shared_ptr<log::Log>(open()),
                                             base::Uuid::from_random(1, 2));
    partition_->become_leader(base::LeaderEpoch(0));
    journal_ = std::make_unique<PartitionJournal>(partition_);
  }
  void TearDown() override {
    journal_.reset();
    partition_.reset();
  }

  static std::vector<record::JournalRecord> tombstones(int count) {
    const std::string key(100, 'k');
    return {static_cast<std::size_t>(count), {base::SharedBytes::copy(base::as_bytes(key)), {}}};
  }

  std::shared_ptr<Partition> partition_;
  std::unique_ptr<PartitionJournal> journal_;
};

TEST_F(PartitionJournalTest, RecordsThatBelongTogetherAreOneBatchOrNone) {
  const auto fits = journal_->append(tombstones(5), Timestamp(0));
  ASSERT_TRUE(fits) << fits.error().message;
  EXPECT_EQ(fits->offset, Offset(5));
  const auto too_many = journal_->append(tombstones(20), Timestamp(0));
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().code, base::ErrorCode::kMessageTooLarge);
  EXPECT_EQ(journal_->end().offset, Offset(5));
}

TEST_F(PartitionJournalTest, BatchesAreCompressedAsTheTopicSays) {
  for (const auto codec : {record::Codec::kGzip, record::Codec::kZstd, record::Codec::kNone}) {
    config_.codec = codec;
    partition_->log().set_config(config_);
    const Offset start = journal_->end().offset;
    ASSERT_TRUE(journal_->append(tombstones(5), Timestamp(0)));
    ASSERT_TRUE(journal_->append_each(tombstones(5), Timestamp(0)));
    journal_->write_out();
    const auto read = partition_->log().read(start, start + 10, 1 << 20, true);
    ASSERT_TRUE(read) << read.error().message;
    std::vector<std::uint8_t> bytes(read->bytes.length);
    const auto file = std::dynamic_pointer_cast<env::File>(read->bytes.file);
    ASSERT_EQ(file->read_at(read->bytes.position, bytes).value(), bytes.size());
    record::BatchIterator batches(bytes);
    for (int i = 0; i < 2; ++i) {
      const auto batch = batches.next();
      ASSERT_TRUE(batch && *batch);
      EXPECT_EQ((*batch)->codec(), codec);
      EXPECT_EQ((*batch)->count(), 5);
    }
  }
}

TEST_F(PartitionJournalTest, RecordsThatStandAloneTakeTheBatchesThatTheyNeed) {
  const auto appended = journal_->append_each(tombstones(50), Timestamp(0));
  ASSERT_TRUE(appended) << appended.error().message;
  EXPECT_EQ(appended->offset, Offset(50));
  journal_->write_out();
  EXPECT_EQ(journal_->end().offset, Offset(50));
}

}  // namespace
}  // namespace odradek::replica
