// SPDX-License-Identifier: Apache-2.0
#include "log/producer_state.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/assert.h"

namespace odradek::log {
namespace {

constexpr std::int32_t kMaxSequence = std::numeric_limits<std::int32_t>::max();

// Sequence numbers begin again with 0: which of two comes first is plain while they are less than
// half of all apart.
constexpr std::uint32_t kSequences = 1U << 31U;
constexpr std::uint32_t kFarApart = kSequences / 2;

// How many numbers further on `to` is.
std::uint32_t distance(std::int32_t from, std::int32_t to) {
  return (static_cast<std::uint32_t>(to) - static_cast<std::uint32_t>(from)) % kSequences;
}

bool follows(std::int32_t last_sequence, std::int32_t next_sequence) {
  if (last_sequence == kMaxSequence) return next_sequence == 0;
  return next_sequence == last_sequence + 1;
}

bool precedes(const ProducerBatchSpan& batch, const ProducerBatchSpan& next) {
  return batch.last_sequence != kNoSequence && follows(batch.last_sequence, next.first_sequence());
}

std::optional<DuplicateBatch> find_batch(std::span<const ProducerBatchSpan> among,
                                         const ProducerBatch& batch) {
  for (const ProducerBatchSpan& span : among) {
    if (span.last_sequence == batch.last_sequence && span.first_sequence() == batch.base_sequence) {
      return DuplicateBatch{span.first_offset(), span.last_offset, span.timestamp};
    }
  }
  return std::nullopt;
}

bool is_expired(const ProducerEntry& entry, base::Timestamp now, std::int64_t expiration_ms) {
  return entry.current_transaction_first_offset == base::kNoOffset &&
         now.value() - entry.last_timestamp.value() >= expiration_ms;
}

// A marker that was written already and comes again, because its answer or its coordinator was
// lost: harmless. At the greatest epoch a transaction may be open with no epoch left to bump to.
bool is_repeated_marker(const ProducerEntry& entry, const ProducerBatch& batch) {
  return batch.producer_epoch == entry.producer_epoch &&
         (entry.current_transaction_first_offset == base::kNoOffset ||
          batch.producer_epoch.value() == std::numeric_limits<std::int16_t>::max());
}

base::Result<> check_marker(const ProducerEntry& entry, const ProducerBatch& batch) {
  const std::int32_t coordinator_epoch = batch.marker->coordinator_epoch;
  if (coordinator_epoch >= entry.coordinator_epoch) return {};
  return base::fail(
      base::ErrorCode::kTransactionCoordinatorFenced,
      fmt::format("producer {}: a marker of coordinator epoch {}, {} has written one already",
                  batch.producer_id.value(), coordinator_epoch, entry.coordinator_epoch));
}

}  // namespace

std::int32_t last_sequence_of(std::int32_t base_sequence, std::int32_t last_offset_delta) {
  if (base_sequence == kNoSequence) return kNoSequence;
  const std::int64_t last = std::int64_t{base_sequence} + last_offset_delta;
  return static_cast<std::int32_t>(last <= kMaxSequence ? last : last - kMaxSequence - 1);
}

std::int32_t ProducerBatchSpan::first_sequence() const {
  const std::int64_t first = std::int64_t{last_sequence} - offset_delta;
  return static_cast<std::int32_t>(first >= 0 ? first : first + kMaxSequence + 1);
}

void ProducerEntry::add_batch(base::ProducerEpoch epoch, const ProducerBatchSpan& batch) {
  if (producer_epoch != epoch) {
    producer_epoch = epoch;
    forget_batches();
  }
  if (batch_count == kBatchesRetained) forget_oldest_batch();
  batches[batch_count++] = batch;
  bound_older();
  last_timestamp = batch.timestamp;
}

void ProducerEntry::forget_batches() {
  batch_count = 0;
  older_from = kNoSequence;
}

void ProducerEntry::forget_oldest_batch() {
  const ProducerBatchSpan oldest = batches[0];
  std::ranges::rotate(batches, batches.begin() + 1);
  --batch_count;
  if (!precedes(oldest, batches[0])) {
    older_from = kNoSequence;
  } else if (older_from == kNoSequence) {
    older_from = oldest.first_sequence();
  }
}

// What is so far back that it could be taken for what is yet to come is forgotten.
void ProducerEntry::bound_older() {
  if (older_from == kNoSequence) return;
  const std::int32_t last = last_batch()->last_sequence;
  if (distance(older_from, last) < kFarApart) return;
  older_from = static_cast<std::int32_t>(distance(kFarApart - 1, last));
  if (distance(older_from, batches[0].first_sequence()) >= kFarApart) older_from = kNoSequence;
}

void ProducerEntry::add_older_batches(std::vector<ProducerBatchSpan> older) {
  while (!older.empty() && batch_count < kBatchesRetained) {
    std::shift_right(batches.begin(), batches.end(), 1);
    batches[0] = older.back();
    older.pop_back();
    ++batch_count;
  }
  std::int32_t from = kNoSequence;
  ProducerBatchSpan next = batches[0];
  for (; !older.empty() && precedes(older.back(), next); older.pop_back()) {
    next = older.back();
    if (distance(next.first_sequence(), batches[0].first_sequence()) >= kFarApart) break;
    from = next.first_sequence();
  }
  const bool is_further = from != kNoSequence && distance(from, older_from) < kFarApart;
  if (older_from == kNoSequence || is_further) older_from = from;
  bound_older();
}

bool ProducerEntry::holds_older(std::int32_t base_sequence, std::int32_t last_sequence) const {
  if (older_from == kNoSequence || base_sequence < 0) return false;
  const std::uint32_t first = distance(older_from, base_sequence);
  const std::uint32_t last = distance(older_from, last_sequence);
  return first <= last && last < distance(older_from, batches[0].first_sequence());
}

base::Result<std::optional<DuplicateBatch>> ProducerState::check(const ProducerBatch& batch,
                                                                 AppendOrigin origin) const {
  ODRADEK_ASSERT(batch.producer_id != base::kNoProducerId);
  if (origin == AppendOrigin::kReplication) return std::nullopt;
  static const ProducerEntry kUnknown;
  const ProducerEntry* found = find(batch.producer_id);
  const ProducerEntry& entry = found != nullptr ? *found : kUnknown;
  if (origin == AppendOrigin::kClient) {
    if (auto duplicate = find_duplicate(entry, batch)) return duplicate;
  }
  if (auto done = check_epoch(entry, batch); !done) return base::fail(std::move(done));
  if (batch.marker) {
    if (auto done = check_marker(entry, batch); !done) return base::fail(std::move(done));
    return std::nullopt;
  }
  if (origin == AppendOrigin::kClient) {
    if (auto done = check_sequence(entry, batch); !done) return base::fail(std::move(done));
  }
  if (entry.current_transaction_first_offset != base::kNoOffset && !batch.is_transactional) {
    return base::fail(base::ErrorCode::kInvalidTxnState,
                      fmt::format("producer {} has a transaction open and wrote outside of it",
                                  batch.producer_id.value()));
  }
  return std::nullopt;
}

std::optional<DuplicateBatch> ProducerState::find_duplicate(const ProducerEntry& entry,
                                                            const ProducerBatch& batch) const {
  if (entry.producer_epoch != batch.producer_epoch) return std::nullopt;
  const std::span remembered(entry.batches.data(), entry.batch_count);
  if (auto found = find_batch(remembered, batch)) return found;
  if (!entry.holds_older(batch.base_sequence, batch.last_sequence)) return std::nullopt;
  const auto& located = tables_->located;
  if (located && located->producer_id == batch.producer_id &&
      located->producer_epoch == batch.producer_epoch) {
    if (auto found = find_batch(located->batches, batch)) return found;
  }
  return DuplicateBatch{.last_offset = remembered.front().first_offset() - 1};
}

base::Result<> ProducerState::check_epoch(const ProducerEntry& entry,
                                          const ProducerBatch& batch) const {
  const bool is_bumping = batch.marker && batch.marker->transaction_version >= 2;
  const bool is_fenced = is_bumping ? batch.producer_epoch <= entry.producer_epoch
                                    : batch.producer_epoch < entry.producer_epoch;
  if (!is_fenced || (is_bumping && is_repeated_marker(entry, batch))) return {};
  return base::fail(base::ErrorCode::kInvalidProducerEpoch,
                    fmt::format("producer {}: epoch {} after {}", batch.producer_id.value(),
                                batch.producer_epoch.value(), entry.producer_epoch.value()));
}

base::Result<> ProducerState::check_sequence(const ProducerEntry& entry,
                                             const ProducerBatch& batch) const {
  // Its records may all have been deleted: what it wrote last is not known.
  if (entry.producer_epoch == base::kNoProducerEpoch) return {};
  const bool is_same_epoch = batch.producer_epoch == entry.producer_epoch;
  const ProducerBatchSpan* last = is_same_epoch ? entry.last_batch() : nullptr;
  const std::int32_t last_sequence = last != nullptr ? last->last_sequence : kNoSequence;
  if (follows(last_sequence, batch.base_sequence)) return {};
  return base::fail(
      base::ErrorCode::kOutOfOrderSequenceNumber,
      fmt::format("producer {} epoch {}: sequence {} after {}", batch.producer_id.value(),
                  batch.producer_epoch.value(), batch.base_sequence, last_sequence));
}

const ProducerEntry* ProducerState::incomplete_entry_of(const ProducerBatch& batch) const {
  const ProducerEntry* const entry = find(batch.producer_id);
  if (entry == nullptr || entry->was_completed || batch.marker) return nullptr;
  if (entry->producer_epoch != batch.producer_epoch || entry->batch_count == 0) return nullptr;
  if (batch.base_sequence < 0) return nullptr;
  const std::int32_t known_from =
      entry->older_from != kNoSequence ? entry->older_from : entry->batches[0].first_sequence();
  const std::uint32_t before = distance(batch.base_sequence, known_from);
  return before > 0 && before < kFarApart ? entry : nullptr;
}

void ProducerState::complete(const ProducerBatch& batch, std::vector<ProducerBatchSpan> older) {
  ProducerEntry& entry = tables().producers.at(batch.producer_id);
  const auto is_wanted = [&](const auto& span) {
    return span.first_sequence() == batch.base_sequence;
  };
  const auto found = std::find_if(older.rbegin(), older.rend(), is_wanted);
  const auto first = found == older.rend() ? older.end() : std::prev(found.base());
  const auto count = std::min<std::ptrdiff_t>(older.end() - first, kLocatedBatches);
  tables_->located = {batch.producer_id, batch.producer_epoch, {first, first + count}};
  entry.was_completed = true;
  entry.add_older_batches(std::move(older));
}

std::optional<AbortedTransaction> ProducerState::append(const ProducerBatch& batch) {
  ODRADEK_ASSERT(batch.producer_id != base::kNoProducerId);
  ODRADEK_ASSERT(batch.first_offset.value() >= 0 && batch.last_offset >= batch.first_offset);
  ProducerEntry& entry = tables().producers[batch.producer_id];
  entry.producer_id = batch.producer_id;
  if (batch.marker) return end_transaction(entry, batch);
  entry.add_batch(
      batch.producer_epoch,
      {.last_sequence = batch.last_sequence,
       .offset_delta = static_cast<std::int32_t>(batch.last_offset - batch.first_offset),
       .last_offset = batch.last_offset,
       .timestamp = batch.max_timestamp});
  if (batch.is_transactional && entry.current_transaction_first_offset == base::kNoOffset) {
    entry.current_transaction_first_offset = batch.first_offset;
    tables_->open_transactions[batch.first_offset] = batch.producer_id;
  }
  return std::nullopt;
}

std::optional<AbortedTransaction> ProducerState::end_transaction(ProducerEntry& entry,
                                                                 const ProducerBatch& batch) {
  if (entry.producer_epoch != batch.producer_epoch) entry.forget_batches();
  entry.producer_epoch = batch.producer_epoch;
  entry.coordinator_epoch = batch.marker->coordinator_epoch;
  entry.last_timestamp = batch.max_timestamp;
  const base::Offset first_offset = entry.current_transaction_first_offset;
  entry.current_transaction_first_offset = base::kNoOffset;
  // A marker of a transaction without data here changes nothing that a reader could see.
  if (first_offset == base::kNoOffset) return std::nullopt;
  auto& open = tables_->open_transactions;
  open.erase(first_offset);
  tables_->ended_transactions[first_offset] = {batch.last_offset};
  if (batch.marker->is_commit) return std::nullopt;
  return AbortedTransaction{
      .producer_id = batch.producer_id,
      .first_offset = first_offset,
      .last_offset = batch.last_offset,
      .last_stable_offset = open.empty() ? batch.last_offset + 1 : open.begin()->first};
}

std::optional<base::Offset> ProducerState::first_unstable_offset(
    base::Offset high_watermark) const {
  if (!tables_) return std::nullopt;
  std::optional<base::Offset> first;
  if (!tables_->open_transactions.empty()) first = tables_->open_transactions.begin()->first;
  for (const auto& [first_offset, ended] : tables_->ended_transactions) {
    if (first && first_offset > *first) break;
    if (ended.last_offset >= high_watermark) return first_offset;
  }
  return first;
}

void ProducerState::forget_ended_transactions_below(base::Offset offset) {
  if (!tables_) return;
  std::erase_if(tables_->ended_transactions,
                [offset](const auto& ended) { return ended.second.last_offset < offset; });
  release_if_empty();
}

void ProducerState::expire(base::Timestamp now, std::int64_t expiration_ms) {
  if (!tables_) return;
  std::erase_if(tables_->producers, [now, expiration_ms](const auto& producer) {
    return is_expired(producer.second, now, expiration_ms);
  });
  release_if_empty();
}

const ProducerEntry* ProducerState::find(base::ProducerId producer_id) const {
  if (!tables_) return nullptr;
  const auto found = tables_->producers.find(producer_id);
  return found == tables_->producers.end() ? nullptr : &found->second;
}

std::vector<ProducerEntry> ProducerState::entries() const {
  std::vector<ProducerEntry> entries;
  if (!tables_) return entries;
  entries.reserve(tables_->producers.size());
  for (const auto& [producer_id, entry] : tables_->producers) entries.push_back(entry);
  std::ranges::sort(entries, {}, &ProducerEntry::producer_id);
  return entries;
}

std::vector<ActiveProducer> ProducerState::active_producers() const {
  std::vector<ActiveProducer> producers;
  for (const ProducerEntry& entry : entries()) {
    const ProducerBatchSpan* last = entry.last_batch();
    producers.push_back(
        {.producer_id = entry.producer_id,
         .producer_epoch = entry.producer_epoch,
         .last_sequence = last != nullptr ? last->last_sequence : kNoSequence,
         .last_timestamp = entry.last_timestamp,
         .coordinator_epoch = entry.coordinator_epoch,
         .current_transaction_start_offset = entry.current_transaction_first_offset});
  }
  return producers;
}

void ProducerState::reset(base::Offset offset) {
  tables_.reset();
  end_offset_ = offset;
}

void ProducerState::load(const ProducerEntry& entry) {
  ODRADEK_ASSERT(entry.producer_id != base::kNoProducerId);
  tables().producers[entry.producer_id] = entry;
  if (entry.current_transaction_first_offset != base::kNoOffset) {
    tables_->open_transactions[entry.current_transaction_first_offset] = entry.producer_id;
  }
}

ProducerState::Tables& ProducerState::tables() {
  if (!tables_) tables_ = std::make_unique<Tables>();
  return *tables_;
}

void ProducerState::release_if_empty() {
  if (tables_->producers.empty() && tables_->ended_transactions.empty()) tables_.reset();
}

}  // namespace odradek::log
