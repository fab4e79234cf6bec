// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/producer_state.h"

// `<end offset>.snapshot`: the producers of a partition as they were when the log ended there.
// version i16 = 1, CRC-32C u32 of what follows it, count i32, entries of 46 bytes {producer id i64,
// epoch i16, last sequence i32, last offset i64, offset delta i32, timestamp i64, coordinator
// epoch i32, first offset of the open transaction i64}. Only the last batch of a producer is kept.
namespace odradek::log {

inline constexpr std::size_t kProducerSnapshotEntrySize = 46;

// Entries by ascending producer id.
std::vector<std::uint8_t> encode_producer_snapshot(const ProducerState& state);
// The entries; CORRUPT_MESSAGE with the reason.
[[nodiscard]] base::Result<std::vector<ProducerEntry>> decode_producer_snapshot(
    base::ByteView bytes);

// The snapshot files of one partition, known by their offsets. Threads: the caller serialises.
class ProducerSnapshots {
 public:
  // `offsets`: of the files that are there, as a listing of the directory gave them.
  ProducerSnapshots(env::Disk& disk, std::string partition_directory,
                    std::vector<base::Offset> offsets);
  static std::string file_name_of(base::Offset offset);

  const std::vector<base::Offset>& offsets() const { return offsets_; }
  std::optional<base::Offset> latest() const;

  // Removes snapshots beyond `log_end` or not beyond `log_start`, then makes `state` what the
  // newest valid one says (its end offset becomes the snapshot's; the log has to be read from there
  // on), or empty at `log_start` where there is none. One that is broken is logged and removed.
  [[nodiscard]] base::Result<> load(ProducerState& state, base::Offset log_start,
                                    base::Offset log_end);

  // Writing the state at `offset`, by a caller that lets go of its lock in between: whether it is
  // to be written, as the newest snapshot is of an earlier one; then (blocking, any thread) the
  // file, which nobody has flushed yet: a torn one is found by its CRC; then the note that it is
  // there.
  bool wants(base::Offset offset) const { return offsets_.empty() || offsets_.back() < offset; }
  [[nodiscard]] static base::Result<std::shared_ptr<env::File>> write_file(
      env::Disk& disk, const std::string& partition_directory, base::Offset offset,
      base::ByteView encoded);
  void add(base::Offset offset);
  // The caller removes the file. False where there is none of this offset.
  bool forget(base::Offset offset);

  // Removes the snapshots below `offset`: of segments that are gone.
  [[nodiscard]] base::Result<> remove_below(base::Offset offset);
  // The same in two steps, for a caller with a lock: forgets them, then (blocking, any thread) the
  // files go.
  std::vector<base::Offset> forget_below(base::Offset offset);
  [[nodiscard]] static base::Result<> remove_files(env::Disk& disk,
                                                   const std::string& partition_directory,
                                                   const std::vector<base::Offset>& offsets);
  // Removes the snapshots beyond `offset`, before a truncation to it.
  [[nodiscard]] base::Result<> remove_beyond(base::Offset offset);
  // Makes a snapshot durable; one that is gone need not be.
  [[nodiscard]] static base::Result<> flush_file(env::Disk& disk,
                                                 const std::string& partition_directory,
                                                 base::Offset offset);
  // Forgets those that no segment begins at, but for the newest two: while the last is not below
  // the recovery point, or not flushed, a start uses the one before. `base_offsets` ascend. The
  // caller removes the files.
  std::vector<base::Offset> forget_superseded(const std::vector<base::Offset>& base_offsets);
  // Removes those that no segment begins at, but for the newest where it is beyond every segment's
  // base offset (Kafka's rule when a log is opened). `base_offsets` ascend.
  [[nodiscard]] base::Result<> remove_stray(const std::vector<base::Offset>& base_offsets);
  // The partition's directory was renamed.
  void set_directory(std::string partition_directory);

 private:
  std::string path_of(base::Offset offset) const;
  template <typename Predicate>
  base::Result<> remove_if(Predicate is_removed);

  env::Disk* disk_;
  std::string directory_;
  std::vector<base::Offset> offsets_;
};

}  // namespace odradek::log
