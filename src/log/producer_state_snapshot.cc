// SPDX-License-Identifier: Apache-2.0
#include "log/producer_state_snapshot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "env/fail_point.h"
#include "log/file_names.h"

namespace odradek::log {
namespace {

constexpr std::int16_t kVersion = 1;
constexpr std::size_t kCrcPosition = 2;
constexpr std::size_t kCountPosition = 6;
constexpr std::size_t kEntriesPosition = 10;

void encode_entry(const ProducerEntry& entry, std::uint8_t* to) {
  const ProducerBatchSpan* last = entry.last_batch();
  const ProducerBatchSpan span = last != nullptr ? *last : ProducerBatchSpan{};
  base::store_big_endian(to, entry.producer_id.value());
  base::store_big_endian(to + 8, entry.producer_epoch.value());
  base::store_big_endian(to + 10, span.last_sequence);
  base::store_big_endian(to + 14, span.last_offset.value());
  base::store_big_endian(to + 22, span.offset_delta);
  base::store_big_endian(to + 26, entry.last_timestamp.value());
  base::store_big_endian(to + 34, entry.coordinator_epoch);
  base::store_big_endian(to + 38, entry.current_transaction_first_offset.value());
}

ProducerEntry decode_entry(const std::uint8_t* from) {
  ProducerEntry entry;
  entry.producer_id = base::ProducerId(base::load_big_endian<std::int64_t>(from));
  entry.producer_epoch = base::ProducerEpoch(base::load_big_endian<std::int16_t>(from + 8));
  entry.last_timestamp = base::Timestamp(base::load_big_endian<std::int64_t>(from + 26));
  entry.coordinator_epoch = base::load_big_endian<std::int32_t>(from + 34);
  const auto first_offset = base::load_big_endian<std::int64_t>(from + 38);
  if (first_offset >= 0) entry.current_transaction_first_offset = base::Offset(first_offset);
  const ProducerBatchSpan span{
      .last_sequence = base::load_big_endian<std::int32_t>(from + 10),
      .offset_delta = base::load_big_endian<std::int32_t>(from + 22),
      .last_offset = base::Offset(base::load_big_endian<std::int64_t>(from + 14)),
      .timestamp = entry.last_timestamp};
  if (span.last_offset.value() >= 0) entry.add_batch(entry.producer_epoch, span);
  return entry;
}

std::unexpected<base::Error> broken(std::string why) {
  return base::fail(base::ErrorCode::kCorruptMessage, std::move(why));
}

}  // namespace

std::vector<std::uint8_t> encode_producer_snapshot(const ProducerState& state) {
  const std::vector<ProducerEntry> entries = state.entries();
  std::vector<std::uint8_t> bytes(kEntriesPosition + entries.size() * kProducerSnapshotEntrySize);
  base::store_big_endian(bytes.data(), kVersion);
  base::store_big_endian(bytes.data() + kCountPosition, static_cast<std::int32_t>(entries.size()));
  std::uint8_t* to = bytes.data() + kEntriesPosition;
  for (const ProducerEntry& entry : entries) {
    encode_entry(entry, to);
    to += kProducerSnapshotEntrySize;
  }
  const std::uint32_t crc = base::crc32c(base::ByteView(bytes).subspan(kCountPosition));
  base::store_big_endian(bytes.data() + kCrcPosition, crc);
  return bytes;
}

base::Result<std::vector<ProducerEntry>> decode_producer_snapshot(base::ByteView bytes) {
  if (bytes.size() < kEntriesPosition) {
    return broken(fmt::format("{} bytes, fewer than its header's", bytes.size()));
  }
  const auto version = base::load_big_endian<std::int16_t>(bytes.data());
  if (version != kVersion) return broken(fmt::format("version {}", version));
  const auto crc = base::load_big_endian<std::uint32_t>(bytes.data() + kCrcPosition);
  if (crc != base::crc32c(bytes.subspan(kCountPosition))) return broken("its CRC does not match");
  const auto count = base::load_big_endian<std::int32_t>(bytes.data() + kCountPosition);
  const std::size_t body_size = bytes.size() - kEntriesPosition;
  if (count < 0 || static_cast<std::uint64_t>(count) * kProducerSnapshotEntrySize != body_size) {
    return broken(fmt::format("{} producers in {} bytes", count, body_size));
  }
  std::vector<ProducerEntry> entries;
  entries.reserve(static_cast<std::size_t>(count));
  for (std::size_t at = kEntriesPosition; at < bytes.size(); at += kProducerSnapshotEntrySize) {
    entries.push_back(decode_entry(bytes.data() + at));
    if (entries.back().producer_id.value() < 0) return broken("a producer without an id");
  }
  return entries;
}

ProducerSnapshots::ProducerSnapshots(env::Disk& disk, std::string partition_directory,
                                     std::vector<base::Offset> offsets)
    : disk_(&disk), directory_(std::move(partition_directory)), offsets_(std::move(offsets)) {
  std::ranges::sort(offsets_);
}

std::string ProducerSnapshots::file_name_of(base::Offset offset) {
  return offset_file_name(offset, kSnapshotSuffix);
}

std::optional<base::Offset> ProducerSnapshots::latest() const {
  if (offsets_.empty()) return std::nullopt;
  return offsets_.back();
}

base::Result<> ProducerSnapshots::load(ProducerState& state, base::Offset log_start,
                                       base::Offset log_end) {
  auto removed = remove_if([log_start, log_end](base::Offset offset) {
    return offset > log_end || offset <= log_start;
  });
  if (!removed) return removed;
  while (!offsets_.empty()) {
    const base::Offset offset = offsets_.back();
    auto text = disk_->read_file(path_of(offset));
    if (!text) return base::fail(std::move(text));
    auto entries = decode_producer_snapshot(base::as_bytes(*text));
    if (entries) {
      state.reset(offset);
      for (const ProducerEntry& entry : *entries) state.load(entry);
      return {};
    }
    base::log::warn("log", "{}: {}; removed, an older one is used", path_of(offset),
                    entries.error().message);
    if (auto done = remove_beyond(offset - 1); !done) return done;
  }
  state.reset(log_start);
  return {};
}

base::Result<std::shared_ptr<env::File>> ProducerSnapshots::write_file(
    env::Disk& disk, const std::string& partition_directory, base::Offset offset,
    base::ByteView encoded) {
  auto file = disk.open(partition_directory + '/' + file_name_of(offset), env::OpenMode::kCreate);
  if (!file) return file;
  if (auto done = (*file)->truncate(0); !done) return base::fail(std::move(done));
  if (auto done = (*file)->write_at(0, encoded); !done) return base::fail(std::move(done));
  env::fail_point(env::FailPoint::kSnapshotWritten);
  return file;
}

void ProducerSnapshots::add(base::Offset offset) {
  const auto place = std::ranges::lower_bound(offsets_, offset);
  if (place == offsets_.end() || *place != offset) offsets_.insert(place, offset);
}

bool ProducerSnapshots::forget(base::Offset offset) { return std::erase(offsets_, offset) > 0; }

template <typename Predicate>
base::Result<> ProducerSnapshots::remove_if(Predicate is_removed) {
  std::vector<base::Offset> kept;
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    if (!is_removed(offsets_[i])) {
      kept.push_back(offsets_[i]);
      continue;
    }
    auto done = disk_->remove_file(path_of(offsets_[i]));
    if (done || done.error().os_error == ENOENT) continue;
    kept.insert(kept.end(), offsets_.begin() + static_cast<std::ptrdiff_t>(i), offsets_.end());
    offsets_ = std::move(kept);
    return done;
  }
  offsets_ = std::move(kept);
  return {};
}

base::Result<> ProducerSnapshots::remove_below(base::Offset offset) {
  return remove_if([offset](base::Offset snapshot) { return snapshot < offset; });
}

std::vector<base::Offset> ProducerSnapshots::forget_below(base::Offset offset) {
  const auto kept = std::ranges::lower_bound(offsets_, offset);
  std::vector<base::Offset> forgotten(offsets_.begin(), kept);
  offsets_.erase(offsets_.begin(), kept);
  return forgotten;
}

base::Result<> ProducerSnapshots::remove_files(env::Disk& disk,
                                               const std::string& partition_directory,
                                               const std::vector<base::Offset>& offsets) {
  for (const base::Offset offset : offsets) {
    auto done = disk.remove_file(partition_directory + '/' + file_name_of(offset));
    if (!done && done.error().os_error != ENOENT) return done;
  }
  return {};
}

base::Result<> ProducerSnapshots::remove_beyond(base::Offset offset) {
  return remove_if([offset](base::Offset snapshot) { return snapshot > offset; });
}

base::Result<> ProducerSnapshots::flush_file(env::Disk& disk,
                                             const std::string& partition_directory,
                                             base::Offset offset) {
  auto file =
      disk.open(partition_directory + '/' + file_name_of(offset), env::OpenMode::kReadWrite);
  if (!file && file.error().os_error == ENOENT) return {};
  if (!file) return base::fail(std::move(file));
  return (*file)->flush();
}

std::vector<base::Offset> ProducerSnapshots::forget_superseded(
    const std::vector<base::Offset>& base_offsets) {
  ODRADEK_ASSERT(std::ranges::is_sorted(base_offsets));
  std::vector<base::Offset> forgotten;
  if (offsets_.size() < 2) return forgotten;
  const base::Offset last_but_one = *(offsets_.end() - 2);
  std::erase_if(offsets_, [&](base::Offset snapshot) {
    const bool is_superseded =
        snapshot < last_but_one && !std::ranges::binary_search(base_offsets, snapshot);
    if (is_superseded) forgotten.push_back(snapshot);
    return is_superseded;
  });
  return forgotten;
}

base::Result<> ProducerSnapshots::remove_stray(const std::vector<base::Offset>& base_offsets) {
  ODRADEK_ASSERT(std::ranges::is_sorted(base_offsets));
  const base::Offset last_base = base_offsets.empty() ? base::kNoOffset : base_offsets.back();
  const std::optional<base::Offset> newest = latest();
  return remove_if([&](base::Offset snapshot) {
    if (std::ranges::binary_search(base_offsets, snapshot)) return false;
    return snapshot != *newest || snapshot < last_base;
  });
}

void ProducerSnapshots::set_directory(std::string partition_directory) {
  directory_ = std::move(partition_directory);
}

std::string ProducerSnapshots::path_of(base::Offset offset) const {
  return directory_ + '/' + file_name_of(offset);
}

}  // namespace odradek::log
