// SPDX-License-Identifier: Apache-2.0
#include "env/sim/sim_disk.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "env/sim/disk_door.h"

namespace odradek::env::sim {
namespace {

constexpr std::array<const char*, 13> kOperationNames = {
    "open",  "list",   "read",   "write",          "truncate",         "allocate", "flush",
    "mkdir", "rename", "remove", "sync directory", "sync file system", "lock"};

}  // namespace

base::Error disk_error(DiskOperation operation, const std::string& path, int os_error) {
  return {base::ErrorCode::kKafkaStorageError,
          fmt::format("{}: {}: {}", path, kOperationNames[static_cast<std::size_t>(operation)],
                      strerrordesc_np(os_error)),
          os_error};
}

SimDisk::SimDisk(Scheduler& scheduler, std::string host, DiskOptions options,
                 std::function<base::Timestamp()> wall_clock)
    : scheduler_(scheduler),
      host_(std::move(host)),
      options_(options),
      wall_clock_(std::move(wall_clock)),
      random_(scheduler.random().split()) {}

SimDisk::~SimDisk() = default;

std::unique_ptr<Disk> SimDisk::open_for(std::shared_ptr<Life> life) {
  return std::make_unique<SimDiskDoor>(*this, std::move(life));
}

void SimDisk::before_operation(std::uint64_t number, std::function<void()> action) {
  actions_[number] = std::move(action);
}

void SimDisk::clear_faults() {
  faults_.clear();
  actions_.clear();
}

int SimDisk::matching_fault(DiskOperation operation, const std::string& path) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (fault->operation != operation || !path.contains(fault->path_contains)) continue;
    if (fault->skip > 0) {
      --fault->skip;
      continue;
    }
    const int os_error = fault->os_error;
    if (--fault->times == 0) faults_.erase(fault);
    return os_error;
  }
  return 0;
}

base::Result<> SimDisk::begin(const Life& life, DiskOperation operation, const std::string& path) {
  const std::uint64_t number = operations_;
  if (!life.is_over) {
    ++operations_;
    scheduler_.trace().add(kOperationNames[static_cast<std::size_t>(operation)], path,
                           {number, life.number});
    if (auto action = actions_.extract(number)) action.mapped()();
  }
  if (life.is_over) return std::unexpected(disk_error(operation, path, EIO));
  const bool is_chosen = failing_.os_error != 0 && failing_.number == number;
  const int os_error = is_chosen ? failing_.os_error : matching_fault(operation, path);
  if (os_error != 0) return std::unexpected(disk_error(operation, path, os_error));
  return {};
}

bool SimDisk::wait(Life& life) {
  if (Fiber::current() == nullptr && life.running_loops > 0) ++life.disk_waits_on_loops;
  scheduler_.sleep(random_.between(options_.shortest_wait, options_.longest_wait),
                   [&life] { return life.is_over; });
  if (Fiber::current() != nullptr) scheduler_.wait_until([&life] { return !life.is_paused; });
  return !life.is_over;
}

bool SimDisk::wait_on_any_thread(Life& life) {
  if (Fiber::current() != nullptr || life.running_loops == 0) return wait(life);
  const MonotonicTime until =
      scheduler_.now() + random_.between(options_.shortest_wait, options_.longest_wait);
  scheduler_.after(until - scheduler_.now(), [] {});
  scheduler_.wait_until([&] { return scheduler_.now() >= until || life.is_over; });
  return !life.is_over;
}

std::map<std::string, std::string> SimDisk::look_into(const std::string& directory,
                                                      std::string_view ending) const {
  std::map<std::string, std::string> files;
  const auto node = tree_.find(directory);
  if (!node) return files;
  for (const auto& [name, entry] : node->entries) {
    if (entry->is_directory || !name.ends_with(ending)) continue;
    std::string& bytes = files[name];
    bytes.resize(entry->image.size());
    entry->image.read(0, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  }
  return files;
}

std::map<std::string, std::string> SimDisk::look_into_durable(const std::string& directory,
                                                              std::string_view ending) const {
  std::map<std::string, std::string> files;
  const auto node = tree_.find_durable(directory);
  if (!node) return files;
  for (const auto& [name, entry] : node->durable_entries) {
    if (entry->is_directory || !name.ends_with(ending)) continue;
    files.emplace(name, entry->image.durable_content());
  }
  return files;
}

std::uint64_t SimDisk::taken_bytes() const {
  std::uint64_t taken = 0;
  tree_.for_each_file([&](const FileNode& node) { taken += node.image.pages_taken(); });
  return taken * kPageBytes;
}

std::uint64_t SimDisk::free_pages() const {
  const std::uint64_t pages = options_.capacity_bytes / kPageBytes;
  return pages - std::min(pages, taken_bytes() / kPageBytes);
}

bool SimDisk::has_room(std::uint64_t pages) const {
  return pages == 0 || options_.capacity_bytes >= kUnlimitedCapacity || pages <= free_pages();
}

void SimDisk::drop_cache() {
  tree_.for_each_file([](FileNode& node) { node.image.drop_cache(); });
}

void SimDisk::make_everything_durable() {
  tree_.make_durable(FileTree::Changes(tree_.all_changes()));
  tree_.for_each_file([](FileNode& node) { node.image.complete_flush(node.image.begin_flush()); });
}

void SimDisk::power_cut() {
  scheduler_.trace().add("power cut", host_, {operations_});
  tree_.power_cut(options_.power_cut_style, options_.names_survive_in_order, random_);
  locks_.clear();
}

void SimDisk::replace() {
  scheduler_.trace().add("new disk", host_, {operations_});
  tree_ = FileTree();
  locks_.clear();
}

void SimDisk::release_locks(const Life& life) {
  std::erase_if(locks_, [&](const auto& lock) { return lock.second == &life; });
}

}  // namespace odradek::env::sim
