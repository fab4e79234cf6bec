// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "env/executor.h"
#include "log/batch_scanner.h"
#include "log/cleaner/cleanable_log.h"
#include "log/directory/room.h"
#include "log/log.h"
#include "log/log_loader.h"
#include "log/move/copy_plan.h"
#include "log/partition_log_parts.h"
#include "log/partition_path.h"
#include "log/position_cache.h"
#include "log/recovery/damage.h"
#include "log/recovery/known_bytes.h"
#include "log/refused_producers.h"
#include "log/retention/retention.h"
#include "log/segment.h"
#include "record/record_reader.h"

namespace odradek::log::recovery {
class RebuiltIndexes;
}

namespace odradek::log {

// The log of one partition. Its parts: partition_log_append.cc gives batches their places,
// partition_log_write.cc writes them out, partition_log_read.cc finds them again by offsets and
// partition_log_search.cc by times, as ListOffsets asks, partition_log_check.cc holds what is read
// against its checksums first, partition_log_flush.cc makes them durable,
// partition_log_retention.cc deletes the oldest, partition_log_clean.cc puts what compaction wrote
// in their place, partition_log_index.cc mends indexes, partition_log_change.cc cuts, closes and
// removes, partition_log_move.cc goes on in another log directory, partition_log_take_back.cc
// undoes what found no room.
//
// Locking: `mutex_` guards everything that is not atomic or constant; it is never held over a wait
// for the disk. Two roles are each one thread's at a time: the writer's (see Writer), which appends
// to files, and the flusher's. Whoever changes what the writer works on takes that role first.
class PartitionLog final : public Log, public cleaner::CleanableLog, private PartitionLogParts {
 public:
  PartitionLog(directory::LogDirectory& directory, const OpenOptions& options, LoadedLog loaded);
  ~PartitionLog() override;
  PartitionLog(const PartitionLog&) = delete;
  PartitionLog& operator=(const PartitionLog&) = delete;

  const base::TopicPartition& name() const override { return name_; }
  const base::TopicId& topic_id() const override { return topic_id_; }
  directory::LogDirectory& directory() const override { return *directory_.load(); }
  void set_listener(ProgressListener* listener) override;
  void set_config(const LogConfig& config) override;
  LogConfig config() const override;

  base::Result<AppendInfo> append(base::SharedBytes batches, base::LeaderEpoch leader_epoch,
                                  AppendOrigin origin) override;
  void write_out() override;
  AppendEnd end() const override;
  base::Result<> check_kept(const AppendEnd& end) const override;

  base::Offset log_start_offset() const override { return load(log_start_offset_); }
  base::Offset log_end_offset() const override { return load(end_offset_); }
  base::Offset written_end_offset() const override { return load(written_end_offset_); }
  base::Offset answerable_end_offset() const override { return load(answerable_end_offset_); }
  base::Offset flushed_end_offset() const override { return load(flushed_end_offset_); }
  base::Offset safe_end_offset() const override {
    return writes_are_cached_ ? answerable_end_offset() : flushed_end_offset();
  }
  std::optional<base::Offset> first_unstable_offset(base::Offset high_watermark) const override;
  std::uint64_t size_bytes() const override;
  std::optional<base::Offset> first_damaged_offset() const override;

  base::Result<ReadInfo> read(base::Offset from, base::Offset until, std::uint64_t max_bytes,
                              bool at_least_one_batch, ReadMode mode) override;
  base::Result<std::vector<AbortedTransaction>> aborted_transactions(base::Offset from,
                                                                     base::Offset until) override;
  base::Result<std::optional<TimestampAndOffset>> offset_for_timestamp(base::Timestamp timestamp,
                                                                       base::Offset until) override;
  base::Result<std::optional<TimestampAndOffset>> offset_of_max_timestamp() override;

  void begin_leader_epoch(base::LeaderEpoch epoch) override;
  base::LeaderEpoch latest_leader_epoch() const override;
  base::LeaderEpoch leader_epoch_of(base::Offset offset) const override;
  EpochEndOffset end_offset_for_epoch(base::LeaderEpoch epoch) const override;
  std::vector<ActiveProducer> active_producers() const override;

  base::Result<> delete_records(base::Offset new_log_start, base::Offset limit) override;
  base::Result<std::size_t> delete_old_segments(const RetentionCheck& check) override;
  void expire_producers(base::Timestamp now) override;
  base::Result<> truncate_to(base::Offset offset) override;
  base::Result<> restart_at(base::Offset offset) override;

  cleaner::CleanableLog* cleanable() override { return this; }
  std::optional<cleaner::LogShape> cleaning_shape() const override;
  base::Result<std::optional<cleaner::Source>> open_source(base::Offset base_offset) override;
  std::shared_ptr<Segment> make_cleaned_segment(base::Offset base_offset) const override;
  cleaner::LastRecords last_records() const override;
  base::Result<bool> replace_segments(const std::vector<std::shared_ptr<const Segment>>& originals,
                                      cleaner::Cleaned cleaned) override;

  base::Result<> flush() override;
  base::Result<> prepare_background_flush() override;
  base::Result<> prepare_flush() override;
  base::Result<> finish_flush(bool file_system_was_synced) override;
  void on_directory_failure(const base::Error& error) override;
  base::Result<> close() override;
  base::Result<move::CopySource> copy_source() override;
  base::Result<> relocate(directory::LogDirectory& target, move::PartitionCopy& copy) override;
  base::Result<> remove() override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using AtomicOffset = std::atomic<std::int64_t>;
  using SegmentPointer = std::shared_ptr<Segment>;

  enum class Writer : std::uint8_t {
    kIdle,
    kHandedOver,  // a task of the work queue will take the role, unless somebody does before
    kWriting,
  };
  enum class WriteFrom : std::uint8_t { kCaller, kPool };
  // What a hand-over's task holds on to: the log may be gone when it runs.
  struct HandOver {
    std::mutex mutex;
    PartitionLog* log = nullptr;
  };
  using RecordMatch = std::function<bool(const record::Record&)>;

  static base::Offset load(const AtomicOffset& offset) {
    return base::Offset(offset.load(std::memory_order_acquire));
  }
  static void store(AtomicOffset& to, base::Offset offset) {
    to.store(offset.value(), std::memory_order_release);
  }
  env::Disk& disk() const;
  directory::Room& room() const;
  base::Timestamp now() const;
  std::int64_t new_roll_jitter_ms() const;
  // Takes the directory offline with what failed, and passes the error on; a lack of room makes it
  // full instead.
  std::unexpected<base::Error> give_up(base::Error error);
  template <typename T>
  std::unexpected<base::Error> give_up(base::Result<T>&& result) {
    return give_up(std::move(result).error());
  }

  // All that end in _locked: with mutex_ held. What takes a Lock& lets go of it meanwhile.
  base::Result<> check_usable_locked() const;
  Segment& active_locked() const { return *segments_.back(); }
  // The place in segments_ of the segment that `offset` belongs into.
  std::size_t segment_index_locked(base::Offset offset) const;
  // Where what is written ends.
  KnownEnd written_end_locked() const;
  // The base offset of the segment after this one; nothing after the last.
  std::optional<base::Offset> next_base_locked(const Segment& segment) const;
  // Does nothing where it is open.
  base::Result<> open_segment(Lock& lock, const SegmentPointer& segment);
  // The segment that `offset` belongs into, open. Files that were opened while the segment was
  // replaced or removed are let go, and its successor's are opened.
  base::Result<SegmentPointer> open_segment_at(Lock& lock, base::Offset offset);
  // Writes out what is queued and takes the writer's role; release_writer gives it back.
  void take_writer(Lock& lock);
  void release_writer_locked();
  void fail_locked(const base::Error& error);
  // Call the listener.
  void notify_progress(Lock& lock);
  void notify_failure(Lock& lock);
  void end_notifying_locked();

  // The active segment is open, and its end was looked at. Lets go of the lock: a cut may have
  // begun since.
  base::Result<> make_end_ready(Lock& lock);
  // The same for an append, which nobody asks for while the log is cut.
  base::Result<> prepare_append(Lock& lock);
  // Whether there is room for it: nothing when there is; what an append that is not admitted gets.
  std::optional<base::Result<AppendInfo>> refuse_locked(base::ByteView batches,
                                                        AppendOrigin origin);
  base::Result<Arrived> stamp_locked(base::MutableByteView batches, base::LeaderEpoch leader_epoch,
                                     AppendOrigin origin);
  base::Result<> roll_if_needed_locked(const Arrived& arrived, std::size_t bytes);
  void roll_locked(base::Offset base_offset);
  // Which batch the first one repeats that does; nothing when all are new.
  base::Result<std::optional<DuplicateBatch>> check_producers_locked(base::ByteView batches,
                                                                     AppendOrigin origin);
  // What is known of a batch once the log was searched for it, where that may help.
  base::Result<std::optional<DuplicateBatch>> search_for_locked(
      const ProducerBatch& batch, base::Result<std::optional<DuplicateBatch>> known);
  // Returns the transactions that it aborted.
  std::vector<AbortedTransaction> place_locked(base::ByteView batches, const Arrived& arrived);

  // Writes until the queue is empty; a caller's thread leaves the rest to the pool once writes are
  // slow. REQUIRES: nobody else is writing.
  void write_queue(Lock& lock, WriteFrom from);
  bool has_work_locked() const;
  base::Result<> write_next(Lock& lock);
  base::Result<> write_run(Lock& lock);
  // See directory::Room.
  bool give_up_file(Lock& lock) const;
  base::Result<> write_aborted(Lock& lock, const SegmentPointer& segment,
                               const std::vector<PendingWrite>& run);
  base::Result<> write_index_tail(Lock& lock, const SegmentPointer& segment,
                                  std::uint64_t written_bytes);
  base::Result<std::shared_ptr<env::File>> file_to_write(Lock& lock, const SegmentPointer& segment);
  base::Result<> finish_segment(Lock& lock);
  base::Result<> complete_segment(Lock& lock, const SegmentPointer& segment);
  std::vector<PendingWrite> take_run_locked();
  void hand_over_locked();
  void take_over();

  // Appends beyond `end` are there no more: whoever waits for one is told `error`.
  void note_taken_back_locked(base::Offset end, base::Error error);
  // No room: what is queued is given up; nothing is appended until carry_out_take_back is done.
  void begin_take_back_locked(const base::Error& error);
  // Blocks; has the writer's role.
  void carry_out_take_back(Lock& lock);
  base::Result<> undo_queued(Lock& lock, base::Offset end);
  base::Result<> drop_segments_beyond(Lock& lock, base::Offset end);
  base::Result<> cut_active_to_written(Lock& lock, base::Offset end);
  base::Result<> rebuild_producers(Lock& lock, base::Offset end);
  void notify_taken_back(Lock& lock, const TakeBack& taken_back);

  ReadPlan plan_read_locked(const Segment& segment, base::Offset from, base::Offset until) const;
  static IndexLookup lookup_locked(const Segment& segment, base::Offset target);
  std::optional<std::uint64_t> known_end_locked(const Segment& segment, base::Offset until) const;
  // What the segment has for the read; nothing when all of it lies below.
  base::Result<std::optional<ReadInfo>> read_segment(Lock& lock, const SegmentPointer& segment,
                                                     const Wanted& wanted);
  // By the headers alone. False: every batch of the segment lies below `from`. CORRUPT_MESSAGE
  // where the headers are no batches'.
  static base::Result<bool> find_start(ReadPlan& plan, base::Offset from);
  static base::Result<std::uint64_t> find_end(ReadPlan& plan, base::Offset until,
                                              std::uint64_t enough);
  static base::Result<ReadInfo> range_of(ReadPlan& plan, const Wanted& wanted);
  static base::Result<std::optional<ReadInfo>> read_by_headers(ReadPlan& plan,
                                                               const Wanted& wanted);
  // Checking every byte from a place on that is a batch's beginning.
  static base::Result<std::optional<ReadInfo>> read_checking(const ReadPlan& plan,
                                                             const Wanted& wanted,
                                                             Checked& checked);
  static base::Result<OffsetPosition> place_to_check_from(const ReadPlan& plan, base::Offset from,
                                                          bool& is_index_wrong);
  // That the active segment ends with the last batch of the log: once, before the first append
  // after a clean stop. Where it does not, another one begins. To be called again where it did not
  // come to a result: the files moved meanwhile.
  base::Result<> check_end(Lock& lock);
  void note_checked_locked(Segment& segment, const Checked& checked);
  // Tells the directory how much damage there is, after it may have become more or less.
  void count_damage_locked();
  void tell_damage_locked(std::size_t ranges);

  // Has the segment's indexes made anew, soon and once.
  void ask_for_rebuild_locked(Segment& segment);
  // Blocks. What is wrong with it is said in the server's log.
  void rebuild_indexes(base::Offset base_offset);
  // Null where it can't be now.
  SegmentPointer segment_to_rebuild(Lock& lock, base::Offset base_offset);
  SegmentPointer segment_from_locked(base::Offset base_offset) const;
  base::Result<> carry_out_rebuild(Lock& lock, base::Offset base_offset);
  base::Result<> put_indexes_in_place(Lock& lock, const SegmentPointer& segment,
                                      const recovery::RebuiltIndexes& rebuilt);
  base::Result<> rename_rebuilt(const Segment& segment, std::int64_t delay_ms) const;
  // Once for each segment, before its greatest time is taken for true. False: the indexes were
  // wrong, and the segment may be another object now.
  base::Result<bool> check_index_ends(Lock& lock, const SegmentPointer& segment);
  std::unexpected<base::Error> damaged(const std::string& file, base::Offset offset,
                                       const recovery::Damage& damage) const;

  // The last entry of the time index at or below `timestamp`, if it is true; else the beginning.
  base::Result<TimestampOffset> look_up_time(Lock& lock, const SegmentPointer& segment,
                                             base::Timestamp timestamp);
  // open_segment_at, with a greatest time that was checked.
  base::Result<SegmentPointer> open_timed_segment_at(Lock& lock, base::Offset offset);
  // Looks for a record in the batches of `segment` from the one that holds `from` on.
  base::Result<std::optional<TimestampAndOffset>> find_record(
      Lock& lock, const SegmentPointer& segment, base::Offset from, base::Timestamp timestamp_min,
      base::Offset until, const RecordMatch& matches);
  static base::Result<std::optional<TimestampAndOffset>> scan_for_record(
      BatchScanner scanner, base::Timestamp timestamp_min, base::Offset until,
      const RecordMatch& matches);

  // What is written may be acknowledged, or a flush is asked for.
  void settle_written_locked();
  void ask_for_flush_locked();
  // Nothing of it is unflushed any more, as far as the directory counts.
  void forget_unflushed_locked();
  void begin_flush(Lock& lock);
  void end_flush_locked();
  base::Result<FlushPlan> plan_flush(Lock& lock);
  base::Result<> write_epochs(Lock& lock);
  base::Result<> write_epochs_if_there_is_room(Lock& lock);
  base::Result<> carry_out_flush(const FlushPlan& plan, bool file_system_was_synced) const;
  bool is_gone(const base::Error& error, base::Offset segment) const;
  void flushed_locked(const FlushPlan& plan, bool file_system_was_synced);
  // Encodes the producers as they are where enough was flushed since the last snapshot, and writes
  // that down once all it says is flushed: what is only queued may be taken back.
  base::Result<> keep_producers(Lock& lock);
  base::Result<> write_kept_producers(Lock& lock);
  bool still_holds_locked(const KeptProducers& kept) const;
  std::uint64_t withdrawals_locked() const {
    return cuts_ + take_backs_forgotten_ + take_backs_.size();
  }
  std::vector<base::Offset> segment_bases_locked() const;
  std::vector<base::Offset> snapshots_to_keep_locked() const;

  // What a retention check looks at, without the lock.
  struct RetentionView;
  RetentionView view_for_retention_locked() const;
  base::Result<retention::SegmentTime> time_of(const RetentionView& view, std::size_t index,
                                               base::Timestamp now);
  // Whether the log is still what was viewed; then it goes on in a segment that begins at its end.
  base::Result<bool> begin_at_end(const RetentionView& view);
  // REQUIRES of these: the writer's role. The first deletes nothing where the log is not what was
  // viewed.
  base::Result<std::size_t> carry_out_retention(Lock& lock, const RetentionView& view,
                                                const retention::Decision& decision,
                                                base::Timestamp now);
  // Deletes the segments that lie wholly below, but for the last one; counts them where they were
  // not counted before.
  base::Result<> move_log_start(Lock& lock, base::Offset new_log_start,
                                std::optional<retention::Reason> counted_as);
  // Before the segments below the index `first_kept` go.
  base::Result<> make_names_durable(Lock& lock, std::size_t first_kept);

  // What a truncation puts in place of the log's parts.
  struct Cut;
  base::Result<> write_pending_indexes(Lock& lock);
  // truncate_to and restart_at.
  enum class NewEnd : std::uint8_t { kCut, kRestart };
  base::Result<> move_end(base::Offset offset, NewEnd how);
  Cut begin_cut_locked(NewEnd how) const;
  // These three block, without the lock.
  base::Result<> carry_out_cut(Cut& cut, base::Offset offset) const;
  base::Result<> cut_last_segment(Cut& cut, base::Offset offset) const;
  base::Result<> start_over(Cut& cut, base::Offset offset) const;
  void install_cut_locked(Cut cut, base::Offset offset);
  base::Result<> close_epochs(Lock& lock);
  base::Result<> close_files(Lock& lock);

  // What a move puts in place of the log's parts.
  struct Relocation;
  move::CopySource copy_source_locked() const;
  SegmentPointer being_written_locked() const;
  base::Result<> carry_out_relocation(Lock& lock, Relocation& relocation);
  // Ends with the lock held, and the copy being all that is written.
  base::Result<> complete_copy(Lock& lock, Relocation& relocation);
  base::Result<> promote_copy(Lock& lock, Relocation& relocation);
  void undo_promotion(const Relocation& relocation, const base::Error& error);
  base::Result<> copy_late_aborts(Lock& lock, Relocation& relocation);
  void install_relocation_locked(Relocation& relocation);
  void leave_behind(const Relocation& relocation);

  using Originals = std::vector<std::shared_ptr<const Segment>>;
  // A cleaned segment that took its originals' place, whose files do not have their names yet.
  struct Replacement {
    Originals originals;
    cleaner::Cleaned cleaned;
    std::int64_t delete_delay_ms = 0;
    // The originals' names are gone, durably.
    bool is_alone = false;
  };
  // Whether the log may be changed now by what was prepared from `originals`.
  bool can_replace_locked(const Originals& originals) const;
  base::Result<> rename_files(const cleaner::Cleaned& cleaned, Segment::Marker to) const;
  void install_cleaned_locked(const Originals& originals, const cleaner::Cleaned& cleaned);
  // These block, without the lock.
  base::Result<> finish_replacement(Replacement& replacement) const;
  base::Result<> remove_snapshots(const Originals& originals);
  // Ends what install_cleaned_locked began. Where it finds no room it stays for settle_replacement.
  base::Result<> end_replacement(Lock& lock);
  void wait_for_replacement(Lock& lock);
  // Waits, and ends one that had found no room: until then files bear names that they must not keep
  // when the log's segments change. An error where there is still none.
  base::Result<> settle_replacement(Lock& lock);

  // Another one after a move.
  std::atomic<directory::LogDirectory*> directory_;
  const base::TopicPartition name_;
  const base::TopicId topic_id_;
  const std::shared_ptr<PartitionPath> path_;

  AtomicOffset log_start_offset_;
  AtomicOffset end_offset_;
  AtomicOffset written_end_offset_;
  AtomicOffset answerable_end_offset_;
  AtomicOffset flushed_end_offset_;
  // config_.write_caching
  std::atomic<bool> writes_are_cached_;

  mutable std::mutex mutex_;
  // A role is free again, or nobody is called any more.
  const std::unique_ptr<env::Condition> changed_;
  LogConfig config_;
  Segments segments_;
  TransactionIndexes transaction_indexes_;
  LeaderEpochCache epochs_;
  ProducerState producers_;
  ProducerSnapshots snapshots_;
  // The newest that was there.
  const std::optional<base::Offset> snapshot_at_open_;
  PositionCache positions_;

  // In vectors that are emptied as a whole: an idle log keeps nothing of them.
  std::vector<PendingWrite> queue_;
  std::vector<FinishedSegment> finished_;
  Writer writer_ = Writer::kIdle;
  // The last write took so long that the caller's thread is not to wait for the next.
  bool writes_are_slow_ = false;
  std::shared_ptr<HandOver> hand_over_;
  std::shared_ptr<HandOver> rebuild_;
  // Finishing a segment found no room: tried again with the next append.
  bool finishing_waits_ = false;
  bool is_taking_back_ = false;
  bool producers_are_ahead_ = false;
  // The newest ones; before them were `take_backs_forgotten_`.
  std::vector<TakeBack> take_backs_;
  std::uint64_t take_backs_forgotten_ = 0;
  RefusedProducers refused_producers_;
  base::LeaderEpoch led_epoch_ = base::kNoLeaderEpoch;

  bool is_flushing_ = false;
  std::optional<FlushPlan> prepared_flush_;
  KnownEnd flushed_;
  FlushAsked flush_asked_ = FlushAsked::kNo;
  // Written beyond the flushed end, as the directory counts them.
  std::uint64_t unflushed_bytes_ = 0;
  // Flushed since the producers were kept last.
  std::uint64_t bytes_since_snapshot_ = 0;
  std::optional<KeptProducers> kept_producers_;
  // A snapshot that the next flush makes durable. By its offset: an idle log keeps no file open.
  std::optional<base::Offset> unflushed_kept_;
  std::shared_ptr<env::File> unflushed_snapshot_;
  // Counts the files that came or went, and how far that is durable.
  std::uint64_t names_version_ = 0;
  std::uint64_t names_synced_version_ = 0;
  bool epochs_changed_ = false;
  // Flushed since then.
  std::uint64_t bytes_without_epochs_ = 0;
  // An epoch began in which nothing was appended yet: of no interest to a start, so it is written
  // with the first batch.
  bool epoch_is_begun_ = false;
  // Changes under the flusher's role.
  EpochFile epoch_file_ = EpochFile::kDurable;
  // Counts truncations: a flush that was under way says nothing of what came after.
  std::uint64_t cuts_ = 0;

  // Counts moves, and the renames of compaction: what was opened by a path before the last one may
  // not be the log's.
  std::uint64_t relocations_ = 0;
  // The directory before the last move may still call.
  bool is_leaving_ = false;
  // Who waits for the writer's role: it is not kept for what goes on coming.
  int waiting_for_writer_ = 0;

  std::optional<base::Error> failure_;
  bool failure_was_told_ = false;
  bool is_cutting_ = false;
  // Compaction is renaming files: who cuts, moves, closes or removes the log, or parts of it, waits
  // for its end.
  bool is_replacing_ = false;
  // The one under way, and one that found no room to end.
  std::optional<Replacement> replacement_;
  bool is_rebuilding_ = false;
  // Some was found, by this process; and how much the directory was told.
  bool has_damage_ = false;
  std::size_t damaged_ranges_ = 0;
  // The end of a move is under way: compaction renames nothing, flushes write no snapshots.
  bool is_relocating_ = false;
  bool is_closed_ = false;
  bool is_end_checked_ = true;
  ProgressListener* listener_ = nullptr;
  int notifying_ = 0;
};

}  // namespace odradek::log
