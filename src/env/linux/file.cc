// SPDX-License-Identifier: Apache-2.0
#include "env/linux/file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <system_error>

namespace odradek::env {
namespace {

constexpr std::size_t kPartsPerCall = 256;

// The kernel's structures and number (Linux 6.5), which the C library does not name yet.
struct CachestatRange {
  std::uint64_t offset;
  std::uint64_t length;
};
struct Cachestat {
  std::uint64_t cached;
  std::uint64_t dirty;
  std::uint64_t in_writeback;
  std::uint64_t evicted;
  std::uint64_t recently_evicted;
};
constexpr long kCachestatCall = 451;

std::uint64_t page_size() {
  static const auto size = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::uint64_t pages_spanned(std::uint64_t position, std::uint64_t length) {
  return (position + length - 1) / page_size() - position / page_size() + 1;
}

// Drops the first `bytes` of the parts that a short write has taken.
void skip_written(std::span<iovec>& parts, std::size_t bytes) {
  while (!parts.empty() && bytes >= parts.front().iov_len) {
    bytes -= parts.front().iov_len;
    parts = parts.subspan(1);
  }
  if (bytes == 0) return;
  parts.front().iov_base = static_cast<std::uint8_t*>(parts.front().iov_base) + bytes;
  parts.front().iov_len -= bytes;
}

}  // namespace

std::unexpected<base::Error> storage_error(const std::string& path, const char* operation,
                                           int os_error) {
  return std::unexpected(base::Error{
      base::ErrorCode::kKafkaStorageError,
      fmt::format("{}: {}: {}", path, operation, std::generic_category().message(os_error)),
      os_error});
}

LinuxFile::LinuxFile(std::string path, Descriptor descriptor)
    : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

// The number of an inode is used again; not by one that was born in the same nanosecond.
std::uint64_t LinuxFile::identity() const {
  struct statx status{};
  if (::statx(descriptor(), "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) return 0;
  const auto born = static_cast<std::uint64_t>(status.stx_btime.tv_sec) * 1'000'000'000U +
                    status.stx_btime.tv_nsec;
  return (status.stx_ino ^ born * 0x9E3779B97F4A7C15U) + status.stx_dev_minor;
}

base::Result<std::size_t> LinuxFile::read_at(std::uint64_t position, base::MutableByteView buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = retry_interrupted([&] {
      return ::pread(descriptor(), buffer.data() + filled, buffer.size() - filled,
                     static_cast<off_t>(position + filled));
    });
    if (got < 0) return storage_error(path_, "read", errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

base::Result<> LinuxFile::write_at(std::uint64_t position, std::span<const base::ByteView> parts) {
  std::array<iovec, kPartsPerCall> vectors;
  while (!parts.empty()) {
    const std::size_t count = std::min(parts.size(), vectors.size());
    std::ranges::transform(parts.first(count), vectors.begin(), [](base::ByteView part) {
      return iovec{const_cast<std::uint8_t*>(part.data()), part.size()};  // NOLINT: only read
    });
    parts = parts.subspan(count);
    std::span<iovec> left(vectors.data(), count);
    skip_written(left, 0);
    while (!left.empty()) {
      const ssize_t written = retry_interrupted([&] {
        return ::pwritev(descriptor(), left.data(), static_cast<int>(left.size()),
                         static_cast<off_t>(position));
      });
      if (written < 0) return storage_error(path_, "write", errno);
      position += static_cast<std::uint64_t>(written);
      skip_written(left, static_cast<std::size_t>(written));
    }
  }
  return {};
}

base::Result<> LinuxFile::truncate(std::uint64_t size) {
  const int done =
      retry_interrupted([&] { return ::ftruncate(descriptor(), static_cast<off_t>(size)); });
  if (done != 0) return storage_error(path_, "truncate", errno);
  return {};
}

base::Result<> LinuxFile::allocate(std::uint64_t position, std::uint64_t length) {
  if (length == 0) return {};
  const int done = retry_interrupted([&] {
    return ::fallocate(descriptor(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(position),
                       static_cast<off_t>(length));
  });
  // A file system that cannot reserve space still takes the writes.
  if (done != 0 && errno != EOPNOTSUPP) return storage_error(path_, "allocate", errno);
  return {};
}

base::Result<> LinuxFile::flush() {
  // Not repeated after an error: the kernel may have dropped what it could not write.
  if (::fdatasync(descriptor()) != 0) return storage_error(path_, "flush", errno);
  return {};
}

base::Result<std::uint64_t> LinuxFile::size() const {
  struct stat status{};
  if (::fstat(descriptor(), &status) != 0) return storage_error(path_, "stat", errno);
  return static_cast<std::uint64_t>(status.st_size);
}

bool LinuxFile::is_cached(std::uint64_t position, std::uint64_t length) const {
  static std::atomic<bool> has_cachestat = true;
  const auto end = size();
  if (!end || position >= *end || length == 0) return true;  // nothing to wait for
  length = std::min(length, *end - position);
  if (has_cachestat.load(std::memory_order_relaxed)) {
    CachestatRange range{position, length};
    Cachestat status{};
    if (::syscall(kCachestatCall, descriptor(), &range, &status, 0U) == 0) {
      return status.cached >= pages_spanned(position, length);
    }
    // ENOSYS from an old kernel, EPERM from a container's filter, EOPNOTSUPP for hugetlbfs.
    if (errno == ENOSYS || errno == EPERM) has_cachestat.store(false, std::memory_order_relaxed);
  }
  return is_cached_by_mincore(descriptor(), position, length);
}

bool is_cached_by_mincore(int descriptor, std::uint64_t position, std::uint64_t length) {
  constexpr std::uint64_t kPagesPerLook = 4096;
  std::array<unsigned char, kPagesPerLook> resident;
  std::uint64_t first = position / page_size() * page_size();
  const std::uint64_t end = position + length;
  while (first < end) {
    const std::uint64_t span = std::min(end - first, kPagesPerLook * page_size());
    void* const mapped =
        ::mmap(nullptr, span, PROT_READ, MAP_SHARED, descriptor, static_cast<off_t>(first));
    if (mapped == MAP_FAILED) return false;
    const bool known = ::mincore(mapped, span, resident.data()) == 0;
    ::munmap(mapped, span);
    const auto pages = static_cast<std::ptrdiff_t>(pages_spanned(first, span));
    if (!known || !std::all_of(resident.begin(), resident.begin() + pages,
                               [](unsigned char page) { return (page & 1U) != 0; })) {
      return false;
    }
    first += span;
  }
  return true;
}

void LinuxFile::load_into_cache(std::uint64_t position, std::uint64_t length) {
  ::posix_fadvise(descriptor(), static_cast<off_t>(position), static_cast<off_t>(length),
                  POSIX_FADV_WILLNEED);
  // The advice only starts reading: reading the bytes waits for them.
  std::array<std::uint8_t, std::size_t{64} << 10U> scratch;
  while (length > 0) {
    const std::size_t wanted = std::min<std::uint64_t>(length, scratch.size());
    const auto got = read_at(position, {scratch.data(), wanted});
    if (!got || *got == 0) return;
    position += *got;
    length -= *got;
  }
}

// The kernel leaves a page alone of which only a part is given up.
void LinuxFile::drop_from_cache(std::uint64_t position) {
  const std::uint64_t page_start = position / page_size() * page_size();
  ::posix_fadvise(descriptor(), static_cast<off_t>(page_start), 0, POSIX_FADV_DONTNEED);
}

}  // namespace odradek::env
