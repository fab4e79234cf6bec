// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "env/disk.h"
#include "env/sim/seeded_random.h"
#include "log/log.h"
#include "record/batch_header.h"
#include "record/control_record.h"
#include "record/record_reader.h"

// For tests: what was written to a partition of a compacted topic, and what of it must be there
// after any number of cleanings.
namespace odradek::log::cleaner::testing {

struct WrittenRecord {
  std::string key;
  std::optional<std::string> value;
  base::Timestamp timestamp;
  base::ProducerId producer_id;
  std::int32_t last_sequence = -1;
  base::Timestamp appended_at;
  bool is_transactional = false;
};

struct ReadRecord {
  std::string key;
  std::optional<std::string> value;
  base::Timestamp timestamp;
};

// What a log holds, and what a read_committed consumer is shown of it.
struct Content {
  std::map<base::Offset, ReadRecord> records;
  std::set<base::Offset> committed;
};

// Reads a log from its start to its end, in pieces of random sizes. Blocks.
class ContentReader {
 public:
  ContentReader(Log& log, env::sim::SeededRandom& random) : log_(log), random_(random) {}

  Content read_all() {
    const base::Offset end = log_.log_end_offset();
    auto found = log_.aborted_transactions(log_.log_start_offset(), end);
    EXPECT_TRUE(found) << found.error().message;
    if (found) {
      for (const auto& one : *found) aborted_.emplace(one.first_offset, one.producer_id);
    }
    base::Offset next = log_.log_start_offset();
    while (next < end && !::testing::Test::HasFailure()) {
      auto info = log_.read(next, end, random_.below(3000), true);
      if (!info) ADD_FAILURE() << "at offset " << next.value() << ": " << info.error().message;
      if (!info || info->bytes.length == 0) break;
      std::vector<std::uint8_t> bytes(info->bytes.length);
      auto file = std::dynamic_pointer_cast<env::File>(info->bytes.file);
      EXPECT_EQ(file->read_at(info->bytes.position, bytes).value_or(0), bytes.size());
      record::BatchIterator whole(bytes);
      for (auto batch = whole.next(); batch && *batch; batch = whole.next()) {
        EXPECT_GE((*batch)->next_offset(), next);
        if ((*batch)->base_offset() >= next || next == log_.log_start_offset()) {
          read_batch(**batch);
        }
        next = (*batch)->next_offset();
      }
    }
    EXPECT_EQ(next, end) << "the end can't be reached by reading";
    return std::move(content_);
  }

 private:
  void read_batch(const record::BatchView& batch) {
    ASSERT_TRUE(batch.crc_matches());
    while (!aborted_.empty() && aborted_.begin()->first <= batch.last_offset()) {
      in_aborted_.insert(aborted_.begin()->second);
      aborted_.erase(aborted_.begin());
    }
    const bool is_hidden = batch.is_transactional() && in_aborted_.contains(batch.producer_id());
    auto reader = record::RecordReader::open(batch);
    ASSERT_TRUE(reader);
    for (auto record = reader->next();; record = reader->next()) {
      ASSERT_TRUE(record) << record.error().message;
      if (!*record) return;
      if (batch.is_control()) {
        auto type = record::parse_control_key(*(*record)->key);
        if (type && *type == record::ControlRecordType::kAbort) {
          in_aborted_.erase(batch.producer_id());
        }
      } else {
        take(**record, is_hidden);
      }
    }
  }

  void take(const record::Record& record, bool is_hidden) {
    if (record.offset < log_.log_start_offset()) return;
    ReadRecord read{.key = std::string(base::as_text(*record.key)),
                    .value = std::nullopt,
                    .timestamp = record.timestamp};
    if (record.value) read.value = std::string(base::as_text(*record.value));
    if (!is_hidden) content_.committed.insert(record.offset);
    EXPECT_TRUE(content_.records.emplace(record.offset, std::move(read)).second)
        << record.offset.value();
  }

  Log& log_;
  env::sim::SeededRandom& random_;
  std::multimap<base::Offset, base::ProducerId> aborted_;
  std::set<base::ProducerId> in_aborted_;
  Content content_;
};

// The history of what was appended, and the checks of what was read against it.
class CompactionModel {
 public:
  enum class Outcome : std::uint8_t { kCommitted, kAborted, kOpen };

  // `names_come_back_in_order`: a power cut takes back the last changes of a directory's names, and
  // not any of them. Where it takes any, segments that were deleted come back one by one, with
  // holes between them, and some without their indexes.
  explicit CompactionModel(bool names_come_back_in_order)
      : names_come_back_in_order_(names_come_back_in_order) {}

  void append(base::Offset offset, WrittenRecord record) { records_[offset] = std::move(record); }
  void end_transaction(base::Offset offset, base::ProducerId producer_id, bool is_commit) {
    markers_[offset] = {producer_id, is_commit};
  }
  // What lay at or behind `end` did not survive.
  void cut(base::Offset end) {
    records_.erase(records_.lower_bound(end), records_.end());
    markers_.erase(markers_.lower_bound(end), markers_.end());
  }
  // By DeleteRecords. A power cut may take that back, but what lies below is anybody's.
  void delete_below(base::Offset offset) { deleted_below_ = std::max(deleted_below_, offset); }

  // How often a record was found to be gone, rightly.
  std::uint64_t records_gone() const { return records_gone_; }

  // What a producer wrote last.
  struct Producer {
    std::int32_t next_sequence = 0;
    base::Offset last_offset;
    bool is_in_transaction = false;
  };
  std::map<base::ProducerId, Producer> producers() const {
    std::map<base::ProducerId, Producer> producers;
    for (const auto& [offset, record] : records_) {
      if (record.producer_id == base::kNoProducerId) continue;
      Producer& producer = producers[record.producer_id];
      producer.next_sequence = record.last_sequence + 1;
      producer.last_offset = offset;
      producer.is_in_transaction |= outcome_of(offset, record) == Outcome::kOpen;
    }
    return producers;
  }

  void check_what_is_there(const Content& content) const {
    for (const auto& [offset, read] : content.records) {
      const auto expected = records_.find(offset);
      ASSERT_NE(expected, records_.end()) << "a record nobody wrote, at offset " << offset.value();
      EXPECT_EQ(read.key, expected->second.key) << offset.value();
      EXPECT_EQ(read.value, expected->second.value) << offset.value();
      EXPECT_EQ(read.timestamp, expected->second.timestamp) << offset.value();
      if (offset < deleted_below_ && !names_come_back_in_order_) continue;
      const bool is_aborted = outcome_of(offset, expected->second) == Outcome::kAborted;
      EXPECT_EQ(content.committed.contains(offset), !is_aborted) << offset.value();
    }
  }

  void check_what_is_missing(const Content& content, base::Timestamp now,
                             std::int64_t delete_retention_ms) {
    std::map<std::string, base::Offset> last;
    for (const auto& [offset, record] : records_) {
      if (outcome_of(offset, record) == Outcome::kCommitted) last[record.key] = offset;
    }
    for (const auto& [offset, record] : records_) {
      if (content.records.contains(offset) || offset < deleted_below_) continue;
      ++records_gone_;
      const Outcome outcome = outcome_of(offset, record);
      if (outcome == Outcome::kAborted) continue;
      ASSERT_NE(outcome, Outcome::kOpen) << offset.value();
      if (last.at(record.key) > offset) continue;
      EXPECT_FALSE(record.value) << "the last record of key " << record.key << " is gone, offset "
                                 << offset.value();
      EXPECT_GE(now.value() - record.appended_at.value(), delete_retention_ms);
    }
  }

  // Below the checkpoint no committed key is there twice, and nothing of an aborted transaction.
  void check_cleaned_part(const Content& content, base::Offset clean_end) const {
    std::set<std::string> seen;
    for (const auto& [offset, read] : content.records) {
      if (offset >= clean_end) break;
      if (offset < deleted_below_) continue;
      EXPECT_EQ(outcome_of(offset, records_.at(offset)), Outcome::kCommitted) << offset.value();
      EXPECT_TRUE(seen.insert(read.key).second)
          << "key " << read.key << " again at offset " << offset.value() << ", below "
          << clean_end.value();
    }
  }

  // A look-up of one record's time, any, leads to the first that is as young, or before it.
  void check_a_time(const Content& content, Log& log, env::sim::SeededRandom& random) const {
    if (content.records.empty()) return;
    auto one = content.records.begin();
    std::advance(one, random.below(content.records.size()));
    const base::Timestamp wanted = one->second.timestamp;
    const auto first = std::ranges::find_if(
        content.records, [&](const auto& entry) { return entry.second.timestamp >= wanted; });
    if (first->first < deleted_below_ && !names_come_back_in_order_) return;
    auto found = log.offset_for_timestamp(wanted, log.log_end_offset());
    ASSERT_TRUE(found && *found) << "time " << wanted.value();
    EXPECT_LE((*found)->offset, first->first);
    EXPECT_GE((*found)->timestamp, wanted);
  }

  // The log knows every producer's last sequence, but for those of which DeleteRecords left nothing
  // to recover it from.
  void check_producers(const Log& log) const {
    std::map<base::ProducerId, std::int32_t> last;
    for (const ActiveProducer& producer : log.active_producers()) {
      last[producer.producer_id] = producer.last_sequence;
    }
    for (const auto& [producer_id, producer] : producers()) {
      if (producer.last_offset < deleted_below_) continue;
      ASSERT_TRUE(last.contains(producer_id)) << "producer " << producer_id.value();
      EXPECT_EQ(last.at(producer_id), producer.next_sequence - 1) << producer_id.value();
    }
  }

 private:
  struct Marker {
    base::ProducerId producer_id;
    bool is_commit = false;
  };

  Outcome outcome_of(base::Offset offset, const WrittenRecord& record) const {
    if (!record.is_transactional) return Outcome::kCommitted;
    for (auto marker = markers_.upper_bound(offset); marker != markers_.end(); ++marker) {
      if (marker->second.producer_id != record.producer_id) continue;
      return marker->second.is_commit ? Outcome::kCommitted : Outcome::kAborted;
    }
    return Outcome::kOpen;
  }

  const bool names_come_back_in_order_;
  std::map<base::Offset, WrittenRecord> records_;
  std::map<base::Offset, Marker> markers_;
  base::Offset deleted_below_{0};
  std::uint64_t records_gone_ = 0;
};

}  // namespace odradek::log::cleaner::testing
