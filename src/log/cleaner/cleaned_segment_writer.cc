// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/cleaned_segment_writer.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string_view>
#include <utility>

#include "log/file_names.h"

namespace odradek::log::cleaner {
namespace {

constexpr std::array kSuffixes{kOffsetIndexSuffix, kTimeIndexSuffix, kTransactionIndexSuffix,
                               kLogSuffix};

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

CleanedSegmentWriter::CleanedSegmentWriter(env::Disk& disk, std::shared_ptr<Segment> segment,
                                           std::int32_t index_interval_bytes,
                                           std::size_t buffer_bytes)
    : disk_(disk),
      segment_(std::move(segment)),
      index_interval_bytes_(index_interval_bytes),
      buffer_bytes_(buffer_bytes) {}

base::Result<> CleanedSegmentWriter::begin() {
  for (const std::string_view suffix : kSuffixes) {
    auto removed = disk_.remove_file(segment_->path(suffix));
    if (!removed && removed.error().os_error != ENOENT) return removed;
  }
  auto file = create_log_file(disk_, segment_->path(kLogSuffix));
  if (!file) return base::fail(std::move(file));
  segment_->set_log_file(std::move(*file), false);
  return {};
}

base::Result<> CleanedSegmentWriter::add(const record::BatchView& batch) {
  if (segment_->size() + batch.total_size() > std::numeric_limits<std::int32_t>::max()) {
    return base::fail(base::ErrorCode::kKafkaStorageError,
                      fmt::format("{} would grow beyond 2 GiB", segment_->path(kLogSuffix)));
  }
  segment_->place(batch, index_interval_bytes_);
  const base::ByteView bytes = batch.bytes();
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return buffer_.size() < buffer_bytes_ ? base::Result<>() : write_out();
}

base::Result<> CleanedSegmentWriter::write_out() {
  if (buffer_.empty()) return {};
  const std::uint64_t position = segment_->written_size();
  if (auto done = segment_->files().log->write_at(position, base::ByteView(buffer_)); !done) {
    return done;
  }
  segment_->set_written_size(position + buffer_.size());
  buffer_.clear();
  return {};
}

base::Result<> CleanedSegmentWriter::add_aborted(const AbortedTransaction& transaction) {
  if (!transactions_) {
    auto index = TransactionIndex::open(disk_, segment_->path(kTransactionIndexSuffix),
                                        segment_->base_offset());
    if (!index) return base::fail(std::move(index));
    transactions_ = std::move(*index);
  }
  return transactions_->append(transaction);
}

base::Result<Cleaned> CleanedSegmentWriter::finish(base::Timestamp modified) {
  if (auto done = write_out(); !done) return base::fail(std::move(done));
  Segment::Completion completion = segment_->begin_completion();
  if (auto done = completion.carry_out(disk_, *segment_); !done) {
    return base::fail(std::move(done));
  }
  segment_->end_completion(completion);
  for (const std::string_view suffix : {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    if (auto done = disk_.set_modification_time(segment_->path(suffix), modified); !done) {
      return base::fail(std::move(done));
    }
  }
  const Segment::Files& files = segment_->files();
  for (const auto& file : {files.log, files.offset_index.file().stored().file,
                           files.time_index.file().stored().file}) {
    if (auto done = file->flush(); !done) return base::fail(std::move(done));
  }
  if (transactions_) {
    if (auto done = transactions_->flush(); !done) return base::fail(std::move(done));
    transactions_->close();
  }
  const std::string directory = directory_of(segment_->path(kLogSuffix));
  if (auto done = disk_.sync_directory(directory); !done) return base::fail(std::move(done));
  segment_->close();
  return Cleaned{.segment = segment_, .transactions = std::move(transactions_)};
}

void CleanedSegmentWriter::remove() {
  // Once the swap has begun the files are the log's, and maybe all there is of these records.
  if (segment_->marker() != Segment::Marker::kCleaned) return;
  for (const auto marker : {Segment::Marker::kSwap, Segment::Marker::kCleaned}) {
    for (const std::string_view suffix : kSuffixes) {
      // What can't be removed goes at the next start.
      (void)disk_.remove_file(segment_->path(suffix, marker));
    }
  }
}

}  // namespace odradek::log::cleaner
