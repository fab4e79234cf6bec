// SPDX-License-Identifier: Apache-2.0
#include "quorum/embedded/embedded_engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "env/fail_point.h"
#include "quorum/embedded/quorum_state.h"
#include "quorum/embedded/snapshot_file.h"
#include "record/batch_header.h"
#include "record/build.h"
#include "record/control_record.h"
#include "record/record_reader.h"

namespace odradek::quorum {
namespace {

using base::ErrorCode;

constexpr std::uint64_t kReadBytes = 1U << 20U;
constexpr std::size_t kMaxBatchBytes = 8U << 20U;
// KRaft's own topic id of the metadata log.
constexpr base::Uuid kMetadataTopicId{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
const base::TopicPartition kMetadataLog{"__cluster_metadata", 0};

log::LogConfig log_config(const EmbeddedOptions& options) {
  log::LogConfig config;
  config.segment_bytes = options.segment_bytes;
  config.retention_ms = -1;
  config.max_message_bytes = static_cast<std::int32_t>(kMaxBatchBytes);
  return config;
}

}  // namespace

base::Result<std::unique_ptr<EmbeddedEngine>> EmbeddedEngine::open(
    log::directory::LogDirectory& directory, const EmbeddedOptions& options) {
  auto engine = std::unique_ptr<EmbeddedEngine>(new EmbeddedEngine(directory, options));
  if (auto done = engine->find_snapshot(); !done) return base::fail(std::move(done));
  if (auto done = engine->open_log(); !done) return base::fail(std::move(done));
  return engine;
}

base::Result<> EmbeddedEngine::check_directory(env::Disk& disk, const std::string& directory,
                                               base::BrokerId node) {
  return check_sole_voter(disk, directory + '/' + kMetadataLog.to_string(), node);
}

EmbeddedEngine::EmbeddedEngine(log::directory::LogDirectory& directory,
                               const EmbeddedOptions& options)
    : directory_(directory),
      options_(options),
      path_(directory.path() + '/' + kMetadataLog.to_string()) {}

base::Result<> EmbeddedEngine::open_log() {
  log::Log::OpenOptions open;
  open.name = kMetadataLog;
  open.topic_id = kMetadataTopicId;
  open.config = log_config(options_);
  open.recovery_point = snapshot_.end_offset;
  open.log_start_offset = directory_.log_start_offset(kMetadataLog);
  open.was_clean = options_.was_clean;
  auto log = log::Log::open(directory_, std::move(open));
  if (!log) return base::fail(std::move(log));
  log_ = std::move(*log);
  return {};
}

base::Result<> EmbeddedEngine::find_snapshot() {
  env::Disk& disk = directory_.world().disk();
  if (!disk.exists(path_)) return {};
  auto entries = disk.list(path_);
  if (!entries) return base::fail(std::move(entries));
  for (const env::DirectoryEntry& entry : *entries) {
    const auto found = parse_snapshot_file_name(entry.name);
    if (!found || (has_snapshot_ && found->end_offset <= snapshot_.end_offset)) continue;
    snapshot_ = *found;
    has_snapshot_ = true;
  }
  // The start itself writes a little.
  if (has_snapshot_ && directory_.room().is_full()) (void)remove_older_snapshots(snapshot_);
  return {};
}

base::Result<Position> EmbeddedEngine::load(const Replay& replay) {
  epoch_ = snapshot_.epoch;
  if (has_snapshot_) {
    const std::string path = path_ + '/' + snapshot_file_name(snapshot_);
    auto done = read_batches(directory_.world().disk(), path, [&](const base::SharedBytes& batch) {
      return replay_batch(batch, replay);
    });
    if (!done) return base::fail(std::move(done));
  }
  if (auto done = replay_log(replay); !done) return base::fail(std::move(done));
  epoch_ = std::max(epoch_, log_->latest_leader_epoch());
  last_snapshot_time_ = directory_.world().clock().wall();
  return position();
}

base::Result<> EmbeddedEngine::replay_log(const Replay& replay) {
  base::Offset next = std::max(snapshot_.end_offset, log_->log_start_offset());
  if (next > snapshot_.end_offset) {
    return base::fail(
        ErrorCode::kCorruptMessage,
        fmt::format("{}: the log starts at offset {}, the newest snapshot ends at {}: "
                    "what lies between is missing",
                    path_, next.value(), snapshot_.end_offset.value()));
  }
  while (next < log_->log_end_offset()) {
    auto read = log_->read(next, log_->log_end_offset(), kReadBytes, true);
    if (!read) return base::fail(std::move(read));
    auto block = base::SharedBytes::allocate(read->bytes.length);
    auto& file = static_cast<env::File&>(*read->bytes.file);
    auto filled = file.read_at(read->bytes.position, block.mutable_view());
    if (!filled) return base::fail(std::move(filled));
    std::size_t at = 0;
    const base::Offset before = next;
    while (at < *filled) {
      const auto view = record::BatchView::parse(block.view().subspan(at, *filled - at));
      if (!view) break;  // cut off by the limit of the read
      const std::size_t size = view->total_size();
      if (view->last_offset() >= next) {
        if (auto done = replay_batch(block.slice(at, size), replay); !done) return done;
        bytes_since_snapshot_ += size;
        next = view->next_offset();
      }
      at += size;
    }
    if (next == before) {
      return base::fail(ErrorCode::kCorruptMessage,
                        fmt::format("{}: no whole batch at offset {}", path_, next.value()));
    }
  }
  return {};
}

base::Result<> EmbeddedEngine::replay_batch(const base::SharedBytes& batch, const Replay& replay) {
  const auto view = record::BatchView::parse(batch.view());
  if (!view) return base::fail(view.error());
  if (view->is_control()) return replay_control_batch(batch);
  auto reader = record::RecordReader::open(*view);
  if (!reader) return base::fail(std::move(reader));
  while (true) {
    auto next = reader->next();
    if (!next) return base::fail(std::move(next));
    if (!*next) return {};
    const auto& value = (*next)->value;
    if (!value) return base::fail(ErrorCode::kCorruptMessage, path_ + ": a record without a value");
    if (auto done = replay(base::SharedBytes::copy(*value)); !done) return done;
  }
}

base::Result<> EmbeddedEngine::replay_control_batch(const base::SharedBytes& batch) {
  if (auto sole = check_voters_batch(batch, options_.node_id, path_); !sole) return sole;
  return visit_control_records(
      batch, [this](record::ControlRecordType type, base::ByteView value) -> base::Result<> {
        if (type == record::ControlRecordType::kKraftVersion ||
            type == record::ControlRecordType::kKraftVoters) {
          quorum_records_[type] = base::SharedBytes::copy(value);
        }
        return {};
      });
}

base::Result<Position> EmbeddedEngine::take_lead() {
  epoch_ = base::LeaderEpoch(epoch_.value() + 1);
  auto done = note_lead();
  if (!done && !log::directory::is_out_of_room(done.error())) return base::fail(std::move(done));
  if (done = write_quorum_state(); !done) return base::fail(std::move(done));
  return position();
}

base::Result<> EmbeddedEngine::note_lead() {
  const record::Voter self{options_.node_id.value(), {}};
  const auto value =
      record::leader_change_value(0, options_.node_id.value(), {&self, 1}, {&self, 1});
  const base::Timestamp now = directory_.world().clock().wall();
  auto done =
      append(record::control_batch({}, now, record::ControlRecordType::kLeaderChange, value));
  lead_is_noted_ = done.has_value();
  return done;
}

base::Result<> EmbeddedEngine::write_quorum_state() {
  auto done = directory_.room().insist([this] {
    return write_sole_voter(directory_.world().disk(), path_, options_.node_id, epoch_);
  });
  if (done || !log::directory::is_out_of_room(done.error())) return done;
  // The log has the epoch too, and Kafka takes the later one.
  base::log::warn("quorum", "{}; the next start writes it again", done.error().message);
  return {};
}

base::Result<> EmbeddedEngine::append(base::SharedBytes batch) {
  const std::size_t bytes = batch.size();
  auto appended = log_->append(std::move(batch), epoch_, log::AppendOrigin::kCoordinator);
  if (!appended) return base::fail(std::move(appended));
  log_->write_out();
  env::fail_point(env::FailPoint::kMetadataAppended);
  auto flushed = log_->flush();
  env::fail_point(env::FailPoint::kMetadataFlushed);
  // Without room for it nothing of it is there, and what comes next takes its place.
  if (auto kept = log_->check_kept(appended->end()); !kept) return kept;
  bytes_since_snapshot_ += bytes;
  return flushed;
}

base::Result<> EmbeddedEngine::append_records(const std::vector<base::SharedBytes>& records,
                                              base::Timestamp now) {
  if (!lead_is_noted_) {
    if (auto done = note_lead(); !done) return done;
  }
  record::BatchBuilder builder;
  for (const base::SharedBytes& record : records) {
    builder.append(now, std::nullopt, record.view());
  }
  return append(builder.build());
}

void EmbeddedEngine::commit(std::vector<base::SharedBytes> records, base::Timestamp now,
                            CommitHandler handler) {
  directory_.work_queue().submit(
      [this, records = std::move(records), now, handler = std::move(handler)]() mutable {
        if (auto done = append_records(records, now); !done) {
          handler(base::fail(std::move(done)));
        } else {
          handler(position());
        }
      });
}

bool EmbeddedEngine::wants_snapshot(base::Timestamp now) const {
  if (bytes_since_snapshot_ == 0) return false;
  if (bytes_since_snapshot_ >=
      static_cast<std::uint64_t>(options_.max_record_bytes_between_snapshots)) {
    return true;
  }
  return options_.max_snapshot_interval_ms > 0 &&
         now.value() - last_snapshot_time_.value() >= options_.max_snapshot_interval_ms;
}

base::Result<> EmbeddedEngine::write_snapshot(const Position& position,
                                              const std::vector<base::SharedBytes>& records,
                                              base::Timestamp now) {
  auto done = directory_.room().insist([&] {
    return write_snapshot_file(directory_.world().disk(), path_, position, quorum_records_, records,
                               now);
  });
  if (!done) return done;
  env::fail_point(env::FailPoint::kMetadataSnapshot);
  bytes_since_snapshot_ = 0;
  last_snapshot_time_ = now;
  snapshot_ = position;
  has_snapshot_ = true;
  if (done = log_->delete_records(position.end_offset, position.end_offset); !done) return done;
  return remove_older_snapshots(position);
}

base::Result<> EmbeddedEngine::remove_older_snapshots(const Position& newest) {
  env::Disk& disk = directory_.world().disk();
  auto entries = disk.list(path_);
  if (!entries) return base::fail(std::move(entries));
  for (const env::DirectoryEntry& entry : *entries) {
    const auto found = parse_snapshot_file_name(entry.name);
    if (!found || found->end_offset >= newest.end_offset) continue;
    if (auto done = disk.remove_file(path_ + '/' + entry.name); !done) return done;
  }
  return {};
}

base::Result<> EmbeddedEngine::close() { return log_->close(); }

Position EmbeddedEngine::position() const { return {log_->log_end_offset(), epoch_}; }

}  // namespace odradek::quorum
