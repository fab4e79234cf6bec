// SPDX-License-Identifier: Apache-2.0
#include "log/move/partition_copy.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "log/file_names.h"
#include "log/leader_epoch_cache.h"
#include "log/partition_metadata.h"
#include "record/batch_header.h"

namespace odradek::log::move {
namespace {

constexpr std::uint64_t kChunkBytes = 1U << 20U;
// Flushed after so much, or the last flush, which holds up writes, would have all of it to do.
constexpr std::uint64_t kUnflushedBytesMax = 32U << 20U;

bool is_missing(const base::Error& error) { return error.os_error == ENOENT; }

}  // namespace

PartitionCopy::PartitionCopy(env::Disk& disk, std::string path)
    : disk_(disk), path_(std::move(path)) {}

template <typename T>
base::Result<T> PartitionCopy::of_target(base::Result<T> result) {
  has_target_failed_ |= !result;
  return result;
}

base::Result<> PartitionCopy::create(const base::TopicId& topic_id) {
  if (auto made = of_target(disk_.make_directories(path_)); !made) return made;
  if (!topic_id.is_zero()) {
    auto written = of_target(write_partition_metadata(disk_, path_, topic_id));
    if (!written) return written;
  }
  return of_target(disk_.sync_directory(path_.substr(0, path_.rfind('/'))));
}

base::Result<> PartitionCopy::adopt(const CopySource& source) {
  auto files = of_target(disk_.list(path_));
  if (!files) return base::fail(std::move(files));
  for (const env::DirectoryEntry& file : *files) {
    if (file.name == kPartitionMetadataFile) continue;
    const auto name = parse_offset_file_name(file.name);
    const bool is_of_source =
        name && name->suffix == kLogSuffix && name->marker.empty() &&
        std::ranges::binary_search(source.segments, name->offset, {}, &SourceSegment::base_offset);
    if (is_of_source) {
      left_.insert(name->offset);
    } else if (auto removed = remove_file(file.name); !removed) {
      return removed;
    }
  }
  return of_target(disk_.sync_directory(path_));
}

// What the source deleted before its turn came.
base::Result<> PartitionCopy::remove_left_over() {
  for (const base::Offset segment : std::exchange(left_, {})) {
    auto removed = remove_file(offset_file_name(segment, kLogSuffix));
    if (!removed) return removed;
  }
  return {};
}

std::uint64_t PartitionCopy::missing_bytes(const CopySource& source) const {
  return move::missing_bytes(source, copied_);
}

bool PartitionCopy::is_nearly_complete(const CopySource& source, std::uint64_t max_bytes) const {
  const Step step = next_step(source, copied_);
  if (step.kind == StepKind::kNothing) return true;
  return step.kind == StepKind::kCopyBytes && step.bytes <= max_bytes &&
         step.offset == source.segments.back().base_offset;
}

base::Result<PartitionCopy::Progress> PartitionCopy::advance(const CopySource& source,
                                                             std::uint64_t max_bytes) {
  const Step step = next_step(source, copied_);
  base::Result<> done;
  switch (step.kind) {
    case StepKind::kNothing:
      end_offset_ = source.end_offset.value();
      return Progress{.is_caught_up = true};
    case StepKind::kCopyBytes:
      return copy_bytes(source, step, max_bytes);
    case StepKind::kDropSegment:
      done = drop_segment(step.offset);
      break;
    case StepKind::kCopyIndexes:
      done = copy_indexes(source, step.offset);
      if (done) copied_.segments[step.offset].has_indexes = true;
      break;
    case StepKind::kDropSnapshot:
      copied_.snapshots.erase(step.offset);
      done = remove_file(offset_file_name(step.offset, kSnapshotSuffix));
      break;
    case StepKind::kCopySnapshot:
      copied_.snapshots.insert(step.offset);
      done = copy_file(source.path, offset_file_name(step.offset, kSnapshotSuffix));
      break;
  }
  if (!done) return base::fail(std::move(done));
  return Progress{};
}

base::Result<PartitionCopy::Progress> PartitionCopy::copy_bytes(const CopySource& source,
                                                                const Step& step,
                                                                std::uint64_t max_bytes) {
  auto opened = open_files(source, step);
  if (!opened) return base::fail(std::move(opened));
  CopiedSegment& copied = copied_.segments[step.offset];
  copied.identity = open_.identity;
  if (step.bytes == 0) return Progress{};
  if (!*opened) return nothing_to_read(source, step.offset);
  chunk_.resize(std::min({step.bytes, max_bytes, kChunkBytes}));
  auto read = open_.from->read_at(step.from, chunk_);
  if (!read) return base::fail(std::move(read));
  if (*read == 0) return nothing_to_read(source, step.offset);
  looks_in_vain_ = 0;
  const auto bytes = up_to_a_header(base::ByteView(chunk_).first(*read), step.from);
  auto same = compare(step, bytes);
  if (!same) return base::fail(std::move(same));
  const base::ByteView others = bytes.subspan(*same);
  if (!others.empty()) {
    auto written = of_target(open_.to->write_at(step.from + *same, others));
    if (!written) return base::fail(std::move(written));
  }
  copied.bytes += bytes.size();
  size_bytes_ += bytes.size();
  unflushed_bytes_ += bytes.size();
  if (unflushed_bytes_ >= kUnflushedBytesMax) {
    if (auto flushed = flush(); !flushed) return base::fail(std::move(flushed));
  }
  return Progress{.bytes = others.size(), .compared = *same};
}

base::Result<std::uint64_t> PartitionCopy::compare(const Step& step, base::ByteView bytes) {
  if (step.from >= open_.left_until) return 0U;
  std::vector<std::uint8_t> there(
      std::min<std::uint64_t>(bytes.size(), open_.left_until - step.from));
  auto read = of_target(open_.to->read_at(step.from, there));
  if (!read) return base::fail(std::move(read));
  there.resize(*read);
  const auto differ = std::ranges::mismatch(there, bytes).in1;
  const auto same = static_cast<std::uint64_t>(differ - there.begin());
  if (same == bytes.size()) return same;
  open_.left_until = 0;
  if (auto cut = of_target(open_.to->truncate(step.from + same)); !cut) {
    return base::fail(std::move(cut));
  }
  return same;
}

base::Result<bool> PartitionCopy::open_files(const CopySource& source, const Step& step) {
  const auto found =
      std::ranges::lower_bound(source.segments, step.offset, {}, &SourceSegment::base_offset);
  if (open_.to && open_.segment == step.offset && open_.identity == found->identity) return true;
  if (auto closed = close_file(); !closed) return base::fail(std::move(closed));
  open_.identity = found->identity;
  open_.segment = step.offset;
  // Gone on with: which batch it ended in is not known any more.
  open_.knows_batches = step.from == 0;
  const std::string name = offset_file_name(step.offset, kLogSuffix);
  auto from = disk_.open(source.path + '/' + name, env::OpenMode::kRead);
  // Deleted just now, or a segment that was never written to.
  if (!from && is_missing(from.error())) return false;
  if (!from) return base::fail(std::move(from));
  auto to = of_target(disk_.open(path_ + '/' + name, env::OpenMode::kCreate));
  if (!to) return base::fail(std::move(to));
  if (step.from == 0) {
    auto left = left_in(**to, left_.erase(step.offset) > 0 ? found->bytes : 0);
    if (!left) return base::fail(std::move(left));
    open_.left_until = *left;
  }
  open_.from = std::move(*from);
  open_.to = std::move(*to);
  return true;
}

// Cuts what lies beyond `max_bytes`. What is left is read from the disk: after a flush that failed
// the page cache holds bytes that are not on it.
base::Result<std::uint64_t> PartitionCopy::left_in(env::File& file, std::uint64_t max_bytes) {
  auto size = of_target(file.size());
  if (!size) return size;
  if (*size > max_bytes) {
    auto cut = of_target(file.truncate(max_bytes));
    if (!cut) return base::fail(std::move(cut));
  }
  if (max_bytes == 0) return 0U;
  if (auto flushed = of_target(file.flush()); !flushed) return base::fail(std::move(flushed));
  file.drop_from_cache(0);
  return std::min(*size, max_bytes);
}

// It was deleted or cut short just now; the next look at the source shows it.
base::Result<PartitionCopy::Progress> PartitionCopy::nothing_to_read(const CopySource& source,
                                                                     base::Offset segment) {
  constexpr int kLooksMax = 1000;
  if (++looks_in_vain_ < kLooksMax) return Progress{};
  return base::fail(base::ErrorCode::kKafkaStorageError,
                    fmt::format("{}/{} has not got the bytes that its log has written", source.path,
                                offset_file_name(segment, kLogSuffix)));
}

// Looks at the headers in what comes next, and leaves out one that does not fit at the end.
base::ByteView PartitionCopy::up_to_a_header(base::ByteView chunk, std::uint64_t position) {
  const std::uint64_t end = position + chunk.size();
  while (open_.knows_batches && open_.next_batch < end) {
    const std::uint64_t at = open_.next_batch - position;
    if (open_.next_batch + record::kBatchHeaderSize > end) {
      if (at > 0) return chunk.first(at);
      open_.knows_batches = false;
      break;
    }
    auto header = record::BatchHeader::parse(chunk.subspan(at));
    open_.knows_batches = header.has_value();
    if (!header) break;
    open_.next_batch += header->total_size();
    if (open_.next_batch <= end) end_offset_ = header->next_offset().value();
  }
  return chunk;
}

base::Result<> PartitionCopy::copy_indexes(const CopySource& source, base::Offset segment) {
  for (const auto suffix : {kOffsetIndexSuffix, kTimeIndexSuffix, kTransactionIndexSuffix}) {
    auto done = copy_file(source.path, offset_file_name(segment, suffix));
    if (!done) return done;
  }
  return {};
}

// Of the last segment, and of one before it whose completion is still to come: as they are now.
base::Result<> PartitionCopy::copy_last_indexes(const CopySource& source) {
  for (const SourceSegment& segment : source.segments) {
    if (segment.is_complete && &segment != &source.segments.back()) continue;
    if (auto done = copy_indexes(source, segment.base_offset); !done) return done;
  }
  return {};
}

base::Result<> PartitionCopy::copy_file(const std::string& from_directory,
                                        const std::string& name) {
  auto from = disk_.open(from_directory + '/' + name, env::OpenMode::kRead);
  if (!from && is_missing(from.error())) return {};
  if (!from) return base::fail(std::move(from));
  auto to = of_target(disk_.open(path_ + '/' + name, env::OpenMode::kCreate));
  if (!to) return base::fail(std::move(to));
  chunk_.resize(kChunkBytes);
  std::uint64_t position = 0;
  for (;;) {
    auto read = (*from)->read_at(position, chunk_);
    if (!read) return base::fail(std::move(read));
    if (*read == 0) break;
    auto written = of_target((*to)->write_at(position, base::ByteView(chunk_).first(*read)));
    if (!written) return written;
    position += *read;
  }
  if (auto cut = of_target((*to)->truncate(position)); !cut) return cut;
  return of_target((*to)->flush());
}

base::Result<> PartitionCopy::drop_segment(base::Offset segment) {
  if (open_.segment == segment) open_ = {};
  const auto found = copied_.segments.find(segment);
  size_bytes_ -= found->second.bytes;
  copied_.segments.erase(found);
  for (const auto suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix, kTransactionIndexSuffix}) {
    if (auto removed = remove_file(offset_file_name(segment, suffix)); !removed) return removed;
  }
  return {};
}

base::Result<> PartitionCopy::remove_file(const std::string& name) {
  auto removed = disk_.remove_file(path_ + '/' + name);
  if (!removed && is_missing(removed.error())) return {};
  return of_target(std::move(removed));
}

base::Result<> PartitionCopy::flush() {
  unflushed_bytes_ = 0;
  return open_.to ? of_target(open_.to->flush()) : base::Result<>();
}

// What is copied of a segment is flushed before the next one's file is opened.
base::Result<> PartitionCopy::close_file() {
  auto flushed = flush();
  open_ = {};
  return flushed;
}

base::Result<bool> PartitionCopy::complete(const CopySource& source,
                                           const LeaderEpochCache& epochs) {
  for (;;) {
    auto progress = advance(source, kChunkBytes);
    if (!progress) return base::fail(std::move(progress));
    if (progress->is_caught_up) break;
    const Step next = next_step(source, copied_);
    if (progress->bytes + progress->compared == 0 && next.kind == StepKind::kCopyBytes &&
        next.offset == open_.segment) {
      return false;
    }
  }
  if (auto done = remove_left_over(); !done) return base::fail(std::move(done));
  if (auto done = copy_last_indexes(source); !done) return base::fail(std::move(done));
  if (auto done = close_file(); !done) return base::fail(std::move(done));
  if (auto done = of_target(write_leader_epochs(disk_, path_, epochs)); !done) {
    return base::fail(std::move(done));
  }
  if (auto done = of_target(disk_.sync_directory(path_)); !done) {
    return base::fail(std::move(done));
  }
  return true;
}

}  // namespace odradek::log::move
