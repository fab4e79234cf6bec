// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "env/world.h"
#include "log/directory/checkpoint_file.h"

namespace odradek::log::directory {

enum class CheckpointKind : std::uint8_t {
  kRecoveryPoint,
  kLogStartOffset,
  kHighWatermark,
  kCleanerOffset,
};
inline constexpr std::array kCheckpointKinds = {
    CheckpointKind::kRecoveryPoint, CheckpointKind::kLogStartOffset, CheckpointKind::kHighWatermark,
    CheckpointKind::kCleanerOffset};

// The offset checkpoints of a log directory in memory, and their writing: one writer at a
// time, no lock held over the disk. Threads: any.
class Checkpoints {
 public:
  // `on_dirty` is called, without the lock, when a file needs writing and did not before: whoever
  // is called arranges for `write`. After that the next call comes once that write has begun.
  Checkpoints(env::World& world, std::string directory,
              std::function<void(CheckpointKind)> on_dirty);

  // Reads the files; creates empty ones where they are missing, as Kafka does. Returns false when
  // one is malformed: what it said is lost, which the server's log tells.
  [[nodiscard]] base::Result<bool> load();

  // Nothing where the file has no entry.
  std::optional<base::Offset> find(CheckpointKind kind,
                                   const base::TopicPartition& partition) const;
  // Zero where nothing is known.
  base::Offset get(CheckpointKind kind, const base::TopicPartition& partition) const;
  void set(CheckpointKind kind, const base::TopicPartition& partition, base::Offset offset);
  // Becomes the recovery point with `settle_closed`.
  void set_recovery_point_at_close(const base::TopicPartition& partition, base::Offset offset);
  void settle_closed();
  void forget(const base::TopicPartition& partition);
  // Whether a file still says something of a partition that was forgotten.
  bool is_stale(const base::TopicPartition& partition) const;
  void keep_only(const std::unordered_set<base::TopicPartition>& partitions);

  // Writes the file where it changed since the last writing. Blocks.
  [[nodiscard]] base::Result<> write(CheckpointKind kind);
  [[nodiscard]] base::Result<> write_all();

 private:
  static constexpr std::size_t kKinds = kCheckpointKinds.size();
  struct Values {
    std::array<base::Offset, kKinds> offsets = {base::kNoOffset, base::kNoOffset, base::kNoOffset,
                                                base::kNoOffset};
    base::Offset at_close = base::kNoOffset;
  };

  std::string path_of(CheckpointKind kind) const;
  base::Result<bool> load(CheckpointKind kind);
  // Sorting and formatting them is for whoever writes, without the lock.
  OffsetEntries collect_locked(CheckpointKind kind) const;
  // Returns whether it was clean before.
  bool mark_dirty_locked(CheckpointKind kind);

  env::World& world_;
  const std::string directory_;
  const std::function<void(CheckpointKind)> on_dirty_;
  const std::unique_ptr<env::Condition> written_;

  mutable std::mutex mutex_;
  std::unordered_map<base::TopicPartition, Values> values_;
  // Forgotten since the files were written last.
  std::array<std::unordered_set<base::TopicPartition>, kKinds> stale_;
  std::array<bool, kKinds> is_dirty_{};
  bool is_writing_ = false;
};

}  // namespace odradek::log::directory
