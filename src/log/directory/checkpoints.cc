// SPDX-License-Identifier: Apache-2.0
#include "log/directory/checkpoints.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace odradek::log::directory {
namespace {

constexpr std::size_t index_of(CheckpointKind kind) { return static_cast<std::size_t>(kind); }

std::string_view file_of(CheckpointKind kind) {
  switch (kind) {
    case CheckpointKind::kRecoveryPoint:
      return kRecoveryPointFile;
    case CheckpointKind::kLogStartOffset:
      return kLogStartOffsetFile;
    case CheckpointKind::kCleanerOffset:
      return kCleanerOffsetFile;
    case CheckpointKind::kHighWatermark:
      break;
  }
  return kHighWatermarkFile;
}

}  // namespace

Checkpoints::Checkpoints(env::World& world, std::string directory,
                         std::function<void(CheckpointKind)> on_dirty)
    : world_(world),
      directory_(std::move(directory)),
      on_dirty_(std::move(on_dirty)),
      written_(world.workers().make_condition()) {}

base::Result<bool> Checkpoints::load() {
  bool are_well_formed = true;
  for (const CheckpointKind kind : kCheckpointKinds) {
    auto is_well_formed = load(kind);
    if (!is_well_formed) return is_well_formed;
    // Without the cleaner's, logs are only cleaned from their beginning again.
    if (kind == CheckpointKind::kCleanerOffset) continue;
    are_well_formed = are_well_formed && *is_well_formed;
  }
  return are_well_formed;
}

base::Result<bool> Checkpoints::load(CheckpointKind kind) {
  const std::string path = path_of(kind);
  auto file = world_.disk().open(path, env::OpenMode::kCreate);
  if (!file) return base::fail(std::move(file));
  auto text = world_.disk().read_file(path);
  if (!text) return base::fail(std::move(text));
  auto offsets = parse_offset_entries(*text, path);
  if (!offsets) {
    base::log::warn("log", "{}; its offsets are taken for unknown, the logs are {} again",
                    offsets.error().message,
                    kind == CheckpointKind::kCleanerOffset ? "cleaned" : "read");
    return false;
  }
  const std::lock_guard lock(mutex_);
  values_.reserve(offsets->size());
  for (auto& [partition, offset] : *offsets) {
    values_[std::move(partition)].offsets[index_of(kind)] = offset;
  }
  return true;
}

std::optional<base::Offset> Checkpoints::find(CheckpointKind kind,
                                              const base::TopicPartition& partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(partition);
  if (found == values_.end()) return std::nullopt;
  const base::Offset offset = found->second.offsets[index_of(kind)];
  return offset < base::Offset(0) ? std::nullopt : std::optional(offset);
}

base::Offset Checkpoints::get(CheckpointKind kind, const base::TopicPartition& partition) const {
  return find(kind, partition).value_or(base::Offset(0));
}

void Checkpoints::set(CheckpointKind kind, const base::TopicPartition& partition,
                      base::Offset offset) {
  {
    const std::lock_guard lock(mutex_);
    base::Offset& value = values_[partition].offsets[index_of(kind)];
    if (value == offset) return;
    value = offset;
    if (!mark_dirty_locked(kind)) return;
  }
  on_dirty_(kind);
}

void Checkpoints::set_recovery_point_at_close(const base::TopicPartition& partition,
                                              base::Offset offset) {
  const std::lock_guard lock(mutex_);
  values_[partition].at_close = offset;
}

void Checkpoints::settle_closed() {
  constexpr std::size_t kIndex = index_of(CheckpointKind::kRecoveryPoint);
  const std::lock_guard lock(mutex_);
  for (auto& [partition, values] : values_) {
    if (values.at_close == base::kNoOffset) continue;
    values.offsets[kIndex] = std::exchange(values.at_close, base::kNoOffset);
    is_dirty_[kIndex] = true;
  }
}

void Checkpoints::forget(const base::TopicPartition& partition) {
  std::array<bool, kKinds> has_become_dirty{};
  {
    const std::lock_guard lock(mutex_);
    const auto node = values_.extract(partition);
    if (node.empty()) return;
    for (const CheckpointKind kind : kCheckpointKinds) {
      if (node.mapped().offsets[index_of(kind)] == base::kNoOffset) continue;
      stale_[index_of(kind)].insert(partition);
      has_become_dirty[index_of(kind)] = mark_dirty_locked(kind);
    }
  }
  for (const CheckpointKind kind : kCheckpointKinds) {
    if (has_become_dirty[index_of(kind)]) on_dirty_(kind);
  }
}

bool Checkpoints::is_stale(const base::TopicPartition& partition) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(stale_, [&](const auto& names) { return names.contains(partition); });
}

void Checkpoints::keep_only(const std::unordered_set<base::TopicPartition>& partitions) {
  std::vector<base::TopicPartition> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [partition, values] : values_) {
      if (!partitions.contains(partition)) gone.push_back(partition);
    }
  }
  for (const auto& partition : gone) forget(partition);
}

base::Result<> Checkpoints::write(CheckpointKind kind) {
  const std::size_t index = index_of(kind);
  std::unique_lock lock(mutex_);
  written_->wait(lock, [this] { return !is_writing_; });
  if (!is_dirty_[index]) return {};
  is_writing_ = true;
  is_dirty_[index] = false;
  OffsetEntries offsets = collect_locked(kind);
  const auto settled = stale_[index];
  lock.unlock();
  auto done = write_offset_checkpoint(world_.disk(), path_of(kind), std::move(offsets));
  lock.lock();
  is_writing_ = false;
  if (!done) is_dirty_[index] = true;
  if (done) std::erase_if(stale_[index], [&](const auto& name) { return settled.contains(name); });
  lock.unlock();
  written_->notify_all();
  return done;
}

base::Result<> Checkpoints::write_all() {
  for (const CheckpointKind kind : kCheckpointKinds) {
    if (auto done = write(kind); !done) return done;
  }
  return {};
}

std::string Checkpoints::path_of(CheckpointKind kind) const {
  return directory_ + '/' + std::string(file_of(kind));
}

OffsetEntries Checkpoints::collect_locked(CheckpointKind kind) const {
  // Kafka lists a log's start only where it is more than what the segments say.
  const base::Offset least{kind == CheckpointKind::kLogStartOffset ? 1 : 0};
  OffsetEntries offsets;
  if (kind != CheckpointKind::kLogStartOffset) offsets.reserve(values_.size());
  for (const auto& [partition, values] : values_) {
    const base::Offset offset = values.offsets[index_of(kind)];
    if (offset >= least) offsets.emplace_back(partition, offset);
  }
  return offsets;
}

bool Checkpoints::mark_dirty_locked(CheckpointKind kind) {
  return !std::exchange(is_dirty_[index_of(kind)], true);
}

}  // namespace odradek::log::directory
