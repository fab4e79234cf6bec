// SPDX-License-Identifier: Apache-2.0
#include "log/open_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "log/file_names.h"

namespace odradek::log {

using FilePointer = std::shared_ptr<env::File>;

// A file whose descriptor comes and goes. Lock order: the pool's, then a file's, which is only
// tried there.
class PooledFile final : public env::File {
 public:
  PooledFile(std::shared_ptr<OpenFiles> pool, std::string path, env::OpenMode mode,
             FilePointer file)
      : pool_(std::move(pool)),
        path_(std::move(path)),
        mode_(mode == env::OpenMode::kRead ? mode : env::OpenMode::kReadWrite),
        identity_(file->identity()),
        file_(std::move(file)) {}
  ~PooledFile() override { pool_->forget(*this); }
  PooledFile(const PooledFile&) = delete;
  PooledFile& operator=(const PooledFile&) = delete;

  using File::write_at;
  const std::string& path() const override { return path_; }
  std::uint64_t identity() const override { return identity_; }
  base::Result<std::size_t> read_at(std::uint64_t position, base::MutableByteView buffer) override {
    return with([&](File& file) { return file.read_at(position, buffer); });
  }
  base::Result<> write_at(std::uint64_t position, std::span<const base::ByteView> parts) override {
    return with([&](File& file) { return file.write_at(position, parts); });
  }
  base::Result<> truncate(std::uint64_t size) override {
    return with([&](File& file) { return file.truncate(size); });
  }
  base::Result<> allocate(std::uint64_t position, std::uint64_t length) override {
    return with([&](File& file) { return file.allocate(position, length); });
  }
  base::Result<> flush() override {
    return with([](File& file) { return file.flush(); });
  }
  base::Result<std::uint64_t> size() const override {
    return with([](const File& file) { return file.size(); });
  }
  bool is_cached(std::uint64_t position, std::uint64_t length) const override {
    const auto file = open(OpenFiles::Bound::kSoft);
    return file && (*file)->is_cached(position, length);
  }
  void load_into_cache(std::uint64_t position, std::uint64_t length) override {
    if (const auto file = open(OpenFiles::Bound::kSoft)) (*file)->load_into_cache(position, length);
  }
  void drop_from_cache(std::uint64_t position) override {
    if (const auto file = open(OpenFiles::Bound::kSoft)) (*file)->drop_from_cache(position);
  }

  base::Result<FilePointer> hold() const { return open(OpenFiles::Bound::kHard); }

  // The descriptor, opened again where it was closed.
  base::Result<FilePointer> open(OpenFiles::Bound bound) const {
    {
      const std::lock_guard lock(mutex_);
      was_used_.store(true, std::memory_order_relaxed);
      if (file_) return file_;
    }
    auto opened = reopen(bound);
    if (!opened) return opened;
    {
      const std::lock_guard lock(mutex_);
      if (file_) return file_;  // another thread was faster
      file_ = *opened;
    }
    pool_->add(const_cast<PooledFile&>(*this));  // NOLINT: what the pool does is no change of it
    return opened;
  }

  // Where nobody is at work in it. With the pool's lock held.
  FilePointer take_if_unused() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock() || file_.use_count() > 1) return nullptr;
    return std::exchange(file_, nullptr);
  }
  // Says whether it was used since this was asked last.
  bool take_used() { return was_used_.exchange(false, std::memory_order_relaxed); }

 private:
  friend class OpenFiles;

  template <typename Operation>
  auto with(Operation operation) const -> decltype(operation(std::declval<File&>())) {
    auto file = open(OpenFiles::Bound::kSoft);
    if (!file) return base::fail(std::move(file));
    return operation(**file);
  }

  base::Result<FilePointer> reopen(OpenFiles::Bound bound) const {
    for (const std::string& path : {path_, path_ + std::string(kDeletedSuffix)}) {
      auto opened = pool_->open_counted(path, mode_, bound);
      if (!opened && opened.error().os_error != ENOENT) return opened;
      if (!opened || (*opened)->identity() != identity_) continue;
      pool_->reopened_.fetch_add(1, std::memory_order_relaxed);
      return opened;
    }
    return std::unexpected(base::Error{base::ErrorCode::kKafkaStorageError,
                                       path_ + ": gone while it was closed", ENOENT});
  }

  const std::shared_ptr<OpenFiles> pool_;
  const std::string path_;
  const env::OpenMode mode_;
  const std::uint64_t identity_;

  mutable std::atomic<bool> was_used_ = true;
  mutable std::mutex mutex_;
  mutable FilePointer file_;

  // Guarded by the pool's lock: where it is in files_.
  static constexpr std::size_t kNowhere = ~std::size_t{0};
  std::size_t place_ = kNowhere;
};

class OpenFiles::PooledDisk final : public env::Disk {
 public:
  explicit PooledDisk(OpenFiles& files) : files_(files) {}

  base::Result<FilePointer> open(const std::string& path, env::OpenMode mode) override {
    auto opened = files_.open_counted(path, mode, Bound::kSoft);
    if (!opened) return opened;
    auto file =
        std::make_shared<PooledFile>(files_.shared_from_this(), path, mode, *std::move(opened));
    files_.add(*file);
    return file;
  }

  base::Result<std::vector<env::DirectoryEntry>> list(const std::string& path) override {
    return files_.disk_.list(path);
  }
  bool exists(const std::string& path) override { return files_.disk_.exists(path); }
  base::Result<> make_directories(const std::string& path) override {
    return files_.disk_.make_directories(path);
  }
  base::Result<> rename(const std::string& from, const std::string& to) override {
    return files_.disk_.rename(from, to);
  }
  base::Result<> remove_file(const std::string& path) override {
    return files_.disk_.remove_file(path);
  }
  base::Result<> remove_tree(const std::string& path) override {
    return files_.disk_.remove_tree(path);
  }
  base::Result<> sync_directory(const std::string& path) override {
    return files_.disk_.sync_directory(path);
  }
  base::Result<> sync_file_system(const std::string& path) override {
    return files_.disk_.sync_file_system(path);
  }
  base::Result<env::DiskSpace> space(const std::string& path) override {
    return files_.disk_.space(path);
  }
  std::size_t max_open_files() const override { return files_.disk_.max_open_files(); }
  std::string absolute_path(const std::string& path) override {
    return files_.disk_.absolute_path(path);
  }
  base::Result<std::unique_ptr<env::DirectoryLock>> lock(const std::string& path) override {
    return files_.disk_.lock(path);
  }
  base::Result<std::uint64_t> file_size(const std::string& path) override {
    return files_.disk_.file_size(path);
  }
  base::Result<base::Timestamp> modification_time(const std::string& path) override {
    return files_.disk_.modification_time(path);
  }
  base::Result<> set_modification_time(const std::string& path, base::Timestamp time) override {
    return files_.disk_.set_modification_time(path, time);
  }

 private:
  OpenFiles& files_;
};

std::shared_ptr<OpenFiles> OpenFiles::make(env::Disk& disk, std::size_t max_open) {
  return std::shared_ptr<OpenFiles>(new OpenFiles(disk, max_open));
}

OpenFiles::OpenFiles(env::Disk& disk, std::size_t max_open)
    : disk_(disk),
      pooled_(std::make_unique<PooledDisk>(*this)),
      max_open_(max_open),
      open_count_(std::make_shared<std::atomic<std::size_t>>(0)) {}

OpenFiles::~OpenFiles() { ODRADEK_ASSERT(files_.empty()); }

base::Result<FilePointer> OpenFiles::open_counted(const std::string& path, env::OpenMode mode,
                                                  Bound bound) {
  if (auto room = make_room(bound); !room) return base::fail(std::move(room));
  auto opened = disk_.open(path, mode);
  // Sockets took what the process may have: an idle file makes room.
  while (!opened && (opened.error().os_error == EMFILE || opened.error().os_error == ENFILE) &&
         close_one()) {
    opened = disk_.open(path, mode);
  }
  if (!opened) return opened;
  env::File* const raw = opened->get();
  open_count_->fetch_add(1);
  // Counted until the last who holds it lets go, which may be a socket.
  return FilePointer(raw, [file = *std::move(opened), count = open_count_](env::File*) mutable {
    file.reset();
    count->fetch_sub(1);
  });
}

base::Result<> OpenFiles::make_room(Bound bound) {
  while (open_count() >= max_open_) {
    if (close_one()) continue;
    if (bound == Bound::kSoft) break;
    return base::fail(base::ErrorCode::kKafkaStorageError,
                      fmt::format("{} files of logs are open and in use, log.max.open.files is {}",
                                  open_count(), max_open()));
  }
  return {};
}

bool OpenFiles::close_one() {
  FilePointer closed;  // after the lock
  const std::lock_guard lock(mutex_);
  // Twice around: the first time may only find that all were used.
  for (std::size_t looks = 2 * files_.size(); looks > 0; --looks) {
    if (hand_ >= files_.size()) hand_ = 0;
    PooledFile& file = *files_[hand_];
    if (!file.take_used()) closed = file.take_if_unused();
    if (closed) {
      take_out_locked(file);
      return true;
    }
    ++hand_;
  }
  return false;
}

std::size_t OpenFiles::close_idle() {
  std::vector<FilePointer> closed;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < files_.size();) {
    PooledFile& file = *files_[i];
    FilePointer taken = file.take_used() ? nullptr : file.take_if_unused();
    if (taken == nullptr) {
      ++i;
      continue;
    }
    closed.push_back(std::move(taken));
    take_out_locked(file);
  }
  if (files_.empty()) files_.shrink_to_fit();
  return closed.size();
}

void OpenFiles::add(PooledFile& file) {
  const std::lock_guard lock(mutex_);
  if (file.place_ != PooledFile::kNowhere) return;
  file.place_ = files_.size();
  files_.push_back(&file);
}

void OpenFiles::forget(PooledFile& file) {
  const std::lock_guard lock(mutex_);
  if (file.place_ != PooledFile::kNowhere) take_out_locked(file);
}

void OpenFiles::take_out_locked(PooledFile& file) {
  files_[file.place_] = files_.back();
  files_.back()->place_ = file.place_;
  files_.pop_back();
  file.place_ = PooledFile::kNowhere;
}

base::Result<FilePointer> held_open(const FilePointer& file) {
  const auto* const pooled = dynamic_cast<const PooledFile*>(file.get());
  if (pooled == nullptr) return file;
  return pooled->hold();
}

}  // namespace odradek::log
