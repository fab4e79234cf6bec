// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "log/directory/checkpoint_file.h"
#include "log/directory/clean_shutdown_file.h"
#include "log/directory/meta_properties.h"
#include "log/leader_epoch_cache.h"
#include "log/partition_metadata.h"
#include "log/producer_state_snapshot.h"
#include "log/transaction_index.h"

// What Apache Kafka left in its log directory; README.md says what the fixtures hold.
namespace odradek::log {
namespace {

std::string fixture(const std::string& name) {
  std::ifstream file("data/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name << ": run this test in its own directory";
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string text_of(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The lines after the count come in the order of a hash map there.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  std::sort(lines.begin() + 2, lines.end());
  return lines;
}

TEST(LogDirectoryGolden, OffsetCheckpoints) {
  for (const auto* name : {"recovery-point-offset-checkpoint", "replication-offset-checkpoint"}) {
    const std::string text = fixture(name);
    const auto offsets = directory::parse_offset_checkpoint(text, name);
    ASSERT_TRUE(offsets) << offsets.error().message;
    EXPECT_EQ(offsets->at({"orders", 0}).value(), 15);
    EXPECT_EQ(offsets->at({"orders", 1}).value(), 0);
    const directory::OffsetEntries entries(offsets->begin(), offsets->end());
    EXPECT_EQ(sorted_lines(directory::format_offset_checkpoint(entries)), sorted_lines(text));
  }
  EXPECT_EQ(directory::format_offset_checkpoint({}), fixture("log-start-offset-checkpoint"));
}

TEST(LogDirectoryGolden, Identity) {
  const auto identity = directory::parse_meta_properties(fixture("meta.properties"), "p");
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->version, 1);
  EXPECT_EQ(identity->node_id.value(), 1);
  EXPECT_EQ(identity->cluster_id, "MkU3OEVBNTcwNTJENDM2Qk");
  EXPECT_FALSE(identity->directory_id.is_zero());
}

TEST(LogDirectoryGolden, CleanShutdown) {
  const std::string text = fixture(".kafka_cleanshutdown");
  const std::int64_t epoch = directory::parse_clean_shutdown_epoch(text);
  EXPECT_EQ(epoch, 4351);
  EXPECT_EQ(directory::format_clean_shutdown(epoch), text);
}

TEST(LogDirectoryGolden, PartitionMetadata) {
  const std::string text = fixture("orders-0/partition.metadata");
  const auto id = parse_partition_metadata(text, "p");
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(format_partition_metadata(*id), text);
}

TEST(LogDirectoryGolden, LeaderEpochs) {
  for (const auto* partition : {"orders-0", "orders-1", "plain-0"}) {
    const std::string text = fixture(std::string(partition) + "/leader-epoch-checkpoint");
    const auto epochs = parse_leader_epochs(text, "p");
    ASSERT_TRUE(epochs) << epochs.error().message;
    EXPECT_FALSE(epochs->empty());
    EXPECT_EQ(format_leader_epochs(*epochs), text);
  }
}

TEST(LogDirectoryGolden, ASnapshotWithoutProducers) {
  EXPECT_EQ(text_of(encode_producer_snapshot(ProducerState())),
            fixture("plain-0/00000000000000000001.snapshot"));
}

// Reads the log's batches as recovery does, and gives those with a producer to the state.
class Replay {
 public:
  void read(const std::string& name) {
    const std::string log = fixture(name);
    for (std::size_t at = 0; at < log.size();) {
      const auto* batch = reinterpret_cast<const std::uint8_t*>(log.data()) + at;
      take(batch);
      at += 12 + base::load_big_endian<std::uint32_t>(batch + 8);
    }
  }

  ProducerState state;
  std::string index;

 private:
  // The fields' places are the format's: docs/formats/record-batch.md.
  void take(const std::uint8_t* bytes) {
    const auto attributes = base::load_big_endian<std::int16_t>(bytes + 21);
    const auto delta = base::load_big_endian<std::int32_t>(bytes + 23);
    ProducerBatch batch;
    batch.first_offset = base::Offset(base::load_big_endian<std::int64_t>(bytes));
    batch.last_offset = batch.first_offset + delta;
    batch.max_timestamp = base::Timestamp(base::load_big_endian<std::int64_t>(bytes + 35));
    batch.producer_id = base::ProducerId(base::load_big_endian<std::int64_t>(bytes + 43));
    batch.producer_epoch = base::ProducerEpoch(base::load_big_endian<std::int16_t>(bytes + 51));
    batch.base_sequence = base::load_big_endian<std::int32_t>(bytes + 53);
    batch.last_sequence = last_sequence_of(batch.base_sequence, delta);
    batch.is_transactional = (attributes & 0x10) != 0;
    state.set_end_offset(batch.last_offset + 1);
    if (batch.producer_id == base::kNoProducerId) return;
    // A marker's one record: five bytes of varints, the key (version, type), its value's length,
    // the value (version, coordinator epoch).
    if ((attributes & 0x20) != 0) {
      batch.marker = EndTransactionMarker{
          .is_commit = base::load_big_endian<std::int16_t>(bytes + 61 + 7) == 1,
          .coordinator_epoch = base::load_big_endian<std::int32_t>(bytes + 61 + 12)};
    }
    const auto aborted = state.append(batch);
    if (!aborted) return;
    std::uint8_t entry[kAbortedTransactionSize] = {};
    base::store_big_endian(entry + 2, aborted->producer_id.value());
    base::store_big_endian(entry + 10, aborted->first_offset.value());
    base::store_big_endian(entry + 18, aborted->last_offset.value());
    base::store_big_endian(entry + 26, aborted->last_stable_offset.value());
    index.append(reinterpret_cast<const char*>(entry), sizeof(entry));
  }
};

TEST(LogDirectoryGolden, ProducerStateAndTransactionIndex) {
  Replay replay;
  replay.read("orders-0/00000000000000000000.log");
  EXPECT_EQ(replay.state.end_offset().value(), 8);
  EXPECT_EQ(text_of(encode_producer_snapshot(replay.state)),
            fixture("orders-0/00000000000000000008.snapshot"));
  replay.read("orders-0/00000000000000000008.log");
  EXPECT_EQ(replay.state.end_offset().value(), 15);
  // The second start found the first producer silent since 1970.
  replay.state.expire(base::Timestamp(86400000 + 1006), 86400000);
  EXPECT_EQ(text_of(encode_producer_snapshot(replay.state)),
            fixture("orders-0/00000000000000000015.snapshot"));
  EXPECT_EQ(replay.index, fixture("orders-0/00000000000000000008.txnindex"));
  EXPECT_EQ(replay.state.first_unstable_offset(base::Offset(15)), base::Offset(14));
}

}  // namespace
}  // namespace odradek::log
