// SPDX-License-Identifier: Apache-2.0
#include "log/leader_epoch_cache.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/assert.h"
#include "env/fail_point.h"
#include "log/directory/checkpoint_file.h"

namespace odradek::log {
namespace {

std::string aside(const std::string& path) { return path + ".tmp"; }

std::string path_in(const std::string& partition_directory) {
  return partition_directory + '/' + std::string(kLeaderEpochFile);
}

}  // namespace

LeaderEpochCache::LeaderEpochCache(std::vector<LeaderEpochEntry> entries)
    : entries_(std::move(entries)) {
  const auto contradicts = [](const LeaderEpochEntry& left, const LeaderEpochEntry& right) {
    return left.epoch >= right.epoch || left.start_offset >= right.start_offset;
  };
  ODRADEK_ASSERT(std::ranges::adjacent_find(entries_, contradicts) == entries_.end());
}

bool LeaderEpochCache::assign(base::LeaderEpoch epoch, base::Offset start_offset) {
  ODRADEK_ASSERT(epoch.value() >= 0);
  ODRADEK_ASSERT(start_offset.value() >= 0);
  const std::size_t count = entries_.size();
  const auto is_overruled = [&](const LeaderEpochEntry& entry) {
    if (entry.epoch == epoch) return entry.start_offset > start_offset;
    return entry.epoch > epoch || entry.start_offset >= start_offset;
  };
  while (!entries_.empty() && is_overruled(entries_.back())) entries_.pop_back();
  if (!entries_.empty() && entries_.back().epoch == epoch) return entries_.size() != count;
  entries_.push_back({epoch, start_offset});
  return true;
}

std::optional<LeaderEpochEntry> LeaderEpochCache::latest() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.back();
}

std::optional<LeaderEpochEntry> LeaderEpochCache::earliest() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.front();
}

base::LeaderEpoch LeaderEpochCache::epoch_of(base::Offset offset) const {
  const auto after =
      std::ranges::upper_bound(entries_, offset, {}, &LeaderEpochEntry::start_offset);
  return after == entries_.begin() ? base::kNoLeaderEpoch : std::prev(after)->epoch;
}

EpochEndOffset LeaderEpochCache::end_offset_for(base::LeaderEpoch epoch,
                                                base::Offset log_end_offset) const {
  if (epoch == base::kNoLeaderEpoch || entries_.empty()) return {};
  if (entries_.back().epoch == epoch) return {epoch, log_end_offset};
  const auto higher = std::ranges::upper_bound(entries_, epoch, {}, &LeaderEpochEntry::epoch);
  if (higher == entries_.end()) return {};
  const base::LeaderEpoch found = higher == entries_.begin() ? epoch : std::prev(higher)->epoch;
  return {found, higher->start_offset};
}

bool LeaderEpochCache::truncate_from_end(base::Offset end_offset) {
  bool has_changed = false;
  while (!entries_.empty() && entries_.back().start_offset >= end_offset) {
    entries_.pop_back();
    has_changed = true;
  }
  return has_changed;
}

bool LeaderEpochCache::truncate_from_start(base::Offset start_offset) {
  const auto after =
      std::ranges::upper_bound(entries_, start_offset, {}, &LeaderEpochEntry::start_offset);
  if (after == entries_.begin()) return false;
  const auto first = std::prev(after);
  if (first == entries_.begin() && first->start_offset == start_offset) return false;
  first->start_offset = start_offset;
  entries_.erase(entries_.begin(), first);
  return true;
}

bool LeaderEpochCache::clear() {
  const bool has_changed = !entries_.empty();
  entries_.clear();
  return has_changed;
}

std::string format_leader_epochs(const LeaderEpochCache& epochs) {
  std::vector<std::string> lines;
  lines.reserve(epochs.entries().size());
  for (const LeaderEpochEntry& entry : epochs.entries()) {
    lines.push_back(std::to_string(entry.epoch.value()) + ' ' +
                    std::to_string(entry.start_offset.value()));
  }
  return directory::format_checkpoint(lines);
}

base::Result<LeaderEpochCache> parse_leader_epochs(std::string_view text, const std::string& path) {
  auto lines = directory::parse_checkpoint(text, 2, path);
  if (!lines) return base::fail(std::move(lines));
  LeaderEpochCache epochs;
  for (const auto& fields : *lines) {
    auto epoch = directory::parse_checkpoint_number(fields[0], 0,
                                                    std::numeric_limits<std::int32_t>::max(), path);
    if (!epoch) return base::fail(std::move(epoch));
    auto start = directory::parse_checkpoint_number(fields[1], 0,
                                                    std::numeric_limits<std::int64_t>::max(), path);
    if (!start) return base::fail(std::move(start));
    epochs.assign(base::LeaderEpoch(static_cast<std::int32_t>(*epoch)), base::Offset(*start));
  }
  return epochs;
}

base::Result<LeaderEpochCache> read_leader_epochs(env::Disk& disk,
                                                  const std::string& partition_directory) {
  const std::string path = path_in(partition_directory);
  auto text = disk.read_file(path);
  if (!text && text.error().os_error == ENOENT) return LeaderEpochCache{};
  if (!text) return base::fail(std::move(text));
  return parse_leader_epochs(*text, path);
}

base::Result<> write_leader_epochs(env::Disk& disk, const std::string& partition_directory,
                                   const LeaderEpochCache& epochs) {
  return disk.write_file(path_in(partition_directory), format_leader_epochs(epochs));
}

base::Result<> write_leader_epochs_in_place(env::Disk& disk, const std::string& partition_directory,
                                            const LeaderEpochCache& epochs) {
  auto file = disk.open(path_in(partition_directory), env::OpenMode::kCreate);
  if (!file) return base::fail(std::move(file));
  const std::string text = format_leader_epochs(epochs);
  if (auto done = (*file)->write_at(0, base::as_bytes(text)); !done) return done;
  return (*file)->truncate(text.size());
}

base::Result<bool> write_leader_epochs_aside(env::Disk& disk,
                                             const std::string& partition_directory,
                                             const LeaderEpochCache& epochs) {
  const std::string path = path_in(partition_directory);
  const bool are_aside = disk.exists(path);
  auto file = disk.open(are_aside ? aside(path) : path, env::OpenMode::kCreate);
  if (!file) return base::fail(std::move(file));
  // A new file is not cut: ext4 writes out at its closing what was cut to nothing before.
  const auto leftover = (*file)->size();
  if (!leftover) return std::unexpected(leftover.error());
  if (*leftover > 0) {
    if (auto done = (*file)->truncate(0); !done) return base::fail(std::move(done));
  }
  const std::string text = format_leader_epochs(epochs);
  auto written = (*file)->write_at(0, base::as_bytes(text));
  if (!written) return base::fail(std::move(written));
  if (are_aside) env::fail_point(env::FailPoint::kEpochsWritten);
  return are_aside;
}

base::Result<> flush_leader_epochs(env::Disk& disk, const std::string& partition_directory,
                                   bool are_aside) {
  const std::string path = path_in(partition_directory);
  auto file = disk.open(are_aside ? aside(path) : path, env::OpenMode::kReadWrite);
  if (!file) return base::fail(std::move(file));
  return (*file)->flush();
}

base::Result<> put_leader_epochs_in_place(env::Disk& disk, const std::string& partition_directory) {
  const std::string path = path_in(partition_directory);
  return disk.rename(aside(path), path);
}

}  // namespace odradek::log
