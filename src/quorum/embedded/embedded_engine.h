// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "log/directory/log_directory.h"
#include "log/log.h"
#include "quorum/embedded/snapshot_file.h"
#include "quorum/engine.h"

namespace odradek::quorum {

struct EmbeddedOptions {
  base::BrokerId node_id;
  // metadata.log.segment.bytes
  std::int64_t segment_bytes = 1073741824;
  // metadata.log.max.record.bytes.between.snapshots and metadata.log.max.snapshot.interval.ms
  std::int64_t max_record_bytes_between_snapshots = 20971520;
  std::int64_t max_snapshot_interval_ms = 3600000;
  // The directory's last stop was clean.
  bool was_clean = true;
};

// The order as this node alone keeps it: KRaft's `__cluster_metadata-0` in the first log directory,
// so that Apache Kafka can take the directory over, and the other way round. Each start is an
// election of one: a new epoch and a LeaderChange record. Threads: load, take_lead and close on the
// caller's; commits on the directory's work queue.
class EmbeddedEngine : public Engine {
 public:
  // INVALID_CONFIG when `directory`, the path of a log directory, holds the metadata of a KRaft
  // quorum with other voters: it can't be led from here alone. Reads only: call it before anything
  // in the directory is changed.
  [[nodiscard]] static base::Result<> check_directory(env::Disk& disk, const std::string& directory,
                                                      base::BrokerId node);
  [[nodiscard]] static base::Result<std::unique_ptr<EmbeddedEngine>> open(
      log::directory::LogDirectory& directory, const EmbeddedOptions& options);

  base::Result<Position> load(const Replay& replay) override;
  base::Result<Position> take_lead() override;
  void commit(std::vector<base::SharedBytes> records, base::Timestamp now,
              CommitHandler handler) override;
  bool wants_snapshot(base::Timestamp now) const override;
  base::Result<> write_snapshot(const Position& position,
                                const std::vector<base::SharedBytes>& records,
                                base::Timestamp now) override;
  base::Result<> close() override;

 private:
  EmbeddedEngine(log::directory::LogDirectory& directory, const EmbeddedOptions& options);

  base::Result<> open_log();
  base::Result<> find_snapshot();
  base::Result<> replay_batch(const base::SharedBytes& batch, const Replay& replay);
  base::Result<> replay_control_batch(const base::SharedBytes& batch);
  base::Result<> replay_log(const Replay& replay);
  // Appends one batch and flushes it.
  base::Result<> append(base::SharedBytes batch);
  base::Result<> append_records(const std::vector<base::SharedBytes>& records, base::Timestamp now);
  // The control record that begins this leader's epoch.
  base::Result<> note_lead();
  base::Result<> write_quorum_state();
  base::Result<> remove_older_snapshots(const Position& newest);
  Position position() const;

  log::directory::LogDirectory& directory_;
  const EmbeddedOptions options_;
  const std::string path_;
  std::unique_ptr<log::Log> log_;
  Position snapshot_;
  bool has_snapshot_ = false;
  QuorumRecords quorum_records_;
  base::LeaderEpoch epoch_{0};
  // Not so after a start on a full disk: the next commit begins with it.
  bool lead_is_noted_ = false;
  std::uint64_t bytes_since_snapshot_ = 0;
  base::Timestamp last_snapshot_time_{0};
};

}  // namespace odradek::quorum
