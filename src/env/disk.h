// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace odradek::env {

// Every failed call returns KAFKA_STORAGE_ERROR with the path, the operation and the system's
// words, and `os_error` = errno (ENOENT, ENOSPC …). Calls block: they belong on a WorkQueue, but
// for reads and buffered writes that are known to be short.

enum class OpenMode : std::uint8_t {
  kRead,       // must exist
  kReadWrite,  // must exist
  kCreate,     // read and write; created when missing
  kCreateNew,  // read and write; fails with EEXIST when there
};

// An open file. Reads, writes and flushes at different places may run at once. Closed with its last
// owner, a FileRange on its way to a socket included. Threads: any.
class File : public base::SendableFile {
 public:
  virtual const std::string& path() const = 0;
  // Tells the file from every other one that had its name before or gets it later.
  virtual std::uint64_t identity() const = 0;
  // Fills `buffer` from `position`; returns the bytes read, fewer only where the file ends.
  [[nodiscard]] virtual base::Result<std::size_t> read_at(std::uint64_t position,
                                                          base::MutableByteView buffer) = 0;
  // Writes all parts, one after the other, from `position`. After an error any prefix may have been
  // written.
  [[nodiscard]] virtual base::Result<> write_at(std::uint64_t position,
                                                std::span<const base::ByteView> parts) = 0;
  // Cuts or extends (with zeros) to `size`.
  [[nodiscard]] virtual base::Result<> truncate(std::uint64_t size) = 0;
  // Reserves space for [position, position + length) without changing the size.
  [[nodiscard]] virtual base::Result<> allocate(std::uint64_t position, std::uint64_t length) = 0;
  // What was written before this call, and the size, survive a power cut once it returns
  // (fdatasync).
  [[nodiscard]] virtual base::Result<> flush() = 0;
  [[nodiscard]] virtual base::Result<std::uint64_t> size() const = 0;
  // Whether all of the range is in the page cache, so that reading or sending it waits for no disk.
  virtual bool is_cached(std::uint64_t position, std::uint64_t length) const = 0;
  // Blocks until the range is in the page cache (or could not be brought there).
  virtual void load_into_cache(std::uint64_t position, std::uint64_t length) = 0;
  // Takes what is clean, from `position` on, out of the page cache, so that the next read sees what
  // is on the disk: after a flush that failed the system takes bytes for clean that never got
  // there. What is not written yet stays; sync first. Best effort: a file system that lives in
  // memory has nothing else.
  virtual void drop_from_cache(std::uint64_t position) = 0;

  [[nodiscard]] base::Result<> write_at(std::uint64_t position, base::ByteView bytes) {
    return write_at(position, std::span(&bytes, 1));
  }
};

// Held as long as it lives (flock).
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

struct DiskSpace {
  std::uint64_t total_bytes = 0;
  std::uint64_t usable_bytes = 0;
};

// The file system. Paths are as the operating system has them. Threads: any.
class Disk {
 public:
  virtual ~Disk() = default;

  [[nodiscard]] virtual base::Result<std::shared_ptr<File>> open(const std::string& path,
                                                                 OpenMode mode) = 0;
  // Sorted by name; "." and ".." left out.
  [[nodiscard]] virtual base::Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  [[nodiscard]] virtual base::Result<> make_directories(const std::string& path) = 0;
  // Atomic; replaces a file at `to`. Durable once the directory was synced.
  [[nodiscard]] virtual base::Result<> rename(const std::string& from, const std::string& to) = 0;
  // A missing file is an error with ENOENT.
  [[nodiscard]] virtual base::Result<> remove_file(const std::string& path) = 0;
  // A missing tree is not an error.
  [[nodiscard]] virtual base::Result<> remove_tree(const std::string& path) = 0;
  // Creations, renames and removals in the directory survive a power cut once it returns.
  [[nodiscard]] virtual base::Result<> sync_directory(const std::string& path) = 0;
  // Everything written on the file system that holds `path` survives a power cut once it returns
  // (syncfs).
  [[nodiscard]] virtual base::Result<> sync_file_system(const std::string& path) = 0;
  [[nodiscard]] virtual base::Result<DiskSpace> space(const std::string& path) = 0;
  // How many files, sockets included, this process may have open at once.
  virtual std::size_t max_open_files() const = 0;
  // The path from the root: a relative one continues the working directory's. Nothing is resolved.
  virtual std::string absolute_path(const std::string& path) = 0;
  // Takes an exclusive lock on the file (created when missing) without waiting; EWOULDBLOCK when
  // another process or another holder in this one has it.
  [[nodiscard]] virtual base::Result<std::unique_ptr<DirectoryLock>> lock(
      const std::string& path) = 0;

  // The size of a file, without keeping it open.
  [[nodiscard]] virtual base::Result<std::uint64_t> file_size(const std::string& path);
  // When the file was last written, by the wall clock.
  [[nodiscard]] virtual base::Result<base::Timestamp> modification_time(
      const std::string& path) = 0;
  // Until it is written again.
  [[nodiscard]] virtual base::Result<> set_modification_time(const std::string& path,
                                                             base::Timestamp time) = 0;
  // The whole of a file; fails beyond `max_bytes`.
  [[nodiscard]] base::Result<std::string> read_file(const std::string& path,
                                                    std::uint64_t max_bytes = 64U << 20U);
  // Replaces the file at once or not at all, durably: written beside it as `path`.tmp, flushed,
  // renamed, the directory synced.
  [[nodiscard]] base::Result<> write_file(const std::string& path, std::string_view content);
};

}  // namespace odradek::env
