// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/disk.h"

namespace odradek::log {

class PooledFile;

// The files that all logs of a server have open: at most so many (log.max.open.files). A file that
// a log opens through disk() may be closed behind its back while nobody is at work in it, the one
// used longest ago first, and is opened again, by the same name, when it is used next. So a log
// that is idle holds no descriptor, however long its objects live.
//
// A file that was renamed to `<name>.deleted` meanwhile is found there; one whose name belongs to
// another file by then is refused, never read. Closing does not flush: a log flushes through the
// file it is given or by a sync of the file system, and Linux keeps a write-back's error for the
// next who opens the file. Threads: any.
class OpenFiles : public std::enable_shared_from_this<OpenFiles> {
 public:
  static std::shared_ptr<OpenFiles> make(env::Disk& disk, std::size_t max_open);
  ~OpenFiles();
  OpenFiles(const OpenFiles&) = delete;
  OpenFiles& operator=(const OpenFiles&) = delete;

  // The disk as it was given to `make`, but that the files it opens are of this pool.
  env::Disk& disk() { return *pooled_; }

  // From the next opening on.
  void set_max_open(std::size_t max_open) { max_open_ = max_open; }
  std::size_t max_open() const { return max_open_; }
  // Descriptors that are open now, those included that were closed here but are still being sent.
  std::size_t open_count() const { return *open_count_; }
  // How often a file was opened again.
  std::size_t reopened_count() const { return reopened_; }

  // Closes what nobody used since the last call; returns how many.
  std::size_t close_idle();

 private:
  friend class PooledFile;
  class PooledDisk;
  // Whether the bound may be passed: by what lets go of the file as soon as it has read or written,
  // which the threads bound; not by who holds it for as long as a client takes.
  enum class Bound : std::uint8_t { kSoft, kHard };

  OpenFiles(env::Disk& disk, std::size_t max_open);

  // A descriptor, counted; closes others first where the bound or the process's is reached.
  base::Result<std::shared_ptr<env::File>> open_counted(const std::string& path, env::OpenMode mode,
                                                        Bound bound);
  base::Result<> make_room(Bound bound);
  bool close_one();
  void add(PooledFile& file);
  void forget(PooledFile& file);
  void take_out_locked(PooledFile& file);

  env::Disk& disk_;
  const std::unique_ptr<env::Disk> pooled_;
  std::atomic<std::size_t> max_open_;
  const std::shared_ptr<std::atomic<std::size_t>> open_count_;
  std::atomic<std::size_t> reopened_ = 0;

  std::mutex mutex_;
  // Those that may be closed, in no order: the hand goes round and spares what was used since it
  // came by.
  std::vector<PooledFile*> files_;
  std::size_t hand_ = 0;
};

// The file behind `file`, which stays open until the pointer returned is dropped: for bytes on
// their way to a socket, and for whoever reads on without a lock while files are deleted. A file
// that is of no pool is returned itself. KAFKA_STORAGE_ERROR where the bound is reached and every
// file is held.
[[nodiscard]] base::Result<std::shared_ptr<env::File>> held_open(
    const std::shared_ptr<env::File>& file);

}  // namespace odradek::log
