// SPDX-License-Identifier: Apache-2.0
#include "env/sim/disk_door.h"

namespace odradek::env::sim {
namespace {

std::unexpected<base::Error> refuse(DiskOperation operation, const std::string& path,
                                    int os_error) {
  return std::unexpected(disk_error(operation, path, os_error));
}

}  // namespace

class SimDirectoryLock final : public DirectoryLock {
 public:
  SimDirectoryLock(SimDisk& disk, std::shared_ptr<Life> life, std::string path)
      : disk_(disk), life_(std::move(life)), path_(std::move(path)) {}
  ~SimDirectoryLock() override {
    const auto lock = disk_.locks_.find(path_);
    if (lock != disk_.locks_.end() && lock->second == life_.get()) disk_.locks_.erase(lock);
  }

 private:
  SimDisk& disk_;
  std::shared_ptr<Life> life_;
  std::string path_;
};

base::Result<std::shared_ptr<File>> SimDiskDoor::open(const std::string& path, OpenMode mode) {
  constexpr DiskOperation kThis = DiskOperation::kOpen;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return base::fail(std::move(begun));
  auto node = disk_.tree_.find(path);
  if (node && node->is_directory) return refuse(kThis, path, EISDIR);
  if (node && mode == OpenMode::kCreateNew) return refuse(kThis, path, EEXIST);
  if (!node) {
    const bool may_create = mode == OpenMode::kCreate || mode == OpenMode::kCreateNew;
    if (!may_create || !disk_.tree_.find_parent(path)) return refuse(kThis, path, ENOENT);
    node = disk_.tree_.create(path, false);
    node->modified = disk_.wall_clock_();
  }
  return std::make_shared<SimFile>(disk_, life_, std::move(node), path, mode != OpenMode::kRead);
}

base::Result<std::vector<DirectoryEntry>> SimDiskDoor::list(const std::string& path) {
  constexpr DiskOperation kThis = DiskOperation::kList;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return base::fail(std::move(begun));
  const auto node = disk_.tree_.find(path);
  if (!node) return refuse(kThis, path, ENOENT);
  if (!node->is_directory) return refuse(kThis, path, ENOTDIR);
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, entry] : node->entries) entries.push_back({name, entry->is_directory});
  return entries;
}

bool SimDiskDoor::exists(const std::string& path) {
  return !life_->is_over && disk_.tree_.find(path) != nullptr;
}

base::Result<base::Timestamp> SimDiskDoor::modification_time(const std::string& path) {
  constexpr DiskOperation kThis = DiskOperation::kRead;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return base::fail(std::move(begun));
  const auto node = disk_.tree_.find(path);
  if (!node) return refuse(kThis, path, ENOENT);
  return node->modified;
}

base::Result<> SimDiskDoor::set_modification_time(const std::string& path, base::Timestamp time) {
  constexpr DiskOperation kThis = DiskOperation::kWrite;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return begun;
  const auto node = disk_.tree_.find(path);
  if (!node) return refuse(kThis, path, ENOENT);
  node->modified = time;
  return {};
}

base::Result<> SimDiskDoor::make_directories(const std::string& path) {
  constexpr DiskOperation kThis = DiskOperation::kMakeDirectories;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return begun;
  std::string prefix;
  for (const std::string& name : FileTree::names_of(path)) {
    prefix += '/' + name;
    auto node = disk_.tree_.find(prefix);
    if (!node) node = disk_.tree_.create(prefix, true);
    if (!node->is_directory) return refuse(kThis, prefix, ENOTDIR);
  }
  return {};
}

base::Result<> SimDiskDoor::rename(const std::string& from, const std::string& to) {
  constexpr DiskOperation kThis = DiskOperation::kRename;
  if (auto begun = disk_.begin(*life_, kThis, from); !begun) return begun;
  const auto source = disk_.tree_.find(from);
  const auto target = disk_.tree_.find(to);
  if (!source || !disk_.tree_.find_parent(to)) return refuse(kThis, from, ENOENT);
  if (target == source) return {};
  if (target && target->is_directory != source->is_directory) {
    return refuse(kThis, to, target->is_directory ? EISDIR : ENOTDIR);
  }
  if (target && !target->entries.empty()) return refuse(kThis, to, ENOTEMPTY);
  disk_.tree_.rename(from, to);
  disk_.scheduler_.trace().add("renamed to", to, {});
  return {};
}

base::Result<> SimDiskDoor::remove_file(const std::string& path) {
  constexpr DiskOperation kThis = DiskOperation::kRemove;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return begun;
  const auto node = disk_.tree_.find(path);
  if (!node) return refuse(kThis, path, ENOENT);
  if (node->is_directory) return refuse(kThis, path, EISDIR);
  disk_.tree_.remove(path);
  return {};
}

base::Result<> SimDiskDoor::remove_tree(const std::string& path) {
  const auto node = disk_.tree_.find(path);
  if (!node) return {};
  while (node->is_directory && !node->entries.empty()) {
    if (auto done = remove_tree(path + '/' + node->entries.begin()->first); !done) return done;
  }
  if (auto begun = disk_.begin(*life_, DiskOperation::kRemove, path); !begun) return begun;
  disk_.tree_.remove(path);
  return {};
}

base::Result<> SimDiskDoor::sync_directory(const std::string& path) {
  constexpr DiskOperation kThis = DiskOperation::kSyncDirectory;
  ++disk_.flushes_;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return begun;
  const auto node = disk_.tree_.find(path);
  if (!node) return refuse(kThis, path, ENOENT);
  if (!node->is_directory) return refuse(kThis, path, ENOTDIR);
  const FileTree::Changes changes = disk_.tree_.changes_of(*node);
  if (!disk_.wait(*life_)) return refuse(kThis, path, EIO);
  disk_.tree_.make_durable(changes);
  return {};
}

base::Result<> SimDiskDoor::sync_file_system(const std::string& path) {
  constexpr DiskOperation kThis = DiskOperation::kSyncFileSystem;
  ++disk_.flushes_;
  std::vector<std::pair<std::shared_ptr<FileNode>, FileImage::Flush>> flushes;
  disk_.tree_.for_each_node([&](const std::shared_ptr<FileNode>& node) {
    flushes.emplace_back(node, node->image.begin_flush());
  });
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) {
    if (!life_->is_over) {
      for (auto& [node, flush] : flushes) node->image.fail_flush(flush);
    }
    return begun;
  }
  const FileTree::Changes changes = disk_.tree_.all_changes();
  if (!disk_.wait(*life_)) return refuse(kThis, path, EIO);
  for (auto& [node, flush] : flushes) node->image.complete_flush(flush);
  disk_.tree_.make_durable(changes);
  return {};
}

base::Result<DiskSpace> SimDiskDoor::space(const std::string& path) {
  if (!disk_.tree_.find(path)) return refuse(DiskOperation::kOpen, path, ENOENT);
  return DiskSpace{disk_.options_.capacity_bytes, disk_.free_pages() * kPageBytes};
}

std::string SimDiskDoor::absolute_path(const std::string& path) {
  return path.starts_with('/') ? path : '/' + path;
}

base::Result<std::unique_ptr<DirectoryLock>> SimDiskDoor::lock(const std::string& path) {
  constexpr DiskOperation kThis = DiskOperation::kLock;
  if (auto begun = disk_.begin(*life_, kThis, path); !begun) return base::fail(std::move(begun));
  if (!disk_.tree_.find(path)) {
    if (!disk_.tree_.find_parent(path)) return refuse(kThis, path, ENOENT);
    disk_.tree_.create(path, false);
  }
  if (!disk_.locks_.emplace(path, life_.get()).second) return refuse(kThis, path, EWOULDBLOCK);
  return std::make_unique<SimDirectoryLock>(disk_, life_, path);
}

}  // namespace odradek::env::sim
