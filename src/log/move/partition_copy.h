// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "env/disk.h"
#include "log/move/copy_plan.h"

namespace odradek::log {
class LeaderEpochCache;
}

namespace odradek::log::move {

// The copy of a partition's files that is being made in another log directory: the same names, the
// same bytes, in a directory `<topic>-<partition>.<uuid>-future` (KIP-113; docs/formats/log.md).
// All functions but the getters block on the disk. Threads: one at a time; the getters any.
class PartitionCopy {
 public:
  // `path`: of the future directory.
  PartitionCopy(env::Disk& disk, std::string path);

  // Makes the directory, empty and durable, with the topic's id where there is one.
  [[nodiscard]] base::Result<> create(const base::TopicId& topic_id);

  // Goes on with what an earlier process left in the directory: bytes of `.log` files that are the
  // source's are kept, as advance() finds out by reading both; all else is removed. Durable.
  [[nodiscard]] base::Result<> adopt(const CopySource& source);

  struct Progress {
    std::uint64_t bytes = 0;     // of `.log` files, copied by this step
    std::uint64_t compared = 0;  // found to be there already
    bool is_caught_up = false;
  };
  // Carries out one step towards `source`, of at most `max_bytes`. A file of the source that is
  // gone by now is no error: the next look shows why.
  [[nodiscard]] base::Result<Progress> advance(const CopySource& source, std::uint64_t max_bytes);
  // Makes what was copied durable.
  [[nodiscard]] base::Result<> flush();
  // All that is left, the last segment's indexes and the leader epochs too, durable. REQUIRES:
  // nothing is appended to the source meanwhile. False: a part of the source was gone; look again.
  [[nodiscard]] base::Result<bool> complete(const CopySource& source,
                                            const LeaderEpochCache& epochs);

  std::uint64_t missing_bytes(const CopySource& source) const;
  // Nothing is missing but at most `max_bytes` of the last segment, and its indexes.
  bool is_nearly_complete(const CopySource& source, std::uint64_t max_bytes) const;
  const std::string& path() const { return path_; }
  // Of `.log` files, and the offset after the last whole batch in them.
  std::uint64_t size_bytes() const { return size_bytes_.load(std::memory_order_relaxed); }
  base::Offset end_offset() const {
    return base::Offset(end_offset_.load(std::memory_order_relaxed));
  }
  // Whether the last error was the new directory's, and not the source's.
  bool has_target_failed() const { return has_target_failed_; }

 private:
  struct OpenFiles {
    std::shared_ptr<const void> identity;
    base::Offset segment = base::kNoOffset;
    std::shared_ptr<env::File> from;
    std::shared_ptr<env::File> to;
    // Bytes that an earlier process left in `to`, and that were not compared yet.
    std::uint64_t left_until = 0;
    // Where the next batch starts in the file, for as long as that is known.
    std::uint64_t next_batch = 0;
    bool knows_batches = true;
  };

  base::Result<Progress> copy_bytes(const CopySource& source, const Step& step,
                                    std::uint64_t max_bytes);
  // False: the source's file is gone.
  base::Result<bool> open_files(const CopySource& source, const Step& step);
  base::Result<std::uint64_t> left_in(env::File& file, std::uint64_t max_bytes);
  // How many of the bytes that come next are there already.
  base::Result<std::uint64_t> compare(const Step& step, base::ByteView bytes);
  base::Result<> remove_left_over();
  base::Result<Progress> nothing_to_read(const CopySource& source, base::Offset segment);
  base::ByteView up_to_a_header(base::ByteView chunk, std::uint64_t position);
  base::Result<> copy_indexes(const CopySource& source, base::Offset segment);
  base::Result<> copy_last_indexes(const CopySource& source);
  // Nothing happens where the source has no such file. Durable, but for its name.
  base::Result<> copy_file(const std::string& from_directory, const std::string& name);
  base::Result<> drop_segment(base::Offset segment);
  base::Result<> remove_file(const std::string& name);
  base::Result<> close_file();
  // Marks the error as the target's.
  template <typename T>
  base::Result<T> of_target(base::Result<T> result);

  env::Disk& disk_;
  const std::string path_;
  Copied copied_;
  // `.log` files that an earlier process left, until they are gone on with.
  std::set<base::Offset> left_;
  OpenFiles open_;
  int looks_in_vain_ = 0;
  std::uint64_t unflushed_bytes_ = 0;
  std::vector<std::uint8_t> chunk_;
  std::atomic<std::uint64_t> size_bytes_ = 0;
  std::atomic<std::int64_t> end_offset_ = 0;
  bool has_target_failed_ = false;
};

}  // namespace odradek::log::move
