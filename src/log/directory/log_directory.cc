// SPDX-License-Identifier: Apache-2.0
#include "log/directory/log_directory.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "env/fail_point.h"
#include "log/directory/background_flush.h"
#include "log/directory/cache_mark.h"
#include "log/directory/checkpoints.h"
#include "log/directory/clean_shutdown_file.h"
#include "log/directory/flush_groups.h"
#include "log/directory/meta_properties.h"
#include "log/directory/partition_name.h"
#include "log/directory/place.h"
#include "log/open_files.h"

namespace odradek::log::directory {
namespace {

constexpr std::string_view kLockFile = ".lock";
constexpr std::size_t kOwnFilesMax = 1000;
// A start after a crash reads again, from the disk, what was flushed since the last checkpoint.
constexpr std::uint64_t kCheckpointBytes = 64U << 20U;
// What a log leaves to a background flush waits no longer than this.
constexpr env::Duration kBackgroundDelay = std::chrono::seconds(1);
constexpr std::string_view kMetadataLog = "__cluster_metadata-0";

class LogDirectoryImpl final : public LogDirectory {
 public:
  LogDirectoryImpl(env::World& world, std::string path, DirectoryOptions options,
                   std::unique_ptr<env::DirectoryLock> lock,
                   std::optional<DirectoryIdentity> identity);
  ~LogDirectoryImpl() override;

  const std::string& path() const override { return path_; }
  const std::optional<DirectoryIdentity>& identity() const override { return identity_; }
  base::Result<> format(const DirectoryIdentity& identity) override;
  base::Result<LastStop> begin() override;
  base::Result<FoundLogs> find_logs() override;

  base::Offset recovery_point(const base::TopicPartition& partition) const override {
    return checkpoints_.get(CheckpointKind::kRecoveryPoint, partition);
  }
  base::Offset log_start_offset(const base::TopicPartition& partition) const override {
    return checkpoints_.get(CheckpointKind::kLogStartOffset, partition);
  }
  base::Offset high_watermark(const base::TopicPartition& partition) const override {
    return checkpoints_.get(CheckpointKind::kHighWatermark, partition);
  }
  void set_high_watermark(const base::TopicPartition& partition, base::Offset offset) override {
    checkpoints_.set(CheckpointKind::kHighWatermark, partition, offset);
  }
  void set_recovery_point(const base::TopicPartition& partition, base::Offset offset) override {
    checkpoints_.set(CheckpointKind::kRecoveryPoint, partition, offset);
  }
  void set_recovery_point_at_close(const base::TopicPartition& partition,
                                   base::Offset offset) override {
    checkpoints_.set_recovery_point_at_close(partition, offset);
  }
  void set_log_start_offset(const base::TopicPartition& partition, base::Offset offset) override {
    checkpoints_.set(CheckpointKind::kLogStartOffset, partition, offset);
  }
  std::optional<base::Offset> cleaner_offset(const base::TopicPartition& partition) const override {
    return checkpoints_.find(CheckpointKind::kCleanerOffset, partition);
  }
  void set_cleaner_offset(const base::TopicPartition& partition, base::Offset offset) override {
    checkpoints_.set(CheckpointKind::kCleanerOffset, partition, offset);
  }
  void forget(const base::TopicPartition& partition) override { checkpoints_.forget(partition); }
  base::Result<> settle_forgotten(const base::TopicPartition& partition) override {
    return checkpoints_.is_stale(partition) ? write_checkpoints() : base::Result<>();
  }
  base::Result<> write_checkpoints() override;

  base::Result<> add_log(Log& log) override;
  void forget_log(Log& log) override;
  void request_flush(Log& log) override { groups_.request(log); }
  void hold_flushes() override { groups_.hold(); }
  void release_flushes() override { groups_.release(); }
  void request_flush_within(Log& log, env::Duration delay) override;
  void request_background_flush(Log& log) override {
    background_.flush_within(log, kBackgroundDelay);
  }
  void add_unflushed(std::uint64_t bytes) override;
  void remove_unflushed(std::uint64_t bytes, bool are_flushed) override;
  std::uint64_t unflushed_bytes() const override { return unflushed_bytes_; }
  bool may_leave_unflushed() const override { return unflushed_bytes_ < max_unflushed_bytes_; }
  void set_flush_bounds(const FlushBounds& bounds) override;
  void count_flush(env::Duration duration) override { flush_statistics_.add(duration); }
  FlushFigures flush_figures() const override { return flush_statistics_.figures(); }
  Room& room() override { return room_; }
  void set_room_handler(std::function<void(bool)> handler) override {
    const std::lock_guard lock(removals_mutex_);
    room_handler_ = std::move(handler);
  }
  env::WorkQueue& work_queue() override { return *work_queue_; }
  env::World& world() override { return world_; }
  OpenFiles& open_files() override { return *open_files_; }
  void remove_later(std::string path, env::Duration delay) override;

  void fail(const base::Error& error) override;
  std::optional<base::Error> failure() const override;
  void set_failure_handler(std::function<void(const base::Error&)> handler) override;
  base::Result<> close_cleanly(std::int64_t broker_epoch) override;

 private:
  // What tasks on loops hold instead of the directory: empty once it is gone.
  struct Anchor {
    std::mutex mutex;
    LogDirectoryImpl* directory = nullptr;
  };

  // Runs `task` on loop 0 with the directory, unless it is gone by then.
  env::Task anchored(std::function<void(LogDirectoryImpl&)> task) const;
  std::string path_of(std::string_view file) const { return path_ + '/' + std::string(file); }
  env::Duration interval_of(CheckpointKind kind) const;
  void write_checkpoint_later(CheckpointKind kind, env::Duration at_least = {});
  void submit_checkpoint(CheckpointKind kind);
  void remove_now(std::string path);
  void remove_all_that_wait();
  void make_room();
  void announce_failure();
  LastStop begin_after_crash(bool are_checkpoints_whole);
  base::Result<> failed_or(base::Result<> result);

  env::World& world_;
  const std::string path_;
  const DirectoryOptions options_;
  const std::unique_ptr<env::DirectoryLock> lock_;
  std::optional<DirectoryIdentity> identity_;
  const std::shared_ptr<OpenFiles> open_files_;
  const std::shared_ptr<Anchor> anchor_;
  const CacheMark cache_mark_;
  Checkpoints checkpoints_;
  Room room_;
  std::function<void(bool)> room_handler_;

  std::mutex removals_mutex_;
  std::uint64_t next_removal_ = 0;
  std::map<std::uint64_t, std::string> waiting_removals_;

  mutable std::mutex failure_mutex_;
  std::optional<base::Error> failure_;
  bool is_ending_ = false;
  std::function<void(const base::Error&)> failure_handler_;

  std::atomic<std::uint64_t> unflushed_bytes_ = 0;
  std::atomic<std::uint64_t> max_unflushed_bytes_;
  std::atomic<std::int64_t> max_unflushed_ms_;
  // Flushed since the recovery points were last written: an unclean stop reads them again.
  std::atomic<std::uint64_t> bytes_above_checkpoint_ = 0;
  FlushStatistics flush_statistics_;
  FlushGroups groups_;
  BackgroundFlush background_;
  std::unique_ptr<env::WorkQueue> work_queue_;
};

LogDirectoryImpl::LogDirectoryImpl(env::World& world, std::string path, DirectoryOptions options,
                                   std::unique_ptr<env::DirectoryLock> lock,
                                   std::optional<DirectoryIdentity> identity)
    : world_(world),
      path_(std::move(path)),
      options_(options),
      lock_(std::move(lock)),
      identity_(std::move(identity)),
      open_files_(options.open_files ? options.open_files
                                     : OpenFiles::make(world.disk(), kOwnFilesMax)),
      anchor_(std::make_shared<Anchor>()),
      cache_mark_(world.disk(), path_),
      checkpoints_(world, path_, [this](CheckpointKind kind) { write_checkpoint_later(kind); }),
      room_(world, path_, options.reserve_bytes),
      groups_(world, path_,
              {.max_parallel = options.max_parallel_flushes,
               .max_logs_flushed_singly = options.max_logs_flushed_singly},
              flush_statistics_,
              [this](const base::Error& error) {
                cache_mark_.remove();
                fail(error);
              }),
      background_(
          world.clock(), [this](Log& log) { groups_.request_in_background(log); },
          [this](env::Duration delay) {
            const auto tick = [](LogDirectoryImpl& it) { it.background_.on_timer(); };
            world_.loop(0).run_after(delay, anchored(tick));
          }),
      work_queue_(world.workers().make_queue("work " + path_, options.max_parallel_work)) {
  set_flush_bounds(options.flush_bounds);
  anchor_->directory = this;
  room_.set_handler([this](bool is_full) {
    if (is_full) remove_all_that_wait();
    std::function<void(bool)> handler;
    {
      const std::lock_guard handler_lock(removals_mutex_);
      handler = room_handler_;
    }
    if (handler) handler(is_full);
  });
}

LogDirectoryImpl::~LogDirectoryImpl() {
  {
    // The last flushes end after the work queue has.
    const std::lock_guard lock(failure_mutex_);
    is_ending_ = true;
  }
  const std::lock_guard lock(anchor_->mutex);
  anchor_->directory = nullptr;
}

env::Task LogDirectoryImpl::anchored(std::function<void(LogDirectoryImpl&)> task) const {
  return [anchor = anchor_, task = std::move(task)] {
    const std::lock_guard lock(anchor->mutex);
    if (anchor->directory != nullptr) task(*anchor->directory);
  };
}

base::Result<> LogDirectoryImpl::format(const DirectoryIdentity& identity) {
  const std::string file = path_of(kMetaPropertiesFile);
  const std::string text = format_meta_properties(identity);
  auto done = room_.insist([&] { return world_.disk().write_file(file, text); });
  if (!done) {
    (void)world_.disk().remove_file(file + ".tmp");
    return explained(std::move(done), path_);
  }
  identity_ = identity;
  return {};
}

base::Result<LogDirectory::LastStop> LogDirectoryImpl::begin() {
  room_.check();
  if (room_.is_full()) make_room();
  auto are_well_formed = checkpoints_.load();
  if (!are_well_formed) return explained(std::move(are_well_formed), path_);
  const std::string mark = path_of(kCleanShutdownFile);
  auto text = world_.disk().read_file(mark, 4096);
  if (!text && text.error().os_error == ENOENT) return begin_after_crash(*are_well_formed);
  if (!text) return explained(std::move(text), path_);
  auto removed = world_.disk().remove_file(mark);
  if (removed) removed = world_.disk().sync_directory(path_);
  if (!removed) return explained(std::move(removed), path_);
  env::fail_point(env::FailPoint::kStartUnmarked);
  return LastStop{.was_clean = *are_well_formed,
                  .broker_epoch = parse_clean_shutdown_epoch(*text),
                  .are_checkpoints_whole = *are_well_formed};
}

// What a killed process left in memory counts, unless a flush of it failed: then it goes to the
// disk, where recovery looks for what came there.
LogDirectory::LastStop LogDirectoryImpl::begin_after_crash(bool are_checkpoints_whole) {
  if (!cache_mark_.is_set()) (void)failed_or(world_.disk().sync_file_system(path_));
  return {.are_checkpoints_whole = are_checkpoints_whole};
}

// The start itself writes a little.
void LogDirectoryImpl::make_room() {
  (void)room_.give_up_file();
  const auto entries = world_.disk().list(path_);
  if (!entries) return;
  for (const env::DirectoryEntry& entry : *entries) {
    if (!entry.is_directory || role_of(entry.name) != DirectoryRole::kDelete) continue;
    remove_now(path_of(entry.name));
  }
}

base::Result<FoundLogs> LogDirectoryImpl::find_logs() {
  auto entries = world_.disk().list(path_);
  if (!entries) return explained(std::move(entries), path_);
  FoundLogs found;
  std::unordered_set<base::TopicPartition> known;
  for (const env::DirectoryEntry& entry : *entries) {
    if (!entry.is_directory) continue;
    const DirectoryRole role = role_of(entry.name);
    const auto partition = parse_partition_name(entry.name);
    if (entry.name == kMetadataLog) {
      found.has_metadata_log = true;
      known.insert(*partition);
    } else if (role == DirectoryRole::kLog) {
      found.partitions.push_back(*partition);
      known.insert(*partition);
    } else if (role == DirectoryRole::kDelete) {
      remove_later(path_of(entry.name), {});
    } else if (role == DirectoryRole::kFuture) {
      found.futures.push_back(entry.name);
    } else {
      found.left_alone.push_back(entry.name);
    }
  }
  checkpoints_.keep_only(known);
  return found;
}

base::Result<> LogDirectoryImpl::write_checkpoints() {
  if (auto error = failure()) return std::unexpected(*std::move(error));
  auto done = room_.insist([this] { return checkpoints_.write_all(); });
  if (!done && is_out_of_room(done.error())) return std::unexpected(room_.ran_out(done.error()));
  return failed_or(std::move(done));
}

base::Result<> LogDirectoryImpl::failed_or(base::Result<> result) {
  if (!result) fail(result.error());
  return result;
}

env::Duration LogDirectoryImpl::interval_of(CheckpointKind kind) const {
  switch (kind) {
    case CheckpointKind::kRecoveryPoint:
      return std::chrono::milliseconds(options_.recovery_point_interval_ms);
    case CheckpointKind::kLogStartOffset:
      return std::chrono::milliseconds(options_.log_start_interval_ms);
    case CheckpointKind::kCleanerOffset:
      return env::Duration::zero();
    case CheckpointKind::kHighWatermark:
      break;
  }
  return std::chrono::milliseconds(options_.high_watermark_interval_ms);
}

void LogDirectoryImpl::write_checkpoint_later(CheckpointKind kind, env::Duration at_least) {
  const auto write = [kind](LogDirectoryImpl& directory) { directory.submit_checkpoint(kind); };
  world_.loop(0).run_after(std::max(interval_of(kind), at_least), anchored(write));
}

void LogDirectoryImpl::submit_checkpoint(CheckpointKind kind) {
  work_queue_->submit([this, kind] {
    if (failure()) return;
    if (kind == CheckpointKind::kRecoveryPoint) bytes_above_checkpoint_ = 0;
    auto done = room_.insist([&] { return checkpoints_.write(kind); });
    if (!done && is_out_of_room(done.error())) {
      (void)room_.ran_out(done.error());
      write_checkpoint_later(kind, Room::kCheckInterval);
    } else {
      (void)failed_or(std::move(done));
    }
  });
}

void LogDirectoryImpl::forget_log(Log& log) {
  background_.forget(log);
  groups_.forget(log);
}

void LogDirectoryImpl::set_flush_bounds(const FlushBounds& bounds) {
  max_unflushed_ms_ = bounds.max_ms;
  max_unflushed_bytes_ = static_cast<std::uint64_t>(bounds.max_bytes);
  background_.flush_all();  // what is dirty has its time by the bounds before
}

void LogDirectoryImpl::request_flush_within(Log& log, env::Duration delay) {
  if (unflushed_bytes_ >= max_unflushed_bytes_ / 2) return groups_.request(log);
  const env::Duration longest = std::chrono::milliseconds(max_unflushed_ms_);
  background_.flush_within(log, std::min(delay, longest));
}

void LogDirectoryImpl::add_unflushed(std::uint64_t bytes) {
  const std::uint64_t before = unflushed_bytes_.fetch_add(bytes);
  const std::uint64_t enough = max_unflushed_bytes_ / 2;
  if (before < enough && before + bytes >= enough) background_.flush_all();
}

void LogDirectoryImpl::remove_unflushed(std::uint64_t bytes, bool are_flushed) {
  const std::uint64_t before = unflushed_bytes_.fetch_sub(bytes);
  ODRADEK_ASSERT(before >= bytes);
  if (!are_flushed) return;
  const std::uint64_t flushed = bytes_above_checkpoint_.fetch_add(bytes);
  const std::uint64_t enough = std::min<std::uint64_t>(max_unflushed_bytes_, kCheckpointBytes);
  if (flushed < enough && flushed + bytes >= enough) {
    submit_checkpoint(CheckpointKind::kRecoveryPoint);
  }
}

base::Result<> LogDirectoryImpl::add_log(Log& log) {
  const std::lock_guard lock(failure_mutex_);
  if (failure_) return std::unexpected(*failure_);
  groups_.add(log);
  return {};
}

void LogDirectoryImpl::remove_later(std::string path, env::Duration delay) {
  auto remove = [](LogDirectoryImpl& directory, std::string what) {
    directory.work_queue_->submit(
        [&directory, what = std::move(what)] { directory.remove_now(what); });
  };
  if (delay <= env::Duration::zero() || room_.is_full()) return remove(*this, std::move(path));
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(removals_mutex_);
    number = next_removal_++;
    waiting_removals_.emplace(number, std::move(path));
  }
  world_.loop(0).run_after(delay, anchored([number, remove](LogDirectoryImpl& directory) {
                             std::unique_lock lock(directory.removals_mutex_);
                             auto node = directory.waiting_removals_.extract(number);
                             lock.unlock();
                             if (!node.empty()) remove(directory, std::move(node.mapped()));
                           }));
}

void LogDirectoryImpl::remove_all_that_wait() {
  std::map<std::uint64_t, std::string> waiting;
  {
    const std::lock_guard lock(removals_mutex_);
    waiting.swap(waiting_removals_);
  }
  for (auto& [number, path] : waiting) remove_later(std::move(path), {});
}

void LogDirectoryImpl::remove_now(std::string path) {
  const bool is_tree = role_of(path) == DirectoryRole::kDelete;
  auto removed = is_tree ? world_.disk().remove_tree(path) : world_.disk().remove_file(path);
  if (removed || removed.error().os_error == ENOENT || failure()) return;
  base::log::warn("log", "not removed, the next start tries again: {}", removed.error().message);
}

void LogDirectoryImpl::fail(const base::Error& error) {
  bool is_ending = false;
  {
    const std::lock_guard lock(failure_mutex_);
    if (failure_) return;
    failure_ = explained(error, path_);
    failure_->code = base::ErrorCode::kKafkaStorageError;
    is_ending = is_ending_;
    if (!is_ending) work_queue_->submit([this] { cache_mark_.remove(); });
  }
  if (is_ending) cache_mark_.remove();
  groups_.abandon();
  base::log::error("log", "log directory {} is offline: {}", path_, error.message);
  world_.loop(0).post(anchored([](LogDirectoryImpl& directory) { directory.announce_failure(); }));
}

void LogDirectoryImpl::announce_failure() {
  std::unique_lock lock(failure_mutex_);
  const base::Error error = *failure_;
  const auto handler = failure_handler_;
  lock.unlock();
  groups_.announce(error);
  if (handler) handler(error);
}

std::optional<base::Error> LogDirectoryImpl::failure() const {
  const std::lock_guard lock(failure_mutex_);
  return failure_;
}

void LogDirectoryImpl::set_failure_handler(std::function<void(const base::Error&)> handler) {
  const std::lock_guard lock(failure_mutex_);
  failure_handler_ = std::move(handler);
}

base::Result<> LogDirectoryImpl::close_cleanly(std::int64_t broker_epoch) {
  if (auto error = failure()) return std::unexpected(*std::move(error));
  if (auto done = failed_or(world_.disk().sync_file_system(path_)); !done) return done;
  checkpoints_.settle_closed();
  if (auto done = write_checkpoints(); !done) return done;
  env::fail_point(env::FailPoint::kStopCheckpointed);
  // Somebody else may have the directory next.
  cache_mark_.remove();
  auto marked =
      world_.disk().write_file(path_of(kCleanShutdownFile), format_clean_shutdown(broker_epoch));
  env::fail_point(env::FailPoint::kStopMarked);
  return failed_or(std::move(marked));
}

}  // namespace

base::Result<std::unique_ptr<LogDirectory>> LogDirectory::open(env::World& world, std::string path,
                                                               DirectoryOptions options) {
  auto identity = inspect(world, path);
  if (!identity) return base::fail(std::move(identity));
  if (auto done = make_durably(world.disk(), path); !done) {
    return explained(std::move(done), path);
  }
  auto lock = world.disk().lock(path + '/' + std::string(kLockFile));
  if (!lock && lock.error().os_error == EWOULDBLOCK) {
    base::Error error = std::move(lock).error();
    error.message = fmt::format(
        "log directory {}: it is locked by another process; nothing in it was touched", path);
    return std::unexpected(std::move(error));
  }
  if (!lock) return explained(std::move(lock), path);
  return std::make_unique<LogDirectoryImpl>(world, std::move(path), options, std::move(*lock),
                                            *std::move(identity));
}

std::unique_ptr<LogDirectory> LogDirectory::open_offline(env::World& world, std::string path,
                                                         const base::Error& error) {
  auto directory = std::make_unique<LogDirectoryImpl>(world, std::move(path), DirectoryOptions{},
                                                      nullptr, std::nullopt);
  directory->fail(error);
  return directory;
}

}  // namespace odradek::log::directory
