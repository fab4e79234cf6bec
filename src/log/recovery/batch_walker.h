// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/batch_scanner.h"
#include "log/leader_epoch_cache.h"
#include "log/recovery/damage.h"
#include "record/batch_header.h"

namespace odradek::log::recovery {

// What a walk looks at, and what it holds batches against.
struct WalkRange {
  std::shared_ptr<env::File> file;
  // A batch starts at the first; the last is the end of the file, or of what counts of it.
  std::uint64_t position = 0;
  std::uint64_t end_position = 0;
  // No record of the range lies below the first, or at or above the last.
  base::Offset first_offset{0};
  base::Offset end_offset;
  // Batches that reach beyond this offset are read as a whole, for their checksum; of the others
  // the headers have to fit together.
  base::Offset whole_from{0};
  // Null: leader epochs are not looked at. Outlives the walk.
  const LeaderEpochCache* epochs = nullptr;
};

// Goes over the batches of a segment, past what is damaged: from there on it looks for the next
// bytes that are a whole batch, its checksum included, whose offsets can follow. Not thread-safe;
// the file may be appended to meanwhile.
class BatchWalker {
 public:
  explicit BatchWalker(WalkRange range, std::size_t chunk_bytes = BatchScanner::kSearchChunkBytes);

  // What comes next: the header of a batch (it lives until the next call), or damage; nothing at
  // the end of the range. Errors are the disk's only.
  using Step = std::variant<record::BatchHeader, Damage>;
  [[nodiscard]] base::Result<std::optional<Step>> next();
  // The same where damage is not to be searched, for that may take long: CORRUPT_MESSAGE instead.
  [[nodiscard]] base::Result<std::optional<record::BatchHeader>> next_batch();
  // The whole of the batch that was given last; it lives until the next call.
  [[nodiscard]] base::Result<record::BatchView> whole() { return scanner_.whole(); }

  // Where the last step starts, and where the next one does.
  std::uint64_t position() const { return position_; }
  std::uint64_t next_position() const { return next_; }
  // The offset behind the last step.
  base::Offset next_offset() const { return expected_; }

 private:
  using Judged = std::variant<record::BatchHeader, DamageKind>;
  base::Result<Judged> judge(std::uint64_t position);
  base::Result<std::optional<DamageKind>> check_whole();
  // A gap before a batch is compaction's, or the batch's offset is wrong: then the next one, which
  // fits to what came before, starts below its end.
  base::Result<bool> is_belied_by_next(const record::BatchHeader& header, std::uint64_t next);
  base::Result<bool> is_alone_with_epoch(const record::BatchHeader& header, std::uint64_t next);
  void pass(const record::BatchHeader& header);
  bool can_follow(const record::BatchHeader& header) const;
  base::Result<std::optional<record::BatchHeader>> header_at(std::uint64_t position);
  base::Result<Damage> measure(DamageKind kind);
  // The first place from `from` on where a whole batch is that can follow.
  base::Result<std::optional<std::uint64_t>> find_batch(std::uint64_t from);
  base::Result<bool> is_whole_batch_at(std::uint64_t position);
  bool may_be_header(const std::uint8_t* bytes, std::uint64_t position) const;

  const WalkRange range_;
  BatchScanner scanner_;
  std::uint64_t position_;
  std::uint64_t next_;
  base::Offset expected_;
  // Of the batch before.
  base::LeaderEpoch last_epoch_ = base::kNoLeaderEpoch;
};

}  // namespace odradek::log::recovery
