// SPDX-License-Identifier: Apache-2.0
#include "log/index_file.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/assert.h"

namespace odradek::log {

namespace {

// Entries this close together are read at once.
constexpr std::uint32_t kBlockBytes = 4096;

bool is_zero(const std::uint8_t* entry, std::uint32_t size) {
  return std::all_of(entry, entry + size, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

base::Result<> IndexFile::Stored::read(std::uint32_t first, base::MutableByteView into) const {
  auto read = file->read_at(std::uint64_t{first} * entry_bytes, into);
  if (!read) return base::fail(std::move(read));
  if (*read != into.size()) {
    return base::fail(base::ErrorCode::kKafkaStorageError, file->path() + " became shorter");
  }
  return {};
}

base::Result<std::uint32_t> IndexFile::Stored::count_where(
    const std::function<bool(const std::uint8_t*)>& is_before) const {
  std::uint32_t low = 0;  // holds for all before it
  std::uint32_t high = entries;
  std::array<std::uint8_t, kBlockBytes> block;
  const std::uint32_t block_entries = kBlockBytes / entry_bytes;
  while (high - low > block_entries) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (auto done = read(middle, std::span(block).first(entry_bytes)); !done) {
      return base::fail(std::move(done));
    }
    (is_before(block.data()) ? low : high) = is_before(block.data()) ? middle + 1 : middle;
  }
  if (low == high) return low;
  const auto bytes = std::span(block).first(std::size_t{high - low} * entry_bytes);
  if (auto done = read(low, bytes); !done) return base::fail(std::move(done));
  std::uint32_t count = 0;
  while (count < high - low && is_before(block.data() + std::size_t{count} * entry_bytes)) ++count;
  return low + count;
}

base::Result<std::optional<std::vector<std::uint8_t>>> IndexFile::Stored::last_where(
    const std::function<bool(const std::uint8_t*)>& is_before) const {
  auto count = count_where(is_before);
  if (!count) return base::fail(std::move(count));
  if (*count == 0) return std::nullopt;
  std::vector<std::uint8_t> entry(entry_bytes);
  if (auto done = read(*count - 1, entry); !done) return base::fail(std::move(done));
  return entry;
}

base::Result<> IndexFile::load(env::Disk& disk, const std::string& path) {
  if (is_loaded_) return {};
  auto file = disk.open(path, env::OpenMode::kReadWrite);
  if (!file) {
    if (file.error().os_error != ENOENT) return base::fail(std::move(file));
    is_loaded_ = true;
    return {};
  }
  auto size = (*file)->size();
  if (!size) return base::fail(std::move(size));
  Stored stored{*file, static_cast<std::uint32_t>(*size / entry_bytes_), entry_bytes_};
  std::vector<std::uint8_t> last(entry_bytes_);
  // One zero entry alone can be true: the time 0 at the segment's first offset.
  if (stored.entries > 1) {
    if (auto done = stored.read(stored.entries - 1, last); !done) return done;
    if (is_zero(last.data(), entry_bytes_)) {
      auto count = stored.count_where(
          [this](const std::uint8_t* entry) { return !is_zero(entry, entry_bytes_); });
      if (!count) return base::fail(std::move(count));
      stored.entries = *count;
    }
  }
  file_ = std::move(*file);
  stored_ = stored.entries;
  is_loaded_ = true;
  return {};
}

base::Result<std::optional<std::vector<std::uint8_t>>> IndexFile::last() const {
  ODRADEK_ASSERT(is_loaded_);
  if (!pending_.empty()) {
    return std::vector<std::uint8_t>(pending_.end() - entry_bytes_, pending_.end());
  }
  if (stored_ == 0) return std::nullopt;
  std::vector<std::uint8_t> entry(entry_bytes_);
  if (auto done = stored().read(stored_ - 1, entry); !done) return base::fail(std::move(done));
  return entry;
}

void IndexFile::append(base::ByteView entry) {
  ODRADEK_ASSERT(is_loaded_ && entry.size() == entry_bytes_);
  pending_.insert(pending_.end(), entry.begin(), entry.end());
}

base::Result<> IndexFile::open_file(env::Disk& disk, const std::string& path) {
  ODRADEK_ASSERT(is_loaded_);
  if (file_) return {};
  auto file = disk.open(path, env::OpenMode::kCreate);
  if (!file) return base::fail(std::move(file));
  file_ = std::move(*file);
  return {};
}

base::Result<IndexFile::Batch> IndexFile::take_pending(env::Disk& disk, const std::string& path) {
  if (auto opened = open_file(disk, path); !opened) return base::fail(std::move(opened));
  return Batch{file_, std::uint64_t{stored_} * entry_bytes_, pending_};
}

void IndexFile::commit(const Batch& batch) {
  ODRADEK_ASSERT(batch.position == std::uint64_t{stored_} * entry_bytes_);
  ODRADEK_ASSERT(batch.bytes.size() <= pending_.size());
  stored_ += static_cast<std::uint32_t>(batch.bytes.size()) / entry_bytes_;
  pending_.erase(pending_.begin(),
                 pending_.begin() + static_cast<std::ptrdiff_t>(batch.bytes.size()));
}

base::Result<> IndexFile::write_all(env::Disk& disk, const std::string& path) {
  auto batch = take_pending(disk, path);
  if (!batch) return base::fail(std::move(batch));
  if (!batch->bytes.empty()) {
    if (auto written = file_->write_at(batch->position, batch->bytes); !written) return written;
  }
  commit(*batch);
  auto size = file_->size();
  if (!size) return base::fail(std::move(size));
  const std::uint64_t wanted = std::uint64_t{stored_} * entry_bytes_;
  if (*size != wanted) return file_->truncate(wanted);
  return {};
}

base::Result<> IndexFile::truncate_to(std::uint32_t entries) {
  ODRADEK_ASSERT(is_loaded_);
  if (entries >= this->entries()) return {};
  if (entries >= stored_) {
    pending_.resize(std::size_t{entries - stored_} * entry_bytes_);
    return {};
  }
  pending_.clear();
  stored_ = entries;
  return file_->truncate(std::uint64_t{stored_} * entry_bytes_);
}

void IndexFile::release() {
  ODRADEK_ASSERT(pending_.empty());
  file_.reset();
  pending_.shrink_to_fit();
  stored_ = 0;
  is_loaded_ = false;
}

}  // namespace odradek::log
