// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/cleaning_pass.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "log/file_names.h"
#include "record/record_reader.h"

namespace odradek::log::cleaner {

CleaningPass::CleaningPass(env::World& world, std::shared_ptr<Log> log, LogShape shape,
                           DirtyRange range, const PassOptions& options)
    : world_(world),
      log_(std::move(log)),
      cleanable_(*log_->cleanable()),
      config_(log_->config()),
      shape_(std::move(shape)),
      range_(range),
      options_(options),
      map_(options.map_bytes, options.load_factor,
           KeyHasher(world.random().next(), world.random().next())),
      segment_(first_dirty_segment(shape_, range.first_dirty)) {
  map_.set_latest_offset(range.first_dirty - 1);
}

base::Result<CleaningPass::Progress> CleaningPass::step() {
  switch (phase_) {
    case Phase::kMapping:
      return map_some();
    case Phase::kPlanning:
      return plan_groups();
    case Phase::kCleaning:
      return clean_some();
    case Phase::kDone:
      break;
  }
  return Progress::kDone;
}

base::Offset CleaningPass::end_of_segment(std::size_t index) const {
  return index + 1 < shape_.segments.size() ? shape_.segments[index + 1].base_offset : shape_.end;
}

base::Result<bool> CleaningPass::open_source(std::size_t index) {
  auto source = cleanable_.open_source(shape_.segments[index].base_offset);
  if (!source) return base::fail(std::move(source));
  if (!*source || (*source)->size != shape_.segments[index].size) return false;
  source_ = std::move(**source);
  return true;
}

base::Result<bool> CleaningPass::open_for_mapping() {
  auto opened = open_source(segment_);
  if (!opened || !*opened) return opened;
  auto aborted = log_->aborted_transactions(
      std::max(range_.first_dirty, shape_.segments[segment_].base_offset),
      end_of_segment(segment_));
  if (!aborted) return base::fail(std::move(aborted));
  mapped_transactions_.add_aborted(*aborted);
  auto start = source_->files.offset_index.lookup(range_.first_dirty);
  if (!start) return base::fail(std::move(start));
  reader_.emplace(*source_, start->position, end_of_segment(segment_), options_.buffer_bytes);
  return true;
}

base::Result<CleaningPass::Progress> CleaningPass::map_some() {
  if (segment_ >= shape_.segments.size() ||
      shape_.segments[segment_].base_offset >= range_.first_uncleanable) {
    phase_ = Phase::kPlanning;
    return Progress::kMore;
  }
  if (!reader_) {
    auto opened = open_for_mapping();
    if (!opened) return base::fail(std::move(opened));
    if (!*opened) return Progress::kOvertaken;
  }
  const std::uint64_t enough = reader_->next_position() + options_.buffer_bytes;
  while (reader_->next_position() < enough) {
    auto next = reader_->next();
    if (!next) return base::fail(std::move(next));
    const std::optional<record::BatchView>& batch = *next;
    if (!batch) {
      map_.set_latest_offset(end_of_segment(segment_) - 1);
      ++segment_;
      reader_.reset();
      return Progress::kMore;
    }
    statistics_.bytes_read += batch->total_size();
    auto fits = map_batch(*batch);
    if (!fits) return base::fail(std::move(fits));
    if (!*fits) {
      phase_ = Phase::kPlanning;
      return Progress::kMore;
    }
    if (batch->last_offset() >= range_.first_dirty) map_.set_latest_offset(batch->last_offset());
  }
  return Progress::kMore;
}

base::Result<bool> CleaningPass::map_batch(const record::BatchView& batch) {
  if (batch.is_control()) {
    auto marker = mapped_transactions_.on_control(batch);
    if (!marker) return base::fail(std::move(marker));
    return true;
  }
  if (mapped_transactions_.on_data(batch)) return true;
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  base::Offset previous = batch.base_offset() - 1;
  for (;;) {
    auto record = reader->next();
    if (!record) return base::fail(std::move(record));
    if (!*record) return true;
    auto ordered = check_order(batch, previous, (*record)->offset);
    if (!ordered) return base::fail(std::move(ordered));
    previous = (*record)->offset;
    if (!(*record)->key || (*record)->offset < range_.first_dirty) continue;
    if (!map_.put(*(*record)->key, (*record)->offset)) return false;
  }
}

// With what the indexes really hold, which the shape has of open segments only.
base::Result<CleaningPass::Progress> CleaningPass::plan_groups() {
  reader_.reset();
  statistics_.keys = map_.size();
  if (end_offset() <= range_.first_dirty) {
    return base::fail(base::ErrorCode::kKafkaStorageError,
                      fmt::format("the map of keys takes {} of them, one batch has more; "
                                  "log.cleaner.dedupe.buffer.size bounds it",
                                  map_.capacity()));
  }
  for (std::size_t i = 0; i < shape_.segments.size(); ++i) {
    if (shape_.segments[i].base_offset >= end_offset()) break;
    auto opened = open_source(i);
    if (!opened) return base::fail(std::move(opened));
    if (!*opened) return Progress::kOvertaken;
    const Segment::Files& files = source_->files;
    shape_.segments[i].offset_index_bytes =
        std::uint64_t{files.offset_index.file().entries()} * OffsetIndex::kEntryBytes;
    shape_.segments[i].time_index_bytes =
        std::uint64_t{files.time_index.file().entries()} * TimeIndex::kEntryBytes;
  }
  source_.reset();
  groups_ = group_segments(shape_, end_offset(), range_.first_uncleanable, config_);
  const CleaningRules rules{.now = world_.clock().wall(),
                            .delete_retention_ms = config_.delete_retention_ms,
                            .upper_bound = range_.first_uncleanable};
  batch_cleaner_.emplace(rules, map_, cleaned_transactions_);
  phase_ = Phase::kCleaning;
  return Progress::kMore;
}

base::Result<bool> CleaningPass::begin_group() {
  const Group& group = groups_[group_];
  segment_ = group.first;
  originals_.clear();
  batch_cleaner_->set_last_records(cleanable_.last_records());
  writer_.emplace(world_.disk(),
                  cleanable_.make_cleaned_segment(shape_.segments[group.first].base_offset),
                  config_.index_interval_bytes, options_.buffer_bytes);
  if (auto begun = writer_->begin(); !begun) return base::fail(std::move(begun));
  return true;
}

base::Result<bool> CleaningPass::open_for_cleaning() {
  auto opened = open_source(segment_);
  if (!opened || !*opened) return opened;
  auto aborted =
      log_->aborted_transactions(shape_.segments[segment_].base_offset, end_of_segment(segment_));
  if (!aborted) return base::fail(std::move(aborted));
  cleaned_transactions_.add_aborted(*aborted);
  originals_.push_back(source_->segment);
  reader_.emplace(*source_, 0, end_of_segment(segment_), options_.buffer_bytes);
  return true;
}

base::Result<CleaningPass::Progress> CleaningPass::clean_some() {
  if (group_ >= groups_.size()) {
    phase_ = Phase::kDone;
    return Progress::kDone;
  }
  if (!writer_) {
    if (auto begun = begin_group(); !begun) return base::fail(std::move(begun));
  }
  const Group& group = groups_[group_];
  if (segment_ == group.first + group.count) return finish_group();
  if (!reader_) {
    auto opened = open_for_cleaning();
    if (!opened) return base::fail(std::move(opened));
    if (!*opened) return Progress::kOvertaken;
  }
  const std::uint64_t enough = reader_->next_position() + options_.buffer_bytes;
  while (reader_->next_position() < enough) {
    auto next = reader_->next();
    if (!next) return base::fail(std::move(next));
    const std::optional<record::BatchView>& batch = *next;
    if (!batch) {
      ++segment_;
      reader_.reset();
      source_.reset();
      break;
    }
    statistics_.bytes_read += batch->total_size();
    if (auto done = clean_batch(*batch); !done) return base::fail(std::move(done));
  }
  return Progress::kMore;
}

base::Result<> CleaningPass::clean_batch(const record::BatchView& batch) {
  auto cleaned = batch_cleaner_->clean(batch);
  if (!cleaned) return base::fail(std::move(cleaned));
  statistics_.records_read += cleaned->records_kept + cleaned->records_removed;
  statistics_.records_kept += cleaned->records_kept;
  statistics_.records_without_key += cleaned->records_without_key;
  for (const AbortedTransaction& transaction : batch_cleaner_->take_aborted()) {
    if (auto done = writer_->add_aborted(transaction); !done) return done;
  }
  if (cleaned->fate == CleanedBatch::Fate::kRemoved) return {};
  if (cleaned->fate == CleanedBatch::Fate::kKept) {
    statistics_.bytes_written += batch.total_size();
    return writer_->add(batch);
  }
  auto rewritten = record::BatchView::parse(cleaned->bytes);
  if (!rewritten) return base::fail(std::move(rewritten));
  statistics_.bytes_written += rewritten->total_size();
  return writer_->add(*rewritten);
}

base::Result<CleaningPass::Progress> CleaningPass::finish_group() {
  // As Kafka does: retention takes the file's time where records have none, and people look at it.
  auto modified = world_.disk().modification_time(originals_.back()->path(kLogSuffix));
  if (!modified && modified.error().os_error == ENOENT) return Progress::kOvertaken;
  if (!modified) return base::fail(std::move(modified));
  auto cleaned = writer_->finish(*modified);
  if (!cleaned) return base::fail(std::move(cleaned));
  auto replaced = cleanable_.replace_segments(originals_, std::move(*cleaned));
  if (!replaced) return base::fail(std::move(replaced));
  if (!*replaced) return Progress::kOvertaken;
  writer_.reset();
  originals_.clear();
  ++group_;
  return Progress::kMore;
}

std::vector<base::Offset> CleaningPass::segments_left() const {
  std::vector<base::Offset> left;
  const std::size_t first = group_ < groups_.size() ? groups_[group_].first : 0;
  for (std::size_t i = first; i < shape_.segments.size(); ++i) {
    left.push_back(shape_.segments[i].base_offset);
  }
  return left;
}

void CleaningPass::abandon() {
  reader_.reset();
  source_.reset();
  if (writer_) writer_->remove();
  writer_.reset();
}

}  // namespace odradek::log::cleaner
