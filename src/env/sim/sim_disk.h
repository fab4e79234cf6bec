// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "env/disk.h"
#include "env/sim/file_tree.h"
#include "env/sim/life.h"

namespace odradek::env::sim {

enum class DiskOperation : std::uint8_t {
  kOpen,
  kList,
  kRead,
  kWrite,
  kTruncate,
  kAllocate,
  kFlush,
  kMakeDirectories,
  kRename,
  kRemove,
  kSyncDirectory,
  kSyncFileSystem,
  kLock,
};

// A call that is going to fail. A failing write leaves a prefix, chosen by the seed, behind.
struct DiskFault {
  DiskOperation operation = DiskOperation::kWrite;
  // Only paths that contain this text.
  std::string path_contains;
  // So many matching calls go well first; then `times` fail.
  int skip = 0;
  int times = 1;
  int os_error = EIO;
};

inline constexpr std::uint64_t kUnlimitedCapacity = std::uint64_t{1} << 40U;

struct DiskOptions {
  std::uint64_t capacity_bytes = kUnlimitedCapacity;
  // How long a flush, a sync or bringing pages into the cache takes.
  Duration shortest_wait = std::chrono::microseconds(30);
  Duration longest_wait = std::chrono::milliseconds(2);
  // A buffered write waits as long, once in so many (dirty throttling), on a loop, too, while the
  // other loops go on; 0: never.
  std::uint64_t write_waits_once_in = 0;
  PowerCutStyle power_cut_style = PowerCutStyle::kBySeed;
  // Changes of names survive a power cut in their order (a journal), or any of them (POSIX).
  bool names_survive_in_order = false;
  // Flushes of files whose path contains this text say that they went well and do nothing; empty:
  // none.
  std::string lying_flushes_of = {};
  // A flush of a new file also makes its name durable, as ext4 practically does.
  bool flush_keeps_new_name = false;
};

// The disk of a simulated host. It outlives the host's processes; a power cut takes what was not
// flushed, a killed process takes nothing.
class SimDisk {
 public:
  // `wall_clock`: the host's, for the times of files.
  SimDisk(Scheduler& scheduler, std::string host, DiskOptions options,
          std::function<base::Timestamp()> wall_clock);
  ~SimDisk();
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  // The door of one process. It ends with its life.
  std::unique_ptr<Disk> open_for(std::shared_ptr<Life> life);

  DiskOptions& options() { return options_; }
  void inject(DiskFault fault) { faults_.push_back(std::move(fault)); }
  // Whether all that was injected has happened.
  bool faults_are_used_up() const { return faults_.empty(); }
  // The operation with this number, counted as before_operation() does, fails, whatever it is.
  // Clearing the faults leaves it.
  void fail_operation(std::uint64_t number, int os_error) { failing_ = {number, os_error}; }
  // Nothing that was injected, or is to be run before an operation, happens any more.
  void clear_faults();
  // Runs `action` (a power cut, usually) just before the operation with this number, counted from 0
  // since the disk was made.
  void before_operation(std::uint64_t number, std::function<void()> action);
  std::uint64_t operations() const { return operations_; }
  std::uint64_t flushes() const { return flushes_; }
  // The files of the directory whose names end so, by name, with what the processes see in them; an
  // observer's look, which is no event. None where there is no such directory.
  std::map<std::string, std::string> look_into(const std::string& directory,
                                               std::string_view ending = {}) const;
  // The same with no more than what every power cut leaves: flushed, under a name that was synced.
  std::map<std::string, std::string> look_into_durable(const std::string& directory,
                                                       std::string_view ending = {}) const;
  // What files take; with options().capacity_bytes, how a scenario fills the disk and empties it.
  std::uint64_t taken_bytes() const;
  // What is clean has to be read from the disk again.
  void drop_cache();
  // As if synced: a scenario's starting point.
  void make_everything_durable();

  void power_cut();
  // An empty disk takes its place. REQUIRES: no process runs on the host.
  void replace();
  // The locks of a process end with it.
  void release_locks(const Life& life);

 private:
  friend class SimFile;
  friend class SimDiskDoor;
  friend class SimDirectoryLock;

  base::Result<> begin(const Life& life, DiskOperation operation, const std::string& path);
  // Lets the simulation go on for the time of one wait. False: the process ended meanwhile.
  bool wait(Life& life);
  bool wait_on_any_thread(Life& life);
  int matching_fault(DiskOperation operation, const std::string& path);
  std::uint64_t free_pages() const;
  bool has_room(std::uint64_t pages) const;

  Scheduler& scheduler_;
  std::string host_;
  DiskOptions options_;
  const std::function<base::Timestamp()> wall_clock_;
  SeededRandom random_;
  FileTree tree_;
  std::list<DiskFault> faults_;
  std::map<std::uint64_t, std::function<void()>> actions_;
  struct FailingOperation {
    std::uint64_t number = 0;
    int os_error = 0;
  };
  FailingOperation failing_;
  std::map<std::string, const Life*> locks_;
  std::uint64_t operations_ = 0;
  std::uint64_t flushes_ = 0;
};

}  // namespace odradek::env::sim
