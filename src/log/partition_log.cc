// SPDX-License-Identifier: Apache-2.0
#include "log/partition_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "log/directory/log_directory.h"
#include "log/open_files.h"

namespace odradek::log {

base::Result<std::unique_ptr<Log>> Log::open(directory::LogDirectory& directory,
                                             OpenOptions options) {
  auto loaded = load_log(directory, options);
  if (!loaded) return base::fail(std::move(loaded));
  auto log = std::make_unique<PartitionLog>(directory, options, std::move(*loaded));
  if (auto added = directory.add_log(*log); !added) return base::fail(std::move(added));
  return log;
}

PartitionLog::PartitionLog(directory::LogDirectory& directory, const OpenOptions& options,
                           LoadedLog loaded)
    : directory_(&directory),
      name_(options.name),
      topic_id_(options.topic_id),
      path_(std::move(loaded.path)),
      log_start_offset_(loaded.log_start_offset.value()),
      end_offset_(loaded.end_offset.value()),
      written_end_offset_(loaded.end_offset.value()),
      answerable_end_offset_(loaded.end_offset.value()),
      flushed_end_offset_(loaded.end_offset.value()),
      writes_are_cached_(options.config.write_caching),
      changed_(directory.world().workers().make_condition()),
      config_(options.config),
      segments_(std::move(loaded.segments)),
      transaction_indexes_(std::move(loaded.transaction_indexes)),
      epochs_(std::move(loaded.epochs)),
      producers_(std::move(loaded.producers)),
      snapshots_(std::move(loaded.snapshots)),
      snapshot_at_open_(snapshots_.latest()),
      flushed_{loaded.end_offset, active_locked().base_offset(), active_locked().size()},
      epochs_changed_(loaded.epochs_changed),
      is_end_checked_(loaded.is_end_checked) {
  producers_.forget_ended_transactions_below(directory.high_watermark(name_));
  // Found by the recovery.
  has_damage_ = std::ranges::any_of(
      segments_, [](const SegmentPointer& segment) { return segment->known().damages() > 0; });
  count_damage_locked();
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (segments_[i]->is_complete()) continue;
    finished_.push_back({segments_[i], segments_[i + 1]->base_offset(), {}});
    finishing_waits_ = true;
  }
}

PartitionLog::~PartitionLog() {
  // It may want a flush, and so the directory.
  if (rebuild_) {
    const std::lock_guard guard(rebuild_->mutex);
    rebuild_->log = nullptr;
  }
  {
    Lock lock(mutex_);
    listener_ = nullptr;
    changed_->wait(lock, [this] { return writer_ != Writer::kWriting && notifying_ == 0; });
  }
  directory().forget_log(*this);
  {
    const Lock lock(mutex_);
    forget_unflushed_locked();
    tell_damage_locked(0);
  }
  if (hand_over_) {
    const std::lock_guard guard(hand_over_->mutex);
    hand_over_->log = nullptr;
  }
}

env::Disk& PartitionLog::disk() const { return directory().open_files().disk(); }
base::Timestamp PartitionLog::now() const { return directory().world().clock().wall(); }

std::int64_t PartitionLog::new_roll_jitter_ms() const {
  return roll_jitter_ms(directory().world().random(), config_);
}

directory::Room& PartitionLog::room() const { return directory().room(); }

std::unexpected<base::Error> PartitionLog::give_up(base::Error error) {
  if (directory::is_out_of_room(error)) return std::unexpected(room().ran_out(error));
  directory().fail(error);
  return std::unexpected(std::move(error));
}

void PartitionLog::set_listener(ProgressListener* listener) {
  Lock lock(mutex_);
  listener_ = listener;
  changed_->wait(lock, [this] { return notifying_ == 0; });
}

void PartitionLog::set_config(const LogConfig& config) {
  const std::lock_guard lock(mutex_);
  const bool flushes_otherwise = config.flush_messages != config_.flush_messages ||
                                 config.flush_ms != config_.flush_ms ||
                                 config.write_caching != config_.write_caching;
  config_ = config;
  writes_are_cached_ = config.write_caching;
  if (!flushes_otherwise || failure_ || is_closed_) return;
  // Who waits is told by the flush.
  if (written_end_offset() > flushed_end_offset()) directory().request_flush(*this);
}

LogConfig PartitionLog::config() const {
  const std::lock_guard lock(mutex_);
  return config_;
}

base::Result<> PartitionLog::check_usable_locked() const {
  if (failure_) return std::unexpected(*failure_);
  if (is_closed_) {
    return base::fail(base::ErrorCode::kKafkaStorageError, name_.to_string() + " is closed");
  }
  return {};
}

std::size_t PartitionLog::segment_index_locked(base::Offset offset) const {
  const auto after = std::ranges::upper_bound(
      segments_, offset, {}, [](const SegmentPointer& segment) { return segment->base_offset(); });
  return after == segments_.begin() ? 0 : static_cast<std::size_t>(after - segments_.begin()) - 1;
}

PartitionLog::KnownEnd PartitionLog::written_end_locked() const {
  // An end that is a new segment's base, of which nothing is written, is the end of the one before.
  std::size_t end = segment_index_locked(written_end_offset());
  if (end > 0 && segments_[end]->written_size() == 0) --end;
  return {written_end_offset(), segments_[end]->base_offset(), segments_[end]->written_size()};
}

std::optional<base::Offset> PartitionLog::next_base_locked(const Segment& segment) const {
  const auto next = std::ranges::upper_bound(
      segments_, segment.base_offset(), {},
      [](const SegmentPointer& candidate) { return candidate->base_offset(); });
  if (next == segments_.end()) return std::nullopt;
  return (*next)->base_offset();
}

base::Result<> PartitionLog::open_segment(Lock& lock, const SegmentPointer& segment) {
  while (!segment->is_open()) {
    const std::uint64_t relocations = relocations_;
    lock.unlock();
    auto files = segment->open_files(disk());
    lock.lock();
    if (relocations != relocations_) continue;
    if (!files) return base::fail(std::move(files));
    if (!segment->is_open()) segment->install(std::move(*files));
  }
  return check_usable_locked();
}

base::Result<PartitionLog::SegmentPointer> PartitionLog::open_segment_at(Lock& lock,
                                                                         base::Offset offset) {
  for (;;) {
    SegmentPointer segment = segments_[segment_index_locked(offset)];
    if (segment->is_open()) return segment;
    const std::uint64_t relocations = relocations_;
    lock.unlock();
    auto files = segment->open_files(disk());
    lock.lock();
    if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
    const bool is_still_there = segments_[segment_index_locked(offset)] == segment;
    if (!is_still_there || relocations != relocations_) continue;
    if (!files) return base::fail(std::move(files));
    if (!segment->is_open()) segment->install(std::move(*files));
    return segment;
  }
}

std::optional<base::Offset> PartitionLog::first_unstable_offset(base::Offset high_watermark) const {
  const std::lock_guard lock(mutex_);
  const auto first = producers_.first_unstable_offset(high_watermark);
  if (!first) return std::nullopt;
  return std::max(*first, log_start_offset());
}

std::uint64_t PartitionLog::size_bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t size = 0;
  for (const auto& segment : segments_) size += segment->size();
  return size;
}

void PartitionLog::begin_leader_epoch(base::LeaderEpoch epoch) {
  const std::lock_guard lock(mutex_);
  epoch_is_begun_ |= epochs_.assign(epoch, log_end_offset());
  led_epoch_ = epoch;
}

base::LeaderEpoch PartitionLog::latest_leader_epoch() const {
  const std::lock_guard lock(mutex_);
  const auto latest = epochs_.latest();
  return latest ? latest->epoch : base::kNoLeaderEpoch;
}

base::LeaderEpoch PartitionLog::leader_epoch_of(base::Offset offset) const {
  const std::lock_guard lock(mutex_);
  return epochs_.epoch_of(offset);
}

EpochEndOffset PartitionLog::end_offset_for_epoch(base::LeaderEpoch epoch) const {
  const std::lock_guard lock(mutex_);
  return epochs_.end_offset_for(epoch, log_end_offset());
}

std::vector<ActiveProducer> PartitionLog::active_producers() const {
  const std::lock_guard lock(mutex_);
  return producers_.active_producers();
}

void PartitionLog::end_notifying_locked() {
  if (--notifying_ == 0) changed_->notify_all();
}

void PartitionLog::notify_progress(Lock& lock) {
  if (listener_ == nullptr) return;
  ProgressListener* const listener = listener_;
  ++notifying_;
  lock.unlock();
  listener->on_progress();
  lock.lock();
  end_notifying_locked();
}

void PartitionLog::notify_failure(Lock& lock) {
  ODRADEK_ASSERT(failure_.has_value());
  if (failure_was_told_ || listener_ == nullptr) return;
  failure_was_told_ = true;
  ProgressListener* const listener = listener_;
  const base::Error error = *failure_;
  ++notifying_;
  lock.unlock();
  listener->on_failure(error);
  lock.lock();
  end_notifying_locked();
}

void PartitionLog::on_directory_failure(const base::Error& error) {
  Lock lock(mutex_);
  // Of the one that the log has just left.
  if (is_leaving_ && !directory().failure()) return;
  fail_locked(error);
  notify_failure(lock);
}

void PartitionLog::fail_locked(const base::Error& error) {
  if (!failure_) failure_ = error;
  // A group that was given up between the two halves of a flush does not come back to it.
  if (std::exchange(prepared_flush_, std::nullopt)) end_flush_locked();
  // What was not written will never be; the ends stay where they are.
  queue_.clear();
  finished_.clear();
}

}  // namespace odradek::log
