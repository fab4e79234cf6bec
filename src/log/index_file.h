// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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
// time index have in common. The newest entries are pending: kept in memory, written in batches. Of
// those in the file only the last is in memory.
//
// Threads: guarded by its log's lock; what reads or writes the file works on snapshots (Stored,
// Batch) that need no lock, or says that it blocks.
class IndexFile {
 public:
  static constexpr std::uint32_t kEntryBytesMax = 12;
  using Entry = std::array<std::uint8_t, kEntryBytesMax>;

  // The entries in the file, as one moment saw them: they do not change until a truncation. Any
  // thread; its functions block on the disk.
  struct Stored {
    std::shared_ptr<env::File> file;
    std::uint32_t entries = 0;
    std::uint32_t entry_bytes = 0;

    // The number of entries for which `is_before` holds; entries are sorted so that it holds for
    // the first ones.
    [[nodiscard]] base::Result<std::uint32_t> count_where(
        const std::function<bool(const std::uint8_t*)>& is_before) const;
    // The last of them; nothing when it holds for none.
    [[nodiscard]] base::Result<std::optional<Entry>> last_where(
        const std::function<bool(const std::uint8_t*)>& is_before) const;
    // Calls `visit` with each entry in order until it returns false; returns how many it took.
    [[nodiscard]] base::Result<std::uint32_t> visit_while(
        const std::function<bool(const std::uint8_t*)>& visit) const;
    [[nodiscard]] base::Result<> read(std::uint32_t first, base::MutableByteView into) const;
  };

  // An empty index without a file.
  explicit IndexFile(std::uint32_t entry_bytes) : entry_bytes_(entry_bytes) {}
  // What is at `path`: a missing file is an empty index. The zeros that Apache Kafka preallocates
  // are not entries. Blocks.
  [[nodiscard]] static base::Result<IndexFile> open(env::Disk& disk, const std::string& path,
                                                    std::uint32_t entry_bytes);

  std::uint32_t entries() const { return stored_ + pending_entries(); }
  std::uint32_t pending_entries() const {
    return static_cast<std::uint32_t>(pending_.size()) / entry_bytes_;
  }
  const std::uint8_t* pending_entry(std::uint32_t index) const {
    return pending_.data() + std::size_t{index} * entry_bytes_;
  }
  Stored stored() const { return {file_, stored_, entry_bytes_}; }
  // The newest entry; null when there is none. Lives until the next change.
  const std::uint8_t* last() const;

  void append(base::ByteView entry);

  // Writing the pending entries out: take them under the lock, write() them without it, and commit
  // under the lock again. One writer at a time.
  struct Batch {
    std::shared_ptr<env::File> file;
    std::uint64_t position = 0;
    std::vector<std::uint8_t> bytes;

    // Creates the file where there is none yet. Blocks.
    [[nodiscard]] base::Result<> write(env::Disk& disk, const std::string& path);
    // The file is exactly as long as its entries then. Blocks.
    [[nodiscard]] base::Result<> cut_behind() const;
  };
  Batch take_pending() const { return take_pending(pending_entries()); }
  // The first `entries` of them.
  Batch take_pending(std::uint32_t entries) const;
  void commit(const Batch& batch);

  // Keeps the first `entries` of those that are pending.
  void keep_pending(std::uint32_t entries) { pending_.resize(std::size_t{entries} * entry_bytes_); }
  // The file lies elsewhere now, with the same entries.
  void set_file(std::shared_ptr<env::File> file) { file_ = std::move(file); }

  // Keeps the first `entries`. Blocks. REQUIRES: nobody else uses the index.
  [[nodiscard]] base::Result<> truncate_to(std::uint32_t entries);

 private:
  const std::uint8_t* pending_end() const { return pending_.data() + pending_.size(); }

  std::uint32_t entry_bytes_;
  std::uint32_t stored_ = 0;
  std::shared_ptr<env::File> file_;
  // The last one in the file.
  Entry last_stored_{};
  std::vector<std::uint8_t> pending_;
};

}  // namespace odradek::log
