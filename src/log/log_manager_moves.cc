// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "log/directory/log_directory.h"
#include "log/directory/partition_name.h"
#include "log/log_manager.h"
#include "log/move/twins.h"

// Which directory a log lies in: where new ones go, moves, and what a move that a crash interrupted
// left behind.
namespace odradek::log {

using directory::DirectoryRole;
using directory::LogDirectory;

namespace {

// Of a directory of its own in `directory`.
std::string unique_path(LogDirectory& directory, const base::TopicPartition& name,
                        DirectoryRole role) {
  env::Random& random = directory.world().random();
  const std::uint64_t high = random.next();
  return directory.path() + '/' +
         directory::directory_name(name, base::Uuid::from_random(high, random.next()), role);
}

}  // namespace

std::vector<std::uint64_t> LogManager::usable_bytes() const {
  std::vector<std::uint64_t> usable(directories_.size(), 0);
  if (directories_.size() == 1) return usable;
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (directories_[i]->failure()) continue;
    if (auto space = world_.disk().space(directories_[i]->path())) usable[i] = space->usable_bytes;
  }
  return usable;
}

std::optional<std::size_t> LogManager::choose_directory(
    const base::TopicPartition& name, const std::vector<std::uint64_t>& usable_bytes) {
  std::vector<move::Place> places(directories_.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i].usable_bytes = usable_bytes[i];
    places[i].is_offline = directories_[i]->failure().has_value();
    places[i].is_full = directories_[i]->room().is_full();
  }
  const std::lock_guard lock(mutex_);
  std::optional<std::size_t> chosen;
  if (const auto preferred = preferred_.find(name); preferred != preferred_.end()) {
    if (!places[preferred->second].is_offline) chosen = preferred->second;
    preferred_.erase(preferred);
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i].log_count = places_[i].log_count;
    places[i].is_cordoned = places_[i].is_cordoned;
  }
  if (!chosen) chosen = move::choose_place(places);
  if (chosen) ++places_[*chosen].log_count;
  return chosen;
}

std::size_t LogManager::index_of(const LogDirectory& directory) const {
  const auto found =
      std::ranges::find(directories_, &directory, &std::unique_ptr<LogDirectory>::get);
  ODRADEK_ASSERT(found != directories_.end());
  return static_cast<std::size_t>(found - directories_.begin());
}

void LogManager::prefer(const base::TopicPartition& name, const LogDirectory& directory) {
  // Names that never come are not kept without end.
  constexpr std::size_t kPreferredMax = 100'000;
  const std::size_t index = index_of(directory);
  const std::lock_guard lock(mutex_);
  if (preferred_.size() >= kPreferredMax) preferred_.erase(preferred_.begin());
  preferred_[name] = index;
}

void LogManager::set_cordoned(const std::vector<std::string>& paths) {
  const bool are_all = std::ranges::count(paths, "*") > 0;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    places_[i].is_cordoned = are_all || std::ranges::any_of(paths, [&](const std::string& path) {
                               return world_.disk().absolute_path(path) ==
                                      world_.disk().absolute_path(directories_[i]->path());
                             });
  }
}

bool LogManager::is_cordoned(const LogDirectory& directory) const {
  const std::size_t index = index_of(directory);
  const std::lock_guard lock(mutex_);
  return places_[index].is_cordoned;
}

base::Result<> LogManager::begin_move(const base::TopicPartition& name, LogDirectory& target) {
  auto log = get(name);
  if (log == nullptr) {
    return base::fail(base::ErrorCode::kReplicaNotAvailable, name.to_string() + " is not here");
  }
  return mover_->begin(std::move(log), target);
}

void LogManager::note_move(const std::shared_ptr<Log>& log) {
  const std::size_t index = index_of(log->directory());
  {
    const std::lock_guard lock(mutex_);
    const auto found = logs_.find(log->name());
    if (found == logs_.end() || found->second.log != log) return;
    --places_[found->second.directory_index].log_count;
    ++places_[index].log_count;
    found->second.directory_index = index;
  }
  if (move_handler_) move_handler_(log);
}

void LogManager::settle_twins(std::vector<std::vector<base::TopicPartition>>& names) {
  std::unordered_map<base::TopicPartition, std::vector<std::size_t>> holders;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const base::TopicPartition& name : names[i]) holders[name].push_back(i);
  }
  for (const auto& [name, indexes] : holders) {
    if (indexes.size() == 1) continue;
    std::vector<Found> found;
    for (const std::size_t i : indexes) found.push_back({i, name});
    for (const std::size_t i : settle_twins_of(found)) std::erase(names[i], name);
  }
}

// Returns the directories that hold it no longer. Of different topics, the metadata knows which is
// meant.
std::vector<std::size_t> LogManager::settle_twins_of(const std::vector<Found>& found) {
  std::vector<move::Twin> twins;
  std::vector<std::optional<base::TopicId>> ids;
  for (const Found& one : found) {
    LogDirectory& directory = *directories_[one.directory_index];
    auto twin = move::look_at_twin(world_.disk(), path_of(one), directory.recovery_point(one.name));
    auto id = topic_id_of(one);
    if (!twin || !id) {
      directory.fail(!twin ? twin.error() : id.error());
      return {};
    }
    twins.push_back(*std::move(twin));
    ids.push_back(*id);
  }
  if (std::ranges::any_of(ids, [&](const auto& id) { return id != ids.front(); })) return {};
  const std::size_t kept = move::choose_twin(twins);
  std::vector<std::size_t> without;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i == kept) continue;
    auto done = settle_twin(found[kept], found[i], move::covers(twins[kept], twins[i]));
    if (!done) directories_[found[i].directory_index]->fail(done.error());
    without.push_back(found[i].directory_index);
  }
  return without;
}

// What holds no more than the kept one is removed, as the end of the move would have done; anything
// else is the operator's to look at.
base::Result<> LogManager::settle_twin(const Found& kept, const Found& other, bool is_covered) {
  LogDirectory& directory = *directories_[other.directory_index];
  const std::string& kept_path = directories_[kept.directory_index]->path();
  if (!is_covered) return set_aside(other, "it lies in " + kept_path + " too, and further on");
  base::log::info("log", "{} moved to {} just before the stop; what {} has of it is removed",
                  other.name.to_string(), kept_path, directory.path());
  const std::string marked = unique_path(directory, other.name, DirectoryRole::kDelete);
  if (auto renamed = world_.disk().rename(path_of(other), marked); !renamed) return renamed;
  directory.forget(other.name);
  if (auto synced = world_.disk().sync_directory(directory.path()); !synced) return synced;
  directory.remove_later(marked, {});
  return {};
}

void LogManager::resume_moves(const Decide& decide) {
  std::set<base::TopicPartition> resumed;
  for (const FoundFuture& future : std::exchange(futures_, {})) {
    const auto name = directory::partition_of(future.directory_name);
    if (name) resume_move(future, *name, resumed.insert(*name).second, decide);
  }
}

// A move that was under way goes on; a copy of a partition that is gone, or lies where the copy
// does, is removed, and so is one more than one.
void LogManager::resume_move(const FoundFuture& future, const base::TopicPartition& name,
                             bool is_first, const Decide& decide) {
  LogDirectory& directory = *directories_[future.directory_index];
  if (directory.failure()) return;
  const auto log = get(name);
  if (log == nullptr && decide(name).is_known) {
    base::log::warn("log",
                    "{}/{}: the partition it is a copy of is in none of the directories that "
                    "are online; it is left alone",
                    directory.path(), future.directory_name);
    return;
  }
  if (log == nullptr || &log->directory() == &directory || !is_first) {
    if (auto done = remove_future(future, name); !done) directory.fail(done.error());
    return;
  }
  const std::string path = directory.path() + '/' + future.directory_name;
  if (auto done = mover_->resume(log, directory, path); !done) {
    base::log::warn("log", "{} stays in {}: {}", name.to_string(), log->directory().path(),
                    done.error().message);
  }
}

base::Result<> LogManager::remove_future(const FoundFuture& future,
                                         const base::TopicPartition& name) {
  LogDirectory& directory = *directories_[future.directory_index];
  const std::string path = directory.path() + '/' + future.directory_name;
  const std::string marked = unique_path(directory, name, DirectoryRole::kDelete);
  if (auto done = world_.disk().rename(path, marked); !done) return done;
  directory.remove_later(marked, {});
  return {};
}

}  // namespace odradek::log
