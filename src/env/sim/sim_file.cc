// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "env/sim/disk_door.h"

namespace odradek::env::sim {

base::Result<std::size_t> SimFile::read_at(std::uint64_t position, base::MutableByteView buffer) {
  if (auto begun = disk_.begin(*life_, DiskOperation::kRead, path_); !begun) {
    return base::fail(std::move(begun));
  }
  // Short, as far as the simulation goes: a lock may be held over it.
  if (!node_->image.is_cached(position, buffer.size())) {
    if (life_->running_loops > 0) ++life_->disk_waits_on_loops;
    node_->image.load_into_cache(position, buffer.size());
  }
  return node_->image.read(position, buffer);
}

base::Result<> SimFile::begin_change(DiskOperation operation) {
  if (!is_writable_) return std::unexpected(disk_error(operation, path_, EBADF));
  return disk_.begin(*life_, operation, path_);
}

void SimFile::write_prefix(std::uint64_t position, std::span<const base::ByteView> parts,
                           std::uint64_t limit) {
  for (const base::ByteView part : parts) {
    const base::ByteView written = part.first(std::min<std::uint64_t>(part.size(), limit));
    node_->image.write(position, written);
    node_->modified = disk_.wall_clock_();
    disk_.scheduler_.trace().add("bytes", path_, {position}, written);
    position += written.size();
    limit -= written.size();
  }
}

base::Result<> SimFile::write_at(std::uint64_t position, std::span<const base::ByteView> parts) {
  std::uint64_t length = 0;
  for (const base::ByteView part : parts) length += part.size();
  if (auto begun = begin_change(DiskOperation::kWrite); !begun) {
    if (!life_->is_over && is_writable_) {
      write_prefix(position, parts, disk_.random_.below(length + 1));
    }
    return begun;
  }
  const std::uint64_t rarity = disk_.options_.write_waits_once_in;
  if (rarity != 0 && disk_.random_.below(rarity) == 0 && !disk_.wait_on_any_thread(*life_)) {
    return std::unexpected(disk_error(DiskOperation::kWrite, path_, EIO));
  }
  if (!disk_.has_room(node_->image.pages_missing(position, length))) {
    write_prefix(position, parts, disk_.random_.below(std::min(length, kPageBytes)));
    return std::unexpected(disk_error(DiskOperation::kWrite, path_, ENOSPC));
  }
  write_prefix(position, parts, length);
  return {};
}

base::Result<> SimFile::truncate(std::uint64_t size) {
  if (auto begun = begin_change(DiskOperation::kTruncate); !begun) return begun;
  node_->image.truncate(size);
  node_->modified = disk_.wall_clock_();
  disk_.scheduler_.trace().add("size", path_, {size});
  return {};
}

base::Result<> SimFile::allocate(std::uint64_t position, std::uint64_t length) {
  if (auto begun = begin_change(DiskOperation::kAllocate); !begun) return begun;
  if (!disk_.has_room(node_->image.pages_missing(position, length))) {
    return std::unexpected(disk_error(DiskOperation::kAllocate, path_, ENOSPC));
  }
  node_->image.reserve(position + length);
  return {};
}

base::Result<> SimFile::flush() {
  ++disk_.flushes_;
  const FileImage::Flush flush = node_->image.begin_flush();
  auto begun = disk_.begin(*life_, DiskOperation::kFlush, path_);
  if (!begun) {
    if (!life_->is_over) node_->image.fail_flush(flush);
    return begun;
  }
  if (!disk_.wait(*life_)) {
    return std::unexpected(disk_error(DiskOperation::kFlush, path_, EIO));
  }
  const std::string& liars = disk_.options_.lying_flushes_of;
  if (!liars.empty() && path_.contains(liars)) return {};
  node_->image.complete_flush(flush);
  if (disk_.options_.flush_keeps_new_name) {
    disk_.tree_.make_durable(disk_.tree_.changes_that_name(*node_));
  }
  return {};
}

base::Result<std::uint64_t> SimFile::size() const {
  if (life_->is_over) return std::unexpected(disk_error(DiskOperation::kRead, path_, EIO));
  return node_->image.size();
}

bool SimFile::is_cached(std::uint64_t position, std::uint64_t length) const {
  return node_->image.is_cached(position, length);
}

void SimFile::load_into_cache(std::uint64_t position, std::uint64_t length) {
  if (auto begun = disk_.begin(*life_, DiskOperation::kRead, path_); !begun) return;
  if (!node_->image.is_cached(position, length) && disk_.wait(*life_)) {
    node_->image.load_into_cache(position, length);
  }
}

void SimFile::drop_from_cache(std::uint64_t position) {
  if (!life_->is_over) node_->image.drop_cache(position);
}

}  // namespace odradek::env::sim
