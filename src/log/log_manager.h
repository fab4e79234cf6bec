// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "env/world.h"
#include "log/cleaner/cleaner.h"
#include "log/directory/log_directory.h"
#include "log/housekeeping/housekeeper.h"
#include "log/log.h"
#include "log/log_config.h"
#include "log/move/mover.h"
#include "log/move/placement.h"
#include "log/open_files.h"

namespace odradek::log {

struct LogManagerOptions {
  // log.dirs, at least one.
  std::vector<std::string> paths;
  // metadata.log.dir; empty: the first of `paths`. One that is not among them holds no partitions.
  std::string metadata_path;
  // num.recovery.threads.per.data.dir
  int recovery_threads_per_directory = 2;
  // Less than one thread: one for each directory.
  move::MoverOptions move = {.threads = 0};
  // log.max.open.files; 0: half of what the process may have, the rest is for sockets.
  std::size_t max_open_files = 0;
  directory::DirectoryOptions directory;
};

// When the log manager's own tasks come round; the names after them are Kafka's keys.
struct HousekeepingOptions {
  // log.initial.task.delay.ms
  std::int64_t initial_delay_ms = 30000;
  // log.retention.check.interval.ms
  std::int64_t retention_check_interval_ms = 300000;
  // producer.id.expiration.check.interval.ms
  std::int64_t producer_expiration_check_interval_ms = 600000;
  // log.cleaner.backoff.ms, and the other settings of the cleaner
  std::int64_t cleaner_backoff_ms = 15000;
  cleaner::CleanerOptions cleaner = {};
};

// The names of its tasks (housekeeping::Housekeeper).
inline constexpr std::string_view kRetentionTask = "retention";
inline constexpr std::string_view kProducerExpirationTask = "producer expiration";
inline constexpr std::string_view kCleanerTask = "log cleaner";

// What the metadata says about a partition's directory that was found on disk.
struct LogDecision {
  // Whether the partition is this broker's; a directory that is not is set aside as "-stray".
  bool is_known = false;
  // Of the topic; a directory of another id is set aside, one without an id gets this one.
  base::TopicId topic_id;
  LogConfig config;
};

struct NewLog {
  base::TopicPartition name;
  base::TopicId topic_id;
  LogConfig config;
  // The partition may have had a log before: it is not created while a directory is offline, for it
  // may lie there.
  bool may_be_elsewhere = false;
};

// Who acts on what becomes of a directory. Called from any thread; they do not block.
struct DiskHandlers {
  // It became full: what may be deleted is wanted at once.
  std::function<void(directory::LogDirectory&)> on_full;
  // It has room again.
  std::function<void(directory::LogDirectory&)> on_room;
  // It went offline; after its logs were told, from loop 0. The metadata log's directory too. Maybe
  // more than once.
  std::function<void(directory::LogDirectory&, const base::Error&)> on_failure;
};

// What load_logs did, for one line of the server's log.
struct LoadSummary {
  std::size_t logs = 0;
  std::size_t strays = 0;
  // Logs that were read again because their directory was not closed cleanly.
  std::size_t recovered = 0;
  // Threads that had a part in it.
  std::size_t threads = 0;
  std::int64_t duration_ms = 0;
};

// The log directories of this broker and all logs open in them. Threads: any; calls about one
// partition are the caller's to order. Lock order: the manager's lock is taken before a directory's
// and never held over a wait for a disk or a call of a log.
class LogManager {
 public:
  // Inspects every directory before it touches one, then locks them all. Refused, with the path and
  // the reason: directories that disagree on the cluster or the node, one named twice, one that is
  // locked. INVALID_CONFIG or KAFKA_STORAGE_ERROR, os_error from the system. One of several that
  // the system does not let be used is offline from the start, unless it is the metadata log's.
  [[nodiscard]] static base::Result<std::unique_ptr<LogManager>> open(env::World& world,
                                                                      LogManagerOptions options);
  ~LogManager();

  // The cluster and node that the formatted directories name; nothing when none is formatted.
  struct Identity {
    std::string cluster_id;
    base::BrokerId node_id = base::kNoBroker;
  };
  std::optional<Identity> identity() const;
  // Formats the directories that are empty, gives an id to those without one, takes the
  // clean-shutdown marks away. INVALID_CONFIG when the directories belong to another cluster or
  // node. Call once, before any log is opened.
  [[nodiscard]] base::Result<> begin(const Identity& identity);

  // Those of log.dirs.
  const std::vector<std::unique_ptr<directory::LogDirectory>>& directories() const {
    return directories_;
  }
  // The directory that holds, or would hold, the metadata log.
  directory::LogDirectory& metadata_directory() const { return *metadata_directory_; }
  // Whether the directory's last stop was clean.
  bool was_clean(const directory::LogDirectory& directory) const;
  // Whether every directory's was; the broker epoch of the marks, -1 where they differ or miss.
  std::int64_t last_broker_epoch() const;

  // Another recovery_threads_per_directory for what is opened, recovered and closed from now on.
  void set_recovery_threads(int threads_per_directory) {
    recovery_threads_per_directory_ = threads_per_directory;
  }

  // Other bounds of every directory's unflushed bytes.
  void set_flush_bounds(const directory::FlushBounds& bounds);
  // Sums over all directories, the metadata log's own one included: see LogDirectory.
  std::uint64_t unflushed_bytes() const;
  directory::FlushFigures flush_figures() const;

  // Opens every log found, several at once in each directory; `decide` is called from several
  // threads. Blocks. A log that can't be opened takes its directory offline; an error only when no
  // directory is left.
  [[nodiscard]] base::Result<LoadSummary> load_logs(
      const std::function<LogDecision(const base::TopicPartition&)>& decide);

  // Null when there is none.
  std::shared_ptr<Log> get(const base::TopicPartition& name) const;
  std::vector<std::shared_ptr<Log>> all() const;
  // The log, created where it is missing, durably. INCONSISTENT_TOPIC_ID when one of another id is
  // there. Blocks.
  [[nodiscard]] base::Result<std::shared_ptr<Log>> get_or_create(const NewLog& log);
  // The same for many with few syncs: one of the file system for each directory. The results are in
  // the order of `logs`. REQUIRES: different names.
  std::vector<base::Result<std::shared_ptr<Log>>> create_many(std::span<const NewLog> logs);
  // Takes the log out and removes it (Log::remove). Nothing happens when there is none.
  [[nodiscard]] base::Result<> remove(const base::TopicPartition& name);
  // AlterReplicaLogDirs: begins to move the log into `target`, one of directories(); elsewhere it
  // is on its way no longer. To where it lies: just that. Blocks, but not for the copying.
  [[nodiscard]] base::Result<> begin_move(const base::TopicPartition& name,
                                          directory::LogDirectory& target);
  // A log that is created later goes there.
  void prefer(const base::TopicPartition& name, const directory::LogDirectory& directory);
  move::Mover& mover() { return *mover_; }
  // Called after each move, from any thread. Set before logs are loaded.
  void set_move_handler(move::Mover::Handler handler) { move_handler_ = std::move(handler); }
  // cordoned.log.dirs, as log.dirs has them: they get no new logs.
  void set_cordoned(const std::vector<std::string>& paths);
  bool is_cordoned(const directory::LogDirectory& directory) const;

  // Gives every open log of the topic the configuration.
  void set_config(const std::string& topic, const LogConfig& config);
  // Gives each open log what `config_of` says of its topic.
  void set_configs(const std::function<LogConfig(const std::string& topic)>& config_of);

  // The periodic work on the logs and their directories; it ends before a log is closed. Work is
  // added once the logs were loaded.
  housekeeping::Housekeeper& housekeeper() { return housekeeper_; }
  // Compaction. It begins with begin_housekeeping. Who truncates a partition's log pauses it
  // for the partition; moves and `remove` do so themselves.
  cleaner::Cleaner& cleaner() { return cleaner_; }
  const cleaner::Cleaner& cleaner() const { return cleaner_; }
  // Other settings of the cleaner.
  void configure_cleaner(const cleaner::CleanerOptions& options, std::int64_t backoff_ms);
  // Adds the work that is the log manager's own: retention, compaction and the forgetting of idle
  // producers.
  // Call once, after load_logs.
  void begin_housekeeping(const HousekeepingOptions& options);
  // Adds the task once for each directory of log.dirs, with a timer and a queue of its own each, so
  // that a slow disk delays only itself; a round is left out where the directory has failed.
  void add_task(const housekeeping::Housekeeper::Task& task,
                std::function<void(directory::LogDirectory&, const housekeeping::Round&)> work);
  // Watches the room of every directory from here on, and tells of what becomes of them. Call once,
  // after the logs were loaded.
  void watch_disks(DiskHandlers handlers);
  // log.dir.reserve.bytes, of every directory.
  void set_reserve(std::int64_t bytes);
  // One of log.dirs.
  bool has_offline_directory() const;
  // The files that logs have open.
  const OpenFiles& open_files() const { return *open_files_; }
  // The open logs that lie in the directory, by name.
  std::vector<std::shared_ptr<Log>> logs_in(const directory::LogDirectory& directory) const;

  // Clean stop: ends the housekeeping and the moves, closes every log, several at once, then marks
  // each directory that did not fail as cleanly closed. Call once, when nobody appends or reads any
  // more. Blocks. The first error.
  [[nodiscard]] base::Result<> stop(std::int64_t broker_epoch);

 private:
  using Decide = std::function<LogDecision(const base::TopicPartition&)>;
  using Created = base::Result<std::shared_ptr<Log>>;

  struct Place {
    directory::LogDirectory::LastStop last_stop;
    // Logs in the directory, those being created included.
    std::size_t log_count = 0;
    bool is_cordoned = false;
  };
  struct Entry {
    std::shared_ptr<Log> log;
    std::size_t directory_index = 0;
  };
  // A partition's directory that was found at start.
  struct Found {
    std::size_t directory_index = 0;
    base::TopicPartition name;
  };
  // A copy that a move left unfinished.
  struct FoundFuture {
    std::size_t directory_index = 0;
    std::string directory_name;
  };
  enum class Loaded : std::uint8_t { kOpened, kStray, kFailed };

  LogManager(env::World& world, LogManagerOptions options);

  using Unreadable = std::map<std::string, base::Error>;

  base::Result<> open_directories(const Unreadable& unreadable);
  base::Result<std::unique_ptr<directory::LogDirectory>> open_directory(
      const std::string& path, const Unreadable& unreadable) const;
  // Whether the others go on without it.
  bool may_be_offline(const std::string& path) const;
  // Formats the directory or completes its identity, and begins it.
  base::Result<directory::LogDirectory::LastStop> begin_directory(
      directory::LogDirectory& directory, const Identity& identity);
  // Those of log.dirs, and the metadata log's where it is none of them.
  std::vector<directory::LogDirectory*> all_directories() const;
  std::vector<Found> find_all();
  void sync_recovered(directory::LogDirectory& directory);
  Loaded load(const Found& found, const Decide& decide);
  base::Result<Loaded> try_load(const Found& found, const LogDecision& decision);
  base::Result<> set_aside(const Found& found, const std::string& why);
  base::Result<std::optional<base::TopicId>> topic_id_of(const Found& found);
  base::Result<bool> resume_creation(const Found& found, const base::TopicId& topic_id);
  base::Result<> write_topic_id(const Found& found, const base::TopicId& topic_id);
  std::string path_of(const Found& found) const;

  std::optional<Created> find_present(const NewLog& wanted) const;
  // Of each directory, as placement counts it; nothing where there is no choice. Blocks.
  std::vector<std::uint64_t> usable_bytes() const;
  std::optional<std::size_t> choose_directory(const base::TopicPartition& name,
                                              const std::vector<std::uint64_t>& usable_bytes);
  std::size_t index_of(const directory::LogDirectory& directory) const;
  void note_move(const std::shared_ptr<Log>& log);
  // Of partitions that lie in two directories, keeps the one that has everything.
  void settle_twins(std::vector<std::vector<base::TopicPartition>>& names);
  std::vector<std::size_t> settle_twins_of(const std::vector<Found>& found);
  base::Result<> settle_twin(const Found& kept, const Found& other, bool is_covered);
  void resume_moves(const Decide& decide);
  void resume_move(const FoundFuture& future, const base::TopicPartition& name, bool is_first,
                   const Decide& decide);
  base::Result<> remove_future(const FoundFuture& future, const base::TopicPartition& name);
  Created create_in(std::size_t index, const NewLog& log, bool is_synced_by_caller);
  // In the directory chosen; where that turns out to be offline, in another one.
  Created create_where_it_can_be(std::optional<std::size_t>& chosen, const NewLog& log,
                                 bool is_synced_by_caller);
  void sync_created(const std::vector<std::optional<std::size_t>>& chosen,
                    std::vector<Created>& results);
  int parallelism() const;

  env::World& world_;
  LogManagerOptions options_;
  std::atomic<int> recovery_threads_per_directory_;
  const std::shared_ptr<OpenFiles> open_files_;
  std::vector<std::unique_ptr<directory::LogDirectory>> directories_;
  // Only where the metadata log lies in none of them.
  std::unique_ptr<directory::LogDirectory> own_metadata_directory_;
  directory::LogDirectory::LastStop own_metadata_last_stop_;
  directory::LogDirectory* metadata_directory_ = nullptr;

  mutable std::mutex mutex_;
  std::vector<Place> places_;
  // Goes before the directories that the logs lie in.
  std::unordered_map<base::TopicPartition, Entry> logs_;
  std::unordered_map<base::TopicPartition, std::size_t> preferred_;
  std::vector<FoundFuture> futures_;
  move::Mover::Handler move_handler_;
  cleaner::Cleaner cleaner_;
  // Pauses the cleaner, so it goes before.
  std::unique_ptr<move::Mover> mover_;
  // Goes first of all: its tasks use everything.
  housekeeping::Housekeeper housekeeper_;
};

}  // namespace odradek::log
