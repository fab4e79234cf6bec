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

std::string other_topic(const base::TopicId& found, const base::TopicId& wanted) {
  return fmt::format("it is of topic id {}, the topic's is {}", found.to_string(),
                     wanted.to_string());
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

base::Result<LoadSummary> LogManager::load_logs(const Decide& decide) {
  const env::MonotonicTime start = world_.clock().monotonic();
  const std::vector<Found> found = find_all();
  std::vector<Loaded> loaded(found.size());
  LoadSummary summary;
  summary.threads = run_in_parallel(world_.workers(), "load logs", parallelism(), found.size(),
                                    [&](std::size_t i) { loaded[i] = load(found[i], decide); });
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (!places_[i].last_stop.was_clean) sync_recovered(*directories_[i]);
  }
  env::fail_point(env::FailPoint::kRecoveryDone);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (loaded[i] == Loaded::kStray) ++summary.strays;
    if (loaded[i] != Loaded::kOpened) continue;
    ++summary.logs;
    if (!places_[found[i].directory_index].last_stop.was_clean) ++summary.recovered;
  }
  summary.duration_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(world_.clock().monotonic() - start)
          .count();
  resume_moves(decide);
  const bool are_all_offline =
      std::ranges::all_of(directories_, [](const auto& one) { return one->failure().has_value(); });
  if (are_all_offline) return std::unexpected(*directories_.front()->failure());
  return summary;
}

// One sync for all that recovery cut and indexed in the directory; what was read again is flushed
// then, and need not be read once more.
void LogManager::sync_recovered(LogDirectory& directory) {
  const auto logs = logs_in(directory);
  if (directory.failure() || logs.empty()) return;
  if (auto synced = world_.disk().sync_file_system(directory.path()); !synced) {
    return directory.fail(synced.error());
  }
  for (const auto& log : logs) directory.set_recovery_point(log->name(), log->log_end_offset());
}

// Alternates between the directories, so that each has work at any time.
std::vector<LogManager::Found> LogManager::find_all() {
  std::vector<std::vector<base::TopicPartition>> names(directories_.size());
  std::size_t most = 0;
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (directories_[i]->failure()) continue;
    auto logs = directories_[i]->find_logs();
    if (!logs) {
      directories_[i]->fail(logs.error());
      continue;
    }
    for (const std::string& name : logs->left_alone) {
      base::log::warn("log", "{}: directory '{}' is no open partition's; it is left alone",
                      directories_[i]->path(), name);
    }
    for (std::string& name : logs->futures) futures_.push_back({i, std::move(name)});
    names[i] = std::move(logs->partitions);
    most = std::max(most, names[i].size());
  }
  settle_twins(names);
  std::vector<Found> found;
  for (std::size_t k = 0; k < most; ++k) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (k < names[i].size()) found.push_back({i, std::move(names[i][k])});
    }
  }
  return found;
}

LogManager::Loaded LogManager::load(const Found& found, const Decide& decide) {
  LogDirectory& directory = *directories_[found.directory_index];
  if (directory.failure()) return Loaded::kFailed;
  auto loaded = try_load(found, decide(found.name));
  if (loaded) return *loaded;
  directory.fail(loaded.error());
  return Loaded::kFailed;
}

base::Result<LogManager::Loaded> LogManager::try_load(const Found& found,
                                                      const LogDecision& decision) {
  LogDirectory& directory = *directories_[found.directory_index];
  auto topic_id = topic_id_of(found);
  if (!topic_id) return base::fail(std::move(topic_id));
  std::string why;
  if (!decision.is_known) why = "this broker has no such partition";
  if (decision.is_known && *topic_id && **topic_id != decision.topic_id) {
    why = other_topic(**topic_id, decision.topic_id);
  }
  if (!why.empty()) {
    if (auto done = set_aside(found, why); !done) return base::fail(std::move(done));
    return Loaded::kStray;
  }
  // After an unclean stop one sync at the end covers all (sync_recovered).
  const LogDirectory::LastStop& last_stop = places_[found.directory_index].last_stop;
  auto opened = Log::open(directory, {.name = found.name,
                                      .topic_id = decision.topic_id,
                                      .config = decision.config,
                                      .recovery_point = directory.recovery_point(found.name),
                                      .log_start_offset = directory.log_start_offset(found.name),
                                      .was_clean = last_stop.was_clean,
                                      .is_recovery_point_lost = !last_stop.are_checkpoints_whole,
                                      .is_synced_by_caller = !last_stop.was_clean});
  if (!opened) return base::fail(std::move(opened));
  if (!*topic_id && !decision.topic_id.is_zero()) {
    auto done = directory.room().insist([&] { return write_topic_id(found, decision.topic_id); });
    // Without room for it the next start writes it: until then the metadata says whose it is.
    if (!done && !directory::is_out_of_room(done.error())) return base::fail(std::move(done));
  }
  const std::lock_guard lock(mutex_);
  const Entry entry{.log = std::move(*opened), .directory_index = found.directory_index};
  if (!logs_.try_emplace(found.name, entry).second) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      fmt::format("partition {} lies in {} and in another log directory",
                                  found.name.to_string(), directory.path()));
  }
  ++places_[found.directory_index].log_count;
  return Loaded::kOpened;
}

base::Result<> LogManager::set_aside(const Found& found, const std::string& why) {
  LogDirectory& directory = *directories_[found.directory_index];
  const std::string name =
      directory::directory_name(found.name, random_uuid(world_), directory::DirectoryRole::kStray);
  base::log::warn("log", "{}/{}: {}; set aside as {}", directory.path(), found.name.to_string(),
                  why, name);
  const std::string prefix = directory.path() + '/';
  if (auto done = world_.disk().rename(path_of(found), prefix + name); !done) {
    return done;
  }
  directory.forget(found.name);
  return world_.disk().sync_directory(directory.path());
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

// Nothing where there is none, or it says nothing: a power cut while the log was created may have
// torn it, before anybody was told of the log, or it was damaged later. Then it is written again.
base::Result<std::optional<base::TopicId>> LogManager::topic_id_of(const Found& found) {
  auto id = read_partition_metadata(world_.disk(), path_of(found));
  if (id || id.error().os_error != 0) return id;
  base::log::warn("log", "{}; it is written again", id.error().message);
  return std::nullopt;
}

// What an attempt that failed half-way left is taken up again; what is of another topic is set
// aside. Returns whether the topic's id is still to be written.
base::Result<bool> LogManager::resume_creation(const Found& found, const base::TopicId& topic_id) {
  auto present = topic_id_of(found);
  if (!present) return base::fail(std::move(present));
  if (!*present) return !topic_id.is_zero();
  if (**present == topic_id) return false;
  if (auto done = set_aside(found, other_topic(**present, topic_id)); !done) {
    return base::fail(std::move(done));
  }
  return false;
}

base::Result<> LogManager::write_topic_id(const Found& found, const base::TopicId& topic_id) {
  return write_partition_metadata(world_.disk(), path_of(found), topic_id);
}

std::string LogManager::path_of(const Found& found) const {
  return directories_[found.directory_index]->path() + '/' + found.name.to_string();
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
