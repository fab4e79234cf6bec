// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "env/fail_point.h"
#include "log/directory/cache_mark.h"
#include "log/directory/partition_name.h"
#include "log/log_manager.h"
#include "log/parallel.h"
#include "log/partition_metadata.h"

// What lies in the log directories when the server starts, or where a log is to be created: what is
// opened, what is another topic's, what is taken up again.
namespace odradek::log {
namespace {

using directory::LogDirectory;

std::string other_topic(const base::TopicId& found, const base::TopicId& wanted) {
  return fmt::format("it is of topic id {}, the topic's is {}", found.to_string(),
                     wanted.to_string());
}

// What was read again is flushed: from here on the page cache is what was written.
void believe_cache(env::Disk& disk, const LogDirectory& directory) {
  const directory::CacheMark mark(disk, directory.path());
  if (directory.failure()) return;
  mark.set();
  // It may have failed meanwhile.
  if (directory.failure()) mark.remove();
}

}  // namespace

base::Result<LoadSummary> LogManager::load_logs(const Decide& decide) {
  const env::MonotonicTime start = world_.clock().monotonic();
  const std::vector<Found> found = find_all();
  std::vector<Loaded> loaded(found.size());
  LoadSummary summary;
  summary.threads = run_in_parallel(world_.workers(), "load logs", parallelism(), found.size(),
                                    [&](std::size_t i) { loaded[i] = load(found[i], decide); });
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (!places_[i].last_stop.was_clean) sync_recovered(*directories_[i]);
    believe_cache(world_.disk(), *directories_[i]);
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
  const std::uint64_t high = world_.random().next();
  const std::string name =
      directory::directory_name(found.name, base::Uuid::from_random(high, world_.random().next()),
                                directory::DirectoryRole::kStray);
  base::log::warn("log", "{}/{}: {}; set aside as {}", directory.path(), found.name.to_string(),
                  why, name);
  const std::string prefix = directory.path() + '/';
  if (auto done = world_.disk().rename(path_of(found), prefix + name); !done) {
    return done;
  }
  directory.forget(found.name);
  return world_.disk().sync_directory(directory.path());
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

}  // namespace odradek::log
