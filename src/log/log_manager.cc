// SPDX-License-Identifier: Apache-2.0
#include "log/log_manager.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "env/fail_point.h"
#include "log/directory/identities.h"
#include "log/directory/partition_name.h"
#include "log/parallel.h"
#include "log/partition_metadata.h"

namespace odradek::log {
namespace {

using directory::DirectoryIdentity;
using directory::LogDirectory;

// A file that nobody used for so long, or up to twice as long, is closed.
constexpr env::Duration kIdleFileTime = std::chrono::seconds(10);

base::Uuid random_uuid(env::World& world) {
  const std::uint64_t high = world.random().next();
  return base::Uuid::from_random(high, world.random().next());
}

// `path` without slashes at its end.
std::string trimmed(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

DirectoryIdentity belonging_to(const LogManager::Identity& identity) {
  DirectoryIdentity directory;
  directory.cluster_id = identity.cluster_id;
  directory.node_id = identity.node_id;
  return directory;
}

}  // namespace

LogManager::LogManager(env::World& world, LogManagerOptions options)
    : world_(world),
      options_(std::move(options)),
      recovery_threads_per_directory_(options_.recovery_threads_per_directory),
      open_files_(OpenFiles::make(world.disk(), options_.max_open_files > 0
                                                    ? options_.max_open_files
                                                    : world.disk().max_open_files() / 2)),
      cleaner_(world, [this] { return all(); }),
      housekeeper_(world) {
  options_.directory.open_files = open_files_;
  housekeeper_.add({.name = "idle files", .interval = kIdleFileTime, .first_delay = kIdleFileTime},
                   [this](const housekeeping::Round&) { open_files_->close_idle(); });
}

LogManager::~LogManager() = default;

base::Result<std::unique_ptr<LogManager>> LogManager::open(env::World& world,
                                                           LogManagerOptions options) {
  for (std::string& path : options.paths) path = trimmed(std::move(path));
  options.metadata_path = trimmed(std::move(options.metadata_path));
  std::vector<std::string> paths = options.paths;
  if (!options.metadata_path.empty() &&
      std::ranges::find(paths, options.metadata_path) == paths.end()) {
    paths.push_back(options.metadata_path);
  }
  Unreadable unreadable;
  if (auto done = directory::inspect_all(world, paths, unreadable); !done) {
    return base::fail(std::move(done));
  }
  std::unique_ptr<LogManager> manager(new LogManager(world, std::move(options)));
  if (auto done = manager->open_directories(unreadable); !done) return base::fail(std::move(done));
  return manager;
}

base::Result<> LogManager::open_directories(const Unreadable& unreadable) {
  for (const std::string& path : options_.paths) {
    auto opened = open_directory(path, unreadable);
    if (!opened) return base::fail(std::move(opened));
    directories_.push_back(std::move(*opened));
    if (path == options_.metadata_path) metadata_directory_ = directories_.back().get();
  }
  places_.resize(directories_.size());
  move::MoverOptions moves = options_.move;
  if (moves.threads < 1) moves.threads = static_cast<int>(directories_.size());
  mover_ = std::make_unique<move::Mover>(
      world_, moves, [this](const std::shared_ptr<Log>& log) { note_move(log); },
      [this](const base::TopicPartition& name, const std::function<void()>& end_move) {
        cleaner_.pause(name);
        end_move();
        cleaner_.resume(name);
      });
  if (metadata_directory_ != nullptr) return {};
  if (options_.metadata_path.empty()) {
    metadata_directory_ = directories_.front().get();
    return {};
  }
  auto opened = open_directory(options_.metadata_path, unreadable);
  if (!opened) return base::fail(std::move(opened));
  own_metadata_directory_ = std::move(*opened);
  metadata_directory_ = own_metadata_directory_.get();
  return {};
}

std::vector<LogDirectory*> LogManager::all_directories() const {
  std::vector<LogDirectory*> all;
  for (const auto& directory : directories_) all.push_back(directory.get());
  if (own_metadata_directory_ != nullptr) all.push_back(own_metadata_directory_.get());
  return all;
}

std::optional<LogManager::Identity> LogManager::identity() const {
  for (const LogDirectory* directory : all_directories()) {
    if (const auto& identity = directory->identity()) {
      return Identity{.cluster_id = identity->cluster_id, .node_id = identity->node_id};
    }
  }
  return std::nullopt;
}

base::Result<> LogManager::begin(const Identity& identity) {
  ODRADEK_ASSERT(!identity.cluster_id.empty() && identity.node_id.value() >= 0);
  for (const LogDirectory* directory : all_directories()) {
    if (!directory->identity()) continue;
    auto agreed = directory::check_agreement(directory->path(), *directory->identity(),
                                             "this server", belonging_to(identity));
    if (!agreed) return agreed;
  }
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    LogDirectory& directory = *directories_[i];
    if (directory.failure()) continue;
    if (auto last_stop = begin_directory(directory, identity)) {
      places_[i].last_stop = *last_stop;
    } else if (may_be_offline(directory.path())) {
      directory.fail(last_stop.error());
    } else {
      return base::fail(std::move(last_stop));
    }
  }
  if (own_metadata_directory_ == nullptr) return {};
  auto last_stop = begin_directory(*own_metadata_directory_, identity);
  if (!last_stop) return base::fail(std::move(last_stop));
  own_metadata_last_stop_ = *last_stop;
  return {};
}

base::Result<LogDirectory::LastStop> LogManager::begin_directory(LogDirectory& directory,
                                                                 const Identity& identity) {
  DirectoryIdentity wanted = directory.identity().value_or(belonging_to(identity));
  if (wanted.directory_id.is_zero() && wanted.version > 0)
    wanted.directory_id = random_uuid(world_);
  if (wanted != directory.identity()) {
    if (auto done = directory.format(wanted); !done) return base::fail(std::move(done));
  }
  return directory.begin();
}

void LogManager::set_flush_bounds(const directory::FlushBounds& bounds) {
  for (LogDirectory* directory : all_directories()) directory->set_flush_bounds(bounds);
}

std::uint64_t LogManager::unflushed_bytes() const {
  std::uint64_t bytes = 0;
  for (const LogDirectory* directory : all_directories()) bytes += directory->unflushed_bytes();
  return bytes;
}

directory::FlushFigures LogManager::flush_figures() const {
  directory::FlushFigures figures;
  for (const LogDirectory* directory : all_directories()) figures += directory->flush_figures();
  return figures;
}

bool LogManager::was_clean(const LogDirectory& directory) const {
  if (&directory == own_metadata_directory_.get()) return own_metadata_last_stop_.was_clean;
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (directories_[i].get() == &directory) return places_[i].last_stop.was_clean;
  }
  return false;
}

std::int64_t LogManager::last_broker_epoch() const {
  const std::int64_t epoch = places_.front().last_stop.broker_epoch;
  const bool is_same = std::ranges::all_of(
      places_, [epoch](const Place& place) { return place.last_stop.broker_epoch == epoch; });
  return is_same ? epoch : -1;
}

std::shared_ptr<Log> LogManager::get(const base::TopicPartition& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = logs_.find(name);
  return found == logs_.end() ? nullptr : found->second.log;
}

std::vector<std::shared_ptr<Log>> LogManager::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Log>> logs;
  logs.reserve(logs_.size());
  for (const auto& [name, entry] : logs_) logs.push_back(entry.log);
  return logs;
}

base::Result<std::shared_ptr<Log>> LogManager::get_or_create(const NewLog& log) {
  return std::move(create_many(std::span(&log, 1)).front());
}

std::vector<base::Result<std::shared_ptr<Log>>> LogManager::create_many(
    std::span<const NewLog> logs) {
  const bool are_many = logs.size() > 1;
  std::vector<Created> results(logs.size());
  // Where each one is created; nothing for one that is there, or has no place to be.
  std::vector<std::optional<std::size_t>> chosen(logs.size());
  std::vector<std::size_t> missing;
  const auto usable = usable_bytes();
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (auto present = find_present(logs[i])) {
      results[i] = *std::move(present);
    } else if (logs[i].may_be_elsewhere && has_offline_directory()) {
      results[i] = base::fail(base::ErrorCode::kKafkaStorageError,
                              "it is in none of the log directories that are online, and may be in "
                              "one that is offline: it is not created anew");
    } else if ((chosen[i] = choose_directory(logs[i].name, usable))) {
      missing.push_back(i);
    } else {
      results[i] =
          base::fail(base::ErrorCode::kKafkaStorageError, "every directory of log.dirs is offline");
    }
  }
  run_in_parallel(world_.workers(), "create logs", parallelism(), missing.size(),
                  [&](std::size_t k) {
                    const std::size_t i = missing[k];
                    results[i] = create_where_it_can_be(chosen[i], logs[i], are_many);
                  });
  if (are_many) sync_created(chosen, results);
  const std::lock_guard lock(mutex_);
  for (const std::size_t i : missing) {
    if (!chosen[i]) continue;
    if (results[i]) {
      logs_[logs[i].name] = {.log = *results[i], .directory_index = *chosen[i]};
    } else {
      --places_[*chosen[i]].log_count;
    }
  }
  return results;
}

std::optional<LogManager::Created> LogManager::find_present(const NewLog& wanted) const {
  auto log = get(wanted.name);
  if (!log) return std::nullopt;
  if (log->topic_id() == wanted.topic_id || wanted.topic_id.is_zero()) return log;
  return base::fail(base::ErrorCode::kInconsistentTopicId,
                    fmt::format("{}: its log is of topic id {}, not {}", wanted.name.to_string(),
                                log->topic_id().to_string(), wanted.topic_id.to_string()));
}

// The new logs count only once their files survive a power cut.
void LogManager::sync_created(const std::vector<std::optional<std::size_t>>& chosen,
                              std::vector<Created>& results) {
  for (std::size_t index = 0; index < directories_.size(); ++index) {
    if (std::ranges::count(chosen, std::optional(index)) == 0) continue;
    LogDirectory& directory = *directories_[index];
    auto synced = world_.disk().sync_file_system(directory.path());
    if (synced) continue;
    directory.fail(synced.error());
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (chosen[i] == index && results[i]) results[i] = std::unexpected(synced.error());
    }
  }
}

LogManager::Created LogManager::create_where_it_can_be(std::optional<std::size_t>& chosen,
                                                       const NewLog& log,
                                                       bool is_synced_by_caller) {
  for (;;) {
    LogDirectory& directory = *directories_[*chosen];
    auto created =
        directory.room().insist([&] { return create_in(*chosen, log, is_synced_by_caller); });
    if (created) return created;
    if (directory::is_out_of_room(created.error())) {
      return std::unexpected(directory.room().ran_out(created.error()));
    }
    // Of the disk, and not of what lies on it.
    if (created.error().os_error != 0) directory.fail(created.error());
    if (!directory.failure()) return created;
    const auto next = choose_directory(log.name, usable_bytes());
    if (!next) return created;
    const std::lock_guard lock(mutex_);
    --places_[*chosen].log_count;
    chosen = next;
  }
}

LogManager::Created LogManager::create_in(std::size_t index, const NewLog& log,
                                          bool is_synced_by_caller) {
  LogDirectory& directory = *directories_[index];
  bool needs_topic_id = false;
  const bool is_resumed = world_.disk().exists(directory.path() + '/' + log.name.to_string());
  if (is_resumed) {
    auto resumed = resume_creation({index, log.name}, log.topic_id);
    if (!resumed) return base::fail(std::move(resumed));
    needs_topic_id = *resumed;
  }
  auto opened = Log::open(directory, {.name = log.name,
                                      .topic_id = log.topic_id,
                                      .config = log.config,
                                      .is_synced_by_caller = is_synced_by_caller});
  if (!opened) return base::fail(std::move(opened));
  if (needs_topic_id) {
    if (auto done = write_topic_id({index, log.name}, log.topic_id); !done) {
      return base::fail(std::move(done));
    }
  }
  if (is_resumed && !is_synced_by_caller) {
    // Who began it may not have come to this.
    if (auto done = world_.disk().sync_directory(directory.path()); !done) {
      return base::fail(std::move(done));
    }
  }
  return std::shared_ptr<Log>(std::move(*opened));
}

base::Result<> LogManager::remove(const base::TopicPartition& name) {
  mover_->cancel(name);
  std::unique_lock lock(mutex_);
  auto node = logs_.extract(name);
  if (node.empty()) return {};
  --places_[node.mapped().directory_index].log_count;
  lock.unlock();
  Log& log = *node.mapped().log;
  cleaner_.pause(name);
  auto removed = log.remove();
  cleaner_.resume(name);
  return removed;
}

void LogManager::set_config(const std::string& topic, const LogConfig& config) {
  for (const auto& log : all()) {
    if (log->name().topic == topic) log->set_config(config);
  }
}

void LogManager::set_configs(const std::function<LogConfig(const std::string&)>& config_of) {
  for (const auto& log : all()) log->set_config(config_of(log->name().topic));
}

void LogManager::add_task(const housekeeping::Housekeeper::Task& task,
                          std::function<void(LogDirectory&, const housekeeping::Round&)> work) {
  for (const auto& directory : directories_) {
    housekeeper_.add(task, [directory = directory.get(), work](const housekeeping::Round& round) {
      if (!directory->failure()) work(*directory, round);
    });
  }
}

// Sorted: one seed of a simulation has one order.
std::vector<std::shared_ptr<Log>> LogManager::logs_in(const LogDirectory& directory) const {
  auto logs = all();
  std::erase_if(logs, [&](const auto& log) { return &log->directory() != &directory; });
  std::ranges::sort(logs, {}, [](const auto& log) -> const auto& { return log->name(); });
  return logs;
}

base::Result<> LogManager::stop(std::int64_t broker_epoch) {
  housekeeper_.stop();
  mover_->stop();
  cleaner_.stop();
  const auto logs = all();
  std::mutex mutex;
  base::Result<> first_error;
  std::set<LogDirectory*> not_closed;
  const auto remember = [&](base::Result<> result) {
    const std::lock_guard lock(mutex);
    if (!result && first_error) first_error = std::move(result);
  };
  run_in_parallel(world_.workers(), "close logs", parallelism(), logs.size(), [&](std::size_t i) {
    if (auto closed = logs[i]->close(); !closed) {
      remember(closed);
      LogDirectory& directory = logs[i]->directory();
      const std::lock_guard lock(mutex);
      if (directory::is_out_of_room(closed.error())) {
        not_closed.insert(&directory);
      } else {
        directory.fail(closed.error());
      }
    }
  });
  for (LogDirectory* directory : all_directories()) {
    if (!not_closed.contains(directory)) {
      remember(directory->close_cleanly(broker_epoch));
      continue;
    }
    base::log::warn("log",
                    "log directory {} has no room to be closed cleanly: its logs are read again at "
                    "the next start",
                    directory->path());
    remember(directory->write_checkpoints());
  }
  return first_error;
}

int LogManager::parallelism() const {
  return recovery_threads_per_directory_ * static_cast<int>(directories_.size());
}

}  // namespace odradek::log
