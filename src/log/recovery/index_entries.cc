// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/index_entries.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace odradek::log::recovery {
namespace {

constexpr std::uint64_t kChunkBytes = 256U << 10U;

bool is_blank(base::ByteView bytes) {
  return bytes.empty() ||
         (bytes.front() == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Where the zeros at the end begin: space that Apache Kafka reserved, 10 MiB a file.
base::Result<std::uint64_t> end_of_content(env::File& file, std::uint64_t size) {
  std::vector<std::uint8_t> chunk(std::min(size, kChunkBytes));
  while (size > 0) {
    const auto part = std::span(chunk).first(std::min<std::uint64_t>(size, chunk.size()));
    size -= part.size();
    auto read = file.read_at(size, part);
    if (!read) return base::fail(std::move(read));
    base::ByteView bytes = part.first(*read);
    if (is_blank(bytes)) continue;
    while (bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
    return size + bytes.size();
  }
  return 0;
}

}  // namespace

base::Result<IndexEntries> read_index(env::Disk& disk, const std::string& path,
                                      std::uint32_t entry_bytes) {
  IndexEntries entries;
  auto file = disk.open(path, env::OpenMode::kRead);
  if (!file && file.error().os_error == ENOENT) return entries;
  if (!file) return base::fail(std::move(file));
  auto size = (*file)->size();
  if (!size) return base::fail(std::move(size));
  entries.is_there = true;
  entries.file_size = *size;
  if (*size % entry_bytes != 0) {
    entries.problem =
        fmt::format("{} bytes are no whole number of entries of {} bytes", *size, entry_bytes);
  }
  auto end = end_of_content(**file, *size);
  if (!end) return base::fail(std::move(end));
  entries.count = std::min((*end + entry_bytes - 1) / entry_bytes, *size / entry_bytes);
  // One alone can be true: the time 0 at the segment's first offset.
  if (*size == entry_bytes) entries.count = 1;
  entries.bytes.resize(entries.count * entry_bytes);
  auto read = (*file)->read_at(0, entries.bytes);
  if (!read) return base::fail(std::move(read));
  // A server may have cut it meanwhile.
  entries.count = std::min(entries.count, *read / entry_bytes);
  return entries;
}

}  // namespace odradek::log::recovery
