// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/disk.h"

namespace odradek::log {

// A file of sorted entries of one fixed size, appended to at its end: what the offset index and the
// time index have in common. The newest entries are pending: kept in memory, written in batches.
// Nothing is opened or read before it is needed.
//
// Threads: guarded by its log's lock, but for `Stored`, which is a snapshot of its own.
class IndexFile {
 public:
  // The entries in the file, as one moment saw them: they do not change until a truncation, so they
  // are searched without the log's lock.
  struct Stored {
    std::shared_ptr<env::File> file;
    std::uint32_t entries = 0;
    std::uint32_t entry_bytes = 0;

    // The last entry for which `is_before` holds; entries are sorted so that it holds for a prefix.
    // Nothing when it holds for none.
    [[nodiscard]] base::Result<std::optional<std::vector<std::uint8_t>>> last_where(
        const std::function<bool(const std::uint8_t*)>& is_before) const;
    // As last_where, but the number of entries for which it holds.
    [[nodiscard]] base::Result<std::uint32_t> count_where(
        const std::function<bool(const std::uint8_t*)>& is_before) const;
    [[nodiscard]] base::Result<> read(std::uint32_t first, base::MutableByteView into) const;
  };

  explicit IndexFile(std::uint32_t entry_bytes) : entry_bytes_(entry_bytes) {}

  // Opens what is at `path`, where that was not done yet: a missing file is an empty one. The zeros
  // that Apache Kafka preallocates are not entries.
  [[nodiscard]] base::Result<> load(env::Disk& disk, const std::string& path);
  // A new index: there is no file yet.
  void start_empty() { is_loaded_ = true; }
  bool is_loaded() const { return is_loaded_; }

  // REQUIRES of all below: is_loaded().
  std::uint32_t entries() const { return stored_ + pending_entries(); }
  std::uint32_t pending_entries() const {
    return static_cast<std::uint32_t>(pending_.size()) / entry_bytes_;
  }
  const std::uint8_t* pending_entry(std::uint32_t index) const {
    return pending_.data() + std::size_t{index} * entry_bytes_;
  }
  Stored stored() const { return {file_, stored_, entry_bytes_}; }
  // The newest entry; nothing when there is none.
  [[nodiscard]] base::Result<std::optional<std::vector<std::uint8_t>>> last() const;

  void append(base::ByteView entry);

  // Writing the pending entries out: take them under the lock, write them without it, and commit
  // under the lock again. One writer at a time.
  struct Batch {
    std::shared_ptr<env::File> file;
    std::uint64_t position = 0;
    std::vector<std::uint8_t> bytes;
  };
  // The file is created when missing.
  [[nodiscard]] base::Result<Batch> take_pending(env::Disk& disk, const std::string& path);
  void commit(const Batch& batch);
  // All of it at once, and the file is exactly as long as its entries. It exists afterwards.
  [[nodiscard]] base::Result<> write_all(env::Disk& disk, const std::string& path);

  // What was written survives a power cut once it returns.
  [[nodiscard]] base::Result<> flush() { return file_ ? file_->flush() : base::Result<>(); }

  // Keeps the first `entries`.
  [[nodiscard]] base::Result<> truncate_to(std::uint32_t entries);
  // Forgets the open file; the next load opens it again. REQUIRES: nothing is pending.
  void release();

 private:
  [[nodiscard]] base::Result<> open_file(env::Disk& disk, const std::string& path);

  const std::uint32_t entry_bytes_;
  std::uint32_t stored_ = 0;
  bool is_loaded_ = false;
  std::shared_ptr<env::File> file_;
  std::vector<std::uint8_t> pending_;
};

}  // namespace odradek::log
