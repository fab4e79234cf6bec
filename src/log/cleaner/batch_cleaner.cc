// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/batch_cleaner.h"

#include <utility>

#include "log/cleaner/source_reader.h"
#include "record/build.h"

namespace odradek::log::cleaner {
namespace {

std::optional<base::Timestamp> delete_horizon_of(const record::BatchHeader& batch) {
  if (!batch.has_delete_horizon()) return std::nullopt;
  return batch.base_timestamp();
}

record::BatchOptions options_of(const record::BatchHeader& batch,
                                std::optional<base::Timestamp> delete_horizon) {
  return {.codec = *batch.codec(),
          .base_offset = batch.base_offset(),
          .leader_epoch = batch.leader_epoch(),
          .producer_id = batch.producer_id(),
          .producer_epoch = batch.producer_epoch(),
          .base_sequence = batch.base_sequence(),
          .is_transactional = batch.is_transactional(),
          .is_control = batch.is_control(),
          .timestamp_type = batch.timestamp_type(),
          .delete_horizon = delete_horizon,
          .last_offset_delta = batch.last_offset_delta()};
}

}  // namespace

bool BatchCleaner::is_last_of_producer(const record::BatchHeader& batch) const {
  if (!batch.has_producer_id()) return false;
  const auto last = last_records_.find(batch.producer_id());
  if (last == last_records_.end()) return false;
  if (last->second.last_data_offset) return batch.last_offset() == *last->second.last_data_offset;
  return batch.is_control() && batch.producer_epoch() == last->second.producer_epoch;
}

base::Result<BatchCleaner::Verdict> BatchCleaner::judge(const record::BatchView& batch) {
  Verdict verdict;
  if (batch.is_control()) {
    auto marker = transactions_.on_control(batch);
    if (!marker) return base::fail(std::move(marker));
    if (marker->aborted) aborted_.push_back(*marker->aborted);
    verdict.is_marker_of_empty_transaction = marker->is_of_empty_transaction;
    const auto horizon = delete_horizon_of(batch);
    verdict.discards_records = marker->is_of_empty_transaction && horizon && *horizon <= rules_.now;
  } else {
    verdict.discards_records = transactions_.on_data(batch);
  }
  if (is_last_of_producer(batch) || batch.next_offset() == rules_.upper_bound) {
    verdict.when_empty = WhenEmpty::kKeep;
  }
  return verdict;
}

bool BatchCleaner::keeps_record(const record::BatchHeader& batch,
                                const record::Record& record) const {
  if (record.offset > map_.latest_offset()) return true;
  if (!record.key || record.offset < map_.get(*record.key)) return false;
  if (record.value) return true;
  const auto horizon = delete_horizon_of(batch);
  return !horizon || rules_.now < *horizon;
}

base::Result<BatchCleaner::Choice> BatchCleaner::choose(const record::BatchView& batch,
                                                        const Verdict& verdict) const {
  Choice choice;
  if (verdict.discards_records) return choice;
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  base::Offset previous = batch.base_offset() - 1;
  for (;;) {
    auto record = reader->next();
    if (!record) return base::fail(std::move(record));
    if (!*record) return choice;
    auto ordered = check_order(batch, previous, (*record)->offset);
    if (!ordered) return base::fail(std::move(ordered));
    previous = (*record)->offset;
    const bool keeps = batch.is_control() || keeps_record(batch, **record);
    choice.keeps.push_back(keeps);
    if (!keeps && !(*record)->key) ++choice.without_key;
    if (!keeps) continue;
    ++choice.kept;
    choice.has_tombstones |= !(*record)->value;
  }
}

base::Result<base::SharedBytes> BatchCleaner::rewrite(
    const record::BatchView& batch, const Choice& choice,
    std::optional<base::Timestamp> delete_horizon) {
  record::BatchBuilder builder(options_of(batch, delete_horizon));
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  std::vector<record::Header> headers;
  for (const bool keeps : choice.keeps) {
    auto record = reader->next();
    if (!record) return base::fail(std::move(record));
    if (!keeps) continue;
    headers.clear();
    for (const record::Header& header : (*record)->headers) headers.push_back(header);
    builder.append_at(static_cast<std::int32_t>((*record)->offset - batch.base_offset()),
                      (*record)->timestamp, (*record)->key, (*record)->value, headers);
  }
  return builder.build();
}

// Negative where it lies beyond all time: there is none then.
base::Timestamp BatchCleaner::new_horizon() const {
  return base::Timestamp(record::add_wrapping(rules_.now.value(), rules_.delete_retention_ms));
}

base::Result<CleanedBatch> BatchCleaner::clean(const record::BatchView& batch) {
  auto verdict = judge(batch);
  if (!verdict) return base::fail(std::move(verdict));
  auto choice = choose(batch, *verdict);
  if (!choice) return base::fail(std::move(choice));
  CleanedBatch cleaned{.records_kept = choice->kept,
                       .records_removed = batch.count() - choice->kept,
                       .records_without_key = choice->without_key};
  if (choice->kept == 0) {
    cleaned.fate = CleanedBatch::Fate::kRemoved;
    if (verdict->when_empty == WhenEmpty::kRemove) return cleaned;
    cleaned.fate = CleanedBatch::Fate::kRewritten;
    cleaned.bytes = record::emptied_batch(batch);
    return cleaned;
  }
  auto horizon = delete_horizon_of(batch);
  const bool wants_horizon =
      !horizon && (choice->has_tombstones || verdict->is_marker_of_empty_transaction);
  const bool begins_horizon = wants_horizon && new_horizon() >= base::Timestamp(0);
  if (choice->kept == batch.count() && !begins_horizon) return cleaned;
  if (begins_horizon) horizon = new_horizon();
  auto rewritten = rewrite(batch, *choice, horizon);
  if (!rewritten) return base::fail(std::move(rewritten));
  cleaned.fate = CleanedBatch::Fate::kRewritten;
  cleaned.bytes = std::move(*rewritten);
  return cleaned;
}

}  // namespace odradek::log::cleaner
