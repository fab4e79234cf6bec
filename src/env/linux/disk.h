// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "env/disk.h"

namespace odradek::env {

class LinuxDisk final : public Disk {
 public:
  base::Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) override;
  base::Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  base::Result<std::uint64_t> file_size(const std::string& path) override;
  base::Result<base::Timestamp> modification_time(const std::string& path) override;
  base::Result<> make_directories(const std::string& path) override;
  base::Result<> rename(const std::string& from, const std::string& to) override;
  base::Result<> remove_file(const std::string& path) override;
  base::Result<> remove_tree(const std::string& path) override;
  base::Result<> sync_directory(const std::string& path) override;
  base::Result<> sync_file_system(const std::string& path) override;
  base::Result<DiskSpace> space(const std::string& path) override;
  std::string absolute_path(const std::string& path) override;
  base::Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override;
};

}  // namespace odradek::env
