// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "env/disk.h"

namespace odradek::env {

class Descriptor;

class LinuxDisk final : public Disk {
 public:
  base::Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) override;
  base::Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  base::Result<std::uint64_t> file_size(const std::string& path) override;
  base::Result<base::Timestamp> modification_time(const std::string& path) override;
  base::Result<> set_modification_time(const std::string& path, base::Timestamp time) override;
  base::Result<> make_directories(const std::string& path) override;
  base::Result<> rename(const std::string& from, const std::string& to) override;
  base::Result<> remove_file(const std::string& path) override;
  base::Result<> remove_tree(const std::string& path) override;
  base::Result<> sync_directory(const std::string& path) override;
  base::Result<> sync_file_system(const std::string& path) override;
  base::Result<DiskSpace> space(const std::string& path) override;
  std::size_t max_open_files() const override;
  std::string absolute_path(const std::string& path) override;
  base::Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override;

 private:
  base::Result<std::shared_ptr<const Descriptor>> file_system(const std::string& path);

  std::mutex mutex_;
  // What was synced once stays open: a new descriptor would not be told of an error that another
  // one has been told of, though it is this one's bytes that are lost.
  std::map<std::string, std::shared_ptr<const Descriptor>> file_systems_;
};

}  // namespace odradek::env
