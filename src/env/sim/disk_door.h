// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/sim/sim_disk.h"

namespace odradek::env::sim {

base::Error disk_error(DiskOperation operation, const std::string& path, int os_error);

// The disk of a host as one process has it.
class SimDiskDoor final : public Disk {
 public:
  SimDiskDoor(SimDisk& disk, std::shared_ptr<Life> life) : disk_(disk), life_(std::move(life)) {}

  base::Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) override;
  base::Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  base::Result<base::Timestamp> modification_time(const std::string& path) override;
  base::Result<> set_modification_time(const std::string& path, base::Timestamp time) override;
  base::Result<> make_directories(const std::string& path) override;
  base::Result<> rename(const std::string& from, const std::string& to) override;
  base::Result<> remove_file(const std::string& path) override;
  base::Result<> remove_tree(const std::string& path) override;
  base::Result<> sync_directory(const std::string& path) override;
  base::Result<> sync_file_system(const std::string& path) override;
  base::Result<DiskSpace> space(const std::string& path) override;
  std::size_t max_open_files() const override { return 20'000; }
  std::string absolute_path(const std::string& path) override;
  base::Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override;

 private:
  SimDisk& disk_;
  std::shared_ptr<Life> life_;
};

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<Life> life, std::shared_ptr<FileNode> node,
          std::string path, bool is_writable)
      : disk_(disk),
        life_(std::move(life)),
        node_(std::move(node)),
        path_(std::move(path)),
        is_writable_(is_writable) {}

  using File::write_at;
  const std::string& path() const override { return path_; }
  std::uint64_t identity() const override { return node_->identity; }
  base::Result<std::size_t> read_at(std::uint64_t position, base::MutableByteView buffer) override;
  base::Result<> write_at(std::uint64_t position, std::span<const base::ByteView> parts) override;
  base::Result<> truncate(std::uint64_t size) override;
  base::Result<> allocate(std::uint64_t position, std::uint64_t length) override;
  base::Result<> flush() override;
  base::Result<std::uint64_t> size() const override;
  bool is_cached(std::uint64_t position, std::uint64_t length) const override;
  void load_into_cache(std::uint64_t position, std::uint64_t length) override;
  void drop_from_cache(std::uint64_t position) override;

 private:
  base::Result<> begin_change(DiskOperation operation);
  // Writes of the parts what fits into `limit` bytes.
  void write_prefix(std::uint64_t position, std::span<const base::ByteView> parts,
                    std::uint64_t limit);

  SimDisk& disk_;
  std::shared_ptr<Life> life_;
  std::shared_ptr<FileNode> node_;
  std::string path_;
  bool is_writable_;
};

}  // namespace odradek::env::sim
