// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "log/log_manager.h"

// Directories that are full, or offline.
namespace odradek::log {

using directory::LogDirectory;

namespace {

// A look at a directory that has room: an append looks for itself once it has used up what the last
// look saw, so this one is for what others write to the disk.
constexpr env::Duration kRoomInterval = std::chrono::seconds(2);

}  // namespace

bool LogManager::may_be_offline(const std::string& path) const {
  const std::string& metadata =
      options_.metadata_path.empty() ? options_.paths.front() : options_.metadata_path;
  return path != metadata && options_.paths.size() > 1;
}

base::Result<std::unique_ptr<LogDirectory>> LogManager::open_directory(
    const std::string& path, const Unreadable& unreadable) const {
  base::Result<std::unique_ptr<LogDirectory>> opened;
  if (const auto found = unreadable.find(path); found != unreadable.end()) {
    opened = std::unexpected(found->second);
  } else {
    opened = LogDirectory::open(world_, path, options_.directory);
  }
  // Another process's, or another server's, is a mistake and no broken disk.
  const bool is_of_disk = !opened && opened.error().code == base::ErrorCode::kKafkaStorageError &&
                          opened.error().os_error != EWOULDBLOCK;
  if (!is_of_disk || !may_be_offline(path)) return opened;
  return LogDirectory::open_offline(world_, path, opened.error());
}

bool LogManager::has_offline_directory() const {
  return std::ranges::any_of(
      directories_, [](const auto& directory) { return directory->failure().has_value(); });
}

void LogManager::set_reserve(std::int64_t bytes) {
  for (LogDirectory* directory : all_directories()) directory->room().set_reserve(bytes);
}

void LogManager::watch_disks(DiskHandlers handlers) {
  const auto shared = std::make_shared<const DiskHandlers>(std::move(handlers));
  for (LogDirectory* directory : all_directories()) {
    const std::string task = "disk space of " + directory->path();
    directory->set_room_handler([shared, directory](bool is_full) {
      is_full ? shared->on_full(*directory) : shared->on_room(*directory);
    });
    directory->set_failure_handler(
        [shared, directory](const base::Error& error) { shared->on_failure(*directory, error); });
    if (const auto error = directory->failure()) shared->on_failure(*directory, *error);
    if (directory->room().is_full()) shared->on_full(*directory);
    housekeeper_.add(
        {.name = task, .interval = kRoomInterval, .first_delay = directory::Room::kCheckInterval},
        [this, task, directory](const housekeeping::Round&) {
          if (directory->failure()) return;
          directory->room().check();
          const bool is_full = directory->room().is_full();
          housekeeper_.set_interval(task,
                                    is_full ? directory::Room::kCheckInterval : kRoomInterval);
        });
  }
}

}  // namespace odradek::log
