// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/log.h"

namespace odradek::log {

// Bytes of one entry, big-endian: version i16 = 0, producer id, first offset, last offset, last
// stable offset, i64 each.
inline constexpr std::size_t kAbortedTransactionSize = 34;

// The aborted transactions that ended in one segment (`<base offset>.txnindex`), by last offset.
// The file exists only once there is one; nothing is open or cached between calls but while
// appending. Threads: the caller serialises changes; look-ups may run beside each other.
class TransactionIndex {
 public:
  // Looks at the file, where there is one: a torn last entry, which an unclean stop leaves, is cut
  // off; an entry of another version, or not in order, or that ended before `base_offset`, is
  // CORRUPT_MESSAGE (the caller rebuilds from the segment after `reset`).
  [[nodiscard]] static base::Result<TransactionIndex> open(env::Disk& disk, std::string path,
                                                           base::Offset base_offset);

  // REQUIRES: its last offset is beyond every earlier one's.
  [[nodiscard]] base::Result<> append(const AbortedTransaction& transaction);
  // Appends to `found` the transactions that overlap [from, until). Returns true when no later
  // segment's index can hold another one.
  [[nodiscard]] base::Result<bool> collect(base::Offset from, base::Offset until,
                                           std::vector<AbortedTransaction>& found) const;
  [[nodiscard]] base::Result<std::vector<AbortedTransaction>> all() const;
  // Drops the transactions that ended at or after `offset`.
  [[nodiscard]] base::Result<> truncate_to(base::Offset offset);
  // Empties the index; also one that `open` refused, by its path.
  [[nodiscard]] static base::Result<> reset(env::Disk& disk, const std::string& path);
  // What was appended is durable then; nothing to do where nothing was since it was opened.
  [[nodiscard]] base::Result<> flush() const;
  // Closes the file; it is opened again when needed.
  void close() { file_.reset(); }
  // The segment was renamed or moved.
  void set_path(std::string path);

  const std::string& path() const { return path_; }
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  // Whether the file is there (also an empty one).
  bool exists() const { return exists_; }

 private:
  TransactionIndex(env::Disk& disk, std::string path) : disk_(&disk), path_(std::move(path)) {}

  env::Disk* disk_;
  std::string path_;
  std::shared_ptr<env::File> file_;
  std::size_t count_ = 0;
  base::Offset last_offset_ = base::kNoOffset;
  bool exists_ = false;
};

// The entries of a whole file; CORRUPT_MESSAGE with the reason.
[[nodiscard]] base::Result<std::vector<AbortedTransaction>> parse_transaction_index(
    base::ByteView bytes, const std::string& path);

}  // namespace odradek::log
