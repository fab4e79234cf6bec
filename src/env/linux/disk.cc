// SPDX-License-Identifier: Apache-2.0
#include "env/linux/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "env/linux/descriptor.h"
#include "env/linux/file.h"

namespace odradek::env {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kNsPerMs = 1000000;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class LinuxDirectoryLock final : public DirectoryLock {
 public:
  explicit LinuxDirectoryLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

Descriptor open_descriptor(const std::string& path, int flags) {
  constexpr mode_t kPermissions = 0644;
  return Descriptor(
      retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kPermissions); }));
}

}  // namespace

base::Result<std::shared_ptr<File>> LinuxDisk::open(const std::string& path, OpenMode mode) {
  Descriptor descriptor = open_descriptor(path, open_flags(mode));
  if (!descriptor.valid()) return storage_error(path, "open", errno);
  return std::make_shared<LinuxFile>(path, std::move(descriptor));
}

base::Result<std::vector<DirectoryEntry>> LinuxDisk::list(const std::string& path) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) return storage_error(path, "list", errno);
  std::vector<DirectoryEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* const found = ::readdir(directory.get());
    if (found == nullptr) break;
    std::string name = found->d_name;
    if (name == "." || name == "..") continue;
    bool is_directory = found->d_type == DT_DIR;
    if (found->d_type == DT_LNK || found->d_type == DT_UNKNOWN) {
      std::error_code unknown;  // gone in between, or a dangling link: no directory
      is_directory = fs::is_directory(path + '/' + name, unknown);
    }
    entries.push_back({std::move(name), is_directory});
  }
  if (errno != 0) return storage_error(path, "list", errno);
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

bool LinuxDisk::exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

base::Result<std::uint64_t> LinuxDisk::file_size(const std::string& path) {
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  if (error) return storage_error(path, "size", error.value());
  return size;
}

base::Result<base::Timestamp> LinuxDisk::modification_time(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return storage_error(path, "stat", errno);
  return base::Timestamp(status.st_mtim.tv_sec * kMsPerSecond + status.st_mtim.tv_nsec / kNsPerMs);
}

base::Result<> LinuxDisk::set_modification_time(const std::string& path, base::Timestamp time) {
  std::array<timespec, 2> times{};
  times[0].tv_nsec = UTIME_OMIT;  // when it was read last
  times[1].tv_sec = time.value() / kMsPerSecond;
  times[1].tv_nsec = time.value() % kMsPerSecond * kNsPerMs;
  if (::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) != 0) {
    return storage_error(path, "set time", errno);
  }
  return {};
}

base::Result<> LinuxDisk::make_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return storage_error(path, "create directory", error.value());
  return {};
}

base::Result<> LinuxDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return storage_error(from, "rename", errno);
  return {};
}

base::Result<> LinuxDisk::remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return storage_error(path, "remove", errno);
  return {};
}

base::Result<> LinuxDisk::remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return storage_error(path, "remove", error.value());
  return {};
}

base::Result<> LinuxDisk::sync_directory(const std::string& path) {
  const Descriptor directory = open_descriptor(path, O_RDONLY | O_DIRECTORY);
  if (!directory.valid()) return storage_error(path, "open", errno);
  if (::fsync(directory.get()) != 0) return storage_error(path, "sync directory", errno);
  return {};
}

base::Result<std::shared_ptr<const Descriptor>> LinuxDisk::file_system(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto& known = file_systems_[path];
  if (known != nullptr) return known;
  auto opened = std::make_shared<const Descriptor>(open_descriptor(path, O_RDONLY));
  if (!opened->valid()) return storage_error(path, "open", errno);
  known = std::move(opened);
  return known;
}

base::Result<> LinuxDisk::sync_file_system(const std::string& path) {
  const auto directory = file_system(path);
  if (!directory) return std::unexpected(directory.error());
  if (::syncfs((*directory)->get()) != 0) return storage_error(path, "sync file system", errno);
  return {};
}

base::Result<DiskSpace> LinuxDisk::space(const std::string& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) return storage_error(path, "statvfs", errno);
  return DiskSpace{status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize};
}

std::size_t LinuxDisk::max_open_files() const {
  rlimit limit{};
  constexpr std::size_t kUsual = 1024;
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : kUsual;
}

std::string LinuxDisk::absolute_path(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return path;
  std::string text;
  for (const fs::path& part : absolute) {
    if (!part.empty() && part != "/") text += '/' + part.string();
  }
  return text.empty() ? "/" : text;
}

// Two locks on one descriptor: flock(), and over the whole file the kind that the JVM takes
// (fcntl), owned by the open file so that it also excludes a second holder in this process.
base::Result<std::unique_ptr<DirectoryLock>> LinuxDisk::lock(const std::string& path) {
  Descriptor descriptor = open_descriptor(path, O_RDWR | O_CREAT);
  if (!descriptor.valid()) return storage_error(path, "open", errno);
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    return storage_error(path, "lock", errno);
  }
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(descriptor.get(), F_OFD_SETLK, &whole) != 0 && errno != EINVAL) {
    return storage_error(path, "lock", errno == EACCES || errno == EAGAIN ? EWOULDBLOCK : errno);
  }
  return std::make_unique<LinuxDirectoryLock>(std::move(descriptor));
}

}  // namespace odradek::env
