// SPDX-License-Identifier: Apache-2.0
#include "log/index_file.h"

#include <algorithm>
#include <cerrno>

#include "base/assert.h"

namespace odradek::log {

namespace {

// Entries this close together are read at once.
constexpr std::uint32_t kBlockBytes = 4096;
constexpr std::uint32_t kVisitBlockBytes = 96 * 1024;

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
    if (is_before(block.data())) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == high) return low;
  const auto bytes = std::span(block).first(std::size_t{high - low} * entry_bytes);
  if (auto done = read(low, bytes); !done) return base::fail(std::move(done));
  std::uint32_t count = 0;
  while (count < high - low && is_before(block.data() + std::size_t{count} * entry_bytes)) ++count;
  return low + count;
}

base::Result<std::optional<IndexFile::Entry>> IndexFile::Stored::last_where(
    const std::function<bool(const std::uint8_t*)>& is_before) const {
  auto count = count_where(is_before);
  if (!count) return base::fail(std::move(count));
  if (*count == 0) return std::nullopt;
  Entry entry{};
  if (auto done = read(*count - 1, std::span(entry).first(entry_bytes)); !done) {
    return base::fail(std::move(done));
  }
  return entry;
}

base::Result<std::uint32_t> IndexFile::Stored::visit_while(
    const std::function<bool(const std::uint8_t*)>& visit) const {
  const std::uint32_t block_entries = kVisitBlockBytes / entry_bytes;
  std::vector<std::uint8_t> block;
  for (std::uint32_t first = 0; first < entries;) {
    const std::uint32_t count = std::min(block_entries, entries - first);
    block.resize(std::size_t{count} * entry_bytes);
    if (auto done = read(first, block); !done) return base::fail(std::move(done));
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!visit(block.data() + std::size_t{i} * entry_bytes)) return first + i;
    }
    first += count;
  }
  return entries;
}

base::Result<IndexFile> IndexFile::open(env::Disk& disk, const std::string& path,
                                        std::uint32_t entry_bytes) {
  IndexFile index(entry_bytes);
  auto file = disk.open(path, env::OpenMode::kReadWrite);
  if (!file) {
    if (file.error().os_error == ENOENT) return index;
    return base::fail(std::move(file));
  }
  auto size = (*file)->size();
  if (!size) return base::fail(std::move(size));
  Stored stored{*file, static_cast<std::uint32_t>(*size / entry_bytes), entry_bytes};
  if (stored.entries > 0) {
    auto last = std::span(index.last_stored_).first(entry_bytes);
    if (auto done = stored.read(stored.entries - 1, last); !done) {
      return base::fail(std::move(done));
    }
    // One zero entry alone can be true: the time 0 at the segment's first offset.
    if (stored.entries > 1 && is_zero(last.data(), entry_bytes)) {
      const auto is_entry = [&](const std::uint8_t* entry) { return !is_zero(entry, entry_bytes); };
      auto newest = stored.last_where(is_entry);
      if (!newest) return base::fail(std::move(newest));
      auto count = stored.count_where(is_entry);
      if (!count) return base::fail(std::move(count));
      stored.entries = *count;
      index.last_stored_ = newest->value_or(Entry{});
    }
  }
  if (stored.entries == 0) return index;  // opened again when there is something to write
  index.file_ = std::move(*file);
  index.stored_ = stored.entries;
  return index;
}

const std::uint8_t* IndexFile::last() const {
  if (!pending_.empty()) return pending_end() - entry_bytes_;
  return stored_ == 0 ? nullptr : last_stored_.data();
}

void IndexFile::append(base::ByteView entry) {
  ODRADEK_ASSERT(entry.size() == entry_bytes_);
  pending_.insert(pending_.end(), entry.begin(), entry.end());
}

IndexFile::Batch IndexFile::take_pending(std::uint32_t entries) const {
  const auto end =
      pending_.begin() + static_cast<std::ptrdiff_t>(std::size_t{entries} * entry_bytes_);
  return {file_, std::uint64_t{stored_} * entry_bytes_, {pending_.begin(), end}};
}

base::Result<> IndexFile::Batch::write(env::Disk& disk, const std::string& path) {
  if (!file) {
    auto opened = disk.open(path, env::OpenMode::kCreate);
    if (!opened) return base::fail(std::move(opened));
    file = std::move(*opened);
  }
  return bytes.empty() ? base::Result<>() : file->write_at(position, bytes);
}

base::Result<> IndexFile::Batch::cut_behind() const {
  auto size = file->size();
  if (!size) return base::fail(std::move(size));
  const std::uint64_t end = position + bytes.size();
  return *size == end ? base::Result<>() : file->truncate(end);
}

void IndexFile::commit(const Batch& batch) {
  ODRADEK_ASSERT(batch.file && batch.position == std::uint64_t{stored_} * entry_bytes_);
  ODRADEK_ASSERT(batch.bytes.size() <= pending_.size());
  file_ = batch.file;
  if (batch.bytes.empty()) return;
  std::copy(batch.bytes.end() - entry_bytes_, batch.bytes.end(), last_stored_.begin());
  stored_ += static_cast<std::uint32_t>(batch.bytes.size()) / entry_bytes_;
  pending_.erase(pending_.begin(),
                 pending_.begin() + static_cast<std::ptrdiff_t>(batch.bytes.size()));
  if (pending_.empty()) pending_.shrink_to_fit();
}

base::Result<> IndexFile::truncate_to(std::uint32_t entries) {
  if (entries >= this->entries()) return {};
  if (entries >= stored_) {
    pending_.resize(std::size_t{entries - stored_} * entry_bytes_);
    return {};
  }
  if (entries > 0) {
    auto last = std::span(last_stored_).first(entry_bytes_);
    if (auto done = stored().read(entries - 1, last); !done) return done;
  }
  pending_.clear();
  stored_ = entries;
  return file_->truncate(std::uint64_t{stored_} * entry_bytes_);
}

}  // namespace odradek::log
