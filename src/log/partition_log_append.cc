// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "env/fail_point.h"
#include "log/directory/log_directory.h"
#include "log/partition_log.h"
#include "log/producer_batch.h"
#include "log/producer_window.h"
#include "record/batch_header.h"

namespace odradek::log {

base::Result<AppendInfo> PartitionLog::append(base::SharedBytes batches,
                                              base::LeaderEpoch leader_epoch, AppendOrigin origin) {
  Lock lock(mutex_);
  if (auto prepared = prepare_append(lock); !prepared) return base::fail(std::move(prepared));
  if (auto refused = refuse_locked(batches.view(), origin)) return *std::move(refused);
  auto arrived = stamp_locked(batches.mutable_view(), leader_epoch, origin);
  if (!arrived) return base::fail(std::move(arrived));
  AppendInfo info{.first_offset = arrived->first_offset,
                  .last_offset = arrived->last_offset,
                  .log_append_time = arrived->log_append_time,
                  .log_start_offset = log_start_offset(),
                  .take_backs = take_backs_forgotten_ + take_backs_.size()};
  // In this order in Kafka too: an append that is refused below may have begun a segment.
  if (auto rolled = roll_if_needed_locked(*arrived, batches.size()); !rolled) {
    return base::fail(std::move(rolled));
  }
  auto duplicate = check_producers_locked(batches, origin);
  if (!duplicate) return base::fail(std::move(duplicate));
  if (*duplicate) {
    info.first_offset = (*duplicate)->first_offset;
    info.last_offset = (*duplicate)->last_offset;
    info.log_append_time = (*duplicate)->timestamp;
    info.is_duplicate = true;
    return info;
  }
  const SegmentPointer segment = segments_.back();
  const std::uint64_t position = segment->size();
  auto aborted = place_locked(batches.view(), *arrived);
  finishing_waits_ = false;
  queue_.push_back({.segment = segment,
                    .position = position,
                    .bytes = std::move(batches),
                    .end_offset = arrived->last_offset + 1,
                    .may_use_reserve = origin == AppendOrigin::kCoordinator,
                    .aborted = std::move(aborted)});
  env::fail_point(env::FailPoint::kAppendPlaced);
  return info;
}

base::Result<> PartitionLog::make_end_ready(Lock& lock) {
  if (auto usable = check_usable_locked(); !usable) return usable;
  // Each lets go of the lock: a move may put another object in the active segment's place.
  while (!active_locked().is_open() || !is_end_checked_) {
    if (active_locked().is_open()) {
      if (auto checked = check_end(lock); !checked) return checked;
      continue;
    }
    const SegmentPointer segment = segments_.back();
    auto opened = open_segment(lock, segment);
    // Its files are there; a disk that does not give them takes no records either.
    if (!opened && opened.error().os_error == EIO && !failure_) return give_up(std::move(opened));
    if (!opened) return opened;
  }
  return {};
}

base::Result<> PartitionLog::prepare_append(Lock& lock) {
  if (auto ready = make_end_ready(lock); !ready) return ready;
  // The caller orders changes of the role and appends: it does not lead while the log is cut.
  ODRADEK_ASSERT(!is_cutting_);
  return {};
}

// A batch that was written before is answered in a full directory too: nothing is to be written.
std::optional<base::Result<AppendInfo>> PartitionLog::refuse_locked(base::ByteView batches,
                                                                    AppendOrigin origin) {
  if (is_taking_back_) return std::unexpected(take_backs_.back().error);
  if (origin == AppendOrigin::kCoordinator) return std::nullopt;
  if (auto admitted = room().admit(batches.size()); !admitted) {
    auto duplicate = check_producers_locked(batches, origin);
    if (duplicate && *duplicate) {
      return AppendInfo{.first_offset = (*duplicate)->first_offset,
                        .last_offset = (*duplicate)->last_offset,
                        .log_append_time = (*duplicate)->timestamp,
                        .log_start_offset = log_start_offset(),
                        .is_duplicate = true,
                        .take_backs = take_backs_forgotten_ + take_backs_.size()};
    }
    refused_producers_.note(batches, producers_);
    return std::unexpected(std::move(admitted).error());
  }
  if (auto in_order = refused_producers_.check(batches, producers_); !in_order) {
    return std::unexpected(std::move(in_order).error());
  }
  return std::nullopt;
}

base::Result<PartitionLog::Arrived> PartitionLog::stamp_locked(base::MutableByteView batches,
                                                               base::LeaderEpoch leader_epoch,
                                                               AppendOrigin origin) {
  const bool assigns = origin != AppendOrigin::kReplication;
  Arrived arrived{.first_offset = base::kNoOffset, .last_offset = log_end_offset() - 1};
  if (assigns && config_.timestamp_is_log_append_time) arrived.log_append_time = now();
  record::BatchIterator iterator(batches);
  for (;;) {
    const std::size_t position = iterator.position();
    auto batch = iterator.next();
    if (!batch) return base::fail(std::move(batch));
    if (!*batch) break;
    const auto bytes = batches.subspan(position, (*batch)->total_size());
    if (assigns) {
      record::stamp_base_offset(bytes, arrived.last_offset + 1);
      record::stamp_leader_epoch(bytes, leader_epoch);
      if (config_.timestamp_is_log_append_time) {
        record::stamp_max_timestamp(bytes, record::TimestampType::kLogAppendTime,
                                    arrived.log_append_time);
      }
    } else if ((*batch)->base_offset() <= arrived.last_offset) {
      return base::fail(
          base::ErrorCode::kOffsetOutOfRange,
          fmt::format("{}: a replicated batch starts at offset {}, below {}", name_.to_string(),
                      (*batch)->base_offset().value(), arrived.last_offset.value() + 1));
    }
    if (arrived.first_offset == base::kNoOffset) arrived.first_offset = (*batch)->base_offset();
    arrived.last_offset = (*batch)->last_offset();
    arrived.max_timestamp = std::max(arrived.max_timestamp, (*batch)->max_timestamp());
    if ((*batch)->leader_epoch().value() >= 0) {
      epochs_changed_ |= epochs_.assign((*batch)->leader_epoch(), (*batch)->base_offset());
      epochs_changed_ |= std::exchange(epoch_is_begun_, false);
    }
  }
  if (iterator.has_partial_tail() || arrived.first_offset == base::kNoOffset) {
    return base::fail(base::ErrorCode::kCorruptMessage, "an append that is not of whole batches");
  }
  return arrived;
}

base::Result<> PartitionLog::roll_if_needed_locked(const Arrived& arrived, std::size_t bytes) {
  if (bytes > static_cast<std::uint64_t>(config_.segment_bytes)) {
    return base::fail(base::ErrorCode::kRecordListTooLarge,
                      fmt::format("{}: {} bytes do not fit into a segment; segment.bytes is {}",
                                  name_.to_string(), bytes, config_.segment_bytes));
  }
  const Segment::Arrival arrival{bytes, arrived.max_timestamp, arrived.last_offset, now()};
  if (active_locked().should_roll(arrival, config_)) {
    roll_locked(std::max(arrived.first_offset, log_end_offset()));
  }
  return {};
}

void PartitionLog::roll_locked(base::Offset base_offset) {
  Segment& active = active_locked();
  if (active.base_offset() == base_offset) return;  // empty, and fit for it
  producers_.set_end_offset(base_offset);
  FinishedSegment finished{segments_.back(), base_offset, {}};
  if (snapshots_.wants(base_offset)) finished.snapshot = encode_producer_snapshot(producers_);
  finished_.push_back(std::move(finished));
  segments_.push_back(Segment::make_new(path_, base_offset, now(), new_roll_jitter_ms()));
  positions_.clear();
}

base::Result<std::optional<DuplicateBatch>> PartitionLog::check_producers_locked(
    base::ByteView batches, AppendOrigin origin) {
  record::BatchIterator iterator(batches);
  for (;;) {
    auto batch = iterator.next();
    if (!batch) return base::fail(std::move(batch));
    if (!*batch) return std::nullopt;
    auto state = producer_batch_of(**batch);
    if (!state) return base::fail(std::move(state));
    if (!*state) continue;
    auto duplicate = search_for_locked(**state, producers_.check(**state, origin));
    if (!duplicate || *duplicate) return duplicate;
  }
}

// Where a client sends again what was not answered for long, or before a start: the lock is held
// meanwhile. Of what is out of order once for a producer.
base::Result<std::optional<DuplicateBatch>> PartitionLog::search_for_locked(
    const ProducerBatch& batch, base::Result<std::optional<DuplicateBatch>> known) {
  const ProducerEntry* entry = nullptr;
  if (!known && known.error().code == base::ErrorCode::kOutOfOrderSequenceNumber) {
    entry = producers_.incomplete_entry_of(batch);
  } else if (known && *known && (*known)->first_offset == base::kNoOffset) {
    entry = producers_.find(batch.producer_id);
  }
  if (entry == nullptr) return known;
  auto older = read_older_batches(disk(), segments_, *entry, batch.base_sequence);
  if (!older && older.error().code == base::ErrorCode::kCorruptMessage) older.emplace();
  if (!older) return base::fail(std::move(older));
  producers_.complete(batch, std::move(*older));
  return producers_.check(batch, AppendOrigin::kClient);
}

std::vector<AbortedTransaction> PartitionLog::place_locked(base::ByteView batches,
                                                           const Arrived& arrived) {
  std::vector<AbortedTransaction> all_aborted;
  Segment& active = active_locked();
  base::Offset expected = log_end_offset();
  bool has_marker = false;
  record::BatchIterator iterator(batches);
  for (;;) {
    auto batch = iterator.next();
    ODRADEK_ASSERT(batch.has_value());
    if (!*batch) break;
    // What the cache knows has no gaps between batches.
    if ((*batch)->base_offset() != expected) positions_.clear();
    expected = (*batch)->next_offset();
    positions_.add((*batch)->base_offset(), active.size());
    active.place(**batch, config_.index_interval_bytes);
    auto state = producer_batch_of(**batch);
    ODRADEK_ASSERT(state.has_value());
    if (!*state) continue;
    if (auto aborted = producers_.append(**state)) all_aborted.push_back(*aborted);
    has_marker |= (*state)->marker.has_value();
  }
  if (has_marker) {
    producers_.forget_ended_transactions_below(directory().high_watermark(name_));
  }
  store(end_offset_, arrived.last_offset + 1);
  producers_.set_end_offset(log_end_offset());
  return all_aborted;
}

}  // namespace odradek::log
